// Row keys: hash and equality of rows by some of their columns, in bulk, over vectors and state pages.
import { cellsOf } from './cells.ts';
import type { CellColumn, Cells } from './cells.ts';
import { assert } from './error.ts';
import { equalLoose, hashLoose, isLoose } from './loose-key.ts';
import type { Validity, Vector } from './vector.ts';

/**
 * value: SQL's equality with NULL equal to NULL (GROUP BY, joins, DISTINCT): numeric 1.0 = 1.00, −0 = 0, NaN = NaN,
 * bpchar without trailing blanks, jsonb and interval by value.
 * exact: the same representation (a row of a Z-set): what was inserted is what is taken away, but NaN = NaN.
 */
export type Equality = 'value' | 'exact';

const SEED = 0x3c6ef372;
const NULL_WORD = 0x5bd1e995;
const K1 = 0x9e3779b1 | 0;
const K2 = 0x85ebca6b | 0;

const floatScratch = new Float64Array(1);
const floatWords = new Int32Array(floatScratch.buffer);

/** One int64 key's hash; equal to hashRows over one int column (of any width). */
export function hashInt64(low: number, high: number): number {
  let h = Math.imul(SEED ^ low, K1);
  h = Math.imul(h ^ (h >>> 15) ^ high, K1);
  h ^= h >>> 15;
  h = Math.imul(h, K2);
  return h ^ (h >>> 16);
}

/** A hash a row into `out`. Hot: multiply, fold, multiply a word. */
export function hashRows(
  columns: readonly Vector[], length: number, out: Int32Array, equality: Equality = 'value',
): void {
  hashCells(columns.map(cellsOf), length, out, equality);
}

/** hashRows for rows 0 .. length − 1 of chunks that belong together. */
export function hashCells(
  columns: readonly Cells[], length: number, out: Int32Array, equality: Equality = 'value',
): void {
  out.fill(SEED, 0, length);
  for (const cells of columns) hashColumn(cells, length, out, equality);
  finishHashes(length, out);
}

function hashColumn(cells: Cells, length: number, out: Int32Array, equality: Equality): void {
  const loose = equality === 'value' && isLoose(cells.type);
  switch (cells.layout) {
    case 'bool': return hash8(cells.u8, cells.validity, length, out);
    case 'int16': return hash16(cells.i16, cells.validity, length, out);
    case 'int32': return hash32(cells.i32, cells.validity, length, out);
    case 'int64': return hash64(cells.i32, cells.validity, length, out);
    case 'float32': case 'float64': return hashFloats(cells, length, out, equality);
    case 'fixed16': return loose ? hashLooseRows(cells, length, out) : hashFixed16(cells, length, out);
    case 'bytes': return loose ? hashLooseRows(cells, length, out) : hashBytes(cells, length, out);
  }
}

function finishHashes(length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) {
    const h = Math.imul(out[i], K2);
    out[i] = h ^ (h >>> 16);
  }
}

function present(validity: Validity, row: number): boolean {
  return validity === null || (validity[row >> 3] & (1 << (row & 7))) !== 0;
}

function mix(h: number, word: number): number {
  const m = Math.imul(h ^ word, K1);
  return m ^ (m >>> 15);
}

// Small integers hash as the int64 they extend to, so that hashInt64 serves every integer key.
function hash8(values: Uint8Array, validity: Validity, length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) out[i] = present(validity, i) ? mix(mix(out[i], values[i]), 0) : mix(out[i], NULL_WORD);
}
function hash16(values: Int16Array, validity: Validity, length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) {
    const v = values[i];
    out[i] = present(validity, i) ? mix(mix(out[i], v), v >> 31) : mix(out[i], NULL_WORD);
  }
}
function hash32(values: Int32Array, validity: Validity, length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) {
    const v = values[i];
    out[i] = present(validity, i) ? mix(mix(out[i], v), v >> 31) : mix(out[i], NULL_WORD);
  }
}
function hash64(words: Int32Array, validity: Validity, length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) {
    out[i] = present(validity, i) ? mix(mix(out[i], words[2 * i]), words[2 * i + 1]) : mix(out[i], NULL_WORD);
  }
}

