// Operators for subqueries: NOT IN, marks of IN and EXISTS, scalar subqueries.
import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN, INT4, INT8 } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { Asked } from '../../engine/operator/asked.ts';
import { ErrorScope } from '../../engine/operator/error-scope.ts';
import { Join } from '../../engine/operator/join.ts';
import { MarkJoin } from '../../engine/operator/mark-join.ts';
import { NotIn } from '../../engine/operator/not-in.ts';
import { SingleRow } from '../../engine/operator/single-row.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { Tally, checkLaw, deltaOf, rowText, stepContext } from './law.ts';
import type { Row } from './law.ts';

const LEFT: Schema = { columns: [{ name: 'g', type: INT4 }, { name: 'x', type: INT8 }] };
const RIGHT: Schema = { columns: [{ name: 'h', type: INT4 }, { name: 'y', type: INT8 }] };
const column = (index: number, type: LogicalType): Expression => ({ kind: 'column', index, type });
const CORRELATION = [{ left: column(0, INT4), right: column(0, INT4), nullSafe: false }];
const OPERAND = { left: column(1, INT8), right: column(1, INT8) };

const randomRow = (random: Random): Row => [
  random.bool(0.1) ? null : random.int(0, 4), random.bool(0.15) ? null : BigInt(random.int(0, 4)),
];

/** SQL's x IN (list). */
function isIn(x: bigint | null, list: readonly (bigint | null)[]): boolean | null {
  if (list.length === 0) return false;
  if (x === null) return null;
  if (list.includes(x)) return true;
  return list.includes(null) ? null : false;
}

const asBigint = (d: Row[number]): bigint | null => (typeof d === 'bigint' ? d : null);

function listOf(correlated: boolean, l: Row, right: readonly Row[]): (bigint | null)[] {
  const rows = correlated ? right.filter((r) => l[0] !== null && r[0] === l[0]) : right;
  return rows.map((r) => asBigint(r[1]));
}

for (const correlated of [false, true]) {
  const keys = correlated ? CORRELATION : [];
  const notIn = (): NotIn => new NotIn({ left: LEFT, right: RIGHT, keys, operand: OPERAND });
  const semi = (): Join => new Join({
    kind: 'semi', left: LEFT, right: RIGHT, keys: [...keys, { ...OPERAND, nullSafe: false }], condition: null, schema: LEFT,
  });
  describe(correlated ? 'correlated' : 'uncorrelated', () => {
    it('not in', () => {
      checkLaw({
        name: 'not in', operator: notIn, inputs: [LEFT, RIGHT], row: randomRow, seeds: 60,
        query: ([left, right]) => left.filter((l) => isIn(asBigint(l[1]), listOf(correlated, l, right)) === false),
      });
    });

    it('in as a value', () => {
      const schema: Schema = { columns: [...LEFT.columns, { name: 'in', type: BOOLEAN }] };
      checkLaw({
        name: 'mark', operator: () => new MarkJoin(schema, semi(), notIn()), inputs: [LEFT, RIGHT], row: randomRow, seeds: 60,
        query: ([left, right]) => left.map((l) => [...l, isIn(asBigint(l[1]), listOf(correlated, l, right))]),
      });
    });

    it('exists as a value', () => {
      const schema: Schema = { columns: [...LEFT.columns, { name: 'exists', type: BOOLEAN }] };
      const exists = (): Join =>
        new Join({ kind: 'semi', left: LEFT, right: RIGHT, keys, condition: null, schema: LEFT });
      checkLaw({
        name: 'exists', operator: () => new MarkJoin(schema, exists(), null), inputs: [LEFT, RIGHT], row: randomRow,
        query: ([left, right]) => left.map((l) => [...l, listOf(correlated, l, right).length > 0]),
      });
    });
  });
}

