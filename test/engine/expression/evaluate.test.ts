// Expressions: laziness of conditionals, NULL rules, isolation of failing rows, constants.
import { expect, test } from 'vitest';
import { batchFromRows, datumAt } from '../../../engine/data/access.ts';
import type { Batch } from '../../../engine/data/batch.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import type { DatabaseError } from '../../../engine/data/error.ts';
import { toEpoch } from '../../../engine/data/time.ts';
import { BOOLEAN, INT4, TEXT } from '../../../engine/data/types.ts';
import type { Vector } from '../../../engine/data/vector.ts';
import {
  compileExpression, evaluateOrReport, evaluatePredicate, foldConstant, predicateOrReport,
} from '../../../engine/expression/evaluate.ts';
import type { Expression } from '../../../engine/expression/expression.ts';
import { canRaise, columnsOf, isVolatile, mapExpression } from '../../../engine/expression/walk.ts';
import type { ScalarFunction } from '../../../engine/function/function.ts';
import { ENGINE_FUNCTIONS } from '../../../engine/function/registry.ts';
import { sqlText, TEST_CONTEXT } from '../../support/evaluate-sql.ts';

function int4Operator(symbol: string): ScalarFunction {
  const found = ENGINE_FUNCTIONS.operators(symbol, 2).find((f) => f.args.every((a) => a.kind === 'int4'));
  if (found === undefined) throw new Error(symbol);
  return found;
}
const column = (index: number): Expression => ({ kind: 'column', index, type: INT4 });
const literal = (value: Datum): Expression => ({ kind: 'literal', value, type: INT4 });
function call(symbol: string, ...args: readonly Expression[]): Expression {
  const fn = int4Operator(symbol);
  return { kind: 'call', function: fn, args, type: typeof fn.returns === 'function' ? BOOLEAN : fn.returns };
}
function batch(rows: readonly (readonly Datum[])[]): Batch {
  const width = rows[0]?.length ?? 0;
  return batchFromRows({ columns: Array.from({ length: width }, (_, i) => ({ name: `c${i}`, type: INT4 })) }, rows);
}
const datums = (v: Vector): Datum[] => Array.from({ length: v.length }, (_, i) => datumAt(v, i));
const run = (e: Expression, b: Batch): Datum[] => datums(compileExpression(e).evaluate(b, TEST_CONTEXT));

const x = column(0);
const inverse = call('/', literal(6), x);

test('CASE evaluates a branch only where it is taken', () => {
  const e: Expression = {
    kind: 'case', type: INT4, branches: [{ when: call('<>', x, literal(0)), then: inverse }], otherwise: literal(null),
  };
  expect(run(e, batch([[1], [0], [null], [3], [0]]))).toEqual([6, null, null, 2, null]);
});

test('AND and OR evaluate the right side only where the left leaves it open', () => {
  const and: Expression = { kind: 'and', type: BOOLEAN,
    args: [call('<>', x, literal(0)), call('>', inverse, literal(2))] };
  expect(run(and, batch([[1], [0], [null], [3]]))).toEqual([true, false, null, false]);
  const or: Expression = { kind: 'or', type: BOOLEAN,
    args: [call('=', x, literal(0)), call('>', inverse, literal(2))] };
  expect(run(or, batch([[1], [0], [null], [3]]))).toEqual([true, true, null, false]);
});

test('COALESCE evaluates a later argument only for rows that are still NULL', () => {
  const e: Expression = { kind: 'coalesce', type: INT4, args: [column(1), inverse] };
  expect(run(e, batch([[0, 7], [2, null], [null, null]]))).toEqual([7, 3, null]);
});

test('IN stops at the first match and knows NULL', () => {
  const e = (list: readonly Expression[]): Expression => ({ kind: 'in', type: BOOLEAN, equal: int4Operator('='),
    input: column(1), list });
  expect(run(e([literal(5), inverse]), batch([[0, 5], [2, 3], [3, 3], [null, 3]]))).toEqual([true, true, false, null]);
  const many = [1, 2, 3, 4, 5, 6, 7, 8].map(literal);
  expect(run(e(many), batch([[0, 5], [0, 9], [0, null]]))).toEqual([true, false, null]);
  expect(run(e([...many, literal(null)]), batch([[0, 5], [0, 9]]))).toEqual([true, null]);
});

test('three-valued logic, all nine pairs', async () => {
  const values = ['true', 'false', 'null::bool'];
  const rows = await Promise.all(values.flatMap((a) =>
    values.map((b) => sqlText(`SELECT ${a} AND ${b}, ${a} OR ${b}`))));
  expect(rows).toEqual(['t|t', 'f|t', '|t', 'f|t', 'f|f', 'f|', '|t', 'f|', '|']);
});

test('an error under a NULL is no error', () => {
  expect(run(call('/', x, column(1)), batch([[4, 2], [null, 0], [1, null]]))).toEqual([2, null, null]);
});

