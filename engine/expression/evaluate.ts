// Expression → CompiledExpression → vectors: compiling, constant folding, predicates, and isolation of failing rows.
import { constantVector, datumAt } from '../data/access.ts';
import { Batch } from '../data/batch.ts';
import { assert, DatabaseError, sizeError, unreachable } from '../data/error.ts';
import { concatVectors } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { StepContext } from '../operator/operator.ts';
import { Call, Distinct, Extreme } from './call.ts';
import { ColumnValue, CompiledExpression, ConstantValue, LazyChild } from './compiled.ts';
import { Case, Coalesce, Logical, Not, Test, trueRows } from './conditional.ts';
import { ArrayValue, ElementValue, FieldValue, RowValue, SliceValue } from './construct.ts';
import type { SubscriptPlan } from './construct.ts';
import { CastValue } from './cast-value.ts';
import type { EvalContext } from './context.ts';
import type { Expression, LiteralExpression, SubscriptExpression } from './expression.ts';
import { In, Quantified } from './membership.ts';
import { canRaise, columnsOf, functionOf, isVolatile, someExpression } from './walk.ts';

/** Requires: parameters have been replaced by literals. */
export function compileExpression(e: Expression): CompiledExpression {
  switch (e.kind) {
    case 'column': return new ColumnValue(e.type, e.index);
    case 'literal': return new ConstantValue(e.type, e.value);
    case 'parameter': throw new DatabaseError('42P02', `there is no parameter $${e.index + 1}`);
    case 'call': return new Call(e.type, e.function, e.args.map(compileExpression));
    case 'cast': return new CastValue(e.type, compileExpression(e.input), e.explicit);
    case 'and': case 'or': return new Logical(e.kind, e.args.map(lazy));
    case 'not': return new Not(compileExpression(e.input));
    case 'test': return new Test(compileExpression(e.input), e.test, e.negated);
    case 'distinct':
      return new Distinct(e.equal, e.negated, compileExpression(e.left), compileExpression(e.right));
    case 'case': {
      const branches = e.branches.map((b) => ({ when: lazy(b.when), then: lazy(b.then) }));
      return new Case(e.type, branches, lazy(e.otherwise));
    }
    case 'coalesce': return new Coalesce(e.type, e.args.map(lazy));
    case 'greatest': case 'least':
      return new Extreme(e.type, e.kind === 'greatest', e.less, e.args.map(compileExpression));
    case 'in': return new In(e.equal, compileExpression(e.input), e.list.map(lazy));
    case 'quantified':
      return new Quantified(
        e.quantifier === 'any', e.operator, compileExpression(e.input), compileExpression(e.array),
      );
    case 'array': return new ArrayValue(e.type, e.elements.map(compileExpression));
    case 'subscript': return compileSubscript(e);
    case 'row': return new RowValue(e.type, e.fields.map(compileExpression));
    case 'field': return new FieldValue(e.type, compileExpression(e.input), e.index);
    default: return unreachable(e);
  }
}

function compileSubscript(e: SubscriptExpression): CompiledExpression {
  const inputs: Expression[] = [e.input];
  const add = (x: Expression | null): number => (x === null ? -1 : inputs.push(x) - 1);
  if (!e.subscripts.some((s) => s.slice)) {
    for (const s of e.subscripts) add(s.lower ?? s.upper);
    return new ElementValue(e.type, inputs.map(compileExpression));
  }
  const one: LiteralExpression = { kind: 'literal', type: { kind: 'int4' }, value: 1 };
  const plan = e.subscripts.map((s): SubscriptPlan => {
    if (s.slice) return { lower: add(s.lower), upper: add(s.upper) };
    return { lower: add(one), upper: add(s.lower ?? s.upper) };
  });
  return new SliceValue(e.type, inputs.map(compileExpression), plan);
}

function lazy(e: Expression): LazyChild {
  return new LazyChild(compileExpression(e), columnsOf(e), isCheap(e) && !canRaise(e));
}

/** Runs in kernels throughout, so that evaluating it on rows that do not need it costs less than picking rows. */
function isCheap(e: Expression): boolean {
  return !someExpression(e, (x) => {
    const fn = functionOf(x);
    if (fn !== null) return fn.kernel === undefined;
    return x.kind === 'array' || x.kind === 'row' || x.kind === 'field' || x.kind === 'subscript' || x.kind === 'case';
  });
}

const ONE_ROW = new Batch([], 1);

