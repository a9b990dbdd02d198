// AssignWindow: tumble(), hop() and cumulate(): each row once for every window it is in, with window_start and window_end.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import { DatabaseError, assert, notSupported } from '../data/error.ts';
import type { Interval } from '../data/interval.ts';
import { MICROS_PER_DAY } from '../data/interval.ts';
import type { Column, LogicalType, Schema } from '../data/types.ts';
import { TIMESTAMP } from '../data/types.ts';
import { Int64Vector, isValid } from '../data/vector.ts';
import type { Int32Vector, Vector } from '../data/vector.ts';
import type { WindowGrid, WindowList } from './calendar-window.ts';
import type { StepContext } from './operator.ts';
import { StatelessOperator } from './stateless.ts';

/**
 * Windows [start, start + size) for every start that is `offset` away from a multiple of `slide`; times in µs since
 * 1970 UTC. tumble: slide = size.
 */
export interface WindowSpec {
  readonly slide: bigint;
  readonly size: bigint;
  readonly offset: bigint;
}

/** Checks and converts the intervals of tumble(t, ts, size, offset) and hop(t, ts, slide, size, offset). */
export function windowSpec(slide: Interval, size: Interval, offset: Interval | null): WindowSpec {
  const spec = {
    slide: fixedLength(slide), size: fixedLength(size), offset: offset === null ? 0n : fixedLength(offset),
  };
  if (spec.slide <= 0n || spec.size <= 0n) {
    throw new DatabaseError('22023', 'window size and slide must be greater than zero');
  }
  if (spec.size / spec.slide > MAX_WINDOWS) {
    throw new DatabaseError('54000', `a row would be in more than ${MAX_WINDOWS} windows`);
  }
  return spec;
}

const MAX_WINDOWS = 10_000n;

function fixedLength(interval: Interval): bigint {
  if (interval.months !== 0) throw notSupported('a window of months or years');
  return BigInt(interval.days) * MICROS_PER_DAY + interval.micros;
}

/** The type of window_start and window_end for a time column, or null when it cannot be windowed. */
export function windowType(time: LogicalType): LogicalType | null {
  switch (time.kind) {
    case 'timestamp': case 'timestamptz': return time;
    case 'date': return TIMESTAMP;
    default: return null;
  }
}

/** The input's columns, then window_start and window_end. */
export function windowSchema(input: Schema, timeColumn: number): Schema {
  const type = windowType(input.columns[timeColumn].type);
  assert(type !== null, 'window over a column that is no time');
  const added: readonly Column[] = [{ name: 'window_start', type }, { name: 'window_end', type }];
  return { columns: [...input.columns, ...added] };
}

/** Law: stateless, linear. A row whose time is NULL or infinite is in no window. */
export class AssignWindowOperator extends StatelessOperator {
  readonly name: string;
  readonly #timeColumn: number;
  readonly #windows: WindowAssigner | GridAssigner;

  /** `windows`: of one length, or as a grid lists them. */
  constructor(input: Schema, timeColumn: number, windows: WindowSpec | WindowGrid) {
    super(windowSchema(input, timeColumn));
    this.#timeColumn = timeColumn;
    const { type } = this.schema.columns[input.columns.length];
    if ('windowsAt' in windows) {
      this.name = windows.name;
      this.#windows = new GridAssigner(windows, type);
    } else {
      this.name = windows.slide === windows.size ? 'tumble' : 'hop';
      this.#windows = new WindowAssigner(windows, type);
    }
  }

  step([input]: readonly Delta[], context: StepContext): Delta {
    if (input.length === 0) return Delta.empty(this.schema);
    const fail = (error: DatabaseError, row: number): void => context.error(error, input.weights[row]);
    const { rows, starts, ends } = this.#windows.assign(micros(input.batch.columns[this.#timeColumn]), fail);
    const kept = rows === null ? input : input.take(rows);
    return new Delta(new Batch([...kept.batch.columns, starts, ends], kept.length), kept.weights);
  }
}

const MICROS_A_DAY = 86_400_000_000;
const MAX_INT32 = 2147483647;
const MAX_INT64 = 9223372036854775807n;

/** A date as the timestamp of its midnight. */
export function micros(time: Vector): Int64Vector {
  if (time.layout === 'int64') return time;
  assert(time.layout === 'int32', `window over ${time.type.kind}`);
  return midnights(time);
}

function midnights(days: Int32Vector): Int64Vector {
  const values = new BigInt64Array(days.length);
  const words = new Int32Array(values.buffer);
  for (let i = 0; i < days.length; i++) {
    const day = days.values[i];
    if (day === MAX_INT32) values[i] = MAX_INT64;
    else if (day === -MAX_INT32 - 1) values[i] = -MAX_INT64 - 1n;
    // Dates go to the year 5874897: beyond a double's whole numbers.
    else if (day > 100_000 || day < -100_000) values[i] = BigInt(day) * MICROS_PER_DAY;
    else writeWords(words, i, day * MICROS_A_DAY);
  }
  return new Int64Vector(TIMESTAMP, days.length, values, days.validity);
}

function writeWords(words: Int32Array, row: number, value: number): void {
  words[2 * row] = value | 0;
  words[2 * row + 1] = Math.floor(value / 4294967296);
}

interface Assigned {
  /** Input row of each output row; null: every input row once, in order. */
  readonly rows: Int32Array | null;
  readonly starts: Int64Vector;
  readonly ends: Int64Vector;
}

/** Times up to this are handled as doubles; so are windows up to as long. */
const SAFE_TIME = 2 ** 52;

class WindowAssigner {
  readonly #spec: WindowSpec;
  readonly #type: LogicalType;
  readonly #small: boolean;
  readonly #copies: number;
  #capacity = 0;
  #rows = new Int32Array(0);
  #starts = new Float64Array(0);

