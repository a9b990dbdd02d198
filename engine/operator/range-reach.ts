// The reach of RANGE frames with offsets: by the tree of a partition, which rows a change comes to and which those look at,
// where limits go forward with the key. In UTC, as all that is kept.
import { DATE_INFINITY, DATE_NEGATIVE_INFINITY, isTimestampFinite, joinMicros, splitMicros } from '../data/calendar.ts';
import type { Datum } from '../data/datum.ts';
import { Interval, MICROS_PER_DAY, intervalSpan } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import type { RowOrder } from '../data/row-order.ts';
import { baseType } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import type { OrderTree } from '../state/order-tree.ts';
import type { SortKey } from './operator.ts';
import { rangeStop } from './over-frame.ts';
import type { Bound, Frame } from './over-frame.ts';

/** Of the rows of a partition, which are evaluated, or looked at: by number, the second the one behind the last. */
export type Run = readonly [number, number];

/** Which rows of a partition a change comes to, and which those look at, where that is by their keys. */
export interface KeyReach {
  /** Whether limits of some of these rows, or of the tree's, may be errors, which then are of all rows of the partition. */
  mayFail(root: number, ids: readonly number[]): boolean;
  /** Rows whose frame may change with that row, which need not be in the tree. */
  changed(root: number, id: number, context: EvalContext): Run;
  /** The frames of all rows between two of the tree. */
  frames(root: number, between: Run, context: EvalContext): Run;
}

/** The rows of a state. */
export interface KeyedRows {
  readonly tree: OrderTree;
  /** 0 for peers. */
  readonly peers: RowOrder;
  /** The key of a row. */
  key(id: number): Datum;
}

const YEAR_MICROS = 365n * MICROS_PER_DAY;
/** Limits of moments from −4000 to 290000, years from 1970, are moments; offsets up to 500 years. */
const FIRST_NEAR = -4000n * YEAR_MICROS;
const LAST_NEAR = 290_000n * YEAR_MICROS;
const MOST_MONTHS = 500 * 12;
const MOST_MICROS = 500n * YEAR_MICROS;

/**
 * Months on, the last days of a month meet, and the 31st's morning comes before the 30th's noon; frames' limits do not go back
 * for it. So by months a limit depends on rows of fewer days before, and is found between those of whole days so far off.
 */
const MONTH_END = 4;

/** Where a moment may be: NULLs first, −infinity, so early that limits may not be had, all others, so late, infinity, NULLs. */
const [NULL_FIRST, ENDLESS_PAST, EARLY, NEAR, LATE, ENDLESS_FUTURE, NULL_LAST] = [0, 1, 2, 3, 4, 5, 6];

type IsBehind = (row: number, of: number) => boolean;

export class RangeReach implements KeyReach {
  readonly #frame: Frame;
  readonly #key: SortKey;
  readonly #rows: KeyedRows;
  /** Limits are known but for some days. */
  readonly #loose: boolean;

  constructor(frame: Frame, key: SortKey, rows: KeyedRows) {
    this.#frame = frame;
    this.#key = key;
    this.#rows = rows;
    const timed = ['timestamp', 'timestamptz'].includes(baseType(key.type).kind);
    this.#loose = timed && offsetsOf(frame).some((offset) => offset instanceof Interval && offset.months !== 0);
  }

  mayFail(root: number, ids: readonly number[]): boolean {
    const { kind } = baseType(this.#key.type);
    if (kind !== 'date' && kind !== 'timestamp' && kind !== 'timestamptz') return false;
    const classOf = (id: number): number => this.#classOf(this.#rows.key(id));
    if (ids.some((id) => [EARLY, LATE].includes(classOf(id)))) return true;
    // In the order of a descending key the classes of keys that are not NULL go backwards.
    const upTo = (last: number): number => this.#rows.tree.weightWhere(root, (id) => this.#place(classOf(id)) <= last);
    return [EARLY, LATE].some((far) => upTo(far) !== upTo(far - 1));
  }

  #place(momentClass: number): number {
    const turned = this.#key.descending && momentClass !== NULL_FIRST && momentClass !== NULL_LAST;
    return turned ? NULL_LAST - momentClass : momentClass;
  }

