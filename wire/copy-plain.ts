// PlainRows: the rows of COPY's text and csv formats that need no unescaping, in blocks through the kernel.
import type { Buffer } from 'node:buffer';
import { isUtf8 } from 'node:buffer';
import { scanBlock } from '../engine/data/kernel/fields.ts';
import type { FieldSyntax } from '../engine/data/kernel/fields.ts';
import type { FieldSink } from './copy-in.ts';

const NEWLINE = 10;

/** Hot: bench "copy". A row that is not plain, and every row of a block with a bad one, is left to be read by itself. */
export class PlainRows {
  readonly #sink: FieldSink;
  /** null: no row can go this way. */
  readonly #syntax: FieldSyntax | null;
  /** Whole lines end here. */
  #whole = 0;
  #staged = false;
  /** Rows up to here are read one by one. */
  #carefulUntil = 0;
  /** Bytes up to here are UTF-8 without zeros. */
  textUntil = 0;

  constructor(sink: FieldSink, syntax: FieldSyntax | null) {
    this.#sink = sink;
    this.#syntax = syntax;
  }

  /** Bytes to be read; `staged`: they lie in the kernel's memory. */
  begin(bytes: Buffer, staged: boolean): void {
    this.#carefulUntil = 0;
    this.#whole = bytes.lastIndexOf(NEWLINE) + 1;
    this.textUntil = isText(bytes.subarray(0, this.#whole)) ? this.#whole : 0;
    this.#staged = staged;
  }

  /** Hands on the plain rows from `from` on; returns where they end, `from` when the row there is not plain. */
  take(from: number): number {
    if (this.#syntax === null || !this.#staged || from < this.#carefulUntil || from >= this.textUntil) return from;
    const block = scanBlock(from, this.#whole, this.#syntax, this.#sink.room);
    if (block.rows === 0) return from;
    // Behind the last row: the last bound of its own, as a block that is full notes no further one.
    const after = block.bounds[block.rows * block.stride - 1];
    if (this.#sink.block(block)) return after;
    this.#carefulUntil = after;
    return from;
  }
}

export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}
