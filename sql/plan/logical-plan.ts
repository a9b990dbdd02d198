// LogicalPlan: what the binder makes of a query, the optimizer rewrites and the compiler turns into a circuit.
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import type { TableFunction } from '../../engine/function/function.ts';
import type { AsofKey } from '../../engine/operator/asof-join.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import type { TimeBound } from '../../engine/operator/temporal-filter.ts';
import type { KeyRange } from '../../engine/state/key-range.ts';

/**
 * Columns are referred to by their index in the input's schema; of a join, left columns, then right columns.
 * Plans are immutable. The same node may be the input of several others only through `shared`.
 */
export type LogicalPlan =
  | ScanPlan | ConstantPlan | ValuesPlan | SingleRowPlan | FilterPlan | ProjectPlan | JoinPlan | AsofJoinPlan | ApplyPlan
  | AggregatePlan | DistinctPlan | SetOperationPlan | LimitPlan | AssignWindowPlan | SessionWindowPlan
  | ProjectSetPlan | WindowPlan | RecursivePlan | WorkingTablePlan | SharedPlan | EmitOnClosePlan | TemporalFilterPlan;

interface Node { readonly schema: Schema }

/** What a scan can be narrowed by: the columns of a key or an index, in the relation's numbering. */
export interface AccessPath {
  readonly name: string;
  readonly columns: readonly number[];
  readonly unique: boolean;
  /** Of an index on expressions or over part of the rows: what its columns hold, and the conditions of its rows. */
  readonly computed?: {
    /** Over the relation's columns, in its numbering. */
    readonly keys: readonly Expression[];
    readonly conditions: readonly Expression[];
    /** The keys as EXPLAIN shows them. */
    readonly labels: readonly string[];
  };
}

/** A stored relation. `columns`: which of the relation's columns the schema shows. */
export interface ScanPlan extends Node {
  readonly kind: 'scan';
  readonly relation: number;
  readonly name: string;
  readonly alias: string;
  readonly columns: readonly number[];
  readonly paths: readonly AccessPath[];
  /** Columns of the relation that are never NULL. */
  readonly notNull: readonly number[];
  readonly lookup: ScanLookup | null;
  readonly late: 'keep' | 'drop';
  /** Event-time column of the relation's watermark, or null when it has none. */
  readonly eventTime: number | null;
  readonly watermark: boolean;
  /** Its rows are never taken back. */
  readonly appendOnly: boolean;
}

/**
 * keys: only rows whose `path.columns` equal one of `keys`: one list of constant expressions a key. ranges: only rows in
 * ranges of the path's columns, of these types; with `order` perhaps only the first of them.
 */
export type ScanLookup =
  | { readonly kind: 'keys'; readonly path: AccessPath; readonly keys: readonly (readonly Expression[])[] }
  | {
      readonly kind: 'ranges';
      readonly path: AccessPath;
      readonly types: readonly LogicalType[];
      readonly ranges: readonly KeyRange[];
      readonly order: ScanOrder | null;
    }
  /** One side of a join, if the other side has few rows: only rows whose `path.columns` equal the keys of one of them. */
  | {
      readonly kind: 'probe';
      readonly path: AccessPath;
      /** Over the other side's columns. */
      readonly keys: readonly Expression[];
      /** The keys as EXPLAIN shows them. */
      readonly labels: readonly string[];
    };

/** The reader takes the first `enough` rows that fulfil `filter`, by the first `columns` of the path; see RangeOrder. */
export interface ScanOrder {
  readonly descending: boolean;
  readonly columns: number;
  readonly enough: number;
  /** Over the scan's columns. */
  readonly filter: Expression | null;
}

/** Rows that are made when the circuit is: system relations. */
export interface ConstantPlan extends Node {
  readonly kind: 'constant';
  readonly name: string;
  readonly alias: string;
  readonly columns: readonly number[];
  readonly rows: () => Batch;
}

/** VALUES; the expressions read no columns. */
export interface ValuesPlan extends Node {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expression[])[];
}

/** One row without columns: SELECT without FROM. */
export interface SingleRowPlan extends Node { readonly kind: 'single-row' }

export interface FilterPlan extends Node {
  readonly kind: 'filter';
  readonly input: LogicalPlan;
  readonly condition: Expression;
}

export interface ProjectPlan extends Node {
  readonly kind: 'project';
  readonly input: LogicalPlan;
  readonly expressions: readonly Expression[];
}

