// The WebAssembly kernel that cuts delimited text into fields and columns; its source is assembly/fields.ts.
//
// Hot: bench "copy". One instance for the process: all is synchronous, and nothing stays in its memory between two calls
// from outside, so whoever stages input must be done with it before anyone else can stage.
import { KERNEL } from './binary.ts';

/** Rows of one block, at most. */
export const BLOCK_ROWS = 1024;
const COLUMNS_MAX = 1600;
const PAGE = 65536;
/** What the kernel may read or write behind the end of a text. */
const SLACK = 64;
/** Input, with room for a CopyData message of any usual size and the unfinished row before it. */
const STAGE_BYTES = 1 << 20;

const STAGE = 1024;
const GATHERED = STAGE + STAGE_BYTES + SLACK;
const VALUES = GATHERED + STAGE_BYTES + SLACK;
const BOUNDS = VALUES + 8 * BLOCK_ROWS;
/** Four bytes a bound and one a NULL, for as many rows as fit. */
const CELLS = BLOCK_ROWS * 16;
const NULLS = BOUNDS + 4 * (CELLS + COLUMNS_MAX + 2);
const END = NULLS + CELLS + COLUMNS_MAX + 2;

interface KernelExports {
  scanRows(
    base: number, from: number, until: number, columns: number, delimiter: number, escape: number, nullMode: number,
    bounds: number, nulls: number, maxRows: number,
  ): number;
  parseIntegers(base: number, bounds: number, stride: number, row: number, rows: number, out: number): number;
  parseDates(base: number, bounds: number, stride: number, row: number, rows: number, out: number): number;
  parseTimestamps(base: number, bounds: number, stride: number, row: number, rows: number, out: number): number;
  gatherBytes(
    base: number, bounds: number, stride: number, nulls: number, rows: number, ends: number, out: number,
  ): number;
}

const memory = new WebAssembly.Memory({ initial: Math.ceil(END / PAGE), maximum: Math.ceil(END / PAGE) });
const kernel = new WebAssembly.Instance(
  new WebAssembly.Module(Uint8Array.from(atob(KERNEL), (c) => c.charCodeAt(0))), { env: { memory } },
).exports as KernelExports;

const stage = new Uint8Array(memory.buffer, STAGE, STAGE_BYTES);
const gathered = new Uint8Array(memory.buffer, GATHERED, STAGE_BYTES);
/** Where the kernel puts values of 64 bits. */
export const longs = new BigInt64Array(memory.buffer, VALUES, BLOCK_ROWS);
/** The same memory as 32-bit words. */
export const words = new Int32Array(memory.buffer, VALUES, 2 * BLOCK_ROWS);

/** How fields are told apart; bytes. `nulls`: a NULL is \N, or a field without bytes. */
export interface FieldSyntax {
  readonly columns: number;
  readonly delimiter: number;
  /** A row with this byte is not plain, \N apart. */
  readonly escape: number;
  readonly nulls: 'backslash-n' | 'empty';
}

/**
 * Rows of text fields as they lie in the input: field f of row r is bytes[bounds[i] .. bounds[i + 1] − 1) with
 * i = r * stride + f; a byte (delimiter, line end) stands between one and the next. nulls[i] is 1 where it is NULL.
 * Valid until the next `scanBlock` or `stageInput`.
 */
export interface FieldBlock {
  readonly bytes: Uint8Array;
  readonly bounds: Int32Array;
  readonly nulls: Uint8Array;
  readonly stride: number;
  readonly rows: number;
}

/** Copies input into the kernel's memory, `held` before `chunk`; null when it does not fit. */
export function stageInput(held: readonly Uint8Array[], chunk: Uint8Array): Uint8Array | null {
  const size = held.reduce((sum, part) => sum + part.length, chunk.length);
  if (size > STAGE_BYTES) return null;
  let at = 0;
  for (const part of held) {
    stage.set(part, at);
    at += part.length;
  }
  stage.set(chunk, at);
  return stage.subarray(0, size);
}

/** Whether rows of so many columns can be scanned at all. */
export function scannable(columns: number): boolean {
  return columns > 0 && columns < COLUMNS_MAX;
}

/**
 * Plain rows of staged input from `from` on, at most `limit`; `until` is behind a line feed. Possibly none: the next row is
 * not plain.
 */
export function scanBlock(from: number, until: number, syntax: FieldSyntax, limit = BLOCK_ROWS): FieldBlock {
  const { columns } = syntax;
  const stride = columns + 1;
  const most = Math.max(1, Math.min(limit, BLOCK_ROWS, Math.floor(CELLS / stride)));
  const rows = kernel.scanRows(STAGE, STAGE + from, STAGE + until, columns, syntax.delimiter, syntax.escape,
    syntax.nulls === 'empty' ? 1 : 0, BOUNDS, NULLS, most);
  return {
    bytes: stage, stride, rows,
    bounds: new Int32Array(memory.buffer, BOUNDS, rows * stride),
    nulls: new Uint8Array(memory.buffer, NULLS, rows * stride),
  };
}

/** Values of a field as the kernel reads them; `rest` is asked for each that it does not know. */
export type Rest = (row: number) => void;

/** Whole numbers as 64 bits each, in a view that the next call overwrites; `rest` writes longs[row] itself. */
export function blockIntegers(block: FieldBlock, field: number, rest: Rest): BigInt64Array {
  return run(block, field, rest, kernel.parseIntegers, longs);
}

/** Timestamps as µs since 1970, as `blockIntegers`. */
export function blockTimestamps(block: FieldBlock, field: number, rest: Rest): BigInt64Array {
  return run(block, field, rest, kernel.parseTimestamps, longs);
}

/** Dates as days since 1970, as `blockIntegers`. */
export function blockDates(block: FieldBlock, field: number, rest: Rest): Int32Array {
  return run(block, field, rest, kernel.parseDates, words);
}

function run<A>(block: FieldBlock, field: number, rest: Rest, parse: KernelExports['parseDates'], out: A): A {
  const { rows, stride } = block;
  for (let row = 0; row < rows; row++) {
    row = parse(STAGE, BOUNDS + 4 * field, stride, row, rows, VALUES);
    if (row < rows) rest(row);
  }
  return out;
}

/** A field's bytes one behind the other, and where each ends: views that the next call overwrites. */
export function blockBytes(
  { rows, stride }: FieldBlock, field: number,
): { readonly bytes: Uint8Array; readonly ends: Int32Array } {
  const size = kernel.gatherBytes(STAGE, BOUNDS + 4 * field, stride, NULLS + field, rows, VALUES, GATHERED);
  return { bytes: gathered.subarray(0, size), ends: words.subarray(0, rows) };
}
