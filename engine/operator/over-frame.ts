// Frames of OVER: which rows of its partition a row's window function looks at.
import type { Datum } from '../data/datum.ts';
import { DatabaseError } from '../data/error.ts';
import { datumAt } from '../data/access.ts';
import type { EvalContext } from '../expression/context.ts';
import type { LogicalType } from '../data/types.ts';
import type { SortKey } from './operator.ts';
import { inRange } from './over-range.ts';
import type { OverRows, Segment } from './over-rows.ts';

/**
 * `offset`: never NULL; of ROWS and GROUPS a count of 0 or more; of RANGE a distance. `column`: of the input, where
 * it stands; the same in all rows of a partition.
 */
export type Bound =
  | { readonly kind: 'unbounded-preceding' } | { readonly kind: 'unbounded-following' }
  | { readonly kind: 'current-row' }
  | { readonly kind: 'preceding' | 'following'; readonly offset: Datum }
  | { readonly kind: 'preceding' | 'following'; readonly column: number };

type Moving = Extract<Bound, { readonly kind: 'preceding' | 'following' }>;

export interface Frame {
  readonly mode: 'rows' | 'range' | 'groups';
  readonly start: Bound;
  readonly end: Bound;
  readonly exclude: 'no-others' | 'current-row' | 'group' | 'ties';
}