/**
 * semi and anti show the left columns only. single: left, but 21000 for a left row with several right ones.
 * temporal, temporal-left: inner and left with the right rows as they are when the left row comes (FOR SYSTEM_TIME).
 * not-in: anti, where the last key compares as NOT IN does (a NULL on either side is not false); no condition.
 */
export type JoinKind =
  'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'single' | 'not-in' | 'temporal' | 'temporal-left';

/** left = right; both over their own side; `nullSafe`: NULLs are equal. */
export interface EquiKey {
  readonly left: Expression;
  readonly right: Expression;
  readonly nullSafe: boolean;
}

export interface JoinPlan extends Node {
  readonly kind: 'join';
  readonly join: JoinKind;
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly keys: readonly EquiKey[];
  /** Over left then right columns; null: true. */
  readonly condition: Expression | null;
  /**
   * Errors of the right side count only while a left row asks for it: one that fulfils those parts of the condition that are
   * over the left side alone.
   */
  readonly lazy?: boolean;
}

/** ASOF JOIN: each left row with the nearest right row of equal keys; see engine/operator/asof-join.ts. */
export interface AsofJoinPlan extends Node {
  readonly kind: 'asof-join';
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  /** Columns of the sides. */
  readonly keys: readonly AsofKey[];
  readonly time: { readonly left: number; readonly right: number };
  readonly side: 'before' | 'after';
  readonly strict: boolean;
  readonly outer: boolean;
}

/** Column of the left side that hole `id` of the right side stands for. */
export interface Correlation {
  readonly id: number;
  readonly column: number;
}

/**
 * A dependent join, as the binder leaves it for decorrelation.
 * inner, left: LATERAL. scalar: adds the right side's one column, NULL when it has no row, 21000 when it has several.
 * exists: adds a boolean. semi, anti: keeps left rows with (without) a right row. in: adds what `left IN (right)`
 * is (true, false or NULL), with `operands` over the left side against the right side's columns.
 */
export interface ApplyPlan extends Node {
  readonly kind: 'apply';
  readonly apply: 'inner' | 'left' | 'scalar' | 'exists' | 'semi' | 'anti' | 'in' | 'semi-in' | 'anti-in';
  readonly left: LogicalPlan;
  readonly right: LogicalPlan;
  readonly correlations: readonly Correlation[];
  /** Join condition of LATERAL .. ON; over left then right columns. */
  readonly condition: Expression | null;
  /** Over the left side: the rows that look at the answer, which alone may fail; absent: all. */
  readonly asked?: Expression;
  /** For in: each left operand with the equality that compares it to the right column of the same place. */
  readonly operands: readonly InOperand[];
}

export interface InOperand {
  /** Over the left side; already of the comparison's type. */
  readonly left: Expression;
  /** Over the right side's columns; already of the comparison's type. */
  readonly right: Expression;
}

export interface AggregateCall {
  readonly function: AggregateFunction;
  readonly args: readonly Expression[];
  readonly distinct: boolean;
  readonly filter: Expression | null;
  readonly order: readonly OrderTerm[];
  /** WITHIN GROUP: the sort expressions are the aggregated arguments. */
  readonly withinGroup: boolean;
  readonly type: LogicalType;
}

