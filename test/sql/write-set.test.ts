// WriteSet: what is written row after row stays cheap to read, and is what it was after going back.
import { expect, test } from 'vitest';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import { Delta, concatDeltas } from '../../engine/data/delta.ts';
import { INT4 } from '../../engine/data/types.ts';
import { WriteSet } from '../../sql/write-set.ts';
import { Random } from '../support/random.ts';

const rows = (...numbers: readonly number[]): Delta => Delta.insert(
  batchFromRows({ columns: [{ name: 'n', type: INT4 }] }, numbers.map((n) => [n])));

test('a row that is changed time after time is there a few times', () => {
  const writes = new WriteSet();
  writes.add(1, rows(0));
  for (let n = 1; n <= 1000; n++) {
    writes.add(1, concatDeltas([rows(n - 1).negate(), rows(n)]));
    expect(writes.layers().reduce((sum, { delta }) => sum + delta.length, 0)).toBeLessThan(30);
  }
  const [sum] = [...sums(writes)];
  expect(sum).toEqual(['1/1000', 1]);
});

function sums(writes: WriteSet): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const { relation, delta } of writes.layers()) {
    for (let row = 0; row < delta.length; row++) {
      const id = `${relation}/${String(datumAt(delta.batch.columns[0], row))}`;
      const sum = (out.get(id) ?? 0) + delta.weights[row];
      if (sum === 0) out.delete(id);
      else out.set(id, sum);
    }
  }
  return out;
}

test.each([1, 2, 3, 4])('going back, seed %i', (seed) => {
  const random = new Random(seed);
  const writes = new WriteSet();
  const states = [{ length: 0, sums: sums(writes) }];
  for (let time = 0; time < 400; time++) {
    if (random.bool(0.2)) {
      states.length = random.int(1, states.length);
      writes.truncate(states[states.length - 1].length);
    } else {
      const delta = rows(random.int(0, 20));
      writes.add(random.int(1, 3), random.bool(0.3) ? delta.negate() : delta);
      states.push({ length: writes.length, sums: sums(writes) });
    }
    expect(sums(writes)).toEqual(states[states.length - 1].sums);
    const touched = new Set(Array.from(writes.relations()));
    for (const relation of [1, 2, 3]) {
      expect(writes.touches(relation)).toBe(touched.has(relation));
      expect(writes.of(relation).length > 0).toBe(touched.has(relation));
    }
  }
});