function hashFloats(cells: Cells, length: number, out: Int32Array, equality: Equality): void {
  const wide = cells.layout === 'float64';
  for (let i = 0; i < length; i++) {
    if (!present(cells.validity, i)) {
      out[i] = mix(out[i], NULL_WORD);
      continue;
    }
    const v = wide ? cells.f64[i] : cells.f32[i];
    floatScratch[0] = v !== v ? NaN : v === 0 && equality === 'value' ? 0 : v;
    out[i] = mix(mix(out[i], floatWords[0]), floatWords[1]);
  }
}

function hashFixed16(cells: Cells, length: number, out: Int32Array): void {
  for (let i = 0; i < length; i++) {
    out[i] = present(cells.validity, i) ? hashRange(out[i], cells.u8, 16 * i, 16 * i + 16) : mix(out[i], NULL_WORD);
  }
}

function hashBytes(cells: Cells, length: number, out: Int32Array): void {
  const { u8, starts, ends, validity } = cells;
  for (let i = 0; i < length; i++) {
    out[i] = present(validity, i) ? hashRange(out[i], u8, starts[i], ends[i]) : mix(out[i], NULL_WORD);
  }
}

/** Continues hash `h` over bytes start .. end. */
export function hashRange(h: number, bytes: Uint8Array, start: number, end: number): number {
  let m = h ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    m = Math.imul(m ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)), K1);
    m ^= m >>> 15;
  }
  if (at < end) {
    let word = bytes[at];
    if (at + 1 < end) word |= bytes[at + 1] << 8;
    if (at + 2 < end) word |= bytes[at + 2] << 16;
    m = Math.imul(m ^ word, K1);
    m ^= m >>> 15;
  }
  return m;
}

function hashLooseRows(cells: Cells, length: number, out: Int32Array): void {
  const fixed = cells.layout === 'fixed16';
  for (let i = 0; i < length; i++) {
    if (!present(cells.validity, i)) {
      out[i] = mix(out[i], NULL_WORD);
      continue;
    }
    const start = fixed ? 16 * i : cells.starts[i];
    const end = fixed ? start + 16 : cells.ends[i];
    out[i] = mix(out[i], hashLoose(cells.type, cells.u8, start, end));
  }
}

/** Pairs of rows to compare: row `aRows[i]` of one flat column with row `bIds[i]` of a chunked one, i < length. */
export interface RowPairs {
  readonly length: number;
  readonly aRows: Int32Array;
  readonly bIds: Int32Array;
}

/**
 * Clears same[i] where the pair's rows differ in one of the columns (pairs with same[i] = 0 or bIds[i] < 0 are passed
 * over). NULL equals NULL.
 */
export function matchRows(
  a: readonly Cells[], b: readonly CellColumn[], pairs: RowPairs, equality: Equality, same: Uint8Array,
): void {
  for (let c = 0; c < a.length; c++) matchColumn(a[c], b[c], pairs, equality, same);
}

function matchColumn(a: Cells, b: CellColumn, pairs: RowPairs, equality: Equality, same: Uint8Array): void {
  assert(b.chunks.length === 0 || a.layout === b.chunks[0].layout, 'keys of different layouts');
  matchNulls(a, b, pairs, same);
  switch (a.layout) {
    case 'bool': return match8(a, b, pairs, same);
    case 'int16': return match16(a, b, pairs, same);
    case 'int32': return match32(a, b, pairs, same);
    case 'int64': return match64(a, b, pairs, same);
    case 'float32': case 'float64': return matchFloats(a, b, pairs, { equality, same });
    case 'fixed16': return matchFixed16(a, b, pairs, { equality, same });
    case 'bytes': return matchBytes(a, b, pairs, { equality, same });
  }
}

const SAME_NULL = 2;

/** Pairs of two NULLs get SAME_NULL so that the value under them is not looked at; restored by the value kernels. */
function matchNulls(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, same: Uint8Array): void {
  const { chunks, shift, mask } = b;
  for (let i = 0; i < length; i++) {
    if (same[i] === 0 || bIds[i] < 0) continue;
    const other = chunks[bIds[i] >> shift].validity;
    if (a.validity === null && other === null) continue;
    const here = present(a.validity, aRows[i]);
    if (here !== present(other, bIds[i] & mask)) same[i] = 0;
    else if (!here) same[i] = SAME_NULL;
  }
}

