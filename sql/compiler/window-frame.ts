// Frames: which rows of an ordered partition a window function sees from one of them (manual 4.2.8).
import type { SqlRecord } from '../../engine/data/datum.ts';
import { compareNullable } from '../../engine/data/datum-order.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { WindowFrame } from '../plan/logical-plan.ts';

export type Bound =
  | { readonly kind: 'unbounded-preceding' | 'unbounded-following' | 'current-row' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: number };

/** A field of the rows, as a sort key. */
export interface WindowField {
  readonly field: number;
  readonly type: LogicalType;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Frame {
  readonly mode: WindowFrame['mode'];
  readonly start: Bound;
  readonly end: Bound;
  readonly exclude: WindowFrame['exclude'];
}

/** Rows of a partition and their peer groups: group g is rows starts[g] up to starts[g + 1]. */
export class Partition {
  readonly rows: readonly SqlRecord[];
  /** Peer group of each row. */
  readonly group: readonly number[];
  readonly starts: readonly number[];

  constructor(rows: readonly SqlRecord[], order: readonly WindowField[]) {
    this.rows = rows;
    const group: number[] = [];
    const starts: number[] = [];
    rows.forEach((row, i) => {
      if (i === 0 || !isPeer(rows[i - 1], row, order)) starts.push(i);
      group.push(starts.length - 1);
    });
    starts.push(rows.length);
    this.group = group;
    this.starts = starts;
  }

  get length(): number {
    return this.rows.length;
  }

  /** First row of the peer group, kept within the partition. */
  startOf(group: number): number {
    return this.starts[Math.min(Math.max(group, 0), this.starts.length - 1)];
  }
}

function isPeer(a: SqlRecord, b: SqlRecord, order: readonly WindowField[]): boolean {
  return order.every((k) => compareNullable(k.type, a.fields[k.field], b.fields[k.field]) === 0);
}

/** Rows from (inclusive) to (exclusive). */
export interface Span { readonly from: number; readonly to: number }

export function spanOf(frame: Frame, partition: Partition, row: number): Span {
  const from = Math.max(0, edge(frame.start, frame.mode, partition, row));
  const to = Math.min(partition.length, edgeAfter(frame.end, frame.mode, partition, row));
  return from < to ? { from, to } : { from, to: from };
}

/** First row at or after the bound. */
function edge(bound: Bound, mode: Frame['mode'], partition: Partition, row: number): number {
  const group = partition.group[row];
  switch (bound.kind) {
    case 'unbounded-preceding': return 0;
    case 'unbounded-following': return partition.length;
    case 'current-row': return mode === 'rows' ? row : partition.startOf(group);
    case 'preceding': return mode === 'rows' ? row - bound.offset : partition.startOf(group - bound.offset);
    case 'following': return mode === 'rows' ? row + bound.offset : partition.startOf(group + bound.offset);
  }
}

/** First row beyond the bound. */
function edgeAfter(bound: Bound, mode: Frame['mode'], partition: Partition, row: number): number {
  const group = partition.group[row];
  switch (bound.kind) {
    case 'unbounded-preceding': return 0;
    case 'unbounded-following': return partition.length;
    case 'current-row': return mode === 'rows' ? row + 1 : partition.startOf(group + 1);
    case 'preceding': return mode === 'rows' ? row - bound.offset + 1 : afterGroup(partition, group - bound.offset);
    case 'following': return mode === 'rows' ? row + bound.offset + 1 : afterGroup(partition, group + bound.offset);
  }
}

function afterGroup(partition: Partition, group: number): number {
  return group < 0 ? 0 : partition.startOf(group + 1);
}

/** Is row `other` left out of row `row`'s frame by EXCLUDE? */
export function isExcluded(frame: Frame, partition: Partition, row: number, other: number): boolean {
  switch (frame.exclude) {
    case 'no-others': return false;
    case 'current-row': return other === row;
    case 'group': return partition.group[other] === partition.group[row];
    case 'ties': return other !== row && partition.group[other] === partition.group[row];
  }
}
