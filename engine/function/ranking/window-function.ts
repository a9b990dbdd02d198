// RankingFunction: a window function that is no aggregate, and what it may look at.
import type { Datum } from '../../data/datum.ts';
import type { DatabaseError } from '../../data/error.ts';
import type { LogicalType } from '../../data/types.ts';
import type { Vector } from '../../data/vector.ts';
import type { Frame, Frames } from '../../operator/over-frame.ts';
import type { OverRows } from '../../operator/over-rows.ts';

/** A column of the operator's input, or one value for all rows. */
export type OverArgument =
  | { readonly kind: 'column'; readonly column: number; readonly type: LogicalType }
  | { readonly kind: 'constant'; readonly value: Datum; readonly type: LogicalType };

export interface OverCallShape {
  readonly args: readonly OverArgument[];
  readonly type: LogicalType;
  readonly frame: Frame;
}

/** Of a partition some of whose rows changed: which rows' values may change with them, and what they look at. */
export interface Reach {
  /** As many rows before the first changed one. */
  readonly before: number;
  /** Also all peers of that row; the function looks at peers. */
  readonly peers: boolean;
  /** As many rows behind the last changed one. */
  readonly after: number;
  /** A row's value looks at so many rows before and behind it. */
  readonly back: number;
  readonly ahead: number;
}

export const ALL_ROWS: Reach = { before: Infinity, peers: true, after: Infinity, back: Infinity, ahead: Infinity };
/** A row's value is its own. */
export const OWN_ROW: Reach = { before: 0, peers: false, after: 0, back: 0, ahead: 0 };
export const LATER_ROWS: Reach = { before: 0, peers: false, after: Infinity, back: 0, ahead: 0 };
export const LATER_PEERS: Reach = { ...LATER_ROWS, peers: true };

/** One value an evaluated row; errors by the same number. */
export interface WindowValues {
  readonly vector: Vector;
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

export const NO_ERRORS: ReadonlyMap<number, DatabaseError> = new Map();

export interface WindowSite {
  readonly rows: OverRows;
  /** By entry. */
  argument(arg: OverArgument): Vector;
  frames(): Frames;
  /** Of the frames asked for so far. */
  frameErrors(): Frames['errors'];
}

export interface RankingFunction {
  readonly name: string;
  /** A value is of its row and of its frame's rows, and of no others. */
  readonly framed?: true;
  reach(call: OverCallShape): Reach;
  evaluate(call: OverCallShape, site: WindowSite): WindowValues;
}
