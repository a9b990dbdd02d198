// Batches and deltas ⇄ bytes: column buffers as they are in memory, framed; the payload of journal records.
import { Batch } from './batch.ts';
import { ByteReader, PieceWriter, corrupt } from './bytes.ts';
import type { ElementArray } from './bytes.ts';
import { Delta } from './delta.ts';
import { layoutOf } from './types.ts';
import type { Layout, LogicalType } from './types.ts';
import { validityBytes, vectorFromBuffers } from './vector.ts';
import type { BytesVector, Validity, Vector, VectorBuffers } from './vector.ts';

/*
 * Format: little-endian; every buffer begins at a multiple of 8 bytes from the frame's beginning, which itself is at
 * a multiple of 8 in the record, so that decoded columns are views of the record's bytes.
 *
 *   0  u8   version, 1
 *   1  u8   1 = weights follow, 2 = one weight for all rows, 0 = a batch without weights
 *   2  u16  columns
 *   4  u32  rows
 *   8  i32  the one weight, or 0
 *  12  u32  bytes of the whole frame, a multiple of 8
 *  16       a column: u8 layout (index in LAYOUTS), u8 1 = has validity, u16 zero, u32 bytes of its heap (layout bytes)
 *  ..       weights (i32 a row) when they follow
 *  ..       a column: validity bitmap if any; values, or offsets (i32, rows + 1, the first 0) and heap
 * Types are not in the frame: who decodes knows the schema; layouts are checked against it.
 */
const VERSION = 1;
const HEADER = 16;
const DESCRIPTOR = 8;
const LAYOUTS: readonly Layout[] = ['bool', 'int16', 'int32', 'int64', 'float32', 'float64', 'fixed16', 'bytes'];
const WIDTH: Readonly<Record<Layout, number>> = {
  bool: 1, int16: 2, int32: 4, int64: 8, float32: 4, float64: 8, fixed16: 16, bytes: 4,
};
const LIMIT = 0xffff_fff8;

type WeightMode = 'none' | 'each' | 'one';
const MODES: readonly WeightMode[] = ['none', 'each', 'one'];

export function encodeBatch(batch: Batch, out: PieceWriter): void {
  encodeFrame(batch, null, out);
}

export function encodeDelta(delta: Delta, out: PieceWriter): void {
  encodeFrame(delta.batch, delta.weights, out);
}

export function decodeBatch(from: ByteReader, types: readonly LogicalType[]): Batch {
  return decodeFrame(from, types).batch;
}

export function decodeDelta(from: ByteReader, types: readonly LogicalType[]): Delta {
  const { batch, weights } = decodeFrame(from, types);
  if (weights === null) throw corrupt('delta without weights');
  return new Delta(batch, weights);
}

/** Passes over a frame whose schema is gone. */
export function skipFrame(from: ByteReader): void {
  from.align();
  from.take(12);
  const size = from.u32();
  if (size < HEADER) throw corrupt('length of a batch frame');
  from.take(size - HEADER);
}

function weightMode(weights: Int32Array | null, rows: number): WeightMode {
  if (weights === null) return 'none';
  for (let i = 1; i < rows; i++) if (weights[i] !== weights[0]) return 'each';
  return 'one';
}

function heapSize(vector: Vector): number {
  return vector.layout === 'bytes' ? vector.offsets[vector.length] - vector.offsets[0] : 0;
}

function alignedSum(size: number): number {
  return size + ((8 - (size % 8)) % 8);
}

function frameSize(batch: Batch, mode: WeightMode): number {
  const rows = batch.length;
  let size = HEADER + DESCRIPTOR * batch.columns.length + (mode === 'each' ? alignedSum(rows * 4) : 0);
  for (const column of batch.columns) {
    if (column.validity !== null) size += alignedSum(validityBytes(rows));
    const entries = column.layout === 'bytes' ? rows + 1 : rows;
    size += alignedSum(entries * WIDTH[column.layout]) + alignedSum(heapSize(column));
  }
  return size;
}

function encodeFrame(batch: Batch, weights: Int32Array | null, out: PieceWriter): void {
  out.align();
  const rows = batch.length;
  const mode = weightMode(weights, rows);
  const size = frameSize(batch, mode);
  if (size > LIMIT) throw corrupt('a batch of more than 4 GB');
  out.u8(VERSION);
  out.u8(MODES.indexOf(mode));
  out.u16(batch.columns.length);
  out.u32(rows);
  out.i32(mode === 'one' && weights !== null && rows > 0 ? weights[0] : 0);
  out.u32(size);
  for (const column of batch.columns) {
    out.u8(LAYOUTS.indexOf(column.layout));
    out.u8(column.validity === null ? 0 : 1);
    out.u16(0);
    out.u32(heapSize(column));
  }
  if (mode === 'each' && weights !== null) buffer(weights, rows, out);
  for (const column of batch.columns) encodeColumn(column, rows, out);
}

