// DISTINCT, UNION, INTERSECT and EXCEPT against counting rows.
import { describe, it } from 'vitest';
import { Numeric } from '../../engine/data/numeric.ts';
import { FLOAT8, INT4, NUMERIC, TEXT } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { Distinct } from '../../engine/operator/distinct.ts';
import { SetOperation } from '../../engine/operator/set-operation.ts';
import type { SetOperationKind } from '../../engine/operator/set-operation.ts';
import { Union } from '../../engine/operator/union.ts';
import type { Random } from '../support/random.ts';
import { checkLaw, rowText } from './law.ts';
import type { Row } from './law.ts';

const SCHEMA: Schema = {
  columns: [
    { name: 'a', type: INT4 }, { name: 'b', type: TEXT }, { name: 'c', type: NUMERIC }, { name: 'd', type: FLOAT8 },
  ],
};

function randomRow(random: Random): Row {
  return [
    random.pick([null, 1, 2]), random.pick(['', 'x', null]), Numeric.parse(random.pick(['1', '1.0', '1.00'])),
    random.pick([0, -0, NaN]),
  ];
}

/** Rows by value with how often they occur in each input. */
function counts(inputs: readonly (readonly Row[])[]): Map<string, { row: Row; n: number[] }> {
  const out = new Map<string, { row: Row; n: number[] }>();
  inputs.forEach((rows, input) => {
    for (const row of rows) {
      const entry = out.get(rowText(row)) ?? { row, n: [0, 0] };
      entry.n[input]++;
      out.set(rowText(row), entry);
    }
  });
  return out;
}

const MODEL: Readonly<Record<SetOperationKind, (l: number, r: number) => number>> = {
  'distinct': (l) => Math.min(l, 1),
  'union': (l, r) => Math.min(l + r, 1),
  'intersect': (l, r) => Math.min(l, r, 1),
  'intersect all': (l, r) => Math.min(l, r),
  'except': (l, r) => (r === 0 ? Math.min(l, 1) : 0),
  'except all': (l, r) => Math.max(l - r, 0),
};

describe('set operations', () => {
  for (const kind of ['union', 'intersect', 'intersect all', 'except', 'except all'] as const) {
    it(kind, () => {
      checkLaw({
        name: kind, operator: () => new SetOperation(SCHEMA, kind), inputs: [SCHEMA, SCHEMA], row: randomRow, seeds: 40,
        query: (inputs) => [...counts(inputs).values()].flatMap(({ row, n }) =>
          Array.from({ length: MODEL[kind](n[0], n[1]) }, () => row)),
      });
    });
  }

  it('distinct', () => {
    checkLaw({
      name: 'distinct', operator: () => new Distinct(SCHEMA), inputs: [SCHEMA], row: randomRow, seeds: 40,
      query: (inputs) => [...counts(inputs).values()].map(({ row }) => row),
    });
  });

  it('union all', () => {
    checkLaw({
      name: 'union all', operator: () => new Union(SCHEMA), inputs: [SCHEMA, SCHEMA], row: randomRow,
      query: ([left, right]) => [...left, ...right],
    });
  });
});
