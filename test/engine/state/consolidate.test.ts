// Consolidation where rows differ and their hashes do not: as it is with others, and no slower.
import { expect, test } from 'vitest';
import { Batch } from '../../../engine/data/batch.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { hashRows } from '../../../engine/data/row-key.ts';
import { INT4 } from '../../../engine/data/types.ts';
import { Int32Vector } from '../../../engine/data/vector.ts';
import { cancel, consolidate } from '../../../engine/state/consolidate.ts';

const ROWS = 400_000;
const first = Int32Array.from({ length: ROWS }, (_, i) => i);
const second = first.map((i) => Math.imul(i, 0x9e3779b1) ^ (i >> 3));
const distinct = new Batch([new Int32Vector(INT4, ROWS, first), new Int32Vector(INT4, ROWS, second)], ROWS);

/** Two rows of one hash, the one that comes first. */
function collision(): readonly [number, number] {
  const hashes = new Int32Array(ROWS);
  hashRows(distinct.columns, ROWS, hashes, 'exact');
  const seen = new Map<number, number>();
  for (let i = 0; i < ROWS; i++) {
    const other = seen.get(hashes[i]);
    if (other !== undefined) return [other, i];
    seen.set(hashes[i], i);
  }
  throw new Error('no two rows have the same hash');
}

test('many rows, all taken back', () => {
  const twice = distinct.take(Int32Array.from({ length: 2 * ROWS }, (_, i) => i % ROWS));
  expect(consolidate(Delta.insert(distinct))).toHaveLength(ROWS);
  expect(cancel(new Delta(twice, Int32Array.from({ length: 2 * ROWS }, (_, i) => (i < ROWS ? 1 : -1))))).toHaveLength(0);
});

test('many equal rows whose hash another one has', () => {
  const [one, other] = collision();
  const copies = 100_000;
  const rows = distinct.take(Int32Array.from({ length: ROWS + copies }, (_, i) => (i < ROWS ? i : other)));
  const sum = consolidate(Delta.insert(rows));
  expect(sum).toHaveLength(ROWS);
  expect([sum.weights[one], sum.weights[other]]).toEqual([1, copies + 1]);
}, 5000);
