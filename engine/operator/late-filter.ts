// Late rows: those whose event time is below the watermark that stood before the transaction that brings them.
import type { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import { isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';

const MICROS_PER_DAY = 86_400_000_000n;
const MAX_DATE = 2147483647;

export interface LateSplit {
  /** The rows that are in time; the delta itself when all are. */
  readonly kept: Delta;
  /** How many rows were late. */
  readonly late: number;
}

/**
 * Leaves out late rows. A row whose time is NULL is never late.
 * Requires: a time column (date, timestamp, timestamptz); the rows of one transaction, `watermark` as before it.
 */
export function dropLate(delta: Delta, eventTimeColumn: number, watermark: Watermark): LateSplit {
  if (watermark === null || delta.length === 0) return { kept: delta, late: 0 };
  const time = delta.batch.columns[eventTimeColumn];
  const rows = new Int32Array(delta.length);
  const kept = time.layout === 'int64' ? inTime(time.words, time, watermark, rows) : daysInTime(time, watermark, rows);
  if (kept === delta.length) return { kept: delta, late: 0 };
  return { kept: delta.take(rows.slice(0, kept)), late: delta.length - kept };
}

/** Rows not below the watermark into `rows`; returns how many. int64 compared word by word. */
function inTime(words: Int32Array, { validity, length }: Vector, watermark: bigint, rows: Int32Array): number {
  const high = Number(watermark >> 32n);
  const low = Number(watermark & 0xffffffffn);
  let kept = 0;
  for (let i = 0; i < length; i++) {
    const rowHigh = words[2 * i + 1];
    const late = rowHigh < high || (rowHigh === high && (words[2 * i] >>> 0) < low);
    if (!late || !isValid(validity, i)) rows[kept++] = i;
  }
  return kept;
}

function daysInTime(time: Vector, watermark: bigint, rows: Int32Array): number {
  assert(time.layout === 'int32', `event time of type ${time.type.kind}`);
  let kept = 0;
  for (let i = 0; i < time.length; i++) {
    const day = time.values[i];
    const late = day < MAX_DATE && BigInt(day) * MICROS_PER_DAY < watermark;
    if (!late || !isValid(time.validity, i)) rows[kept++] = i;
  }
  return kept;
}
