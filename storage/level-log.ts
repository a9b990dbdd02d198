// LevelDB's log files (its journal, its list of tables), read and checked without LevelDB, which is silent about damage to them.
import { crc32c } from './crc32c.ts';

/*
 * Format (LevelDB 1.20, doc/log_format.md): blocks of 32,768 bytes; in each, records of u32 masked CRC-32C over type and data,
 * u16 length, u8 type (1 whole, 2 first, 3 middle, 4 last part), data; at the end of a block up to 6 bytes of zeros.
 * Little-endian.
 */
const BLOCK = 32_768;
const HEADER = 7;
const WHOLE = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** What is wrong with a file, and from which byte on. */
export interface Fault {
  readonly offset: number;
  readonly what: string;
}

export interface LogScan {
  readonly records: readonly Uint8Array[];
  readonly faults: readonly Fault[];
  /** Bytes at the end that a process which was killed had not finished; they were never counted on. */
  readonly unfinished: number;
}

/** LevelDB's disguise of checksums that stand beside what they are of. */
export function unmasked(checksum: number): number {
  const rotated = (checksum - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

export function scanLog(bytes: Uint8Array): LogScan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Uint8Array[] = [];
  const faults: Fault[] = [];
  let parts: Uint8Array[] = [];
  let begun = 0;
  let at = 0;
  while (at < bytes.length) {
    const left = BLOCK - (at % BLOCK);
    if (left < HEADER) {
      at += left;
      continue;
    }
    if (at + HEADER > bytes.length) break;
    const length = view.getUint16(at + 4, true);
    const type = view.getUint8(at + 6);
    const end = at + HEADER + length;
    if (length + HEADER <= left && end > bytes.length) break;
    if (length + HEADER > left || crc32c(bytes.subarray(at + 6, end)) !== unmasked(view.getUint32(at, true))) {
      faults.push({ offset: at, what: 'a record has a bad checksum' });
      parts = [];
      at += left;
      continue;
    }
    const data = bytes.subarray(at + HEADER, end);
    const continues = type === MIDDLE || type === LAST;
    if (continues !== parts.length > 0) faults.push({ offset: at, what: 'a part of a record is missing' });
    if (type === WHOLE) records.push(data);
    else if (type === FIRST) begun = at;
    if (type === FIRST) parts = [data];
    else if (continues && parts.length > 0) parts.push(data);
    if (type === LAST && parts.length > 0) records.push(Buffer.concat(parts));
    if (type === LAST || type === WHOLE) parts = [];
    at = end;
  }
  const end = parts.length > 0 ? begun : Math.min(at, bytes.length);
  return { records, faults, unfinished: bytes.length - end };
}
