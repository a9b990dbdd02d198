// AssemblyScript, not TypeScript: rows of delimited text to fields and columns, in linear memory. Built by setup.mjs.
//
// No function keeps anything between calls; all pointers are byte addresses given by the caller (engine/kernel/fields.ts),
// who also leaves at least 16 readable bytes behind the input.

/** How a NULL is spelled. */
const NULL_EMPTY: i32 = 1;

function marks(at: usize, delimiter: v128, escape: v128): i32 {
  const block = v128.load(at);
  const lines = v128.or(i8x16.eq(block, i8x16.splat(10)), i8x16.eq(block, i8x16.splat(13)));
  return i8x16.bitmask(v128.or(lines, v128.or(i8x16.eq(block, delimiter), i8x16.eq(block, escape))));
}

/**
 * Notes the fields of whole plain rows in [from, until), which ends behind a line feed: `bounds` gets columns + 1 addresses
 * a row (relative to `base`), the begin of each field and that of the next row; `nulls` a byte for each bound, 1 = NULL.
 * Stops at the first row that is not plain: one with another escape than a whole-field \N, a carriage return, or another
 * number of fields. Returns the number of rows.
 */
export function scanRows(
  base: usize, from: usize, until: usize, columns: i32, delimiter: i32, escape: i32, nullMode: i32,
  bounds: usize, nulls: usize, maxRows: i32,
): i32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const escapes = i8x16.splat(<i8>escape);
  memory.fill(nulls, 0, <usize>(maxRows * (columns + 1)));
  let rows: i32 = 0;
  let field: i32 = 0;
  let bound = bounds;
  let isNull = nulls;
  let start = from;
  store<i32>(bound, <i32>(from - base));
  for (let block = from; block < until; block += 16) {
    let mask = marks(block, delimiters, escapes);
    while (mask !== 0) {
      const at = block + ctz(mask);
      mask &= mask - 1;
      if (at >= until) return rows;
      const byte = <i32>load<u8>(at);
      if (byte === delimiter) {
        if (field === columns - 1) return rows;
        if (nullMode === NULL_EMPTY) store<u8>(isNull, at === start ? 1 : 0);
        field++;
        start = at + 1;
        bound += 4;
        isNull++;
        store<i32>(bound, <i32>(start - base));
        continue;
      }
      if (byte === 10) {
        if (field !== columns - 1) return rows;
        if (nullMode === NULL_EMPTY) store<u8>(isNull, at === start ? 1 : 0);
        rows++;
        field = 0;
        start = at + 1;
        bound += 4;
        store<i32>(bound, <i32>(start - base));
        if (rows === maxRows) return rows;
        bound += 4;
        isNull += 2;
        store<i32>(bound, <i32>(start - base));
        continue;
      }
      // \N as a whole field, the only escape of a plain row.
      if (nullMode === NULL_EMPTY || byte === 13 || at !== start || load<u8>(at + 1) !== 78) return rows;
      const after = <i32>load<u8>(at + 2);
      if (after !== delimiter && after !== 10) return rows;
      store<u8>(isNull, 1);
    }
  }
  return rows;
}

/** Digits with an optional minus, at most 18 of them, into `out` (i64 each). Returns the first row that is something else. */
export function parseIntegers(
  base: usize, bounds: usize, stride: i32, row: i32, rows: i32, out: usize,
): i32 {
  for (; row < rows; row++) {
    const entry = bounds + (<usize>(row * stride) << 2);
    let at = base + load<u32>(entry);
    const end = base + load<u32>(entry, 4) - 1;
    const negative = at < end && load<u8>(at) === 45;
    if (negative) at++;
    if (at >= end || end - at > 18) return row;
    let value: i64 = 0;
    for (; at < end; at++) {
      const digit = <u32>load<u8>(at) - 48;
      if (digit > 9) return row;
      value = value * 10 + <i64>digit;
    }
    store<i64>(out + (<usize>row << 3), negative ? -value : value);
  }
  return row;
}

function twoDigits(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 48;
  const ones = <u32>load<u8>(at, 1) - 48;
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones;
}