/** The value of an expression without columns. Throws its error. */
export function evaluateConstant(e: Expression, context: EvalContext): LiteralExpression {
  const values = attempt([compileExpression(e)], ONE_ROW, context);
  if (values instanceof DatabaseError) throw values;
  return { kind: 'literal', type: e.type, value: datumAt(values[0], 0) };
}

/**
 * The literal an expression comes to, or null when it has columns, parameters or volatile calls, or fails (then the
 * error belongs to the run, where the expression may never be reached).
 */
export function foldConstant(e: Expression, context: EvalContext): LiteralExpression | null {
  if (e.kind === 'literal') return e;
  if (isVolatile(e) || someExpression(e, (x) => x.kind === 'column' || x.kind === 'parameter')) return null;
  try {
    return evaluateConstant(e, context);
  } catch (error) {
    if (error instanceof DatabaseError) return null;
    throw error;
  }
}

/** Numbers of the rows on which the predicate is true, ascending. */
export function evaluatePredicate(
  predicate: CompiledExpression, batch: Batch, context: EvalContext,
): Int32Array {
  return trueRows(predicate.evaluate(batch, context));
}

/** `rows`: which rows of the batch survived, null for all; `vectors`: their values, one vector an expression. */
export interface ReportedValues {
  readonly rows: Int32Array | null;
  readonly vectors: readonly Vector[];
}

/**
 * Values of several expressions over a batch. Rows on which one of them fails are left out and reported, each with
 * its weight, through the step; the others are not affected.
 */
export function evaluateOrReport(
  expressions: readonly CompiledExpression[], batch: Batch, weights: Int32Array, step: StepContext,
): ReportedValues {
  const whole = attempt(expressions, batch, step.eval);
  if (!(whole instanceof DatabaseError)) return { rows: null, vectors: whole };
  const parts: { readonly start: number; readonly vectors: readonly Vector[] }[] = [];
  const search = (start: number, end: number, failure: DatabaseError): void => {
    if (end - start === 1) {
      step.error(failure, weights[start]);
      return;
    }
    const middle = (start + end) >> 1;
    for (const [from, to] of [[start, middle], [middle, end]]) {
      const half = attempt(expressions, batch.slice(from, to), step.eval);
      if (half instanceof DatabaseError) search(from, to, half);
      else parts.push({ start: from, vectors: half });
    }
  };
  withoutStacks(() => search(0, batch.length, whole));
  return joinParts(expressions, parts);
}

/** Why: most of what an error takes is its stack, which nobody reads where it is that of one row among many. */
function withoutStacks(work: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What a row fails with, and would anywhere; throws what else there is: an interrupt, a lack of memory, a fault of ours. */
export function rowError(error: unknown): DatabaseError {
  const failure = error instanceof RangeError ? sizeError(error) : error;
  if (!(failure instanceof DatabaseError) || failure.endsStatement) throw error;
  // How deep the stack is hangs on who calls.
  if (failure !== error && failure.code === '54001') throw error;
  return failure;
}

function attempt(
  expressions: readonly CompiledExpression[], batch: Batch, context: EvalContext,
): readonly Vector[] | DatabaseError {
  try {
    return expressions.map((e) => e.evaluate(batch, context));
  } catch (error) {
    return rowError(error);
  }
}

function joinParts(
  expressions: readonly CompiledExpression[],
  parts: readonly { readonly start: number; readonly vectors: readonly Vector[] }[],
): ReportedValues {
  assert(expressions.length > 0, 'an expression failed');
  const lengths = parts.map((p) => p.vectors[0].length);
  const rows = new Int32Array(lengths.reduce((a, b) => a + b, 0));
  let n = 0;
  for (let p = 0; p < parts.length; p++) {
    for (let i = 0; i < lengths[p]; i++) rows[n++] = parts[p].start + i;
  }
  const vectors = expressions.map((e, k) => (parts.length === 0
    ? emptyVector(e) : concatVectors(parts.map((p) => p.vectors[k]))));
  return { rows, vectors };
}

function emptyVector(e: CompiledExpression): Vector {
  return constantVector(e.type, null, 0);
}

/** Rows on which the predicate is true, ascending; rows on which it fails are reported as evaluateOrReport does. */
export function predicateOrReport(
  predicate: CompiledExpression, batch: Batch, weights: Int32Array, step: StepContext,
): Int32Array {
  const { rows, vectors } = evaluateOrReport([predicate], batch, weights, step);
  const hits = trueRows(vectors[0]);
  if (rows !== null) for (let i = 0; i < hits.length; i++) hits[i] = rows[hits[i]];
  return hits;
}
