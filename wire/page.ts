// Page: a growing byte buffer that all backend messages are written into, with PostgreSQL's integer encodings.
import { Buffer } from 'node:buffer';

/** Writes are big-endian. `bytes` may be replaced when it grows: never keep a reference over a write. */
export class Page {
  bytes: Buffer;
  at = 0;

  constructor(capacity = 16 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes room for `size` more bytes. */
  ensure(size: number): void {
    const needed = this.at + size;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
  }

  int8(value: number): void {
    this.ensure(1);
    this.bytes[this.at++] = value;
  }

  int16(value: number): void {
    this.ensure(2);
    const { bytes, at } = this;
    bytes[at] = value >>> 8;
    bytes[at + 1] = value;
    this.at = at + 2;
  }

  int32(value: number): void {
    this.ensure(4);
    const { bytes, at } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.at = at + 4;
  }

  /** Overwrites four bytes written earlier, for lengths known only afterwards. */
  patchInt32(at: number, value: number): void {
    this.bytes.writeInt32BE(value | 0, at);
  }

  raw(from: Uint8Array): void {
    this.ensure(from.length);
    this.bytes.set(from, this.at);
    this.at += from.length;
  }

  utf8(text: string): void {
    this.ensure(text.length * 3);
    this.at += this.bytes.write(text, this.at, 'utf8');
  }

  /** NUL-terminated; a NUL inside would end it early, so it is left out. */
  cstring(text: string): void {
    this.utf8(text.includes('\0') ? text.replaceAll('\0', '') : text);
    this.int8(0);
  }

  /** What was written, as a copy that stays valid; the page starts over. */
  take(): Buffer {
    const out = Buffer.from(this.bytes.subarray(0, this.at));
    this.at = 0;
    return out;
  }
}