function buffer(array: ElementArray, count: number, out: PieceWriter): void {
  out.elements(array, count);
  out.align();
}

function encodeColumn(column: Vector, rows: number, out: PieceWriter): void {
  if (column.validity !== null) buffer(column.validity, validityBytes(rows), out);
  if (column.layout !== 'bytes') {
    buffer(column.values, column.layout === 'fixed16' ? rows * 16 : rows, out);
    return;
  }
  buffer(zeroBased(column), rows + 1, out);
  const start = column.offsets[0];
  buffer(start === 0 ? column.bytes : column.bytes.subarray(start), column.offsets[rows] - start, out);
}

function zeroBased(column: BytesVector): Int32Array {
  const base = column.offsets[0];
  if (base === 0) return column.offsets;
  const offsets = new Int32Array(column.length + 1);
  for (let i = 0; i < offsets.length; i++) offsets[i] = column.offsets[i] - base;
  return offsets;
}

function decodeFrame(
  from: ByteReader, types: readonly LogicalType[],
): { readonly batch: Batch; readonly weights: Int32Array | null } {
  from.align();
  const start = from.position;
  const version = from.u8();
  if (version !== VERSION) throw corrupt(`batch frame version ${version}`);
  const mode = MODES[from.u8()];
  if (mode === undefined) throw corrupt('weight mode of a batch frame');
  const columns = from.u16();
  const rows = from.u32();
  const weight = from.i32();
  const size = from.u32();
  if (columns !== types.length) throw corrupt(`${columns} columns where ${types.length} were expected`);
  if (size > from.remaining + HEADER || rows > 0x7fff_fff0) throw corrupt('batch frame longer than its record');
  const descriptors = types.map((type, c) => descriptor(from, layoutOf(type), c));
  const weights = decodeWeights(from, mode, rows, weight);
  const vectors = descriptors.map((d, c) => decodeColumn(from, types[c], rows, d));
  if (from.position - start !== size) throw corrupt('length of a batch frame');
  return { batch: new Batch(vectors, rows), weights };
}

interface Descriptor { readonly layout: Layout; readonly hasValidity: boolean; readonly heap: number }

function descriptor(from: ByteReader, layout: Layout, column: number): Descriptor {
  const stored = LAYOUTS[from.u8()];
  const hasValidity = from.u8() === 1;
  from.u16();
  const heap = from.u32();
  if (stored !== layout) throw corrupt(`column ${column + 1} has layout ${stored}, expected ${layout}`);
  return { layout, hasValidity, heap };
}

function decodeWeights(from: ByteReader, mode: WeightMode, rows: number, weight: number): Int32Array | null {
  switch (mode) {
    case 'none': return null;
    case 'each': {
      const bytes = takeBuffer(from, rows * 4);
      return new Int32Array(bytes.buffer, bytes.byteOffset, rows);
    }
    case 'one':
      if (rows > from.bytes.length * 64) throw corrupt('row count of a batch frame');
      return new Int32Array(rows).fill(weight);
  }
}

function takeBuffer(from: ByteReader, size: number): Uint8Array {
  const bytes = from.take(size);
  from.align();
  return bytes;
}

function decodeColumn(from: ByteReader, type: LogicalType, rows: number, column: Descriptor): Vector {
  const validity: Validity = column.hasValidity ? takeBuffer(from, validityBytes(rows)) : null;
  if (column.layout === 'bytes') {
    const raw = takeBuffer(from, (rows + 1) * 4);
    const offsets = new Int32Array(raw.buffer, raw.byteOffset, rows + 1);
    const heap = takeBuffer(from, column.heap);
    checkOffsets(offsets, rows, column.heap);
    return vectorFromBuffers(type, rows, { values: heap, offsets }, validity);
  }
  return vectorFromBuffers(type, rows, view(column.layout, takeBuffer(from, rows * WIDTH[column.layout]), rows), validity);
}

function checkOffsets(offsets: Int32Array, rows: number, heap: number): void {
  let descending = offsets[0];
  for (let i = 0; i < rows; i++) descending |= offsets[i + 1] - offsets[i];
  if (offsets[0] !== 0 || descending < 0 || offsets[rows] !== heap) throw corrupt('offsets of a column');
}

function view(layout: Layout, bytes: Uint8Array, rows: number): VectorBuffers {
  const { buffer: memory, byteOffset: at } = bytes;
  switch (layout) {
    case 'int16': return { values: new Int16Array(memory, at, rows), offsets: null };
    case 'int32': return { values: new Int32Array(memory, at, rows), offsets: null };
    case 'int64': return { values: new BigInt64Array(memory, at, rows), offsets: null };
    case 'float32': return { values: new Float32Array(memory, at, rows), offsets: null };
    case 'float64': return { values: new Float64Array(memory, at, rows), offsets: null };
    case 'bool': case 'fixed16': case 'bytes': return { values: bytes, offsets: null };
  }
}
