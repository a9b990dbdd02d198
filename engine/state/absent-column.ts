// AbsentColumn: stands where a column of a page was whose cells are not in memory; the first touch brings them back.
import { AssertionError } from '../data/error.ts';
import { layoutOf } from '../data/types.ts';
import type { Layout, LogicalType } from '../data/types.ts';
import type { Validity, Vector } from '../data/vector.ts';
import type { PageColumn } from './page-column.ts';

/** A page whose columns can be had, by reading them if need be. */
export interface AbsentPage {
  /** The columns, in memory from now on. */
  present(): readonly PageColumn[];
  /** The columns for one reading: they need not stay in memory. */
  peek(): readonly PageColumn[];
}

/**
 * Why: kernels read `chunks[id >> shift].i32` and the like. As long as nothing was evicted they see one class and pay
 * nothing; here the same reads are accessors. Nothing is written through it: `Pages.touch` puts the real column back first.
 */
export class AbsentColumn implements PageColumn {
  readonly type: LogicalType;
  readonly layout: Layout;
  readonly #page: AbsentPage;
  readonly #index: number;

  constructor(type: LogicalType, page: AbsentPage, index: number) {
    this.type = type;
    this.layout = layoutOf(type);
    this.#page = page;
    this.#index = index;
  }

  get #column(): PageColumn { return this.#page.present()[this.#index]; }

  get validity(): Validity { return this.#column.validity; }
  get u8(): Uint8Array { return this.#column.u8; }
  get i16(): Int16Array { return this.#column.i16; }
  get i32(): Int32Array { return this.#column.i32; }
  get i64(): BigInt64Array { return this.#column.i64; }
  get f32(): Float32Array { return this.#column.f32; }
  get f64(): Float64Array { return this.#column.f64; }
  get starts(): Int32Array { return this.#column.starts; }
  get ends(): Int32Array { return this.#column.ends; }
  get heapFrom(): number { return this.#column.heapFrom; }
  get heapUsed(): number { return this.#column.heapUsed; }
  get heapDead(): number { return this.#column.heapDead; }
  get sequential(): boolean { return this.#column.sequential; }
  get unwritten(): number { return this.#column.unwritten; }

  /** For a scan, which reads each page once. */
  vector(used: number): Vector { return this.#page.peek()[this.#index].vector(used); }
  clone(): PageColumn { return this.#column.clone(); }
  bytes(): number { return 0; }
  arrays(): ArrayBufferView[] { return []; }

  grow(): void { untouched(); }
  setNull(): void { untouched(); }
  setPresent(): void { untouched(); }
  writeBytes(): void { untouched(); }
  writeRun(): void { untouched(); }
  clearBytes(): void { untouched(); }
  makeRoom(): void { untouched(); }
  compact(): void { untouched(); }
}

function untouched(): never {
  throw new AssertionError('a page is written that was not touched');
}
