// COPY's binary format (manual, COPY, "Binary Format").
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import type { FieldSink, RowReader } from './copy-in.ts';

export const COPY_SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');

export class BinaryRows implements RowReader {
  ended = false;
  readonly #sink: FieldSink;
  #headerSeen = false;

  constructor(sink: FieldSink) {
    this.#sink = sink;
  }

  read(bytes: Buffer, last: boolean): number {
    let at = 0;
    if (!this.#headerSeen) {
      at = this.#header(bytes, last);
      if (at < 0) return 0;
    }
    for (;;) {
      const next = this.#row(bytes, at);
      if (next < 0) break;
      at = next;
      if (this.ended) return bytes.length;
    }
    if (last && at < bytes.length) throw new DatabaseError('22P04', 'unexpected EOF in COPY data');
    return at;
  }

  /** Signature, flags, header extension; −1 while incomplete. */
  #header(bytes: Buffer, last: boolean): number {
    const fixed = COPY_SIGNATURE.length + 8;
    if (bytes.length < fixed) {
      if (last) throw new DatabaseError('22P04', 'COPY file signature not recognized');
      return -1;
    }
    if (!bytes.subarray(0, COPY_SIGNATURE.length).equals(COPY_SIGNATURE)) {
      throw new DatabaseError('22P04', 'COPY file signature not recognized');
    }
    const flags = bytes.readUInt32BE(COPY_SIGNATURE.length);
    if ((flags & 0x10000) !== 0) throw new DatabaseError('22P04', 'invalid COPY file header (WITH OIDS)');
    if (flags >>> 17 !== 0) throw new DatabaseError('22P04', 'unrecognized critical flags in COPY file header');
    const extension = bytes.readInt32BE(COPY_SIGNATURE.length + 4);
    if (extension < 0) throw new DatabaseError('22P04', 'invalid COPY file header (missing length)');
    if (bytes.length < fixed + extension) {
      if (last) throw new DatabaseError('22P04', 'invalid COPY file header (wrong length)');
      return -1;
    }
    this.#headerSeen = true;
    return fixed + extension;
  }

  /** One tuple; returns where the next starts, −1 while incomplete. */
  #row(bytes: Buffer, start: number): number {
    if (start + 2 > bytes.length) return -1;
    const count = bytes.readInt16BE(start);
    if (count === -1) {
      this.ended = true;
      return start + 2;
    }
    const ends = fieldEnds(bytes, start + 2, count);
    if (ends === null) return -1;
    this.#sink.startRow(bytes, start);
    if (count !== this.#sink.columnCount) {
      throw new DatabaseError('22P04', `row field count is ${count}, expected ${this.#sink.columnCount}`);
    }
    let at = start + 2;
    for (let i = 0; i < count; i++) {
      if (ends[i] < 0) this.#sink.null(i);
      else this.#sink.binary(i, bytes.subarray(at + 4, ends[i]));
      at = ends[i] < 0 ? at + 4 : ends[i];
    }
    this.#sink.endRow(at);
    return at;
  }
}

/** Where each field ends, −1 for NULL; null while the tuple is incomplete. */
function fieldEnds(bytes: Buffer, start: number, count: number): number[] | null {
  const ends: number[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readInt32BE(at);
    if (length < -1) throw new DatabaseError('22P04', 'invalid field size');
    at += 4;
    if (length === -1) {
      ends.push(-1);
      continue;
    }
    at += length;
    if (at > bytes.length) return null;
    ends.push(at);
  }
  return ends;
}
