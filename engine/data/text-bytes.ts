// Text values straight from UTF-8 bytes into columns, without strings where it can be: what COPY in decodes with.
//
// Hot: bench "copy". Each quick reader handles the plain spellings and leaves everything else, errors included, to
// parseText.
import { assert } from './error.ts';
import { decodeUtf8 } from './utf8.ts';
import { numericTypmodScale } from './numeric.ts';
import { SMALL_NUMERIC_BYTES, writeSmallNumeric } from './numeric-bytes.ts';
import { parseText } from './text-format.ts';
import { sessionZone } from './datetime-decode.ts';
import { blockBytes, blockDates, blockIntegers, blockTimestamps, longs, words } from './kernel/fields.ts';
import type { FieldBlock } from './kernel/fields.ts';
import type { BytesColumn, ColumnBuilder, Fixed16Column, Int32Column, Int64Column } from './column-builder.ts';
import type { FormatSettings } from './settings.ts';

/** Appends the value that bytes[start .. end) spell. Throws as parseText does, and then appends nothing. */
export function parseBytesInto(
  column: ColumnBuilder, bytes: Uint8Array, start: number, end: number, settings: FormatSettings,
): void {
  if (!appendQuickly(column, bytes, start, end, settings)) {
    column.append(parseText(column.type, decodeUtf8(bytes, start, end), settings));
  }
}

/** Appends one field of every row of a block. Throws as parseText does, with some of the rows appended. */
export function parseFieldsInto(
  column: ColumnBuilder, block: FieldBlock, field: number, settings: FormatSettings,
): void {
  const { type } = column;
  const { kind } = type;
  const from = column.length;
  if (column.layout === 'int64' && (kind === 'int8' || (type.kind === 'timestamp' && type.typmod < 0))) {
    const read = kind === 'int8' ? blockIntegers : blockTimestamps;
    read(block, field, (row) => { longs[row] = wholeValue(column, block, field, row, settings); });
    column.pushAll(longs.subarray(0, block.rows));
  } else if (column.layout === 'bytes' && (kind === 'text' || (type.kind === 'varchar' && type.typmod < 0))) {
    const { bytes, ends } = blockBytes(block, field);
    column.pushAll(bytes, ends);
  } else if (column.layout === 'int32' && (kind === 'int4' || kind === 'date')) {
    parseNarrow(column, block, field, settings);
  } else {
    parseEach(column, block, field, settings);
    return;
  }
  column.setNulls(from, block, field);
}

/** What the kernel leaves: NULLs (anything) and the rarer spellings. */
function wholeValue(
  column: Int64Column | Int32Column, block: FieldBlock, field: number, row: number, settings: FormatSettings,
): bigint {
  const i = row * block.stride + field;
  if (block.nulls[i] !== 0) return 0n;
  const value = parseText(column.type, decodeUtf8(block.bytes, block.bounds[i], block.bounds[i + 1] - 1), settings);
  assert(typeof value === 'bigint' || typeof value === 'number', 'a whole number');
  return BigInt(value);
}

function parseNarrow(column: Int32Column, block: FieldBlock, field: number, settings: FormatSettings): void {
  if (column.type.kind === 'date') {
    const days = blockDates(block, field, (row) => { words[row] = Number(wholeValue(column, block, field, row, settings)); });
    for (let row = 0; row < block.rows; row++) column.push(days[row]);
    return;
  }
  blockIntegers(block, field, (row) => { longs[row] = wholeValue(column, block, field, row, settings); });
  for (let row = 0; row < block.rows; row++) {
    const low = words[2 * row];
    // parseText says what is wrong with a number that does not fit.
    column.push(words[2 * row + 1] === low >> 31 ? low : Number(wholeValue(column, block, field, row, settings)));
  }
}

function parseEach(column: ColumnBuilder, block: FieldBlock, field: number, settings: FormatSettings): void {
  const { bytes, bounds, nulls, stride, rows } = block;
  for (let i = field, r = 0; r < rows; r++, i += stride) {
    if (nulls[i] !== 0) column.appendNull();
    else parseBytesInto(column, bytes, bounds[i], bounds[i + 1] - 1, settings);
  }
}

