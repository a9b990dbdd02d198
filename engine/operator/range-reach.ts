// The reach of RANGE frames with offsets: by the tree of a partition, which rows a change comes to and which those look at,
// where a row's limits are had from that row alone and go forward with the key.
import { DATE_INFINITY, DATE_NEGATIVE_INFINITY, isTimestampFinite } from '../data/calendar.ts';
import type { Datum } from '../data/datum.ts';
import { Interval, intervalSpan } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import type { RowOrder } from '../data/row-order.ts';
import type { LogicalType } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import type { OrderTree } from '../state/order-tree.ts';
import type { SortKey } from './operator.ts';
import { rangeStop } from './over-frame.ts';
import type { Bound, Frame } from './over-frame.ts';

/** Of the rows of a partition, which are evaluated, or looked at: by number, the second the one behind the last. */
export type Run = readonly [number, number];

/** The rows of a state. */
export interface KeyedRows {
  readonly tree: OrderTree;
  /** 0 for peers. */
  readonly peers: RowOrder;
  /** The key of a row. */
  key(id: number): Datum;
}

const YEAR_MICROS = 365n * 86_400_000_000n;
/** Limits of moments from −4000 to 290000, years from 1970, are moments; offsets up to 500 years. */
const FIRST_NEAR = -4000n * YEAR_MICROS;
const LAST_NEAR = 290_000n * YEAR_MICROS;
const MOST_MONTHS = 500 * 12;
const MOST_MICROS = 500n * YEAR_MICROS;

/** Where a moment may be: NULLs first, −infinity, so early that limits may not be had, all others, so late, infinity, NULLs. */
const [NULL_FIRST, ENDLESS_PAST, EARLY, NEAR, LATE, ENDLESS_FUTURE, NULL_LAST] = [0, 1, 2, 3, 4, 5, 6];

export class RangeReach {
  readonly #frame: Frame;
  readonly #key: SortKey;
  readonly #rows: KeyedRows;

  constructor(frame: Frame, key: SortKey, rows: KeyedRows) {
    this.#frame = frame;
    this.#key = key;
    this.#rows = rows;
  }

  /**
   * Whether limits of some of these rows, or of the tree's, may be errors, which then are of all rows of the partition; or go
   * backwards, as days of a zone do where its clocks are put forward.
   */
  isUnsteady(root: number, ids: readonly number[], context: EvalContext): boolean {
    const { kind } = baseOf(this.#key.type);
    if (kind === 'timestamptz' && context.format.timeZone !== 'UTC') return true;
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
    const { kind } = baseOf(this.#key.type);
    if (kind === 'date') {
      const days = Number(key);
      if (days === DATE_INFINITY || days === DATE_NEGATIVE_INFINITY) return days > 0 ? ENDLESS_FUTURE : ENDLESS_PAST;
      return nearness(BigInt(days) * 86_400_000_000n);
    }
    const micros = typeof key === 'bigint' ? key : 0n;
    return isTimestampFinite(micros) ? nearness(micros) : micros > 0n ? ENDLESS_FUTURE : ENDLESS_PAST;
  }

  /** Rows whose frame has that row, which need not be in the tree. */
  changed(root: number, id: number, context: EvalContext): Run {
    const { tree } = this.#rows;
    const before = this.#isBehind(this.#frame.end, true, context);
    const upTo = this.#isBehind(this.#frame.start, false, context);
    return [
      tree.weightWhere(root, (row) => before(id, row)),
      tree.weightWhere(root, (row) => upTo(id, row)),
    ];
  }

  /** The frames of all rows between two of the tree. */
  frames(root: number, [first, last]: Run, context: EvalContext): Run {
    const { tree } = this.#rows;
    const starts = this.#isBehind(this.#frame.start, false, context);
    const ends = this.#isBehind(this.#frame.end, true, context);
    return [tree.weightWhere(root, (row) => !starts(row, first)), tree.weightWhere(root, (row) => !ends(row, last))];
  }

  /** Whether a row is at or behind the limit of a row's frame: the first row in it, or, of its `end`, the first behind it. */
  #isBehind(bound: Bound, end: boolean, context: EvalContext): (row: number, of: number) => boolean {
    const { key, peers } = this.#rows;
    switch (bound.kind) {
      case 'unbounded-preceding': return () => true;
      case 'unbounded-following': return () => false;
      case 'current-row': return end ? (row, of) => peers(row, of) > 0 : (row, of) => peers(row, of) >= 0;
      case 'preceding': case 'following': {
        if ('column' in bound) throw new TypeError('offsets of columns have no reach');
        const stops = rangeStop(this.#key, this.#key.type, { bound, offset: bound.offset, end, context });
        return (row, of) => stops(key(row), key(of));
      }
    }
  }
}

/** Whether the frame has one by this key. */
export function hasRangeReach({ mode, start, end }: Frame, order: readonly SortKey[]): boolean {
  if (mode !== 'range' || order.length !== 1) return false;
  const offsets = [start, end].flatMap((bound) => (bound.kind === 'preceding' || bound.kind === 'following' ? [bound] : []));
  return offsets.length > 0 && offsets.every((bound) => 'offset' in bound && isOrderly(baseOf(order[0].type), bound.offset));
}

/** Limits by that distance go forward with the key. */
function isOrderly(type: LogicalType, offset: Datum): boolean {
  switch (type.kind) {
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': return Number(offset) >= 0;
    case 'numeric': return offset instanceof Numeric && !offset.isNaN && offset.sign >= 0;
    case 'time': case 'date': case 'timestamp': case 'timestamptz': return offset instanceof Interval && isShort(offset);
    default: return false;
  }
}

function isShort(offset: Interval): boolean {
  const { months, days, micros } = offset;
  return intervalSpan(offset) >= 0n && Math.abs(months) <= MOST_MONTHS && Math.abs(days) <= MOST_MONTHS * 30
    && micros <= MOST_MICROS && micros >= -MOST_MICROS;
}

function baseOf(type: LogicalType): LogicalType {
  return type.kind === 'domain' ? baseOf(type.base) : type;
}

function nearness(micros: bigint): number {
  return micros < FIRST_NEAR ? EARLY : micros > LAST_NEAR ? LATE : NEAR;
}