export interface OrderTerm {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/**
 * Group keys, then one column an aggregate, then one int4 a GROUPING() call. Without keys: exactly one row, unless
 * `sets` says otherwise. `sets`: grouping sets as indexes into `keys` (a key outside the set is NULL), null: one set of all.
 */
export interface AggregatePlan extends Node {
  readonly kind: 'aggregate';
  readonly input: LogicalPlan;
  readonly keys: readonly Expression[];
  readonly aggregates: readonly AggregateCall[];
  readonly sets: readonly (readonly number[])[] | null;
  /** GROUPING(..) calls, as indexes into `keys`. */
  readonly groupings: readonly (readonly number[])[];
  /** Index among keys of window_end when groups may be forgotten once it has passed (EMIT ON WINDOW CLOSE). */
  readonly closing: number | null;
}

/** `on`: DISTINCT ON these columns, the first row by `order`; null: all columns. */
export interface DistinctPlan extends Node {
  readonly kind: 'distinct';
  readonly input: LogicalPlan;
  readonly on: { readonly columns: readonly number[]; readonly order: readonly SortKey[] } | null;
}

export interface SetOperationPlan extends Node {
  readonly kind: 'set-operation';
  readonly operation: 'union' | 'intersect' | 'except';
  readonly all: boolean;
  readonly inputs: readonly LogicalPlan[];
}

/** The first rows by `order`, of each partition when there is one; without limit and offset only the order counts. */
export interface LimitPlan extends Node {
  readonly kind: 'limit';
  readonly input: LogicalPlan;
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  /** Constant expressions of type int8, parameters allowed; null: no limit, no offset. */
  readonly limit: Expression | null;
  readonly offset: Expression | null;
  readonly withTies: boolean;
}

/** Adds window_start and window_end of the time column's type; a row is repeated for each of its windows. */
export interface AssignWindowPlan extends Node {
  readonly kind: 'assign-window';
  readonly window: 'tumble' | 'hop' | 'cumulate';
  readonly input: LogicalPlan;
  readonly time: number;
  /** The step of cumulate. */
  readonly slide: Expression;
  readonly size: Expression;
  readonly offset: Expression | null;
  /** Name of the time zone whose calendar counts. */
  readonly zone: Expression | null;
}

/** session: adds window_start and window_end; rows of equal keys that follow each other in less than the gap. */
export interface SessionWindowPlan extends Node {
  readonly kind: 'session-window';
  readonly input: LogicalPlan;
  readonly time: number;
  readonly keys: readonly number[];
  readonly gap: Expression;
  /** Late rows are left out: what is over may be forgotten. */
  readonly closing: boolean;
}

/**
 * Set-returning calls over the input (a function in FROM: over a single row): the input's columns, then each call's
 * value; shorter calls are filled with NULL.
 */
export interface ProjectSetPlan extends Node {
  readonly kind: 'project-set';
  readonly input: LogicalPlan;
  readonly calls: readonly TableCall[];
  /** Keep a row whose calls give nothing (LEFT JOIN LATERAL). */
  readonly outer: boolean;
  /** WITH ORDINALITY: one more int8 column. */
  readonly ordinality: boolean;
  /** The reader takes no more rows than these of any input row; null: all. */
  readonly enough: number | null;
}

export interface TableCall {
  readonly function: TableFunction | null;
  /** With no function: the first argument is a scalar, one row. */
  readonly args: readonly Expression[];
  readonly types: readonly LogicalType[];
}

export type FrameMode = 'rows' | 'range' | 'groups';

export type FrameBound =
  | { readonly kind: 'unbounded-preceding' } | { readonly kind: 'unbounded-following' }
  | { readonly kind: 'current-row' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Expression };

export interface WindowFrame {
  readonly mode: FrameMode;
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclude: 'no-others' | 'current-row' | 'group' | 'ties';
}

export interface WindowCall {
  readonly name: string;
  /** null: a ranking or value function (row_number, lag ...), known by name. */
  readonly aggregate: AggregateFunction | null;
  readonly args: readonly Expression[];
  readonly filter: Expression | null;
  readonly type: LogicalType;
  readonly frame: WindowFrame;
}

/** OVER: the input's columns, then one column a call; all calls share partition and order. */
export interface WindowPlan extends Node {
  readonly kind: 'window';
  readonly input: LogicalPlan;
  readonly partition: readonly Expression[];
  readonly order: readonly OrderTerm[];
  readonly calls: readonly WindowCall[];
}

/** WITH RECURSIVE. The working tables of id in `step` are the rows the last round added. */
export interface RecursivePlan extends Node {
  readonly kind: 'recursive';
  readonly id: number;
  readonly name: string;
  readonly all: boolean;
  readonly base: LogicalPlan;
  readonly step: LogicalPlan;
  /** The reader takes no more rows than these, whichever they are; null: all. */
  readonly enough: number | null;
}

export interface WorkingTablePlan extends Node {
  readonly kind: 'working-table';
  readonly id: number;
  readonly name: string;
}

/** One computation read in several places (a CTE, the outer side of a decorrelated subquery). Equal ids: the same input. */
export interface SharedPlan extends Node {
  readonly kind: 'shared';
  readonly id: number;
  readonly name: string;
  readonly input: LogicalPlan;
}

/** EMIT ON WINDOW CLOSE: a row appears once, when the watermark has passed its `column`. */
export interface EmitOnClosePlan extends Node {
  readonly kind: 'emit-on-close';
  readonly input: LogicalPlan;
  readonly column: number;
}

/** A view's rows that time brings and takes away: see engine/operator/temporal-filter.ts. */
export interface TemporalFilterPlan extends Node {
  readonly kind: 'temporal-filter';
  readonly input: LogicalPlan;
  readonly bounds: readonly TimeBound[];
}

/** A constant of some type. */
export function literal(type: LogicalType, value: Datum): Expression {
  return { kind: 'literal', type, value };
}
