// Gather and scatter between state pages and vectors: one loop a layout, so that each stays monomorphic.
import type { Cells } from '../data/cells.ts';
import { PAGE_MASK, PAGE_ROWS, PAGE_SHIFT } from '../data/cells.ts';
import type { LogicalType } from '../data/types.ts';
import type { Layout } from '../data/types.ts';
import {
  BoolVector, BytesVector, Fixed16Vector, Float32Vector, Float64Vector, Int16Vector, Int32Vector, Int64Vector,
  validityBytes,
} from '../data/vector.ts';
import type { Validity, Vector } from '../data/vector.ts';
import type { PageColumn } from './page-column.ts';

/** What to gather: `chunks` by page, row ids, and whether a page may hold NULLs. */
export interface GatherSource {
  readonly type: LogicalType;
  readonly layout: Layout;
  readonly chunks: readonly PageColumn[];
  readonly nullable: boolean;
}

/** The column's cells of the given rows as a vector. An id of −1 gives NULL. */
export function gatherColumn(source: GatherSource, ids: Int32Array, padded: boolean): Vector {
  const { type, chunks } = source;
  const n = ids.length;
  const validity = source.nullable || padded ? gatherValidity(chunks, ids) : null;
  switch (source.layout) {
    case 'bool': return new BoolVector(type, n, gather8(chunks, ids), validity);
    case 'int16': return new Int16Vector(type, n, gather16(chunks, ids), validity);
    case 'int32': return new Int32Vector(type, n, gather32(chunks, ids), validity);
    case 'int64': return new Int64Vector(type, n, gather64(chunks, ids), validity);
    case 'float32': return new Float32Vector(type, n, gatherF32(chunks, ids), validity);
    case 'float64': return new Float64Vector(type, n, gatherF64(chunks, ids), validity);
    case 'fixed16': return new Fixed16Vector(type, n, gatherFixed16(chunks, ids), validity);
    case 'bytes': return gatherBytes(type, chunks, ids, validity);
  }
}

function gatherValidity(chunks: readonly PageColumn[], ids: Int32Array): Validity {
  const out = new Uint8Array(validityBytes(ids.length));
  let nulls = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    let bit = 0;
    if (id >= 0) {
      const { validity } = chunks[id >> PAGE_SHIFT];
      const row = id & PAGE_MASK;
      bit = validity === null ? 1 : (validity[row >> 3] >> (row & 7)) & 1;
    }
    nulls += 1 - bit;
    out[i >> 3] |= bit << (i & 7);
  }
  return nulls === 0 ? null : out;
}

