// Arithmetic of one input of a join is done before the join, where the joins then keep one column in place of several.
//
// sum(price * (1 - discount)) over a join stores the product. Only what cannot raise is computed for rows that may join
// nothing: sums and products of numerics with a declared precision.
import type { Expression } from '../../engine/expression/expression.ts';
import { childrenOf, columnsOf, someExpression } from '../../engine/expression/walk.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { columnsOfPlan, joinOf, projectOf, selectColumns, width } from '../plan/make.ts';
import { expressionsOf, mapExpressions, mapPlan } from '../plan/map-plan.ts';
import { printExpression } from '../plan/print.ts';
import { mapColumns, replaceTopDown } from '../plan/replace.ts';
import { deepEqual } from '../plan/same-expression.ts';
import type { Rewrite } from './rewrite.ts';
import { mapColumnIndexes, range } from './unnest.ts';

export const computeEarly: Rewrite = {
  name: 'compute-early',
  apply: (plan) => mapPlan(plan, (p) => (p.kind === 'aggregate' || p.kind === 'project' ? early(overJoin(p)) : p)),
};

/** Without a choice of columns in between. */
function overJoin(reader: Reader): Reader {
  const { input } = reader;
  if (input.kind !== 'project' || input.input.kind !== 'join' || !input.expressions.every((e) => e.kind === 'column')) {
    return reader;
  }
  const direct = mapExpressions(reader, (e) => mapColumns(e, (i) => input.expressions[i]));
  return direct.kind === reader.kind && isReader(direct) ? { ...direct, input: input.input } : reader;
}

function isReader(plan: LogicalPlan): plan is Reader {
  return plan.kind === 'aggregate' || plan.kind === 'project';
}

type Reader = LogicalPlan & { readonly kind: 'aggregate' | 'project' };
type Join = LogicalPlan & { readonly kind: 'join' };

function early(reader: Reader): LogicalPlan {
  const { input } = reader;
  if (input.kind !== 'join') return reader;
  const found = worthwhile(expressionsOf(reader), input);
  if (found.length === 0) return reader;
  const before = width(input);
  const columnFor = (e: Expression): Expression | null => {
    const at = found.findIndex((f) => deepEqual(f, e));
    return at < 0 ? null : { kind: 'column', index: before + at, type: e.type };
  };
  const rewritten = mapExpressions(reader, (e) => replaceTopDown(e, columnFor));
  return isReader(rewritten) ? { ...rewritten, input: extended(input, found) } : reader;
}

/** The greatest parts of the expressions that one input decides and that use several columns which nothing else reads. */
function worthwhile(expressions: readonly Expression[], join: Join): readonly Expression[] {
  const found: Expression[] = [];
  const inputs = inputColumns(join, 0);
  const single = (e: Expression): boolean => {
    const columns = columnsOf(e);
    return columns.length > 1 && inputs.some((own) => columns.every((c) => c >= own.from && c < own.to));
  };
  const visit = (e: Expression): void => {
    if (isArithmetic(e) && single(e)) {
      if (!found.some((f) => deepEqual(f, e))) found.push(e);
    } else childrenOf(e).forEach(visit);
  };
  expressions.forEach(visit);
  const elsewhere = new Set([...readByJoins(join, 0), ...expressions.flatMap((e) => [...outside(e, found)])]);
  return found.filter((f) => columnsOf(f).filter((c) => !elsewhere.has(c)
    && found.every((g) => g === f || !columnsOf(g).includes(c))).length > 1);
}

/** Columns that the expression reads beside the parts. */
function outside(e: Expression, parts: readonly Expression[]): readonly number[] {
  if (parts.some((part) => deepEqual(part, e))) return [];
  return e.kind === 'column' ? [e.index] : childrenOf(e).flatMap((child) => outside(child, parts));
}

/** Sums, differences and products that cannot overflow: of numerics of a declared precision, small constants and integers. */
function isArithmetic(e: Expression): boolean {
  return e.kind === 'call' && isOperator(e) && !someExpression(e, (x) => !(isBounded(x) || (x.kind === 'call' && isOperator(x))));
}

function isOperator(e: Expression & { readonly kind: 'call' }): boolean {
  return e.type.kind === 'numeric' && e.function.operator === true && e.args.length === 2
    && ['+', '-', '*'].includes(e.function.name);
}

/** Digits that a constant may have. */
const DIGITS = 40;

function isBounded(e: Expression): boolean {
  switch (e.kind) {
    case 'column': return (e.type.kind === 'numeric' && e.type.typmod >= 0) || INTEGERS.has(e.type.kind);
    case 'literal': return e.type.kind === 'numeric' && e.value !== null && String(e.value).length < DIGITS;
    case 'cast': return e.type.kind === 'numeric' && e.type.typmod < 0 && INTEGERS.has(e.input.type.kind);
    default: return false;
  }
}

const INTEGERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8']);

interface Input { readonly from: number; readonly to: number }

/** Columns of the inputs of a tree of inner joins. */
function inputColumns(plan: LogicalPlan, from: number): readonly Input[] {
  if (plan.kind !== 'join' || plan.join !== 'inner') return [{ from, to: from + width(plan) }];
  return [...inputColumns(plan.left, from), ...inputColumns(plan.right, from + width(plan.left))];
}

/** Columns that keys and conditions of the tree read. */
function readByJoins(plan: LogicalPlan, from: number): readonly number[] {
  if (plan.kind !== 'join' || plan.join !== 'inner') return [];
  const right = from + width(plan.left);
  const own = columnsOf(...plan.condition === null ? [] : [plan.condition], ...plan.keys.map((k) => k.left)).map((c) => c + from);
  const keys = columnsOf(...plan.keys.map((k) => k.right)).map((c) => c + right);
  return [...own, ...keys, ...readByJoins(plan.left, from), ...readByJoins(plan.right, right)];
}

/** Named as EXPLAIN prints them. */
function withColumns(plan: LogicalPlan, expressions: readonly Expression[]): LogicalPlan {
  const names = plan.schema.columns.map((c) => c.name);
  return projectOf(plan, [...columnsOfPlan(plan), ...expressions],
    [...names, ...expressions.map((e) => printExpression(e, plan.schema))]);
}

/** The plan with the expressions, each over one input, as further columns. */
function extended(plan: LogicalPlan, expressions: readonly Expression[]): LogicalPlan {
  if (expressions.length === 0) return plan;
  if (plan.kind !== 'join' || plan.join !== 'inner') return withColumns(plan, expressions);
  const before = width(plan.left);
  const isLeft = (e: Expression): boolean => columnsOf(e).every((c) => c < before);
  const left = extended(plan.left, expressions.filter(isLeft));
  const right = extended(plan.right, expressions.filter((e) => !isLeft(e)).map((e) => mapColumnIndexes(e, (c) => c - before)));
  const added = width(left) - before;
  const shifted = (c: number): number => (c < before ? c : c + added);
  const joined = joinOf({
    join: 'inner', lazy: plan.lazy, left, right, keys: plan.keys,
    condition: plan.condition === null ? null : mapColumnIndexes(plan.condition, shifted),
  });
  let nextLeft = before;
  let nextRight = added + width(plan);
  const more = expressions.map((e) => (isLeft(e) ? nextLeft++ : nextRight++));
  return selectColumns(joined, [...range(0, width(plan)).map(shifted), ...more]);
}