test('failing rows are reported with their weights and left out, the others stay', () => {
  const reported: string[] = [];
  const step = {
    epoch: toEpoch(1), eval: TEST_CONTEXT, error: (e: DatabaseError, w: number) => { reported.push(`${e.code} ${w}`); },
  };
  const rows = Array.from({ length: 1000 }, (_, i) => [i % 100 === 7 ? 0 : i + 1]);
  const weights = Int32Array.from(rows, (_, i) => (i % 2 === 0 ? 1 : -(i + 1)));
  const found = evaluateOrReport([compileExpression(inverse), compileExpression(x)], batch(rows), weights, step);
  expect(reported).toEqual(Array.from({ length: 10 }, (_, k) => `22012 ${-(100 * k + 8)}`));
  expect(found.rows?.length).toBe(990);
  expect(datums(found.vectors[1])).toEqual(rows.map((r) => r[0]).filter((n) => n !== 0));
  expect(Array.from(found.rows ?? []).every((row, i) => rows[row][0] === datumAt(found.vectors[1], i))).toBe(true);
  reported.length = 0;
  const hits = predicateOrReport(compileExpression(call('>=', inverse, literal(3))), batch([[1], [0], [2], [3]]),
    new Int32Array([1, 1, 1, 1]), step);
  expect([...hits]).toEqual([0, 2]);
  expect(reported).toEqual(['22012 1']);
});

test('a batch on which every row fails', () => {
  let count = 0;
  const step = { epoch: toEpoch(1), eval: TEST_CONTEXT, error: () => { count++; } };
  const found = evaluateOrReport([compileExpression(inverse)], batch([[0], [0], [0]]), new Int32Array(3).fill(1), step);
  expect([count, found.rows?.length, found.vectors[0].length]).toEqual([3, 0, 0]);
});

test('predicates keep true rows only', () => {
  expect([...evaluatePredicate(compileExpression(call('>', x, literal(1))), batch([[1], [2], [null], [3]]),
    TEST_CONTEXT)]).toEqual([1, 3]);
});

test('folding and walking', () => {
  expect(foldConstant(call('+', literal(1), literal(2)), TEST_CONTEXT)).toEqual(literal(3));
  expect(foldConstant(call('/', literal(1), literal(0)), TEST_CONTEXT)).toBeNull();
  expect(foldConstant(call('+', x, literal(2)), TEST_CONTEXT)).toBeNull();
  expect([...columnsOf(call('+', column(3), call('*', column(1), column(3))))]).toEqual([1, 3]);
  expect(canRaise(inverse)).toBe(true);
  expect(canRaise(call('=', x, literal(1)))).toBe(false);
  expect(canRaise(call('%', x, literal(123)))).toBe(false);
  expect(canRaise(call('%', x, literal(0)))).toBe(true);
  const [random] = ENGINE_FUNCTIONS.scalarFunctions('random');
  expect(isVolatile({ kind: 'call', function: random, args: [], type: INT4 })).toBe(true);
  const moved = mapExpression(inverse, (e) => (e.kind === 'column' ? { ...e, index: 5 } : e));
  expect([...columnsOf(moved)]).toEqual([5]);
  expect(mapExpression(inverse, (e) => e)).toBe(inverse);
});

test('arrays, rows, subscripts, quantifiers', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['(ARRAY[1,2,3])[2]', '2'], ['(ARRAY[1,2,3])[2:3]', '{2,3}'], ['(ARRAY[1,2,3])[:2]', '{1,2}'],
    ['(ARRAY[1,2,3])[9] IS NULL', 't'],
    ['ARRAY[[1,2],[3,4]]', '{{1,2},{3,4}}'], ['(ARRAY[[1,2],[3,4]])[2][1]', '3'],
    ['(ARRAY[[1,2],[3,4]])[1:2][2:2]', '{{2},{4}}'],
    ['1 = ANY (ARRAY[1,NULL])', 't'], ['2 = ANY (ARRAY[1,NULL]) IS NULL', 't'], ['2 > ALL (ARRAY[1,0])', 't'],
    ['NULL::int = ANY (\'{}\'::int[])', 'f'],
    ['ROW(1,NULL) IS NULL', 'f'], ['ROW(1,NULL) IS NOT NULL', 'f'], ['ROW(NULL,NULL) IS NULL', 't'],
    ['1 IS DISTINCT FROM NULL', 't'],
    ['greatest(1,NULL,3)', '3'], ['least(2.5,1)', '1'], ['nullif(1,1) IS NULL', 't'],
  ];
  for (const [sql, result] of cases) expect(await sqlText(`SELECT ${sql}`), sql).toBe(result);
});

test('a large constant is held as often as there are rows, not more', () => {
  const constant = compileExpression({ kind: 'literal', value: 'x'.repeat(50_000), type: TEXT });
  for (const rows of [1, 3, 1, 40]) {
    const v = constant.evaluate(batch(Array.from({ length: rows }, () => [0])), TEST_CONTEXT);
    expect(datums(v)).toEqual(Array.from({ length: rows }, () => 'x'.repeat(50_000)));
    expect(v.layout === 'bytes' && v.bytes.buffer.byteLength).toBeLessThan(50_000 * (2 * rows + 4));
  }
});