function gather8(chunks: readonly PageColumn[], ids: Int32Array): Uint8Array {
  const out = new Uint8Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) out[i] = chunks[id >> PAGE_SHIFT].u8[id & PAGE_MASK];
  }
  return out;
}
function gather16(chunks: readonly PageColumn[], ids: Int32Array): Int16Array {
  const out = new Int16Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) out[i] = chunks[id >> PAGE_SHIFT].i16[id & PAGE_MASK];
  }
  return out;
}
function gather32(chunks: readonly PageColumn[], ids: Int32Array): Int32Array {
  const out = new Int32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) out[i] = chunks[id >> PAGE_SHIFT].i32[id & PAGE_MASK];
  }
  return out;
}
function gather64(chunks: readonly PageColumn[], ids: Int32Array): BigInt64Array {
  const words = new Int32Array(ids.length * 2);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id < 0) continue;
    const from = chunks[id >> PAGE_SHIFT].i32;
    const at = 2 * (id & PAGE_MASK);
    words[2 * i] = from[at];
    words[2 * i + 1] = from[at + 1];
  }
  return new BigInt64Array(words.buffer);
}
function gatherF32(chunks: readonly PageColumn[], ids: Int32Array): Float32Array {
  const out = new Float32Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) out[i] = chunks[id >> PAGE_SHIFT].f32[id & PAGE_MASK];
  }
  return out;
}
function gatherF64(chunks: readonly PageColumn[], ids: Int32Array): Float64Array {
  const out = new Float64Array(ids.length);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) out[i] = chunks[id >> PAGE_SHIFT].f64[id & PAGE_MASK];
  }
  return out;
}
function gatherFixed16(chunks: readonly PageColumn[], ids: Int32Array): Uint8Array {
  const out = new Uint8Array(ids.length * 16);
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id < 0) continue;
    const from = chunks[id >> PAGE_SHIFT].u8;
    const at = 16 * (id & PAGE_MASK);
    for (let b = 0; b < 16; b++) out[16 * i + b] = from[at + b];
  }
  return out;
}
function gatherBytes(
  type: LogicalType, chunks: readonly PageColumn[], ids: Int32Array, validity: Validity,
): BytesVector {
  const offsets = new Int32Array(ids.length + 1);
  let total = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (id >= 0) {
      const chunk = chunks[id >> PAGE_SHIFT];
      const row = id & PAGE_MASK;
      const size = chunk.ends[row] - chunk.starts[row];
      if (size > 0) total += size;
    }
    offsets[i + 1] = total;
  }
  const out = new Uint8Array(total);
  for (let i = 0; i < ids.length; i++) {
    const size = offsets[i + 1] - offsets[i];
    if (size === 0) continue;
    const chunk = chunks[ids[i] >> PAGE_SHIFT];
    const heap = chunk.u8;
    const from = chunk.starts[ids[i] & PAGE_MASK];
    const to = offsets[i];
    if (size <= 48) for (let b = 0; b < size; b++) out[to + b] = heap[from + b];
    else out.set(heap.subarray(from, from + size), to);
  }
  return new BytesVector(type, ids.length, offsets, out, validity);
}

/** Rows of a vector and the state rows to write them to. Requires: the pages are writable. */
export interface ScatterPlan {
  readonly length: number;
  readonly rows: Int32Array;
  readonly ids: Int32Array;
  /** Rows that follow each other on both sides, within a page: where each such run begins, then the length. */
  readonly runs?: Int32Array | null;
}

/** Runs are worth their overhead from this length on, on average. */
const SHORT_RUN = 16;

/** The runs of a plan, or null when they are short. */
export function findRuns(rows: Int32Array, ids: Int32Array, length: number): Int32Array | null {
  let count = 0;
  for (let i = 0; i < length; i++) if (i === 0 || !follows(rows, ids, i)) count++;
  if (count * SHORT_RUN > length) return null;
  const runs = new Int32Array(count + 1);
  let n = 0;
  for (let i = 0; i < length; i++) if (i === 0 || !follows(rows, ids, i)) runs[n++] = i;
  runs[n] = length;
  return runs;
}

/** findRuns for rows 0 .. length − 1 whose ids are those of rows of pages that were never taken before, in order. */
export function pageRuns(ids: Int32Array, length: number): Int32Array | null {
  const runs: number[] = [];
  for (let at = 0; at < length; at += PAGE_ROWS - (ids[at] & PAGE_MASK)) runs.push(at);
  if (runs.length * SHORT_RUN > length) return null;
  runs.push(length);
  return Int32Array.from(runs);
}

function follows(rows: Int32Array, ids: Int32Array, i: number): boolean {
  return ids[i] === ids[i - 1] + 1 && rows[i] === rows[i - 1] + 1 && (ids[i] & PAGE_MASK) !== 0;
}

/** Writes a vector's rows into state rows. Returns whether one of them is NULL. */
export function scatterColumn(from: Cells, chunks: readonly PageColumn[], plan: ScatterPlan): boolean {
  if (plan.runs === undefined || plan.runs === null) scatterValues(from, chunks, plan);
  else scatterRuns(from, chunks, plan, plan.runs);
  return scatterValidity(from, chunks, plan);
}

function scatterValues(from: Cells, chunks: readonly PageColumn[], plan: ScatterPlan): void {
  switch (from.layout) {
    case 'bool': return scatter8(from.u8, chunks, plan);
    case 'int16': return scatter16(from.i16, chunks, plan);
    case 'int32': return scatter32(from.i32, chunks, plan);
    case 'int64': return scatter64(from.i32, chunks, plan);
    case 'float32': return scatterF32(from.f32, chunks, plan);
    case 'float64': return scatterF64(from.f64, chunks, plan);
    case 'fixed16': return scatterFixed16(from.u8, chunks, plan);
    case 'bytes': return scatterBytes(from, chunks, plan);
  }
}