/** YYYY-MM-DD of the years 1000 to 9999 as days since 1970; i32.MIN_VALUE otherwise. */
function days(at: usize): i32 {
  if (load<u8>(at, 4) !== 45 || load<u8>(at, 7) !== 45) return i32.MIN_VALUE;
  const century = <i32>twoDigits(at);
  const years = <i32>twoDigits(at + 2);
  const month = <i32>twoDigits(at + 5);
  const day = <i32>twoDigits(at + 8);
  if (century < 10 || century > 99 || years > 99 || month < 1 || month > 12 || day < 1) return i32.MIN_VALUE;
  const year = century * 100 + years;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const length = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  if (day > length) return i32.MIN_VALUE;
  const y = month <= 2 ? year - 1 : year;
  const yearOfEra = y % 400;
  const dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return (y / 400) * 146097 - 719468 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
}

/** YYYY-MM-DD into `out` (i32 each). Returns the first row that is something else. */
export function parseDates(base: usize, bounds: usize, stride: i32, row: i32, rows: i32, out: usize): i32 {
  for (; row < rows; row++) {
    const entry = bounds + (<usize>(row * stride) << 2);
    const at = base + load<u32>(entry);
    if (base + load<u32>(entry, 4) - 1 - at !== 10) return row;
    const value = days(at);
    if (value === i32.MIN_VALUE) return row;
    store<i32>(out + (<usize>row << 2), value);
  }
  return row;
}

/** YYYY-MM-DD hh:mm:ss[.f], a blank or T between, as µs since 1970 into `out` (i64 each). Returns as parseDates. */
export function parseTimestamps(base: usize, bounds: usize, stride: i32, row: i32, rows: i32, out: usize): i32 {
  for (; row < rows; row++) {
    const entry = bounds + (<usize>(row * stride) << 2);
    const at = base + load<u32>(entry);
    const end = base + load<u32>(entry, 4) - 1;
    const length = end - at;
    if (length < 19 || length > 26) return row;
    const between = load<u8>(at, 10);
    if (between !== 32 && between !== 84) return row;
    const day = days(at);
    const hour = twoDigits(at + 11);
    const minute = twoDigits(at + 14);
    const second = twoDigits(at + 17);
    if (day === i32.MIN_VALUE || hour > 23 || minute > 59 || second > 59) return row;
    if (load<u8>(at, 13) !== 58 || load<u8>(at, 16) !== 58) return row;
    let micros: i64 = 0;
    if (length > 19) {
      if (load<u8>(at, 19) !== 46 || length === 20) return row;
      let unit: i64 = 100000;
      for (let i = at + 20; i < end; i++) {
        const digit = <u32>load<u8>(i) - 48;
        if (digit > 9) return row;
        micros += <i64>digit * unit;
        unit /= 10;
      }
    }
    const seconds = (<i64>day * 24 + <i64>hour) * 3600 + <i64>(minute * 60 + second);
    store<i64>(out + (<usize>row << 3), seconds * 1000000 + micros);
  }
  return row;
}

/**
 * The fields' bytes one behind the other into `out`, which has 16 bytes of room behind them, and their ends relative to it
 * into `ends` (i32 each); a NULL is empty. Returns the bytes.
 */
export function gatherBytes(
  base: usize, bounds: usize, stride: i32, nulls: usize, rows: i32, ends: usize, out: usize,
): i32 {
  let to = out;
  for (let row = 0; row < rows; row++) {
    const cell = <usize>(row * stride);
    const entry = bounds + (cell << 2);
    if (load<u8>(nulls + cell) === 0) {
      const from = base + load<u32>(entry);
      const size = <usize>(load<u32>(entry, 4) - 1 - load<u32>(entry));
      // Whole blocks: what is too much is overwritten by the next field.
      for (let i: usize = 0; i < size; i += 16) v128.store(to + i, v128.load(from + i));
      to += size;
    }
    store<i32>(ends + (<usize>row << 2), <i32>(to - out));
  }
  return <i32>(to - out);
}