describe('scalar subquery', () => {
  it('is in error while an outer row matches several rows', () => {
    const both: Schema = { columns: [...LEFT.columns, ...RIGHT.columns] };
    const make = (): Join =>
      new Join({ kind: 'single', left: LEFT, right: RIGHT, keys: CORRELATION, condition: null, schema: both });
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const errors: { error: DatabaseError; weight: number }[] = [];
      const got = new Tally();
      const saved = new MemoryState();
      const held: Row[][] = [[], []];
      let join = make();
      for (let epoch = 1; epoch < 20; epoch++) {
        const deltas = held.map((rows, side) => deltaOf(side === 0 ? LEFT : RIGHT, changes(random, rows)));
        got.addDelta(join.step(deltas, stepContext(epoch, errors)));
        const matches = (l: Row): Row[] => held[1].filter((r) => l[0] !== null && r[0] === l[0]);
        const failing = held[0].filter((l) => matches(l).length > 1).length;
        expect(errors.reduce((sum, e) => sum + e.weight, 0), `seed ${seed} epoch ${epoch}`).toBe(failing);
        expect(errors.every((e) => e.error.code === '21000')).toBe(true);
        const want = new Tally();
        for (const l of held[0]) {
          const found = matches(l);
          for (const r of found.length === 0 ? [[null, null]] : found) want.add([...l, ...r], 1);
        }
        expect(got.lines(), `seed ${seed} epoch ${epoch}`).toEqual(want.lines());
        if (random.bool(0.2)) {
          join.save(saved);
          join = make();
          restoreWhole(join, saved);
        }
      }
    }
  });

  it('single row counts groups of more than one row', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const errors: { error: DatabaseError; weight: number }[] = [];
      const operator = new SingleRow(LEFT, [0]);
      const held: Row[] = [];
      for (let epoch = 1; epoch < 20; epoch++) {
        operator.step([deltaOf(LEFT, changes(random, held))], stepContext(epoch, errors));
        const groups = new Map<string, number>();
        for (const row of held) groups.set(rowText([row[0]]), (groups.get(rowText([row[0]])) ?? 0) + 1);
        expect(errors.reduce((sum, e) => sum + e.weight, 0)).toBe([...groups.values()].filter((n) => n > 1).length);
      }
    }
  });
});

describe('asked', () => {
  it('reports the errors of its scope as long as a row asks', () => {
    const condition: Expression = { kind: 'test', type: BOOLEAN, test: 'null', negated: true, input: column(1, INT8) };
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const scope = new ErrorScope();
      const errors: { error: DatabaseError; weight: number }[] = [];
      const saved = new MemoryState();
      const held: Row[] = [];
      const failures = new Map<string, number>();
      let asked = new Asked(LEFT, seed % 2 === 0 ? null : condition, scope);
      for (let epoch = 1; epoch < 30; epoch++) {
        for (const code of ['22012', '22003']) {
          if (!random.bool(0.3)) continue;
          const weight = random.int(0, 3) - (failures.get(code) ?? 0);
          failures.set(code, (failures.get(code) ?? 0) + weight);
          scope.add(new DatabaseError(code, `failure ${code}`), weight);
        }
        const delta = deltaOf(LEFT, changes(random, held));
        expect(asked.step([delta], stepContext(epoch, errors))).toBe(delta);
        const asking = held.some((row) => seed % 2 === 0 || row[1] !== null);
        for (const code of ['22012', '22003']) {
          const reported = errors.filter((e) => e.error.code === code).reduce((sum, e) => sum + e.weight, 0);
          expect(reported, `seed ${seed} epoch ${epoch}`).toBe(asking ? failures.get(code) ?? 0 : 0);
        }
        if (random.bool(0.7)) continue;
        asked.save(saved);
        asked = new Asked(LEFT, seed % 2 === 0 ? null : condition, scope);
        restoreWhole(asked, saved);
      }
    }
  });
});

function changes(random: Random, held: Row[]): { row: Row; weight: number }[] {
  return Array.from({ length: random.int(0, 5) }, () => {
    if (held.length > 0 && random.bool(0.5)) return { row: held.splice(random.int(0, held.length - 1), 1)[0], weight: -1 };
    const row = randomRow(random);
    held.push(row);
    return { row, weight: 1 };
  });
}
