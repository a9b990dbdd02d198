// Block: a Batch as stored: encoded columns, compressed, under a checksum.
import { Batch } from '../engine/data/batch.ts';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { LogicalType } from '../engine/data/types.ts';
import type { Vector } from '../engine/data/vector.ts';
import { CODEC, STORED, codecOf } from './codec.ts';
import type { Compressor } from './codec.ts';
import { ByteSink, ByteSource, decodeColumn, encodeColumn, skipColumn } from './column-codec.ts';
import { crc32c } from './crc32c.ts';

/*
 * Format: little-endian.
 *
 *   0  u32  CRC-32C of all that follows     6  u16  zero
 *   4  u8   format version, 2               8  u32  bytes of the body uncompressed
 *   5  u8   compression (codec.ts)         12  u32  rows
 *  16       body: u32 length, the columns' LogicalTypes as a JSON array; then the columns (column-codec.ts)
 */
const VERSION = 2;
const HEADER = 16;
/** Smaller bodies are stored as they are. */
const MIN_COMPRESSED = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sink = new ByteSink();

/** Synchronous up to the compression: the batch's arrays may change as soon as this has returned. */
export async function encodeBlock(batch: Batch, compressor: Compressor = CODEC): Promise<Uint8Array> {
  sink.length = 0;
  const types = encoder.encode(JSON.stringify(batch.columns.map((column) => column.type)));
  sink.u32(types.length);
  sink.put(types);
  for (const column of batch.columns) encodeColumn(column, sink);
  const body = sink.bytes.slice(0, sink.length);
  const packed = body.length < MIN_COMPRESSED ? body : await compressor.compress(body);
  const stored = packed.length >= body.length;
  const kept = stored ? body : packed;
  const block = new Uint8Array(HEADER + kept.length);
  block[4] = VERSION;
  block[5] = stored ? STORED : compressor.id;
  const view = new DataView(block.buffer);
  view.setUint32(8, body.length, true);
  view.setUint32(12, batch.length, true);
  block.set(kept, HEADER);
  view.setUint32(0, crc32c(block.subarray(4)), true);
  return block;
}

/** The checksum that a block says it has; it is that of its other bytes. */
export function blockChecksum(block: Uint8Array): number {
  if (block.length < HEADER) throw corrupt('a block is too short');
  return new DataView(block.buffer, block.byteOffset, block.length).getUint32(0, true);
}

/** All columns, or those given, in ascending order. Throws XX001 when the checksum or anything inside is wrong. */
export function decodeBlock(block: Uint8Array, wanted: readonly number[] | null = null): Batch {
  if (block.length < HEADER) throw corrupt('a block is too short');
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  if (view.getUint32(0, true) !== crc32c(block.subarray(4))) throw corrupt('a block has a bad checksum');
  if (block[4] !== VERSION) throw new DatabaseError('F0000', `a block has format version ${block[4]}`);
  const size = view.getUint32(8, true);
  const kept = block.subarray(HEADER);
  const body = codecOf(block[5])?.decompress(kept, size) ?? kept;
  if (body.length !== size) throw corrupt('a block has another length than it says');
  const rows = view.getUint32(12, true);
  const from = new ByteSource(body);
  const columns: Vector[] = [];
  typesOf(from.take(from.u32())).forEach((type, c) => {
    if (wanted === null || wanted.includes(c)) columns.push(decodeColumn(type, rows, from));
    else skipColumn(type, rows, from);
  });
  if (!from.atEnd) throw corrupt('a block goes on after its columns');
  return new Batch(columns, rows);
}

const typesByText = new Map<string, readonly LogicalType[]>();

function typesOf(bytes: Uint8Array): readonly LogicalType[] {
  const text = decoder.decode(bytes);
  let types = typesByText.get(text);
  if (types === undefined) {
    // Under a checksum of ours: what JSON.parse gives is what encodeBlock wrote.
    const parsed: readonly LogicalType[] = JSON.parse(text);
    types = parsed;
    typesByText.set(text, types);
  }
  return types;
}
