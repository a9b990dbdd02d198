// Foreseen: most of the record that is likely to come next, written to its place while its transaction is still growing.
//
// Why: a large transaction's commit then waits for little more than one sync, as the disk has worked all the while. Nothing
// hangs on it. Bytes without a record's header before them are those of a record that was never finished, which a start
// cuts; whatever record does come is written over them.
import type { FileHandle } from './file-system.ts';

/** The record's beginning may be another one in the end: its time, how many changes it has. */
const FIXED = 64;
/** Bytes of one write; a record that comes meanwhile waits for it. */
const PORTION = 4 << 20;

type Pieces = readonly Uint8Array[];

export class Foreseen {
  readonly #file: FileHandle;
  /** Of the record's bytes in the file. */
  readonly #position: number;
  readonly #least: number;
  readonly #failed: (error: unknown) => void;
  #record: Pieces = [];
  /** Bytes of the record up to here, but for the first ones, are in the file. */
  #written = FIXED;
  #over = false;
  /** The write under way; it may lie where another record is to be written. */
  writing: Promise<void> | null = null;
  /** All that is under way. */
  working: Promise<void> | null = null;

  /** `least`: bytes that are worth a write and a sync. `failed`: of a sync; its error is told once and may be any record's. */
  constructor(file: FileHandle, position: number, least: number, failed: (error: unknown) => void) {
    this.#file = file;
    this.#position = position;
    this.#least = least;
    this.#failed = failed;
  }

  /** Writes what it has more than the record before, if that is how it begins. */
  extend(record: Pieces): void {
    if (this.#over || this.working !== null) return;
    const length = record.reduce((sum, piece) => sum + piece.length, 0);
    if (length - this.#written < this.#least || equalBytes(this.#record, record, this.#written) < this.#written) return;
    this.#record = record;
    this.working = this.#work(length).finally(() => {
      this.working = null;
    });
  }

  async #work(length: number): Promise<void> {
    while (this.#written < length && !this.#over) {
      const until = Math.min(length, this.#written + PORTION);
      const writing = this.#file.write(bytesOf(this.#record, this.#written, until), this.#position + this.#written);
      this.writing = writing.then(() => {
        this.#written = until;
      }, () => {
        // Nothing was promised: where there is no room, the record itself will tell.
        this.#over = true;
      });
      await this.writing;
      this.writing = null;
      if (this.#written < until) return;
      try {
        await this.#file.datasync();
      } catch (error) {
        this.#over = true;
        this.#failed(error);
      }
    }
  }

  /**
   * From here on nothing more is written. How many bytes of the record need not be, from its byte 64 on: there are such from 64
   * to the number given. Requires: `writing` is through.
   */
  end(record: Pieces): { readonly from: number; readonly to: number } {
    this.#over = true;
    return { from: FIXED, to: equalBytes(this.#record, record, this.#written) };
  }
}

/** How far two byte sequences are the same from FIXED on, looked at up to `until`; at least FIXED. */
function equalBytes(a: Pieces, b: Pieces, until: number): number {
  let at = FIXED;
  const [x, y] = [new PieceCursor(a, at), new PieceCursor(b, at)];
  while (at < until) {
    const [p, q] = [x.rest(), y.rest()];
    const length = Math.min(p.length, q.length, until - at);
    if (length === 0) return at;
    if ((p.buffer !== q.buffer || p.byteOffset !== q.byteOffset)
      && Buffer.compare(p.subarray(0, length), q.subarray(0, length)) !== 0) return at;
    at += length;
    x.skip(length);
    y.skip(length);
  }
  return at;
}

/** The bytes from `from` to before `to`. */
export function bytesOf(pieces: Pieces, from: number, to: number): Uint8Array[] {
  const cursor = new PieceCursor(pieces, from);
  const out: Uint8Array[] = [];
  for (let left = to - from; left > 0;) {
    const rest = cursor.rest();
    const part = rest.length > left ? rest.subarray(0, left) : rest;
    if (part.length === 0) break;
    out.push(part);
    cursor.skip(part.length);
    left -= part.length;
  }
  return out;
}

/** A place in bytes that lie in pieces. */
class PieceCursor {
  readonly #pieces: Pieces;
  #piece = 0;
  #at = 0;

  constructor(pieces: Pieces, from: number) {
    this.#pieces = pieces;
    this.skip(from);
  }

  /** To the end of the piece; empty at the end of all. */
  rest(): Uint8Array {
    while (this.#piece < this.#pieces.length && this.#at >= this.#pieces[this.#piece].length) {
      this.#at -= this.#pieces[this.#piece++].length;
    }
    return this.#piece < this.#pieces.length ? this.#pieces[this.#piece].subarray(this.#at) : EMPTY;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }
}

const EMPTY = new Uint8Array(0);
