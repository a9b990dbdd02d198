// Ranges and multiranges as bytes: in columns, and in PostgreSQL's binary wire format.
//
// Format: u8 flags (1 empty, 2 lower bound in it, 4 upper bound in it, 8 no lower bound, 16 no upper bound), then each
// bound there is: int32 length and bytes. Multirange: int32 number; of each range int32 length and bytes. The integers
// and bounds are little-endian in columns, big-endian on the wire.
import { DatabaseError } from './error.ts';
import type { Datum, SqlMultirange, SqlRange } from './datum.ts';

const RANGE_EMPTY = 1;
const LOWER_IN = 2;
const UPPER_IN = 4;
const NO_LOWER = 8;
const NO_UPPER = 16;

function flagsOf(range: SqlRange): number {
  if (range.empty) return RANGE_EMPTY;
  return (range.lowerInclusive ? LOWER_IN : 0) | (range.upperInclusive ? UPPER_IN : 0)
    | (range.lower === null ? NO_LOWER : 0) | (range.upper === null ? NO_UPPER : 0);
}

/** Each part behind its length. */
function lengthened(parts: readonly Uint8Array[], header: number, little: boolean): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, header));
  const view = new DataView(out.buffer);
  let at = header;
  for (const part of parts) {
    view.setInt32(at, part.length, little);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** `encode` writes one bound. */
export function encodeRange(range: SqlRange, little: boolean, encode: (value: Datum) => Uint8Array): Uint8Array {
  const out = lengthened([range.lower, range.upper].filter((v) => v !== null).map(encode), 1, little);
  out[0] = flagsOf(range);
  return out;
}

/** Its ranges by encodeRange, each behind its length; `encode` writes one bound. */
export function encodeMultirange(
  { ranges }: SqlMultirange, little: boolean, encode: (value: Datum) => Uint8Array,
): Uint8Array {
  const out = lengthened(ranges.map((range) => encodeRange(range, little, encode)), 4, little);
  new DataView(out.buffer).setInt32(0, ranges.length, little);
  return out;
}

const insufficient = (): DatabaseError => new DatabaseError('08P01', 'insufficient data left in message');

/** Reads what encodeRange wrote, and complains of what a client may send. */
export class RangeBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number, little: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = little;
    this.#at = start;
    this.#end = end;
  }

  int32(): number {
    if (this.#at + 4 > this.#end) throw insufficient();
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, this.#little);
  }

  flags(): number {
    if (this.#at >= this.#end) throw insufficient();
    return this.#bytes[this.#at++];
  }

  /** Start and end of the next part. */
  part(): readonly [number, number] {
    const length = this.int32();
    if (length < 0 || this.#at + length > this.#end) throw insufficient();
    this.#at += length;
    return [this.#at - length, this.#at];
  }

  finish(): void {
    if (this.#at !== this.#end) throw new DatabaseError('22P03', 'incorrect binary data format');
  }
}

type ReadBound = (start: number, end: number) => Datum;

/** The bounds as they stand there: not checked, not canonical. */
export function decodeRange(reader: RangeBytes, read: ReadBound): SqlRange {
  const flags = reader.flags();
  const bound = (absent: boolean): Datum => (absent ? null : read(...reader.part()));
  const empty = (flags & RANGE_EMPTY) !== 0;
  const lower = bound(empty || (flags & NO_LOWER) !== 0);
  const upper = bound(empty || (flags & NO_UPPER) !== 0);
  reader.finish();
  return {
    empty, lower, upper, lowerInclusive: !empty && (flags & LOWER_IN) !== 0,
    upperInclusive: !empty && (flags & UPPER_IN) !== 0,
  };
}

/** `part` reads the range between two places. */
export function decodeMultirange(reader: RangeBytes, part: (start: number, end: number) => SqlRange): SqlMultirange {
  const ranges: SqlRange[] = [];
  for (let n = reader.int32(); n > 0; n--) ranges.push(part(...reader.part()));
  reader.finish();
  return { ranges };
}
