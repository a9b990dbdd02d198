// What an epoch brings is cut into steps: no row is lost or doubled, small parts are put together, steps are bounded.
import { expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../../engine/data/access.ts';
import { Delta, concatDeltas } from '../../../engine/data/delta.ts';
import { INT8, TEXT } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { stepsOf } from '../../../engine/runtime/relation-change.ts';
import type { ChangePart } from '../../../engine/runtime/relation-change.ts';
import { Random } from '../../support/random.ts';

const SCHEMA: Schema = { columns: [{ name: 'n', type: INT8 }, { name: 't', type: TEXT }] };

function part(from: number, rows: number, weight: number, late: number): ChangePart {
  const batch = batchFromRows(SCHEMA, Array.from({ length: rows }, (_, i) => [BigInt(from + i), `t${from + i}`]));
  const delta = new Delta(batch, new Int32Array(rows).fill(weight));
  return { delta, onTime: late === 0 ? delta : delta.slice(late, rows) };
}

function sums(delta: Delta): Map<bigint, number> {
  const out = new Map<bigint, number>();
  const [numbers] = delta.batch.columns;
  for (let i = 0; i < delta.length; i++) {
    const n = datumAt(numbers, i) as bigint;
    const sum = (out.get(n) ?? 0) + delta.weights[i];
    if (sum === 0) out.delete(n);
    else out.set(n, sum);
  }
  return out;
}

it.each([1, 2, 3, 4, 5, 6])('keeps every row, seed %i', (seed) => {
  const random = new Random(seed);
  const parts: ChangePart[] = [];
  let from = 0;
  for (let n = random.int(1, 12); n > 0; n--) {
    const rows = random.pick([1, 10, 2000, 4096, 10_000, 40_000]);
    parts.push(part(from, rows, 1, random.bool(0.3) ? random.int(0, rows) : 0));
    from += rows;
  }
  // Every second time something is taken out of what came before.
  if (seed % 2 === 0) parts.push(part(0, Math.min(from, 5000), -1, 0));
  const steps = stepsOf(parts);
  for (const late of [false, true]) {
    const expected = sums(concatDeltas(parts.map((p) => (late ? p.onTime : p.delta))));
    const shown = steps.map((step) => step.select([0, 1], late));
    expect(sums(concatDeltas(shown))).toEqual(expected);
    for (const delta of shown) expect(delta.length).toBeLessThanOrEqual(32_768);
    for (const delta of steps.map((step) => step.select([1], late))) expect(delta.batch.columns.length).toBe(1);
  }
});

it('puts many small transactions together and lets each step be larger than the one before, up to a limit', () => {
  const small = Array.from({ length: 1000 }, (_, i) => part(10 * i, 10, 1, 0));
  expect(stepsOf(small).map((step) => step.parts.map((p) => p.delta.length))).toEqual([[4090], [5910]]);
  const large = Array.from({ length: 40 }, (_, i) => part(4096 * i, 4096, 1, 0));
  expect(stepsOf(large).map((step) => step.parts.length)).toEqual([1, 2, 4, 8, 8, 8, 8, 1]);
});