  constructor(spec: WindowSpec, type: LogicalType) {
    this.#spec = spec;
    this.#type = type;
    const magnitude = spec.slide + spec.size + (spec.offset < 0n ? -spec.offset : spec.offset);
    this.#small = magnitude < BigInt(SAFE_TIME) / 4n;
    this.#copies = Number((spec.size + spec.slide - 1n) / spec.slide);
  }

  assign(times: Int64Vector): Assigned {
    const { words, validity, length } = times;
    let safe = this.#small;
    for (let i = 0; safe && i < length; i++) {
      const high = words[2 * i + 1];
      safe = (high < 1048576 && high >= -1048576) || !isValid(validity, i);
    }
    return safe ? this.#assignSmall(times) : this.#assignExact(times);
  }

  /** Hot: bench/operator/window-count. */
  #assignSmall({ words, validity, length }: Int64Vector): Assigned {
    const slide = Number(this.#spec.slide);
    const size = Number(this.#spec.size);
    const offset = Number(this.#spec.offset);
    this.#ensure(length * this.#copies);
    const rows = this.#rows;
    const starts = this.#starts;
    let out = 0;
    let last = 0;
    let until = 0;
    for (let i = 0; i < length; i++) {
      if (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0) continue;
      const time = words[2 * i + 1] * 4294967296 + (words[2 * i] >>> 0);
      // Neighbours mostly share a window.
      if (time < last || time >= until) {
        last = floorTo(time - offset, slide) + offset;
        until = last + slide;
      }
      for (let start = last; start + size > time; start -= slide) {
        rows[out] = i;
        starts[out++] = start;
      }
    }
    return this.#finish(out, length, size);
  }

  #ensure(length: number): void {
    if (length <= this.#capacity) return;
    this.#capacity = length * 2;
    this.#rows = new Int32Array(this.#capacity);
    this.#starts = new Float64Array(this.#capacity);
  }

  #finish(count: number, length: number, size: number): Assigned {
    const starts = new BigInt64Array(count);
    const ends = new BigInt64Array(count);
    const startWords = new Int32Array(starts.buffer);
    const endWords = new Int32Array(ends.buffer);
    for (let i = 0; i < count; i++) {
      writeWords(startWords, i, this.#starts[i]);
      writeWords(endWords, i, this.#starts[i] + size);
    }
    const all = count === length && this.#copies === 1;
    return {
      rows: all ? null : this.#rows.slice(0, count),
      starts: new Int64Vector(this.#type, count, starts),
      ends: new Int64Vector(this.#type, count, ends),
    };
  }

  /** Any time that a timestamp can hold; a window's end beyond that is infinity. */
  #assignExact({ values, validity, length }: Int64Vector): Assigned {
    const { slide, size, offset } = this.#spec;
    const rows: number[] = [];
    const starts: bigint[] = [];
    for (let i = 0; i < length; i++) {
      if (!isValid(validity, i)) continue;
      const time = values[i];
      if (time === MAX_INT64 || time === -MAX_INT64 - 1n) continue;
      const remainder = (time - offset) % slide;
      const first = time - (remainder < 0n ? remainder + slide : remainder);
      for (let start = first; start + size > time; start -= slide) {
        rows.push(i);
        starts.push(start);
      }
    }
    return {
      rows: Int32Array.from(rows),
      starts: new Int64Vector(this.#type, rows.length, BigInt64Array.from(starts, clamp)),
      ends: new Int64Vector(this.#type, rows.length, BigInt64Array.from(starts, (start) => clamp(start + size))),
    };
  }
}

/** Row by row, but neighbours mostly share their windows. */
class GridAssigner {
  readonly #grid: WindowGrid;
  readonly #type: LogicalType;

  constructor(grid: WindowGrid, type: LogicalType) {
    this.#grid = grid;
    this.#type = type;
  }

  /** `fail`: told of rows whose windows are beyond what a timestamp can hold. */
  assign({ values, validity, length }: Int64Vector, fail: (error: DatabaseError, row: number) => void): Assigned {
    const rows: number[] = [];
    const starts: bigint[] = [];
    const ends: bigint[] = [];
    let list: WindowList = { starts: [], ends: [], from: 0n, until: 0n };
    for (let i = 0; i < length; i++) {
      const time = values[i];
      if (!isValid(validity, i) || time === MAX_INT64 || time === -MAX_INT64 - 1n) continue;
      if (time < list.from || time >= list.until) {
        try {
          list = this.#grid.windowsAt(time);
        } catch (error) {
          if (!(error instanceof DatabaseError)) throw error;
          fail(error, i);
          continue;
        }
      }
      for (let w = 0; w < list.starts.length; w++) {
        rows.push(i);
        starts.push(list.starts[w]);
        ends.push(list.ends[w]);
      }
    }
    return {
      rows: Int32Array.from(rows),
      starts: new Int64Vector(this.#type, rows.length, BigInt64Array.from(starts)),
      ends: new Int64Vector(this.#type, rows.length, BigInt64Array.from(ends)),
    };
  }
}

function clamp(time: bigint): bigint {
  return time > MAX_INT64 ? MAX_INT64 : time < -MAX_INT64 - 1n ? -MAX_INT64 - 1n : time;
}

/** The greatest multiple of `step` up to `value`. Requires: both below 2^53. */
function floorTo(value: number, step: number): number {
  let floor = Math.floor(value / step) * step;
  // The quotient may have been rounded up to the next whole number, or down from it.
  if (floor > value) floor -= step;
  else if (floor + step <= value) floor += step;
  return floor;
}
