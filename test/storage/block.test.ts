// Blocks: every layout there and back, and every flipped bit is noticed.
import { describe, expect, test } from 'vitest';
import { Batch } from '../../engine/data/batch.ts';
import { batchFromRows, batchToRows } from '../../engine/data/access.ts';
import { Delta } from '../../engine/data/delta.ts';
import { PieceWriter, ByteReader } from '../../engine/data/bytes.ts';
import { decodeBatch, decodeDelta, encodeBatch, encodeDelta } from '../../engine/data/batch-codec.ts';
import {
  BOOLEAN, BYTEA, FLOAT4, FLOAT8, INT2, INT4, INT8, TEXT, UUID, numericType,
} from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { decodeBlock, encodeBlock } from '../../storage/block.ts';
import { BROTLI, codecOf } from '../../storage/codec.ts';
import { crc32c } from '../../storage/crc32c.ts';
import { Random } from '../support/random.ts';

const types = [BOOLEAN, INT2, INT4, INT8, FLOAT4, FLOAT8, UUID, TEXT, BYTEA];
const schema: Schema = { columns: types.map((type, i) => ({ name: `c${i}`, type })) };

function row(random: Random): Datum[] {
  const text = 'äß∂🙂 plain text'.repeat(random.int(0, 8)).slice(0, random.int(0, 60));
  const bytes = new Uint8Array(random.int(0, 120)).map(() => random.int(0, 255));
  const values: Datum[] = [
    random.bool(), random.int(-32768, 32767), random.int(-5e8, 5e8), BigInt(random.bits()) * 4294967296n - 9n,
    Math.fround(random.float()), random.float(), '0123e4f0-1111-2222-3333-444455556666', text.replace(/[\ud800-\udfff]/g, 'x'),
    bytes,
  ];
  return values.map((v) => (random.bool(0.2) ? null : v));
}

const batchOf = (random: Random, rows: number): Batch =>
  batchFromRows(schema, Array.from({ length: rows }, () => row(random)));

