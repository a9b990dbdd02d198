// Join against nested loops over rows.
import { describe, it } from 'vitest';
import type { Datum } from '../../engine/data/datum.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { BOOLEAN, INT4, INT8, NUMERIC, TEXT } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScalarFunction } from '../../engine/function/function.ts';
import { Join } from '../../engine/operator/join.ts';
import type { JoinKind } from '../../engine/operator/join.ts';
import type { Random } from '../support/random.ts';
import { checkLaw } from './law.ts';
import type { Row } from './law.ts';

const LEFT: Schema = { columns: [{ name: 'a', type: INT8 }, { name: 'b', type: INT4 }, { name: 'c', type: TEXT }] };
const RIGHT: Schema = { columns: [{ name: 'd', type: INT8 }, { name: 'e', type: INT4 }, { name: 'f', type: TEXT }] };
const BOTH: Schema = { columns: [...LEFT.columns, ...RIGHT.columns] };
const KINDS: readonly JoinKind[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

const column = (index: number, type: LogicalType): Expression => ({ kind: 'column', index, type });

const less: ScalarFunction = {
  kind: 'scalar', name: '<', args: [INT4, INT4], returns: BOOLEAN, description: 'less', strict: true,
  volatility: 'immutable', row: ([x, y]) => Number(x) < Number(y),
};
const double: ScalarFunction = {
  kind: 'scalar', name: 'double', args: [INT4], returns: INT4, description: 'twice', strict: true,
  volatility: 'immutable', row: ([x]) => Number(x) * 2,
};
const CONDITION: Expression = { kind: 'call', function: less, args: [column(1, INT4), column(4, INT4)], type: BOOLEAN };

function maybeNull(random: Random, value: Datum): Datum {
  return random.float() < 0.1 ? null : value;
}

function randomRow(random: Random): Row {
  return [
    maybeNull(random, BigInt(random.int(0, 5))), maybeNull(random, random.int(0, 3)),
    maybeNull(random, random.pick(['x', 'yy', ''])),
  ];
}

type Match = (l: Row, r: Row) => boolean;

function nestedLoops(kind: JoinKind, left: readonly Row[], right: readonly Row[], match: Match): Row[] {
  const out: Row[] = [];
  const nulls: Row = [null, null, null];
  const rightMatched = right.map(() => false);
  for (const l of left) {
    const matches = right.flatMap((r, i) => (match(l, r) ? [i] : []));
    for (const i of matches) rightMatched[i] = true;
    if (kind === 'semi' && matches.length > 0) out.push(l);
    else if (kind === 'anti' && matches.length === 0) out.push(l);
    if (kind === 'semi' || kind === 'anti') continue;
    for (const i of matches) out.push([...l, ...right[i]]);
    if (matches.length === 0 && (kind === 'left' || kind === 'full')) out.push([...l, ...nulls]);
  }
  if (kind === 'right' || kind === 'full') right.forEach((r, i) => rightMatched[i] || out.push([...nulls, ...r]));
  return out;
}

const equal = (x: Datum, y: Datum): boolean => x !== null && y !== null && x === y;

interface Shape {
  readonly name: string;
  readonly keys: readonly { readonly left: Expression; readonly right: Expression; readonly nullSafe: boolean }[];
  readonly match: Match;
}

const SHAPES: readonly Shape[] = [
  { name: 'int8 key', keys: [{ left: column(0, INT8), right: column(0, INT8), nullSafe: false }],
    match: (l, r) => equal(l[0], r[0]) },
  { name: 'text and int4 keys', match: (l, r) => equal(l[2], r[2]) && equal(l[1], r[1]), keys: [
    { left: column(2, TEXT), right: column(2, TEXT), nullSafe: false },
    { left: column(1, INT4), right: column(1, INT4), nullSafe: false }] },
  { name: 'null-safe key', keys: [{ left: column(0, INT8), right: column(0, INT8), nullSafe: true }],
    match: (l, r) => l[0] === r[0] },
  { name: 'null-safe and strict keys', match: (l, r) => l[0] === r[0] && equal(l[2], r[2]), keys: [
    { left: column(0, INT8), right: column(0, INT8), nullSafe: true },
    { left: column(2, TEXT), right: column(2, TEXT), nullSafe: false }] },
  { name: 'computed key', match: (l, r) => l[1] !== null && r[1] !== null && Number(l[1]) * 2 === Number(r[1]), keys: [
    { left: { kind: 'call', function: double, args: [column(1, INT4)], type: INT4 }, right: column(1, INT4),
      nullSafe: false }] },
  { name: 'no key', keys: [], match: () => true },
];

describe('join', () => {
  for (const kind of KINDS) {
    for (const shape of SHAPES) {
      for (const condition of [null, CONDITION]) {
        const name = `${kind}, ${shape.name}${condition === null ? '' : ', condition'}`;
        it(name, () => {
          const match: Match = (l, r) => shape.match(l, r)
            && (condition === null || (l[1] !== null && r[1] !== null && Number(l[1]) < Number(r[1])));
          checkLaw({
            name,
            operator: () => new Join({
              kind, left: LEFT, right: RIGHT, keys: shape.keys, condition,
              schema: kind === 'semi' || kind === 'anti' ? LEFT : BOTH,
            }),
            inputs: [LEFT, RIGHT],
            row: randomRow,
            query: ([left, right]) => nestedLoops(kind, left, right, match),
            seeds: 12,
          });
        });
      }
    }
  }

  it('numeric keys match by value', () => {
    const schema: Schema = { columns: [{ name: 'n', type: NUMERIC }] };
    const values = ['1', '1.0', '1.00', '2.5', '2.50', 'NaN', '100000000000000000000.000', '100000000000000000000']
      .map((text) => Numeric.parse(text));
    checkLaw({
      name: 'numeric join',
      operator: () => new Join({
        kind: 'full', left: schema, right: schema, condition: null,
        keys: [{ left: column(0, NUMERIC), right: column(0, NUMERIC), nullSafe: false }],
        schema: { columns: [...schema.columns, ...schema.columns] },
      }),
      inputs: [schema, schema],
      row: (random) => [maybeNull(random, random.pick(values))],
      text: (row) => row.map(String).join('|'),
      query: ([left, right]) => {
        const out: Row[] = [];
        const same = (l: Row, r: Row): boolean =>
          l[0] instanceof Numeric && r[0] instanceof Numeric && l[0].compare(r[0]) === 0;
        for (const l of left) {
          const matches = right.filter((r) => same(l, r));
          for (const r of matches) out.push([l[0], r[0]]);
          if (matches.length === 0) out.push([l[0], null]);
        }
        for (const r of right) if (!left.some((l) => same(l, r))) out.push([null, r[0]]);
        return out;
      },
    });
  });
});
