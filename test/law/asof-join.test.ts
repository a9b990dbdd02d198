// ASOF join against looking at every pair.
import { describe, it } from 'vitest';
import { compareDatums } from '../../engine/data/datum-order.ts';
import { FLOAT8, INT4, INT8, TEXT, TIMESTAMP } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { AsofJoin } from '../../engine/operator/asof-join.ts';
import type { AsofJoinSpec } from '../../engine/operator/asof-join.ts';
import type { Random } from '../support/random.ts';
import { checkLaw } from './law.ts';
import type { Row } from './law.ts';

const TIMES = [TIMESTAMP, FLOAT8, TEXT] as const;

function schemas(time: (typeof TIMES)[number]): readonly [Schema, Schema] {
  return [
    { columns: [{ name: 'k', type: INT8 }, { name: 't', type: time }, { name: 'x', type: TEXT }] },
    { columns: [{ name: 'u', type: time }, { name: 'y', type: INT4 }, { name: 'j', type: INT8 }] },
  ];
}

function randomRow(time: (typeof TIMES)[number], random: Random, input: number): Row {
  const n = random.int(0, 9);
  const at = random.bool(0.1) ? null : time === TIMESTAMP ? BigInt(n) : time === FLOAT8 ? random.pick([n, NaN, -0, 0]) : 'abcdefghij'[n];
  const key = random.bool(0.1) ? null : BigInt(random.int(0, 2));
  return input === 0 ? [key, at, random.pick(['p', 'q', null])] : [at, random.pick([1, 2, null]), key];
}

/** Of the matching rows the nearest, of those the greatest by the whole row (NULL last). */
function model(spec: AsofJoinSpec, [lefts, rights]: readonly (readonly Row[])[]): Row[] {
  const time = spec.left.columns[1].type;
  const before = spec.side === 'before';
  const compare = (a: Row, b: Row): number => {
    const order = compareDatums(time, a[0], b[0]) * (before ? 1 : -1);
    for (let c = 0, o = order; c < 3; c++) {
      if (o !== 0) return o;
      const [x, y] = [a[c], b[c]];
      o = x === null || y === null ? Number(x === null) - Number(y === null) : compareDatums(spec.right.columns[c].type, x, y);
      if (o !== 0) return o;
    }
    return Object.is(a[0], -0) === Object.is(b[0], -0) ? 0 : Object.is(a[0], -0) ? -1 : 1;
  };
  return lefts.flatMap((l): Row[] => {
    const matches = rights.filter((r) => {
      const keys = spec.keys.every((k) => (l[k.left] === null || r[k.right] === null
        ? k.nullSafe && l[k.left] === r[k.right] : l[k.left] === r[k.right]));
      if (!keys || l[1] === null || r[0] === null) return false;
      const order = compareDatums(time, l[1], r[0]) * (before ? 1 : -1);
      return spec.strict ? order > 0 : order >= 0;
    });
    if (matches.length === 0) return spec.outer ? [[...l, null, null, null]] : [];
    return [[...l, ...matches.reduce((a, b) => (compare(a, b) >= 0 ? a : b))]];
  });
}

describe('asof join', () => {
  const keyings = [[{ left: 0, right: 2, nullSafe: false }], [{ left: 0, right: 2, nullSafe: true }], []];
  for (const type of TIMES) {
    for (const keys of keyings) {
      for (const side of ['before', 'after'] as const) {
        for (const strict of [false, true]) {
          for (const outer of [false, true]) {
            const [left, right] = schemas(type);
            const spec: AsofJoinSpec = { left, right, keys, time: { left: 1, right: 0 }, side, strict, outer };
            const name = `${type.kind} ${side}${strict ? ' strict' : ''}${outer ? ' outer' : ''} keys ${JSON.stringify(keys)}`;
            it(name, () => checkLaw({
              name, operator: () => new AsofJoin(spec), inputs: [left, right], seeds: 8,
              row: (random, input) => randomRow(type, random, input), query: (inputs) => model(spec, inputs),
            }));
          }
        }
      }
    }
  }
});