  #classOf(key: Datum): number {
    if (key === null) return this.#key.nullsFirst ? NULL_FIRST : NULL_LAST;
    const { kind } = baseType(this.#key.type);
    if (kind === 'date') {
      const days = Number(key);
      if (days === DATE_INFINITY || days === DATE_NEGATIVE_INFINITY) return days > 0 ? ENDLESS_FUTURE : ENDLESS_PAST;
      return nearness(BigInt(days) * MICROS_PER_DAY);
    }
    const micros = typeof key === 'bigint' ? key : 0n;
    return isTimestampFinite(micros) ? nearness(micros) : micros > 0n ? ENDLESS_FUTURE : ENDLESS_PAST;
  }

  changed(root: number, id: number, context: EvalContext): Run {
    const { tree } = this.#rows;
    const before = this.#isBehind('end', context);
    const upTo = this.#isBehind('start', context);
    return [
      tree.weightWhere(root, (row) => before(id, row)),
      tree.weightWhere(root, (row) => upTo(id, row)),
    ];
  }

  frames(root: number, [first, last]: Run, context: EvalContext): Run {
    const { tree } = this.#rows;
    const starts = this.#isBehind('start', context);
    const ends = this.#isBehind('end', context);
    return [tree.weightWhere(root, (row) => !starts(row, first)), tree.weightWhere(root, (row) => !ends(row, last))];
  }

  /** Whether a row is at or behind the limit of a row's frame: the first row in it, or, of its end, the first behind it. */
  #isBehind(side: 'start' | 'end', context: EvalContext): IsBehind {
    const limit = this.#isAtLimit(this.#frame[side], side, context);
    if (!this.#loose) return limit;
    const near = this.#isAtLimit({ kind: 'following', offset: Interval.ZERO }, side, context);
    return side === 'start' ? (row, of) => limit(row, of) || near(row, of) : (row, of) => limit(row, of) && near(row, of);
  }

  #isAtLimit(bound: Bound, side: 'start' | 'end', context: EvalContext): IsBehind {
    const { key, peers } = this.#rows;
    const end = side === 'end';
    switch (bound.kind) {
      case 'unbounded-preceding': return () => true;
      case 'unbounded-following': return () => false;
      case 'current-row': return end ? (row, of) => peers(row, of) > 0 : (row, of) => peers(row, of) >= 0;
      case 'preceding': case 'following': {
        if ('column' in bound) throw new TypeError('offsets of columns have no reach');
        const stops = rangeStop(this.#key, this.#key.type, { bound, offset: bound.offset, end, context });
        if (!this.#loose) return (row, of) => stops(key(row), key(of));
        const days = end === this.#key.descending ? -MONTH_END : MONTH_END;
        return (row, of) => stops(key(row), wholeDay(key(of), days));
      }
    }
  }
}

/** The day so many on. */
function wholeDay(key: Datum, days: number): Datum {
  return typeof key === 'bigint' && isTimestampFinite(key) ? joinMicros(splitMicros(key).days + days, 0) : key;
}

/** Whether the frame has one by this key. */
export function hasRangeReach({ mode, start, end }: Frame, order: readonly SortKey[]): boolean {
  if (mode !== 'range' || order.length !== 1) return false;
  const offsets = [start, end].flatMap((bound) => (bound.kind === 'preceding' || bound.kind === 'following' ? [bound] : []));
  return offsets.length > 0 && offsets.every((bound) => 'offset' in bound && isOrderly(baseType(order[0].type), bound.offset));
}

function offsetsOf({ start, end }: Frame): readonly Datum[] {
  return [start, end].flatMap((bound) => ('offset' in bound ? [bound.offset] : []));
}

/** Limits by that distance go forward with the key. */
function isOrderly(type: LogicalType, offset: Datum): boolean {
  switch (type.kind) {
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': return Number(offset) >= 0;
    case 'numeric': return offset instanceof Numeric && !offset.isNaN && offset.sign >= 0;
    case 'time': return offset instanceof Interval && offset.micros >= 0n;
    case 'date': case 'timestamp': case 'timestamptz': return offset instanceof Interval && isShort(offset);
    default: return false;
  }
}

function isShort(offset: Interval): boolean {
  const { months, days, micros } = offset;
  return intervalSpan(offset) >= 0n && Math.abs(months) <= MOST_MONTHS && Math.abs(days) <= MOST_MONTHS * 30
    && micros <= MOST_MICROS && micros >= -MOST_MICROS;
}

function nearness(micros: bigint): number {
  return micros < FIRST_NEAR ? EARLY : micros > LAST_NEAR ? LATE : NEAR;
}