function appendQuickly(
  column: ColumnBuilder, bytes: Uint8Array, start: number, end: number, settings: FormatSettings,
): boolean {
  switch (column.layout) {
    case 'int32': {
      const { kind } = column.type;
      if (kind === 'int4') {
        const value = smallInteger(bytes, start, end);
        if (value !== value || value > 2147483647 || value < -2147483648) return false;
        column.push(value);
        return true;
      }
      const days = kind === 'date' ? isoDays(bytes, start, end) : NaN;
      if (days !== days) return false;
      column.push(days);
      return true;
    }
    case 'int64': return appendInt64(column, bytes, start, end, settings);
    case 'int16': {
      const value = column.type.kind === 'int2' ? smallInteger(bytes, start, end) : NaN;
      if (value !== value || value > 32767 || value < -32768) return false;
      column.push(value);
      return true;
    }
    case 'bytes': return appendBytes(column, bytes, start, end);
    case 'float64': {
      const value = column.type.kind === 'float8' ? smallDecimal(bytes, start, end) : NaN;
      if (value !== value) return false;
      column.push(value);
      return true;
    }
    case 'bool':
      if (end - start !== 1 || column.type.kind !== 'boolean') return false;
      if (bytes[start] !== 116 && bytes[start] !== 102) return false;
      column.push(bytes[start] === 116 ? 1 : 0);
      return true;
    case 'fixed16': return column.type.kind === 'uuid' && appendUuid(column, bytes, start, end);
    case 'float32': return false;
  }
}

/** Digits with an optional minus, at most 15 of them; NaN for anything else. */
function smallInteger(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 45;
  let at = negative ? start + 1 : start;
  if (at >= end || end - at > 15) return NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return negative && value !== 0 ? -value : value;
}

function appendInt64(
  column: Int64Column, bytes: Uint8Array, start: number, end: number, settings: FormatSettings,
): boolean {
  switch (column.type.kind) {
    case 'int8': {
      const value = smallInteger(bytes, start, end);
      if (value !== value) return false;
      column.pushNumber(value);
      return true;
    }
    case 'timestamp': {
      if (column.type.typmod >= 0) return false;
      const micros = isoMicros(bytes, start, end);
      if (micros !== micros) return false;
      column.pushNumber(micros);
      return true;
    }
    case 'timestamptz': {
      if (column.type.typmod >= 0) return false;
      const zoned = zoneSuffix(bytes, start, end);
      const micros = isoMicros(bytes, start, zoned.end);
      if (micros !== micros) return false;
      const offset = zoned.seconds ?? sessionZone(settings).offsetOfLocal(Math.floor(micros / 1_000_000));
      column.pushNumber(micros - offset * 1_000_000);
      return true;
    }
    default: return false;
  }
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at] - 48;
  const ones = bytes[at + 1] - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** YYYY-MM-DD up to the 28th, years 1000 to 9999, as days since 1970; NaN otherwise. */
function isoDays(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 10 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return NaN;
  const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if (!(year >= 1000 && month >= 1 && month <= 12 && day >= 1 && day <= (day > 28 ? monthLength(year, month) : 28))) {
    return NaN;
  }
  const y = month <= 2 ? year - 1 : year;
  const yearOfEra = y % 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (y - yearOfEra) / 400 * 146097 - 719468
    + yearOfEra * 365 + (yearOfEra >> 2) - Math.floor(yearOfEra / 100) + dayOfYear;
}

function monthLength(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** YYYY-MM-DD hh:mm:ss[.f] with a blank or T between, as µs below 2^53; NaN otherwise. */
function isoMicros(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 19 || length > 26 || (bytes[start + 10] !== 32 && bytes[start + 10] !== 84)) return NaN;
  const days = isoDays(bytes, start, start + 10);
  if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return NaN;
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  if (!(hour < 24 && minute < 60 && second < 60)) return NaN;
  let micros = 0;
  if (length > 19) {
    if (bytes[start + 19] !== 46 || length === 20) return NaN;
    let unit = 100_000;
    for (let at = start + 20; at < end; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) return NaN;
      micros += digit * unit;
      unit /= 10;
    }
  }
  const total = ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + micros;
  return Number.isSafeInteger(total) ? total : NaN;
}

/** Z, ±hh or ±hh:mm at the end; `seconds` is null when there is none. */
function zoneSuffix(
  bytes: Uint8Array, start: number, end: number,
): { readonly end: number; readonly seconds: number | null } {
  if (bytes[end - 1] === 90 || bytes[end - 1] === 122) return { end: end - 1, seconds: 0 };
  for (const length of [3, 6]) {
    const at = end - length;
    if (at < start + 19 || (bytes[at] !== 43 && bytes[at] !== 45)) continue;
    const hours = twoDigits(bytes, at + 1);
    const minutes = length === 3 ? 0 : bytes[at + 3] === 58 ? twoDigits(bytes, at + 4) : NaN;
    if (hours <= 15 && minutes < 60) {
      const seconds = (hours * 60 + minutes) * 60;
      return { end: at, seconds: bytes[at] === 45 ? -seconds : seconds };
    }
  }
  return { end, seconds: null };
}

