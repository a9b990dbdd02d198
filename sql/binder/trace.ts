// Trace: how what is bound was written, noted on the way for who prints it as SQL again.
import type { Column, LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ColumnDefinition, Expr, FromItem, FunctionExpr, Query, QueryBody, SortKey } from '../parser/ast.ts';
import type { AggregateCall, TableCall, WindowCall } from '../plan/logical-plan.ts';

/** A column of an item of FROM, by its place there; `index` null: the whole row. */
export interface ColumnSource {
  readonly from: FromItem;
  readonly index: number | null;
}

/** What a hole stands for. */
export type HoleMeaning =
  | { readonly kind: 'outer'; readonly target: Expression }
  | { readonly kind: 'aggregate'; readonly call: AggregateCall; readonly written: FunctionExpr }
  | { readonly kind: 'window'; readonly call: WindowCall; readonly written: FunctionExpr }
  | { readonly kind: 'set'; readonly call: TableCall }
  | { readonly kind: 'grouping'; readonly args: readonly Expression[] }
  | { readonly kind: 'subquery'; readonly form: 'scalar' | 'exists' | 'array'; readonly query: Query }
  | { readonly kind: 'quantified'; readonly lefts: readonly Expression[]; readonly operator: string;
      readonly quantifier: 'any' | 'all' | null; readonly query: Query };

/** input NOT BETWEEN [SYMMETRIC] low AND high */
export interface Outside {
  readonly input: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly symmetric: boolean;
}

/** Expressions whose form says less than how they were written. */
export type Form =
  /** A call in the words SQL has for it: TRIM(BOTH FROM x). */
  | { readonly kind: 'syntax' }
  /** f(a => 1) */
  | { readonly kind: 'named'; readonly args: readonly { readonly name: string | undefined; readonly value: Expression }[] }
  /** PostgreSQL keeps it as another expression that says the same. */
  | { readonly kind: 'as'; readonly expression: Expression; readonly outside?: Outside }
  | { readonly kind: 'element'; readonly input: Expression; readonly path: readonly Expression[] }
  | { readonly kind: 'meaning'; readonly meaning: HoleMeaning }
  | { readonly kind: 'case'; readonly operand: Expression; readonly values: readonly Expression[] }
  | { readonly kind: 'nullif'; readonly args: readonly Expression[] }
  | { readonly kind: 'rows'; readonly symbol: string;
      readonly left: readonly Expression[]; readonly right: readonly Expression[] };

/** One item of FROM that is no join. */
export interface ItemTrace {
  /** OID of the relation, 0 where it is none; `common`: the name of a common table. */
  readonly relation: number;
  readonly common: string | null;
  readonly columns: readonly { readonly name: string; readonly attribute: number }[];
}

export interface JoinTrace {
  /** Names merged by USING or NATURAL, with the columns they are made of. */
  readonly merged: readonly { readonly name: string; readonly sides: readonly ColumnSource[] }[];
}

export interface TargetTrace { readonly expression: Expression; readonly name: string }

/** What the binder made of the parts of one SELECT, VALUES or set operation. */
export interface QueryTrace {
  readonly targets: readonly TargetTrace[];
  readonly where: Expression | null;
  readonly having: Expression | null;
  readonly rows: readonly (readonly Expression[])[];
  readonly distinctOn: readonly Expression[];
  readonly order: readonly (SortKey & { readonly bound: Expression; readonly target: number | null })[];
}

export class Trace {
  /** The latest meaning of what was written, before anything around it converted it. */
  readonly bound = new WeakMap<Expr, Expression>();
  readonly columns = new WeakMap<Expression, ColumnSource>();
  readonly holes = new Map<number, HoleMeaning>();
  readonly forms = new WeakMap<Expression, Form>();
  readonly items = new Map<FromItem, ItemTrace>();
  readonly joins = new Map<FromItem, JoinTrace>();
  /** Of joins, by their ON. */
  readonly conditions = new Map<Expr, Expression>();
  /** Calls in FROM and offsets of frames, once converted. */
  readonly calls = new Map<Expr, Expression>();
  readonly queries = new Map<QueryBody, QueryTrace>();
  /** What the columns of a set operation are. */
  readonly types = new Map<QueryBody, readonly LogicalType[]>();
  /** Columns of column definition lists. */
  readonly definitions = new Map<ColumnDefinition, Column>();
  /** Items of GROUP BY. */
  readonly groups = new Map<Expr, Expression>();
  /** Of those, what means an output column that computes the same as one before it: its number, from 1. */
  readonly groupPlaces = new Map<Expr, number>();
}