function match8(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, same: Uint8Array): void {
  const { chunks, shift, mask } = b;
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) same[i] = a.u8[aRows[i]] === chunks[id >> shift].u8[id & mask] ? 1 : 0;
    else if (same[i] === SAME_NULL) same[i] = 1;
  }
}
function match16(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, same: Uint8Array): void {
  const { chunks, shift, mask } = b;
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) same[i] = a.i16[aRows[i]] === chunks[id >> shift].i16[id & mask] ? 1 : 0;
    else if (same[i] === SAME_NULL) same[i] = 1;
  }
}
function match32(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, same: Uint8Array): void {
  const { chunks, shift, mask } = b;
  const values = a.i32;
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) same[i] = values[aRows[i]] === chunks[id >> shift].i32[id & mask] ? 1 : 0;
    else if (same[i] === SAME_NULL) same[i] = 1;
  }
}
function match64(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, same: Uint8Array): void {
  const { chunks, shift, mask } = b;
  const words = a.i32;
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) {
      const other = chunks[id >> shift].i32;
      const from = 2 * aRows[i];
      const at = 2 * (id & mask);
      same[i] = words[from] === other[at] && words[from + 1] === other[at + 1] ? 1 : 0;
    } else if (same[i] === SAME_NULL) same[i] = 1;
  }
}

interface MatchTo {
  readonly equality: Equality;
  readonly same: Uint8Array;
}

function matchFloats(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, { equality, same }: MatchTo): void {
  const wide = a.layout === 'float64';
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) {
      const chunk = b.chunks[id >> b.shift];
      const x = wide ? a.f64[aRows[i]] : a.f32[aRows[i]];
      const y = wide ? chunk.f64[id & b.mask] : chunk.f32[id & b.mask];
      same[i] = Object.is(x, y) || (equality === 'value' && x === y) ? 1 : 0;
    } else if (same[i] === SAME_NULL) same[i] = 1;
  }
}

function matchFixed16(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, { equality, same }: MatchTo): void {
  const loose = equality === 'value' && isLoose(a.type);
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) {
      const other = b.chunks[id >> b.shift].u8;
      const from = 16 * aRows[i];
      const at = 16 * (id & b.mask);
      if (sameBytes(a.u8, from, other, at, 16)) continue;
      same[i] = loose && equalLoose(a.type, a.u8.subarray(from, from + 16), other.subarray(at, at + 16)) ? 1 : 0;
    } else if (same[i] === SAME_NULL) same[i] = 1;
  }
}

function matchBytes(a: Cells, b: CellColumn, { aRows, bIds, length }: RowPairs, { equality, same }: MatchTo): void {
  const loose = equality === 'value' && isLoose(a.type);
  const { chunks, shift, mask } = b;
  const { starts, ends, u8 } = a;
  for (let i = 0; i < length; i++) {
    const id = bIds[i];
    if (same[i] === 1 && id >= 0) {
      const chunk = chunks[id >> shift];
      const at = chunk.starts[id & mask];
      const end = chunk.ends[id & mask];
      const from = starts[aRows[i]];
      const to = ends[aRows[i]];
      if (to - from === end - at && sameBytes(u8, from, chunk.u8, at, end - at)) continue;
      same[i] = loose && equalLoose(a.type, u8.subarray(from, to), chunk.u8.subarray(at, end)) ? 1 : 0;
    } else if (same[i] === SAME_NULL) same[i] = 1;
  }
}

function sameBytes(a: Uint8Array, from: number, b: Uint8Array, at: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[from + i] !== b[at + i]) return false;
  return true;
}

const one = { length: 1, aRows: new Int32Array(1), bIds: new Int32Array(1) };
const oneSame = new Uint8Array(1);

/** matchRows for a single pair. */
export function rowsEqual(
  a: readonly Cells[], aRow: number, b: readonly CellColumn[], bId: number, equality: Equality = 'value',
): boolean {
  one.aRows[0] = aRow;
  one.bIds[0] = bId;
  oneSame[0] = 1;
  matchRows(a, b, one, equality, oneSame);
  return oneSame[0] === 1;
}

/** Marks rows with a NULL in one of the columns: 1 in `out`. Returns whether there is any. */
export function nullRows(columns: readonly Vector[], length: number, out: Uint8Array): boolean {
  out.fill(0, 0, length);
  let any = false;
  for (const { validity } of columns) {
    if (validity === null) continue;
    for (let i = 0; i < length; i++) {
      if (present(validity, i)) continue;
      out[i] = 1;
      any = true;
    }
  }
  return any;
}