const POWERS: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** digits[.digits] of at most 15 digits in all, which a double division gives exactly rounded; NaN otherwise. */
function smallDecimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 45;
  const from = negative ? start + 1 : start;
  if (end - from > 16 || end === from) return NaN;
  let value = 0;
  let point = -1;
  for (let at = from; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[at] === 46 && point < 0 && at > from && at + 1 < end) point = at;
    else return NaN;
  }
  if (value > 999_999_999_999_999) return NaN;
  if (point >= 0) value /= POWERS[end - point - 1];
  return negative ? -value : value;
}

function appendBytes(column: BytesColumn, bytes: Uint8Array, start: number, end: number): boolean {
  const { type } = column;
  switch (type.kind) {
    case 'varchar': case 'bpchar':
      // As many bytes as characters at most: short enough in bytes is short enough.
      if (type.typmod >= 0 && (type.kind === 'bpchar' || end - start > type.typmod - 4)) return false;
      column.pushBytes(bytes, start, end);
      return true;
    case 'text':
      column.pushBytes(bytes, start, end);
      return true;
    case 'numeric': return appendNumeric(column, type.typmod, bytes, start, end);
    case 'inet': case 'cidr': return appendIpv4(column, bytes, start, end);
    case 'macaddr': return end - start === 17 && appendMacAddress(column, 6, bytes, start);
    case 'macaddr8': return end - start === 23 && appendMacAddress(column, 8, bytes, start);
    default: return false;
  }
}

/** A decimal of at most 15 digits, its modifier's zeros included, that needs no rounding. */
function appendNumeric(
  column: BytesColumn, typmod: number, bytes: Uint8Array, start: number, end: number,
): boolean {
  const negative = bytes[start] === 45;
  const from = negative ? start + 1 : start;
  if (end - from > 16 || end === from) return false;
  let value = 0;
  let point = -1;
  for (let at = from; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
    else if (bytes[at] === 46 && point < 0 && at > from) point = at;
    else return false;
  }
  let scale = point < 0 ? 0 : end - point - 1;
  if (typmod >= 0) {
    const wanted = numericTypmodScale(typmod);
    if (wanted < scale || wanted > 15) return false;
    value *= POWERS[wanted - scale];
    scale = wanted;
    if (value >= 10 ** ((typmod - 4) >> 16)) return false;
  }
  if (value > 999_999_999_999_999) return false;
  const at = column.reserve(SMALL_NUMERIC_BYTES);
  column.commit(writeSmallNumeric(column.buffer, at, negative ? -value : value, scale));
  return true;
}

/** 36 characters in lower or upper case with hyphens in their places. */
function appendUuid(column: Fixed16Column, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  let from = start;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) if (bytes[from++] !== 45) return false;
    const value = (hexDigit(bytes[from]) << 4) | hexDigit(bytes[from + 1]);
    if (value < 0) return false;
    scratch[i] = value;
    from += 2;
  }
  column.pushBytes(scratch);
  return true;
}

/** Four octets without a prefix: packed as network.ts says. */
function appendIpv4(column: BytesColumn, bytes: Uint8Array, start: number, end: number): boolean {
  scratch[0] = 4;
  let at = start;
  for (let i = 1; i <= 4; i++) {
    const from = at;
    let octet = 0;
    for (; at < end && bytes[at] >= 48 && bytes[at] <= 57; at++) octet = octet * 10 + bytes[at] - 48;
    if (at === from || at > from + 3 || octet > 255) return false;
    if (i < 4 && bytes[at++] !== 46) return false;
    scratch[i] = octet;
  }
  if (at !== end) return false;
  scratch[5] = 32;
  column.pushBytes(scratch, 0, 6);
  return true;
}

/** Pairs of digits with colons between them. Requires: as many characters as that takes. */
function appendMacAddress(column: BytesColumn, size: number, bytes: Uint8Array, start: number): boolean {
  for (let i = 0, at = start; i < size; i++, at += 3) {
    const value = (hexDigit(bytes[at]) << 4) | hexDigit(bytes[at + 1]);
    if (value < 0 || (i > 0 && bytes[at - 1] !== 58)) return false;
    scratch[i] = value;
  }
  column.pushBytes(scratch, 0, size);
  return true;
}

const scratch = new Uint8Array(16);

/** −1 for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