/** The key of RANGE with offsets. */
export interface RangeKey {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** By evaluated row: entries lows[i] .. highs[i] − 1, before exclusion. */
export interface Frames {
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  /** Partitions whose limits cannot be had (a timestamp out of range), by evaluated row; their frames are empty. */
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

interface Site {
  readonly rows: OverRows;
  readonly frame: Frame;
  readonly key: RangeKey | null;
  readonly context: EvalContext;
  readonly failed: Map<Segment, DatabaseError>;
}

/** Both limits never go back from one row of a partition to the next. */
export function framesOf(rows: OverRows, frame: Frame, key: RangeKey | null, context: EvalContext): Frames {
  const site: Site = { rows, frame, key, context, failed: new Map() };
  const starts = limitsOf(site, frame.start, false);
  const ends = limitsOf(site, frame.end, true);
  const { evaluated } = rows;
  const lows = new Int32Array(evaluated.length);
  const highs = new Int32Array(evaluated.length);
  for (let i = 0; i < evaluated.length; i++) {
    lows[i] = starts[evaluated[i]];
    highs[i] = Math.max(lows[i], ends[evaluated[i]]);
  }
  return { lows, highs, errors: errorsOf(site, lows, highs) };
}

function errorsOf({ rows, failed }: Site, lows: Int32Array, highs: Int32Array): Frames['errors'] {
  const errors = new Map<number, DatabaseError>();
  let n = 0;
  for (const segment of rows.segments) {
    const error = failed.get(segment);
    const count = segment.to - segment.from;
    if (error !== undefined) {
      for (let i = n; i < n + count; i++) errors.set(i, error);
      lows.fill(segment.start, n, n + count);
      highs.fill(segment.start, n, n + count);
    }
    n += count;
  }
  return errors;
}

/** By entry: the first entry of the frame; `end`: the one after its last. */
function limitsOf(site: Site, bound: Bound, end: boolean): Int32Array {
  const { rows, frame } = site;
  const out = new Int32Array(rows.ids.length);
  switch (bound.kind) {
    case 'unbounded-preceding':
      for (const s of rows.segments) out.fill(s.start, s.start, s.end);
      return out;
    case 'unbounded-following':
      for (const s of rows.segments) out.fill(s.end, s.start, s.end);
      return out;
    case 'current-row':
      if (frame.mode !== 'rows') return end ? rows.peers().ends : rows.peers().starts;
      for (const s of rows.segments) rowLimits(s, end ? 1 : 0, out);
      return out;
    case 'preceding': case 'following': {
      if (frame.mode === 'range') {
        for (const s of rows.segments) rangeLimitsOrError(site, { segment: s, bound, end }, out);
        return out;
      }
      for (const s of rows.segments) {
        const offset = Math.max(0, Number(offsetOf(rows, bound, s)));
        const distance = bound.kind === 'preceding' ? -offset : offset;
        if (frame.mode === 'rows') rowLimits(s, distance + (end ? 1 : 0), out);
        else groupLimits(rows, s, distance + (end ? 1 : 0), out);
      }
      return out;
    }
  }
}

function rowLimits({ start, end }: Segment, distance: number, out: Int32Array): void {
  for (let i = start; i < end; i++) out[i] = Math.min(end, Math.max(start, i + distance));
}

function groupLimits(rows: OverRows, { start, end }: Segment, distance: number, out: Int32Array): void {
  const { starts, ends } = rows.peers();
  const firsts: number[] = [];
  for (let i = start; i < end; i = ends[i]) firsts.push(i);
  let group = -1;
  for (let i = start; i < end; i++) {
    if (starts[i] === i) group++;
    const wanted = group + distance;
    out[i] = wanted < 0 ? start : wanted >= firsts.length ? end : firsts[wanted];
  }
}

interface RangeLimit {
  readonly segment: Segment;
  readonly bound: Moving;
  readonly end: boolean;
}

function rangeLimitsOrError(site: Site, limit: RangeLimit, out: Int32Array): void {
  try {
    rangeLimits(site, limit, out);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    site.failed.set(limit.segment, error);
  }
}

function rangeLimits({ rows, key, context }: Site, { segment, bound, end }: RangeLimit, out: Int32Array): void {
  if (key === null) throw new TypeError('RANGE with an offset and no key');
  const column = rows.column(key.column);
  const offset = offsetOf(rows, bound, segment);
  // NULL is an error of all the segment's rows.
  if (offset === null) return;
  const values: Datum[] = [];
  for (let i = segment.start; i < segment.end; i++) values.push(datumAt(column, i));
  const stops = rangeStop(key, column.type, { bound, offset, end, context });
  let limit = 0;
  for (let i = 0; i < values.length; i++) {
    const current = values[i];
    while (limit < values.length && !stops(values[limit], current)) limit++;
    out[segment.start + i] = segment.start + limit;
  }
}

/** Whether a row's limit stands still at a candidate: the first row of its frame, or, of the `end`, the first behind it. */
export function rangeStop(
  key: RangeKey, type: LogicalType,
  { bound, offset, end, context }: Pick<RangeLimit, 'bound' | 'end'> & { readonly offset: Datum; readonly context: EvalContext },
): (candidate: Datum, current: Datum) => boolean {
  const subtract = (bound.kind === 'preceding') !== key.descending;
  const test = inRange(type, offset, { subtract, less: end !== key.descending, context });
  return (candidate, current) => {
    if (candidate !== null && current !== null) return test(candidate, current) !== end;
    // NULLs are in range of NULLs alone.
    if (end) return key.nullsFirst ? candidate !== null : current !== null;
    return key.nullsFirst ? candidate !== null || current === null : candidate === null || current !== null;
  };
}

function offsetOf(rows: OverRows, bound: Moving, { start, end }: Segment): Datum {
  if ('offset' in bound) return bound.offset;
  return start < end ? datumAt(rows.column(bound.column), start) : null;
}

/** What is wrong with a frame's offsets, whether the function looks at its frame or not: by evaluated row. */
export function offsetErrors(
  rows: OverRows, frame: Frame, key: SortKey | null, context: EvalContext,
): ReadonlyMap<number, DatabaseError> {
  const errors = new Map<number, DatabaseError>();
  if (!('offset' in frame.start || 'column' in frame.start || 'offset' in frame.end || 'column' in frame.end)) return errors;
  let n = 0;
  for (const segment of rows.segments) {
    const count = segment.to - segment.from;
    const error = count > 0 ? offsetError(rows, frame, { key, context, segment }) : null;
    if (error !== null) for (let i = n; i < n + count; i++) errors.set(i, error);
    n += count;
  }
  return errors;
}

function offsetError(
  rows: OverRows, { mode, start, end }: Frame,
  { key, context, segment }: { readonly key: SortKey | null; readonly context: EvalContext; readonly segment: Segment },
): DatabaseError | null {
  try {
    for (const bound of [start, end]) {
      if (!('offset' in bound || 'column' in bound)) continue;
      const offset = offsetOf(rows, bound, segment);
      checkOffset(offset, mode, bound === start ? 'starting' : 'ending');
      if (mode === 'range' && key !== null) inRange(key.type, offset, { subtract: false, less: false, context });
    }
    return null;
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
}

/** Whether a RANGE offset is negative is the key's type's to say. */
export function checkOffset(offset: Datum, mode: Frame['mode'], which: 'starting' | 'ending'): void {
  if (offset === null) throw new DatabaseError('22004', `frame ${which} offset must not be null`);
  if (mode !== 'range' && Number(offset) < 0) throw new DatabaseError('22013', `frame ${which} offset must not be negative`);
}

/** What EXCLUDE leaves of a frame: up to three runs of entries, as a flat list of starts and ends. */
export function piecesOf(rows: OverRows, frame: Frame, entry: number, low: number, high: number): readonly number[] {
  if (frame.exclude === 'no-others') return low < high ? [low, high] : [];
  const own = frame.exclude === 'current-row';
  const gapStart = own ? entry : rows.peers().starts[entry];
  const gapEnd = own ? entry + 1 : rows.peers().ends[entry];
  const pieces: number[] = [];
  if (low < Math.min(high, gapStart)) pieces.push(low, Math.min(high, gapStart));
  if (frame.exclude === 'ties' && entry >= low && entry < high) pieces.push(entry, entry + 1);
  if (Math.max(low, gapEnd) < high) pieces.push(Math.max(low, gapEnd), high);
  return pieces;
}
