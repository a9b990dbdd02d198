// ResultColumn: results of one aggregate for a step, before and after the change, written one behind the other.
import { INT8, layoutOf } from '../../data/types.ts';
import type { Layout, LogicalType } from '../../data/types.ts';
import { BytesVector, Int64Vector, allValid, clearValid, concatVectors } from '../../data/vector.ts';
import type { Validity, Vector } from '../../data/vector.ts';

const NONE = new Int32Array(0);

/**
 * Accumulators of the hot aggregates write the arrays themselves, at rows `length` on; others add vectors.
 */
export class ResultColumn {
  readonly type: LogicalType;
  readonly layout: Layout;
  length = 0;
  /** int64: two words a row. */
  words = NONE;
  /** bytes: the end of row i is offsets[i + 1]. */
  offsets = NONE;
  /** Stays from step to step. */
  bytes = new Uint8Array(0);
  /** Of `bytes`. */
  view = new DataView(this.bytes.buffer);
  #capacity: number;
  #validity: Uint8Array | null = null;
  #parts: Vector[] = [];

  constructor(type: LogicalType, capacity: number) {
    this.type = type;
    this.layout = layoutOf(type);
    this.#capacity = capacity;
  }

  /** Empty again, for so many rows. */
  begin(capacity: number): void {
    this.length = 0;
    this.words = NONE;
    this.offsets = NONE;
    this.#capacity = capacity;
    this.#validity = null;
    if (this.#parts.length > 0) this.#parts = [];
  }

  /** The words to write to. Requires: layout int64. */
  int64(): Int32Array {
    if (this.words.length === 0) this.words = new Int32Array(2 * this.#capacity);
    return this.words;
  }

  /** Room for `rows` values of `width` bytes in all. Requires: layout bytes. */
  reserve(rows: number, width: number): void {
    if (this.offsets.length === 0) this.offsets = new Int32Array(this.#capacity + 1);
    const need = this.offsets[this.length] + rows * width;
    if (this.bytes.length >= need) return;
    // Some bytes more, so that a value may be written as whole words.
    const grown = new Uint8Array(Math.max(need, this.#capacity * width) + 8);
    grown.set(this.bytes);
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  setNull(row: number): void {
    this.#validity ??= allValid(this.#capacity);
    clearValid(this.#validity, row);
  }

  /** After this, rows cannot be written any more. */
  add(vector: Vector): void {
    if (this.#parts.length === 0 && this.length > 0) this.#parts.push(this.#written());
    this.#parts.push(vector);
    this.length += vector.length;
  }

  /** Rows can be written to the arrays. */
  get writable(): boolean {
    return this.#parts.length === 0;
  }

  /** Requires: length > 0. */
  finish(): Vector {
    return this.#parts.length > 0 ? concatVectors(this.#parts) : this.#written();
  }

  #written(): Vector {
    const { type, length } = this;
    const validity: Validity = this.#validity === null ? null : this.#validity.subarray(0, (length + 7) >> 3);
    if (this.layout === 'int64') {
      return new Int64Vector(type, length, new BigInt64Array(this.words.buffer, 0, length), validity);
    }
    const bytes = this.bytes.slice(0, this.offsets[length]);
    return new BytesVector(type, length, this.offsets.subarray(0, length + 1), bytes, validity);
  }
}

/** As KEPT_CELLS. */
export const KEPT_COLUMN = new ResultColumn(INT8, 0);