function scatterRuns(from: Cells, chunks: readonly PageColumn[], { rows, ids }: ScatterPlan, runs: Int32Array): void {
  for (let r = 0; r + 1 < runs.length; r++) {
    const first = runs[r];
    const chunk = chunks[ids[first] >> PAGE_SHIFT];
    chunk.writeRun(ids[first] & PAGE_MASK, from, rows[first], rows[first] + runs[r + 1] - first);
  }
}

function scatterValidity(from: Cells, chunks: readonly PageColumn[], plan: ScatterPlan): boolean {
  const { rows, ids, length, runs } = plan;
  const { validity } = from;
  let any = false;
  // Most columns hold no NULL, in the pages neither.
  if (validity === null && length > 0 && noneHas(chunks, ids, runs ?? null, length)) return false;
  for (let i = 0; i < length; i++) {
    const chunk = chunks[ids[i] >> PAGE_SHIFT];
    const row = rows[i];
    if (validity !== null && (validity[row >> 3] & (1 << (row & 7))) === 0) {
      chunk.setNull(ids[i] & PAGE_MASK);
      any = true;
    } else if (chunk.validity !== null) chunk.setPresent(ids[i] & PAGE_MASK);
  }
  return any;
}

function noneHas(chunks: readonly PageColumn[], ids: Int32Array, runs: Int32Array | null, length: number): boolean {
  if (runs !== null) {
    for (let r = 0; r + 1 < runs.length; r++) if (chunks[ids[runs[r]] >> PAGE_SHIFT].validity !== null) return false;
    return true;
  }
  let last = -1;
  for (let i = 0; i < length; i++) {
    const page = ids[i] >> PAGE_SHIFT;
    if (page === last) continue;
    if (chunks[page].validity !== null) return false;
    last = page;
  }
  return true;
}

function scatter8(from: Uint8Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) chunks[ids[i] >> PAGE_SHIFT].u8[ids[i] & PAGE_MASK] = from[rows[i]];
}
function scatter16(from: Int16Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) chunks[ids[i] >> PAGE_SHIFT].i16[ids[i] & PAGE_MASK] = from[rows[i]];
}
function scatter32(from: Int32Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) chunks[ids[i] >> PAGE_SHIFT].i32[ids[i] & PAGE_MASK] = from[rows[i]];
}
function scatter64(from: Int32Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) {
    const to = chunks[ids[i] >> PAGE_SHIFT].i32;
    const at = 2 * (ids[i] & PAGE_MASK);
    const row = 2 * rows[i];
    to[at] = from[row];
    to[at + 1] = from[row + 1];
  }
}
function scatterF32(from: Float32Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) chunks[ids[i] >> PAGE_SHIFT].f32[ids[i] & PAGE_MASK] = from[rows[i]];
}
function scatterF64(from: Float64Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) chunks[ids[i] >> PAGE_SHIFT].f64[ids[i] & PAGE_MASK] = from[rows[i]];
}
function scatterFixed16(from: Uint8Array, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  for (let i = 0; i < length; i++) {
    const to = chunks[ids[i] >> PAGE_SHIFT].u8;
    const at = 16 * (ids[i] & PAGE_MASK);
    const row = 16 * rows[i];
    for (let b = 0; b < 16; b++) to[at + b] = from[row + b];
  }
}
/** A NULL row is written as empty, so that pages filled in order stay sequential. */
function scatterBytes(from: Cells, chunks: readonly PageColumn[], { rows, ids, length }: ScatterPlan): void {
  const { starts, ends, u8, validity } = from;
  for (let i = 0; i < length; i++) {
    const row = rows[i];
    const start = starts[row];
    const present = validity === null || (validity[row >> 3] & (1 << (row & 7))) !== 0;
    chunks[ids[i] >> PAGE_SHIFT].writeBytes(ids[i] & PAGE_MASK, u8, start, present ? ends[row] : start);
  }
}
