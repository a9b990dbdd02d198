// Ranks: a number a row by which most pairs of rows are ordered without looking at their values.
import { trimmedEnd } from './loose-key.ts';
import { intervalSpan, readInterval } from './interval.ts';
import { numericAt, numericScaleAt, smallUnscaledAt } from './numeric-bytes.ts';
import { plainOrder } from './row-order.ts';
import type { KeyOrder } from './row-order.ts';
import { baseType, orderFlip } from './types.ts';
import type { LogicalType } from './types.ts';
import type { BytesVector, Fixed16Vector, Int64Vector, Vector } from './vector.ts';
import { isValid } from './vector.ts';

/** Rows, and bytes compared, between two turns. */
const TURN_ROWS = 16_384;
const TURN_BYTES = 1 << 18;
/** Bytes of a text in its rank, above three bits for how many it has: together they fit a double. */
const TEXT_BYTES = 6;
/** Of ten, that a double has exactly: a quotient by it is the nearest double. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));
/** The upper words of int8 that leave a double exact. */
const EXACT_HIGH = 0x100000;

/** Of rows from .. to − 1, none of them NULL or NaN afterwards; whether equal ranks are equal values. */
type Ranking = (out: Float64Array, from: number, to: number) => boolean;

/**
 * By row of the column: a rank that is lower wherever the value comes first, ±Infinity for NULL, never NaN. Gives whether
 * equal ranks mean equal values, so that they need not be compared. In turns.
 */
export function* ranked(column: Vector, { descending, nullsFirst }: KeyOrder, out: Float64Array): Generator<null, boolean> {
  const rankingOf = yield* rankings(column);
  const { validity, length } = column;
  let exact = true;
  for (let from = 0; from < length; from += TURN_ROWS) {
    const to = Math.min(from + TURN_ROWS, length);
    exact = rankingOf(out, from, to) && exact;
    if (descending) for (let i = from; i < to; i++) out[i] = -out[i];
    if (validity !== null) {
      for (let i = from; i < to; i++) {
        if (!isValid(validity, i)) out[i] = nullsFirst ? -Infinity : Infinity;
      }
    }
    yield null;
  }
  return exact;
}

/** Whether values of equal rank, among themselves, have ranks that tell more: those of texts are of their first bytes. */
export function isRefinable({ type, layout }: Vector): boolean {
  return layout === 'bytes' && isText(baseType(type));
}

/** Whether what is compared are the bytes, of bpchar up to its blanks. */
const isText = (type: LogicalType): boolean => type.kind === 'bpchar' || plainOrder(type);

function* rankings(column: Vector): Generator<null, Ranking> {
  switch (column.layout) {
    case 'bool': case 'int16': case 'int32': return ofIntegers(column.values);
    case 'int64': return ofInt8(column);
    case 'float32': case 'float64': return ofFloats(column);
    case 'fixed16': return ofFixed16(column);
    case 'bytes': return yield* ofBytes(column);
  }
}

function ofIntegers(values: Uint8Array | Int16Array | Int32Array): Ranking {
  return (out, from, to) => {
    for (let i = from; i < to; i++) out[i] = values[i];
    return true;
  };
}

function ofInt8({ type, words }: Int64Vector): Ranking {
  const flip = orderFlip(type);
  return (out, from, to) => {
    let exact = true;
    for (let i = from; i < to; i++) {
      const high = words[2 * i + 1] ^ flip;
      exact &&= high < EXACT_HIGH && high >= -EXACT_HIGH;
      out[i] = high * 0x100000000 + (words[2 * i] >>> 0);
    }
    return exact;
  };
}

/** Infinity is NULL's rank, and NaN's, which is greater: they are told apart by comparing them. */
function ofFloats({ values, validity }: Vector & { readonly layout: 'float32' | 'float64' }): Ranking {
  return (out, from, to) => {
    let exact = true;
    for (let i = from; i < to; i++) {
      const value = values[i];
      const finite = value - value === 0;
      exact &&= finite || !isValid(validity, i);
      out[i] = Number.isNaN(value) ? Infinity : value;
    }
    return exact;
  };
}

