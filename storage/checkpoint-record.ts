// CheckpointRecord: which checkpoint of the state store is the current one, and the checksums of all directories it consists of.
import { corrupt } from '../engine/data/bytes.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { CheckpointMeta } from '../engine/state/ports.ts';
import { crc32c } from './crc32c.ts';

/*
 * Format: big-endian.
 *   u32  version, 3                            u32  CRC-32C of all that follows
 *   u64  number of the checkpoint              u64  epoch
 *   u32  states; each: u16 length, name (UTF-8), u32 parts; each: u32 part, u32 CRC-32C of the part (page-directory.ts)
 *        the rest: meta bytes, as the runtime encoded them
 *
 * Why: LevelDB may lose a write without saying so. From this record every directory part, and from those every block, is
 * known by its checksum: what is lost, old or another's shows when it is read.
 *
 * Data format 2 had u64 number, u64 epoch, u32 CRC-32C, meta bytes: its first four bytes are 0.
 */
const VERSION = 3;
const LEGACY_HEADER = 20;

/** CRC-32C of each directory part, by state. */
export type Manifest = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface CheckpointRecord {
  /** 0 for an empty store. */
  readonly number: number;
  readonly meta: CheckpointMeta | null;
  /** Null: written in data format 2, which had none. */
  readonly manifest: Manifest | null;
}

export const NO_CHECKPOINT: CheckpointRecord = { number: 0, meta: null, manifest: new Map() };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCheckpoint(number: number, meta: CheckpointMeta, manifest: Manifest): Uint8Array {
  const states = [...manifest].filter(([, parts]) => parts.size > 0)
    .map(([name, parts]) => ({ name: encoder.encode(name), parts: [...parts].toSorted(([a], [b]) => a - b) }));
  const size = states.reduce((sum, { name, parts }) => sum + 6 + name.length + 8 * parts.length, 28);
  const out = new Uint8Array(size + meta.bytes.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, VERSION);
  view.setBigUint64(8, BigInt(number));
  view.setBigUint64(16, BigInt(meta.epoch));
  view.setUint32(24, states.length);
  let at = 28;
  for (const { name, parts } of states) {
    view.setUint16(at, name.length);
    out.set(name, at + 2);
    at += 2 + name.length;
    view.setUint32(at, parts.length);
    at += 4;
    for (const [part, checksum] of parts) {
      view.setUint32(at, part);
      view.setUint32(at + 4, checksum);
      at += 8;
    }
  }
  out.set(meta.bytes, at);
  view.setUint32(4, crc32c(out.subarray(8)));
  return out;
}

/** Throws XX001. */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointRecord {
  if (bytes.length < LEGACY_HEADER) throw corrupt('the checkpoint record of the state store');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.getUint32(0);
  if (version === 0) return decodeLegacy(bytes, view);
  if (version !== VERSION || view.getUint32(4) !== crc32c(bytes.subarray(8))) throw badChecksum();
  const manifest = new Map<string, Map<number, number>>();
  let at = 28;
  for (let n = view.getUint32(24); n > 0; n--) {
    const length = view.getUint16(at);
    const parts = new Map<number, number>();
    manifest.set(decoder.decode(bytes.subarray(at + 2, at + 2 + length)), parts);
    at += 2 + length;
    const end = at + 4 + 8 * view.getUint32(at);
    for (at += 4; at < end; at += 8) parts.set(view.getUint32(at), view.getUint32(at + 4));
  }
  const epoch = toEpoch(Number(view.getBigUint64(16)));
  return { number: Number(view.getBigUint64(8)), meta: { epoch, bytes: bytes.slice(at) }, manifest };
}

function decodeLegacy(bytes: Uint8Array, view: DataView): CheckpointRecord {
  const meta = bytes.slice(LEGACY_HEADER);
  if (view.getUint32(16) !== crc32c(meta, crc32c(bytes.subarray(0, 16)))) throw badChecksum();
  const epoch = toEpoch(Number(view.getBigUint64(8)));
  return { number: Number(view.getBigUint64(0)), meta: { epoch, bytes: meta }, manifest: null };
}

function badChecksum(): Error {
  return corrupt('the checkpoint record of the state store has a bad checksum');
}
