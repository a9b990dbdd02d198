// Text of column values straight into a page of bytes, without strings where it can be: DataRow and COPY out.
//
// Hot: bench "wire". A writer is chosen once a column; each agrees with formatText.
import { clockFields } from './calendar.ts';
import { sessionZone } from './datetime-decode.ts';
import { numericScaleAt, smallUnscaledAt } from './numeric-bytes.ts';
import type { FormatSettings } from './settings.ts';
import type { TimeZone } from './timezone.ts';
import type { LogicalType } from './types.ts';
import type { BytesVector, Fixed16Vector, Int32Vector, Int64Vector, Vector } from './vector.ts';

/** A growable page: `bytes` from `at` on is free, at least `count` bytes of it after `ensure(count)`. */
export interface TextPage {
  bytes: Uint8Array;
  at: number;
  ensure(count: number): void;
}

/** Writes the text of row `row`; false: it wrote nothing, the value takes formatText. Requires: not NULL. */
export type QuickText = (page: TextPage, row: number) => boolean;

/** A writer for the column's plain values; null when there is none for the type under these settings. */
export function quickText(vector: Vector, type: LogicalType, settings: FormatSettings): QuickText | null {
  const { kind } = type;
  switch (vector.layout) {
    case 'int32': return kind === 'date' && settings.dateStyle === 'ISO' ? dateText(vector) : null;
    case 'int64':
      if (settings.dateStyle !== 'ISO') return null;
      if (kind === 'timestamp') return timestampText(vector);
      return kind === 'timestamptz' ? timestampTzText(vector, sessionZone(settings)) : null;
    case 'fixed16': return kind === 'uuid' ? uuidText(vector) : null;
    case 'bytes':
      if (kind === 'numeric') return numericText(vector);
      if (kind === 'inet') return ipv4Text(vector);
      if (kind === 'macaddr' || kind === 'macaddr8') return macAddressText(vector);
      return kind === 'bytea' && settings.byteaOutput === 'hex' ? byteaText(vector) : null;
    default: return null;
  }
}

const ZERO = 48;

function writeTwo(bytes: Uint8Array, at: number, value: number): number {
  const tens = Math.floor(value / 10);
  bytes[at] = ZERO + tens;
  bytes[at + 1] = ZERO + value - tens * 10;
  return at + 2;
}

/** First and last day with a year of four digits. */
const FIRST_PLAIN_DAY = -719162;
const LAST_PLAIN_DAY = 2932896;

/** YYYY-MM-DD. Requires: a day from 0001-01-01 to 9999-12-31, ten bytes of room. */
function writeDate(bytes: Uint8Array, start: number, days: number): number {
  const shifted = days + 719468;
  const era = Math.floor(shifted / 146097);
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524)
    - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const century = Math.floor(year / 100);
  let at = writeTwo(bytes, start, century);
  at = writeTwo(bytes, at, year - century * 100);
  bytes[at++] = 45;
  at = writeTwo(bytes, at, month);
  bytes[at++] = 45;
  return writeTwo(bytes, at, dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1);
}

function dateText(vector: Int32Vector): QuickText {
  const { values } = vector;
  return (page, row) => {
    const days = values[row];
    if (days < FIRST_PLAIN_DAY || days > LAST_PLAIN_DAY) return false;
    page.ensure(10);
    page.at = writeDate(page.bytes, page.at, days);
    return true;
  };
}

const DAY = 86_400_000_000;

/** Date, blank, time with what it has of a fraction. Requires: years 1 to 9999, 26 bytes of room. */
function writeTimestamp(bytes: Uint8Array, start: number, micros: number): number {
  const days = Math.floor(micros / DAY);
  const clock = clockFields(micros - days * DAY);
  let at = writeDate(bytes, start, days);
  bytes[at++] = 32;
  at = writeTwo(bytes, at, clock.hour);
  bytes[at++] = 58;
  at = writeTwo(bytes, at, clock.minute);
  bytes[at++] = 58;
  at = writeTwo(bytes, at, clock.second);
  return clock.micros === 0 ? at : writeFraction(bytes, at, clock.micros);
}

function writeFraction(bytes: Uint8Array, start: number, micros: number): number {
  let at = start;
  bytes[at++] = 46;
  let rest = micros;
  for (let unit = 100_000; rest > 0; unit /= 10) {
    const digit = Math.floor(rest / unit);
    bytes[at++] = ZERO + digit;
    rest -= digit * unit;
  }
  return at;
}

/** Rows whose µs are exact as a double (years 1684 to 2255); NaN for the rest. */
function plainMicros(words: Int32Array, row: number): number {
  const high = words[2 * row + 1];
  return high >= -0x200000 && high < 0x200000 ? high * 4294967296 + (words[2 * row] >>> 0) : NaN;
}

