// IntDirectory against a Map: growth, removal, and keys of 64 bits that come among keys of 32.
import { expect, it } from 'vitest';
import { IntDirectory } from '../../../engine/state/int-directory.ts';
import { Random } from '../../support/random.ts';

const LENGTH = 200;

function randomKey(random: Random, wide: boolean): bigint {
  const near = BigInt(random.int(-3000, 3000));
  if (!wide || random.float() < 0.7) return near;
  // The same low word as a narrow key's, the least and the greatest.
  return random.pick([near + (1n << 32n), near - (5n << 40n), -(1n << 63n), (1n << 63n) - 1n, (1n << 31n) + near]);
}

function wordsOf(keys: readonly bigint[]): Int32Array {
  return new Int32Array(BigInt64Array.from(keys).buffer);
}

function run(random: Random, wideFrom: number): void {
  const directory = new IntDirectory();
  const model = new Map<bigint, number>();
  let next = 0;
  const out = new Int32Array(LENGTH);
  const freshRows = new Int32Array(LENGTH);
  for (let round = 0; round < 60; round++) {
    const keys = Array.from({ length: LENGTH }, () => randomKey(random, round >= wideFrom));
    const words = wordsOf(keys);
    const rows = Int32Array.from(keys.keys()).filter(() => random.float() < 0.8);
    const doing = random.int(0, 3);
    if (doing < 2) {
      const taken = directory.findOrInsert(words, rows, rows.length, { out, freshRows, fresh: { take: () => next++ } });
      const wanted = new Set<bigint>();
      for (const row of rows) if (!model.has(keys[row])) wanted.add(keys[row]);
      expect(taken).toBe(wanted.size);
      for (let i = 0; i < taken; i++) model.set(keys[freshRows[i]], out[freshRows[i]]);
      expect([...rows].map((row) => out[row])).toEqual([...rows].map((row) => model.get(keys[row])));
    } else if (doing === 2) {
      for (const row of rows) {
        const [low, high] = [words[2 * row], words[2 * row + 1]];
        directory.remove(low, high);
        model.delete(keys[row]);
        expect(directory.get(low, high)).toBe(-1);
        if (random.float() < 0.3) {
          directory.add(low, high, next);
          directory.replace(low, high, next + 1);
          model.set(keys[row], next + 1);
          next += 2;
        }
      }
    }
    expect(directory.size).toBe(model.size);
    directory.find(words, rows, rows.length, out);
    expect([...rows].map((row) => out[row])).toEqual([...rows].map((row) => model.get(keys[row]) ?? -1));
    // Keys that were never put in are not found, whatever their low words.
    const others = wordsOf(keys.map((key) => BigInt.asIntN(64, key ^ (1n << 50n))));
    directory.find(others, rows, rows.length, out);
    expect([...rows].map((row) => out[row]))
      .toEqual([...rows].map((row) => model.get(BigInt.asIntN(64, keys[row] ^ (1n << 50n))) ?? -1));
  }
}

for (const [name, wideFrom] of [['narrow keys', 99], ['wide keys', 0], ['wide keys after narrow ones', 30]] as const) {
  it(`is a map of ${name}`, () => {
    for (let seed = 1; seed <= 12; seed++) run(new Random(seed), wideFrom);
  });
}
