// Expression: a bound, typed expression over the columns of one input; what binder makes and evaluate runs.
import type { Datum } from '../data/datum.ts';
import type { LogicalType } from '../data/types.ts';
import type { ScalarFunction } from '../function/function.ts';

interface Typed { readonly type: LogicalType }

/** Column `index` of the operator's input (joins: left columns, then right columns). */
export interface ColumnExpression extends Typed { readonly kind: 'column'; readonly index: number }
export interface LiteralExpression extends Typed { readonly kind: 'literal'; readonly value: Datum }
/**
 * $n, 0-based; replaced by a literal before execution. `hole`: `index` numbers something that the binder and the
 * optimizer have yet to put in place (a subquery, an aggregate, a column of an outer query); none reaches a circuit.
 */
export interface ParameterExpression extends Typed {
  readonly kind: 'parameter';
  readonly index: number;
  readonly hole?: true;
}
/** `position`: 1-based character of the call in the statement, for run-time errors that PostgreSQL places. */
export interface CallExpression extends Typed {
  readonly kind: 'call';
  readonly function: ScalarFunction;
  readonly args: readonly Expression[];
}
/** `explicit`: CAST or ::, which truncates varchar(n) silently where an assignment raises 22001. */
export interface CastExpression extends Typed {
  readonly kind: 'cast';
  readonly input: Expression;
  readonly explicit: boolean;
}
/** Three-valued AND, OR over two or more arguments, left to right, not evaluated further than needed. */
export interface LogicalExpression extends Typed {
  readonly kind: 'and' | 'or';
  readonly args: readonly Expression[];
}
export interface NotExpression extends Typed { readonly kind: 'not'; readonly input: Expression }
/** Never NULL: IS [NOT] NULL, TRUE, FALSE, UNKNOWN. On a row value IS NULL means every field is. */
export interface TestExpression extends Typed {
  readonly kind: 'test';
  readonly test: 'null' | 'true' | 'false' | 'unknown';
  readonly negated: boolean;
  readonly input: Expression;
}
/** IS [NOT] DISTINCT FROM, with the equality operator of the common type. */
export interface DistinctExpression extends Typed {
  readonly kind: 'distinct';
  readonly negated: boolean;
  readonly equal: ScalarFunction;
  readonly left: Expression;
  readonly right: Expression;
}
/** Searched CASE (a simple one is bound to comparisons); branches are evaluated only where needed. */
export interface CaseExpression extends Typed {
  readonly kind: 'case';
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression;
}
export interface CoalesceExpression extends Typed { readonly kind: 'coalesce'; readonly args: readonly Expression[] }
/** `less`: the type's < operator. NULLs are ignored. */
export interface ExtremeExpression extends Typed {
  readonly kind: 'greatest' | 'least';
  readonly less: ScalarFunction;
  readonly args: readonly Expression[];
}
/** input IN (list): equality over constants or expressions; NULL semantics of SQL. */
export interface InExpression extends Typed {
  readonly kind: 'in';
  readonly equal: ScalarFunction;
  readonly input: Expression;
  readonly list: readonly Expression[];
}
/** input op ANY | ALL (array). */
export interface QuantifiedExpression extends Typed {
  readonly kind: 'quantified';
  readonly quantifier: 'any' | 'all';
  readonly operator: ScalarFunction;
  readonly input: Expression;
  readonly array: Expression;
}
/** ARRAY[..]; elements of the element type, or arrays of one type (then one dimension more). */
export interface ArrayExpression extends Typed { readonly kind: 'array'; readonly elements: readonly Expression[] }
/** array[i], array[i:j], any number of dimensions; a slice where any `upper` is given. */
export interface SubscriptExpression extends Typed {
  readonly kind: 'subscript';
  readonly input: Expression;
  readonly subscripts: readonly {
    readonly slice: boolean;
    readonly lower: Expression | null;
    readonly upper: Expression | null;
  }[];
}
/** ROW(..). */
export interface RowExpression extends Typed { readonly kind: 'row'; readonly fields: readonly Expression[] }
/** (record).field */
export interface FieldExpression extends Typed {
  readonly kind: 'field';
  readonly input: Expression;
  readonly index: number;
}

export type Expression =
  | ColumnExpression | LiteralExpression | ParameterExpression | CallExpression | CastExpression
  | LogicalExpression | NotExpression | TestExpression | DistinctExpression | CaseExpression
  | CoalesceExpression | ExtremeExpression | InExpression | QuantifiedExpression | ArrayExpression
  | SubscriptExpression | RowExpression | FieldExpression;
