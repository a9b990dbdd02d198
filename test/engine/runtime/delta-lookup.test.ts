// Look-ups in deltas find, with an index and without, the rows that going through them finds.
import { expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../../engine/data/access.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT4, TEXT } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { lookUp } from '../../../engine/runtime/delta-lookup.ts';
import { KeyFilter } from '../../../engine/runtime/key-filter.ts';
import { Random } from '../../support/random.ts';

const SCHEMA: Schema = { columns: [{ name: 'n', type: INT4 }, { name: 't', type: TEXT }, { name: 'i', type: INT4 }] };

const randomRow = (random: Random, i: number): readonly Datum[] => [
  random.bool(0.1) ? null : random.int(0, 40), random.bool(0.1) ? null : `t${random.int(0, 3)}`, i,
];

const shown = ({ batch, weights }: Delta): readonly string[] => Array.from(weights, (weight, row) =>
  `${batch.columns.map((column) => String(datumAt(column, row))).join()}: ${weight}`);

it.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i', (seed) => {
  const random = new Random(seed);
  const deltas = Array.from({ length: 5 }, () => {
    const rows = Array.from({ length: random.pick([0, 1, 63, 64, 500, 3000]) }, (_, i) => randomRow(random, i));
    return new Delta(batchFromRows(SCHEMA, rows), Int32Array.from(rows, () => random.pick([-1, 1, 2])));
  });
  for (let time = 0; time < 30; time++) {
    const columns = random.pick([[0], [1], [0, 1], [1, 0]]);
    const asked = Array.from({ length: random.pick([1, 2, 20, 200]) }, () => randomRow(random, 0));
    const keys = batchFromRows(SCHEMA, asked).select(columns);
    const lookup = { columns, keys, ...random.pick([{}, { nulls: 'never' as const }, { nulls: 'group' as const }]) };
    const filter = new KeyFilter(lookup);
    expect(lookUp(deltas, lookup).map(shown)).toEqual(deltas.map((delta) => shown(filter.apply(delta))));
  }
});
