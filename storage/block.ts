// Block: a Batch as stored: an Arrow IPC stream, compressed, under a checksum.
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompressSync, constants } from 'node:zlib';
import {
  Binary, Field, FixedSizeBinary, Float32, Float64, Int16, Int32, Int64, RecordBatch, RecordBatchReader,
  RecordBatchStreamWriter, Schema, Struct, Uint8, makeData,
} from 'apache-arrow';
import type { Data, DataType } from 'apache-arrow';
import { Batch } from '../engine/data/batch.ts';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { LogicalType } from '../engine/data/types.ts';
import { layoutOf } from '../engine/data/types.ts';
import { vectorFromBuffers } from '../engine/data/vector.ts';
import type { Vector } from '../engine/data/vector.ts';
import { crc32c } from './crc32c.ts';

/*
 * Format: little-endian.
 *
 *   0  u32  CRC-32C of all that follows     6  u16  zero
 *   4  u8   format version, 1               8  u32  bytes of the stream uncompressed
 *   5  u8   0 = stored, 1 = Brotli         12  u32  zero
 *  16       an Arrow IPC stream of one record batch, fields c0, c1, ..., whose metadata `millrace:type` is the
 *           LogicalType as JSON. Layouts: bool → Uint8, int16 .. float64 → their Arrow kin, fixed16 →
 *           FixedSizeBinary(16), bytes → Binary.
 *
 * Why Brotli, quality 1: it is part of Node and runs on its threads; on pages of bids 4.9 : 1 at 480 MB/s and back at 420,
 * where deflate 1 gives 5.1 : 1 at 255, a native zstd 1 5.5 : 1 at 800 and 900, lz4 3.5 : 1 at 650 and 2,150.
 */
const VERSION = 1;
const HEADER = 16;
const STORED = 0;
const BROTLI = 1;
const TYPE_KEY = 'millrace:type';
/** Smaller streams are stored as they are. */
const MIN_COMPRESSED = 256;
const CHUNK = 16 << 10;

const compress = promisify(brotliCompress);

export async function encodeBlock(batch: Batch): Promise<Uint8Array> {
  const stream = toArrow(batch);
  const packed = stream.length < MIN_COMPRESSED ? stream : await compress(stream, {
    chunkSize: Math.max(CHUNK, stream.length >> 1),
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 1,
      [constants.BROTLI_PARAM_LGWIN]: 18,
      [constants.BROTLI_PARAM_SIZE_HINT]: stream.length,
    },
  });
  const stored = packed.length >= stream.length;
  const body = stored ? stream : packed;
  const block = new Uint8Array(HEADER + body.length);
  block[4] = VERSION;
  block[5] = stored ? STORED : BROTLI;
  const view = new DataView(block.buffer);
  view.setUint32(8, stream.length, true);
  block.set(body, HEADER);
  view.setUint32(0, crc32c(block.subarray(4)), true);
  return block;
}

/** Throws XX001 when the checksum or anything inside is wrong. */
export function decodeBlock(block: Uint8Array): Batch {
  if (block.length < HEADER) throw corrupt('a block is too short');
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  if (view.getUint32(0, true) !== crc32c(block.subarray(4))) throw corrupt('a block has a bad checksum');
  if (block[4] > VERSION) throw new DatabaseError('F0000', `a block has format version ${block[4]}`);
  const size = view.getUint32(8, true);
  const body = block.subarray(HEADER);
  const stream = block[5] === BROTLI ? unpack(body, size) : body;
  if (stream.length !== size) throw corrupt('a block has another length than it says');
  return fromArrow((stream.byteOffset & 7) === 0 ? stream : new Uint8Array(stream));
}

/** Why chunkSize: by default each 16 KB of output is a turn of the thread pool. */
function unpack(body: Uint8Array, size: number): Uint8Array {
  return brotliDecompressSync(body, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(CHUNK, size) });
}

function arrowType(vector: Vector): DataType {
  switch (vector.layout) {
    case 'bool': return new Uint8();
    case 'int16': return new Int16();
    case 'int32': return new Int32();
    case 'int64': return new Int64();
    case 'float32': return new Float32();
    case 'float64': return new Float64();
    case 'fixed16': return new FixedSizeBinary(16);
    case 'bytes': return new Binary();
  }
}

/** The vector's own buffers as Arrow sees them. */
function arrowData(vector: Vector, type: DataType): Data {
  const { length } = vector;
  const common = { type, length, nullBitmap: vector.validity };
  switch (vector.layout) {
    case 'fixed16': return makeData({ ...common, data: vector.values.subarray(0, length * 16) } as never);
    case 'bytes': {
      const valueOffsets = vector.offsets.subarray(0, length + 1);
      return makeData({ ...common, valueOffsets, data: vector.bytes.subarray(0, valueOffsets[length]) } as never);
    }
    default: return makeData({ ...common, data: vector.values.subarray(0, length) } as never);
  }
}

function toArrow(batch: Batch): Uint8Array {
  const types = batch.columns.map(arrowType);
  const fields = batch.columns.map((column, c) =>
    new Field(`c${c}`, types[c], true, new Map([[TYPE_KEY, JSON.stringify(column.type)]])));
  const children = batch.columns.map((column, c) => arrowData(column, types[c]));
  const data = makeData({ type: new Struct(fields), length: batch.length, nullCount: 0, children });
  const writer = new RecordBatchStreamWriter();
  writer.write(new RecordBatch(new Schema(fields), data));
  writer.finish();
  return writer.toUint8Array(true);
}

const typesByText = new Map<string, LogicalType>();

function logicalType(text: string | undefined): LogicalType {
  if (text === undefined) throw corrupt('a block without types');
  let type = typesByText.get(text);
  if (type === undefined) {
    // Under a checksum of ours: what JSON.parse gives is what toArrow wrote.
    type = JSON.parse(text) as LogicalType;
    typesByText.set(text, type);
  }
  return type;
}

function fromArrow(stream: Uint8Array): Batch {
  const reader = RecordBatchReader.from(stream);
  const next = reader.next();
  if (next.done === true) throw corrupt('a block without rows');
  const record: RecordBatch = next.value;
  const columns = record.data.children.map((child, c) =>
    toVector(child, logicalType(record.schema.fields[c].metadata.get(TYPE_KEY)), record.numRows));
  return new Batch(columns, record.numRows);
}

function toVector(data: Data, type: LogicalType, rows: number): Vector {
  const validity = data.nullBitmap === undefined || data.nullBitmap.length === 0 ? null : data.nullBitmap;
  if (layoutOf(type) !== 'bytes') return vectorFromBuffers(type, rows, { values: data.values, offsets: null }, validity);
  const offsets: Int32Array = rows === 0 ? new Int32Array(1) : data.valueOffsets;
  return vectorFromBuffers(type, rows, { values: data.values ?? new Uint8Array(0), offsets }, validity);
}