function ofFixed16(column: Fixed16Vector): Ranking {
  const { values, validity } = column;
  const type = baseType(column.type);
  if (type.kind === 'interval') {
    return (out, from, to) => {
      for (let i = from; i < to; i++) out[i] = isValid(validity, i) ? Number(intervalSpan(readInterval(values, 16 * i))) : 0;
      return false;
    };
  }
  if (!plainOrder(type)) return ofNothing;
  return (out, from, to) => {
    for (let i = from; i < to; i++) out[i] = bytesRank(values, 16 * i, 16 * i + 16);
    return false;
  };
}

/** NULLs apart, values are compared. */
const ofNothing: Ranking = (out, from, to) => {
  out.fill(0, from, to);
  return false;
};

function* ofBytes(column: BytesVector): Generator<null, Ranking> {
  const type = baseType(column.type);
  if (type.kind === 'numeric') return ofNumeric(column);
  if (!isText(type)) return ofNothing;
  const padded = type.kind === 'bpchar';
  const { bytes, offsets, validity } = column;
  const endOf = (row: number): number => (padded ? trimmedEnd(bytes, offsets[row], offsets[row + 1]) : offsets[row + 1]);
  const shared = yield* sharedLength(column, endOf);
  return (out, from, to) => {
    let exact = true;
    for (let i = from; i < to; i++) {
      if (!isValid(validity, i)) continue;
      const start = offsets[i] + shared;
      const end = endOf(i);
      exact &&= end - start <= TEXT_BYTES;
      out[i] = bytesRank(bytes, start, end);
    }
    return exact;
  };
}

/** How many bytes all values have in common at their start. */
function* sharedLength(column: BytesVector, endOf: (row: number) => number): Generator<null, number> {
  const { bytes, offsets, validity, length } = column;
  let first = -1;
  let shared = Infinity;
  let looked = 0;
  for (let i = 0; i < length && shared > 0; i++) {
    looked += Math.min(shared, TURN_BYTES) + 1;
    if (looked > TURN_BYTES) {
      looked = 0;
      yield null;
    }
    if (!isValid(validity, i)) continue;
    if (first < 0) {
      first = i;
      shared = endOf(i) - offsets[i];
      continue;
    }
    shared = Math.min(shared, endOf(i) - offsets[i]);
    const a = offsets[first];
    const b = offsets[i];
    let same = 0;
    while (same < shared && bytes[a + same] === bytes[b + same]) same++;
    shared = same;
  }
  return shared;
}

/** The first bytes as a number, then how many there are: what is short comes before what goes on. */
function bytesRank(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length >= TEXT_BYTES) {
    const high = (bytes[start] << 16) | (bytes[start + 1] << 8) | bytes[start + 2];
    const low = (bytes[start + 3] << 16) | (bytes[start + 4] << 8) | bytes[start + 5];
    return (high * 0x1000000 + low) * 8 + (length === TEXT_BYTES ? TEXT_BYTES : TEXT_BYTES + 1);
  }
  let rank = 0;
  for (let i = 0; i < TEXT_BYTES; i++) rank = rank * 256 + (i < length ? bytes[start + i] : 0);
  return rank * 8 + length;
}

/**
 * The nearest double. Decimals of less than 2^48 units and few places are told apart by it: two of them differ by a unit of
 * the finer at least, which is more than 2^-48 of it.
 */
function ofNumeric(column: BytesVector): Ranking {
  const { validity } = column;
  return (out, from, to) => {
    let exact = true;
    for (let i = from; i < to; i++) {
      if (!isValid(validity, i)) continue;
      const units = smallUnscaledAt(column, i);
      const scale = Number.isNaN(units) ? EXACT_POWERS.length : numericScaleAt(column, i);
      if (scale < EXACT_POWERS.length) out[i] = units / EXACT_POWERS[scale];
      else {
        exact = false;
        const value = Number(numericAt(column, i).toString());
        out[i] = Number.isNaN(value) ? Infinity : value;
      }
    }
    return exact;
  };
}