describe('block', () => {
  test('crc32c of RFC 3720 B.4, and in any cut', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    const random = new Random(3);
    const bytes = new Uint8Array(1000).map(() => random.int(0, 255));
    for (let i = 0; i < 200; i++) {
      const a = random.int(0, 1000);
      expect(crc32c(bytes.subarray(a), crc32c(bytes.subarray(0, a)))).toBe(crc32c(bytes));
    }
  });

  test('there and back, whole and sliced', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const whole = batchOf(random, random.int(0, 150));
      const start = random.int(0, whole.length);
      const batch = whole.slice(start, random.int(start, whole.length));
      const back = decodeBlock(await encodeBlock(batch));
      expect(batchToRows(back), `seed ${seed}`).toEqual(batchToRows(batch));
      expect(back.columns.map((c) => c.type)).toEqual(types);
    }
  });

  test('some of the columns alone', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const batch = batchOf(random, random.int(0, 150));
      const wanted = types.map((_, c) => c).filter(() => random.bool(0.3));
      const back = decodeBlock(await encodeBlock(batch), wanted);
      expect(back.length).toBe(batch.length);
      expect(batchToRows(back), `seed ${seed}`).toEqual(batchToRows(batch.select(wanted)));
    }
  });

  test('no columns, parameters of types kept', async () => {
    expect((decodeBlock(await encodeBlock(new Batch([], 5)))).length).toBe(5);
    const one = batchFromRows({ columns: [{ name: 'n', type: numericType(10, 2) }] }, [[null]]);
    expect((decodeBlock(await encodeBlock(one))).columns[0].type).toEqual(numericType(10, 2));
  });

  test('whole numbers of every width, sorted or not, at the ends of their types', async () => {
    const ends = [-(2n ** 63n), 2n ** 63n - 1n, -(2n ** 53n), 2n ** 53n, 2n ** 53n - 1n, 2n ** 52n, 2n ** 32n, -1n, 0n];
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const span = 2 ** random.int(0, 62);
      const base = random.pick(ends);
      const clip = (value: bigint): bigint => BigInt.asIntN(64, value);
      const rows = Array.from({ length: random.int(0, 300) }, (_, i): Datum[] => {
        const value = random.bool(0.02) ? random.pick(ends) : clip(base + BigInt(Math.floor(random.float() * span)));
        return [random.bool(0.1) ? null : seed % 3 === 0 ? clip(base + BigInt(i) * BigInt(Math.floor(span / 300))) : value];
      });
      const batch = batchFromRows({ columns: [{ name: 'n', type: INT8 }] }, rows);
      expect(batchToRows(decodeBlock(await encodeBlock(batch))), `seed ${seed}`).toEqual(rows);
    }
  });

  test('times in order and numbers of a small range take little room', async () => {
    const rows = Array.from({ length: 1024 }, (_, i): Datum[] =>
      [1_700_000_000_000_000n + BigInt(i * 10_000 + (i * 7919) % 200), BigInt(5_000_000_000 + ((i * 104_729) % 60_000)), i % 2]);
    const schemaOf = { columns: [INT8, INT8, INT4].map((type, i) => ({ name: `c${i}`, type })) };
    const block = await encodeBlock(batchFromRows(schemaOf, rows));
    expect(block.length).toBeLessThan(1024 * 4 + 300);
  });

  test('a block of Brotli is read wherever zstd is what new ones are written with', async () => {
    const bytes = new Uint8Array(5000).map((_, i) => i % 50);
    const brotli = codecOf(BROTLI);
    const packed = await brotli?.compress(bytes);
    expect(brotli?.decompress(packed ?? bytes, bytes.length)).toEqual(Buffer.from(bytes));
    expect(() => codecOf(9)).toThrow(expect.objectContaining({ code: '0A000' }));
  });

  test('a flipped bit anywhere is XX001', async () => {
    const random = new Random(11);
    const block = await encodeBlock(batchOf(random, 100));
    for (let i = 0; i < 500; i++) {
      const bad = block.slice();
      bad[random.int(0, bad.length - 1)] ^= 1 << random.int(0, 7);
      expect(() => decodeBlock(bad), `round ${i}`).toThrow(expect.objectContaining({ code: 'XX001' }));
    }
    expect(() => decodeBlock(block.subarray(0, 10))).toThrow(expect.objectContaining({ code: 'XX001' }));
  });
});

describe('batch frame', () => {
  test('there and back, several in one record, weights of all modes', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const whole = batchOf(random, random.int(0, 100));
      const start = random.int(0, whole.length);
      const batch = whole.slice(start, random.int(start, whole.length));
      const same = random.bool();
      const weights = new Int32Array(batch.length).map(() => (same ? -3 : random.int(-2, 2)));
      const out = new PieceWriter();
      out.u8(1);
      encodeDelta(new Delta(batch, weights), out);
      encodeBatch(batch, out);
      out.text('end');
      const joined = out.join();
      expect(joined.length).toBe(out.length);
      const from = new ByteReader(joined);
      from.u8();
      const delta = decodeDelta(from, types);
      expect(batchToRows(delta.batch), `seed ${seed}`).toEqual(batchToRows(batch));
      expect([...delta.weights]).toEqual([...weights]);
      expect(batchToRows(decodeBatch(from, types))).toEqual(batchToRows(batch));
      expect(from.text()).toBe('end');
      expect(from.remaining).toBe(0);
    }
  });

  test('malformed bytes are XX001 or other rows, never a crash or a huge allocation', () => {
    const random = new Random(5);
    const out = new PieceWriter();
    encodeDelta(Delta.insert(batchOf(random, 20)), out);
    const good = out.join();
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const bad = good.slice(0, random.bool(0.3) ? random.int(0, good.length) : good.length);
      for (let k = 0; k < 3 && bad.length > 0; k++) bad[random.int(0, Math.min(bad.length, 120) - 1)] = random.int(0, 255);
      try {
        decodeDelta(new ByteReader(bad), types);
      } catch (error) {
        expect(error, `round ${i}`).toMatchObject({ code: 'XX001' });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(2000);
    expect(() => decodeDelta(new ByteReader(good), [...types].reverse())).toThrow(/layout/);
  });
});