function timestampText(vector: Int64Vector): QuickText {
  const { words } = vector;
  return (page, row) => {
    const micros = plainMicros(words, row);
    if (micros !== micros) return false;
    page.ensure(26);
    page.at = writeTimestamp(page.bytes, page.at, micros);
    return true;
  };
}

function timestampTzText(vector: Int64Vector, zone: TimeZone): QuickText {
  const { words } = vector;
  return (page, row) => {
    const micros = plainMicros(words, row);
    if (micros !== micros) return false;
    const offset = zone.fixed ?? zone.offsetAt(Math.floor(micros / 1_000_000));
    page.ensure(35);
    const at = writeTimestamp(page.bytes, page.at, micros + offset * 1_000_000);
    page.at = writeOffset(page.bytes, at, offset);
    return true;
  };
}

function writeOffset(bytes: Uint8Array, start: number, offset: number): number {
  const magnitude = Math.abs(offset);
  const minutes = Math.floor(magnitude / 60) % 60;
  const seconds = magnitude % 60;
  bytes[start] = offset < 0 ? 45 : 43;
  let at = writeTwo(bytes, start + 1, Math.floor(magnitude / 3600));
  if (minutes === 0 && seconds === 0) return at;
  bytes[at++] = 58;
  at = writeTwo(bytes, at, minutes);
  if (seconds === 0) return at;
  bytes[at++] = 58;
  return writeTwo(bytes, at, seconds);
}

function numericText(vector: BytesVector): QuickText {
  return (page, row) => {
    const unscaled = smallUnscaledAt(vector, row);
    if (unscaled !== unscaled) return false;
    const scale = numericScaleAt(vector, row);
    if (scale > 15) return false;
    page.ensure(20);
    page.at = writeDecimal(page.bytes, page.at, unscaled, scale);
    return true;
  };
}

/** Requires: a safe integer, a scale up to 15, twenty bytes of room. */
function writeDecimal(bytes: Uint8Array, start: number, unscaled: number, scale: number): number {
  let at = start;
  if (unscaled < 0) bytes[at++] = 45;
  let rest = Math.abs(unscaled);
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits++;
  digits = Math.max(digits, scale + 1);
  const end = at + digits + (scale === 0 ? 0 : 1);
  for (let i = 0, to = end - 1; i < digits; i++) {
    if (i === scale && scale > 0) bytes[to--] = 46;
    const next = Math.floor(rest / 10);
    bytes[to--] = ZERO + rest - next * 10;
    rest = next;
  }
  return end;
}

const HEX = Uint8Array.from('0123456789abcdef', (c) => c.charCodeAt(0));

function uuidText(vector: Fixed16Vector): QuickText {
  const { values } = vector;
  return (page, row) => {
    page.ensure(36);
    const { bytes } = page;
    let { at } = page;
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) bytes[at++] = 45;
      const byte = values[row * 16 + i];
      bytes[at++] = HEX[byte >> 4];
      bytes[at++] = HEX[byte & 15];
    }
    page.at = at;
    return true;
  };
}

/** Addresses of IPv4 without a prefix, which are six bytes as network.ts packs them. */
function ipv4Text(vector: BytesVector): QuickText {
  const { offsets, bytes: from } = vector;
  return (page, row) => {
    const start = offsets[row];
    if (from[start] !== 4 || from[start + 5] !== 32) return false;
    page.ensure(15);
    const { bytes } = page;
    let { at } = page;
    for (let i = 1; i <= 4; i++) {
      const octet = from[start + i];
      if (octet >= 100) bytes[at++] = ZERO + Math.floor(octet / 100);
      if (octet >= 10) bytes[at++] = ZERO + Math.floor(octet / 10) % 10;
      bytes[at++] = ZERO + octet % 10;
      if (i < 4) bytes[at++] = 46;
    }
    page.at = at;
    return true;
  };
}

function macAddressText(vector: BytesVector): QuickText {
  const { offsets, bytes: from } = vector;
  return (page, row) => {
    page.ensure(23);
    const { bytes } = page;
    let { at } = page;
    for (let i = offsets[row]; i < offsets[row + 1]; i++) {
      if (i > offsets[row]) bytes[at++] = 58;
      bytes[at++] = HEX[from[i] >> 4];
      bytes[at++] = HEX[from[i] & 15];
    }
    page.at = at;
    return true;
  };
}

function byteaText(vector: BytesVector): QuickText {
  const { offsets, bytes: from } = vector;
  return (page, row) => {
    const end = offsets[row + 1];
    page.ensure(2 + 2 * (end - offsets[row]));
    const { bytes } = page;
    let { at } = page;
    bytes[at++] = 92;
    bytes[at++] = 120;
    for (let i = offsets[row]; i < end; i++) {
      bytes[at++] = HEX[from[i] >> 4];
      bytes[at++] = HEX[from[i] & 15];
    }
    page.at = at;
    return true;
  };
}
