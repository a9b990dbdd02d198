// SlotFrames: accumulators of more groups than memory takes: some pages of slots in frames, the others in the page file.
import { Batch } from '../data/batch.ts';
import { PAGE_MASK, PAGE_ROWS, PAGE_SHIFT } from '../data/cells.ts';
import { DatabaseError, assert } from '../data/error.ts';
import type { LogicalType } from '../data/types.ts';
import type { SlotRows } from '../function/aggregate/slots.ts';
import { columnsFromBytes, pageBytes, shapeOf } from '../state/page-bytes.ts';
import type { ColumnShape } from '../state/page-bytes.ts';
import type { PageCache } from '../state/page-cache.ts';
import { loadColumns } from '../state/page-load.ts';
import type { PageSlot } from '../state/ports.ts';

/** Of a page as it was saved: whose state it is. */
export function savedSlots({ columns: [slots], length }: Batch): Int32Array {
  assert(slots.layout === 'int32', 'saved slots');
  return slots.values.subarray(0, length);
}

function placesIn(frame: number, slots: Int32Array): Int32Array {
  return slots.map((slot) => (frame << PAGE_SHIFT) | (slot & PAGE_MASK));
}

function batchOf(bytes: Uint8Array, { types, shapes, rows }: KeptColumns): Batch {
  return new Batch(columnsFromBytes(bytes, types, shapes, rows).map((column) => column.vector(rows)), rows);
}

/** However little memory there is. */
const LEAST_FRAMES = 4;
const NONE = -1;

/** The accumulators as frames see them: state by place, which is a slot of the arrays that they have. */
export interface FrameContents {
  readonly rows: SlotRows;
  /** There is no state but in the rows. */
  plain(): boolean;
  /** Slots of a page that are in use. */
  live(page: number): Int32Array;
  /** What the places hold, to be kept for `slots`, which are the first column. */
  save(places: Int32Array, slots: Int32Array): Batch;
  restore(places: Int32Array, batch: Batch): void;
  /** The places are empty from now on. */
  clear(places: Int32Array): void;
  /** From now on so many places are needed, and no others. */
  resize(places: number): void;
}

/** A page that is in no frame: its rows of doubles as they are, or as it is saved. */
interface KeptPage {
  readonly slot: PageSlot;
  readonly columns: KeptColumns | null;
}

interface KeptColumns {
  readonly types: readonly LogicalType[];
  readonly shapes: readonly ColumnShape[];
  readonly rows: number;
}

/** Rows of an input whose slots can be in frames at the same time. */
export interface FramePortion {
  readonly rows: Int32Array;
  readonly pages: readonly number[];
}

/**
 * As in a system's virtual memory: a slot's page is in a frame or in the page file, and accumulators are asked about
 * places: frame × PAGE_ROWS + offset. Why: they work in plain arrays, which are as large as the frames are many.
 */
export class SlotFrames {
  readonly #cache: PageCache;
  readonly #contents: FrameContents;
  /** By page of slots: its frame, or NONE. */
  #frameOf: Int32Array;
  /** By frame, one besides left out: its page, or NONE; and the round in which it was asked for last. */
  #pageIn: number[];
  #used: number[];
  readonly #kept = new Map<number, KeptPage>();
  #round = 0;
  #claimed = 0;

  private constructor(cache: PageCache, contents: FrameContents, frames: number) {
    this.#cache = cache;
    this.#contents = contents;
    this.#pageIn = Array.from({ length: frames }, () => NONE);
    this.#used = Array.from({ length: frames }, () => 0);
    this.#frameOf = new Int32Array(64).fill(NONE);
  }

  /** Frames of `bytes` each. As yet pages 0 .. `pages` − 1 are in places of their own numbers. Null: the page file fails. */
  static make(cache: PageCache, contents: FrameContents, bytes: number, pages: number): SlotFrames | null {
    const claimed = cache.claim();
    const frames = new SlotFrames(cache, contents, Math.max(LEAST_FRAMES, Math.floor(claimed / bytes)));
    frames.#claimed = claimed;
    const count = frames.#pageIn.length;
    frames.ensure(pages);
    try {
      for (let page = count; page < pages; page++) frames.#keep(page, page);
    } catch (error) {
      frames.detach();
      if (error instanceof DatabaseError) return null;
      throw error;
    }
    for (let page = count; page < pages; page++) contents.clear(contents.live(page));
    for (let page = 0; page < Math.min(count, pages); page++) frames.#put(page, page);
    contents.resize((count + 1) * PAGE_ROWS);
    return frames;
  }

  /** The operator is gone. */
  detach(): void {
    this.#cache.unclaim(this.#claimed);
    this.#claimed = 0;
  }

  get count(): number { return this.#pageIn.length; }
  /** Of the tables alone. */
  get bytes(): number { return this.#frameOf.byteLength + this.#kept.size * 64; }

  /** Room for so many pages. */
  ensure(pages: number): void {
    if (pages <= this.#frameOf.length) return;
    const frameOf = new Int32Array(Math.max(pages, this.#frameOf.length * 2)).fill(NONE);
    frameOf.set(this.#frameOf);
    this.#frameOf = frameOf;
  }

  #put(page: number, frame: number): void {
    this.#frameOf[page] = frame;
    this.#pageIn[frame] = page;
  }

  /** Writes a page that is in a frame. */
  #keep(page: number, frame: number): void {
    const slots = this.#contents.live(page);
    if (slots.length === 0) return;
    if (this.#contents.plain()) {
      const { buffer, byteOffset, byteLength } = this.#rowsOf(frame);
      this.#kept.set(page, { slot: this.#cache.store([new Uint8Array(buffer, byteOffset, byteLength)]), columns: null });
      return;
    }
    const { columns, length } = this.#contents.save(placesIn(frame, slots), slots);
    const types = columns.map((column) => column.type);
    const made = loadColumns(columns, types, length);
    const slot = this.#cache.store(pageBytes(made));
    this.#kept.set(page, { slot, columns: { types, shapes: made.map(shapeOf), rows: length } });
  }

  #rowsOf(frame: number): Float64Array {
    const { floats, stride } = this.#contents.rows;
    return floats.subarray(frame * PAGE_ROWS * stride, (frame + 1) * PAGE_ROWS * stride);
  }

  #take(frame: number, { slot, columns }: KeptPage): void {
    const bytes = slot.read();
    if (columns === null) {
      this.#rowsOf(frame).set(new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3));
      return;
    }
    // Other slots may be in use by now, of which nothing was kept.
    const batch = batchOf(bytes, columns);
    this.#contents.restore(this.places(savedSlots(batch)), batch);
  }

  /** State of a page as it is saved. `slots`: those in use. */
  batchOf(page: number, slots: Int32Array): Batch {
    const kept = this.#kept.get(page);
    if (kept === undefined) return this.#contents.save(this.places(slots), slots);
    if (kept.columns !== null) return batchOf(kept.slot.read(), kept.columns);
    // By way of the frame that is there for this: what is in the others stays.
    const { count } = this;
    this.#take(count, kept);
    const batch = this.#contents.save(placesIn(count, slots), slots);
    this.#rowsOf(count).fill(0);
    return batch;
  }

  /** Where the slots are. Requires: their pages were brought. */
  places(slots: Int32Array): Int32Array {
    const frameOf = this.#frameOf;
    const out = new Int32Array(slots.length);
    for (let i = 0; i < slots.length; i++) out[i] = (frameOf[slots[i] >> PAGE_SHIFT] << PAGE_SHIFT) | (slots[i] & PAGE_MASK);
    return out;
  }

  /** What is at the places. */
  slots(places: Int32Array): Int32Array {
    return places.map((place) => (this.#pageIn[place >> PAGE_SHIFT] << PAGE_SHIFT) | (place & PAGE_MASK));
  }

  /** The pages are in frames from now on, until others are brought. Requires: no more than there are frames. */
  bring(pages: readonly number[]): void {
    this.#round++;
    for (const page of pages) if (this.#frameOf[page] >= 0) this.#used[this.#frameOf[page]] = this.#round;
    for (const page of pages) {
      if (this.#frameOf[page] >= 0) continue;
      const frame = this.#freeFrame();
      this.#put(page, frame);
      this.#used[frame] = this.#round;
      const kept = this.#kept.get(page);
      if (kept === undefined) continue;
      this.#take(frame, kept);
      kept.slot.free();
      this.#kept.delete(page);
    }
  }

  /** The one that was not asked for for the longest time; one more where the page file takes nothing. */
  #freeFrame(): number {
    let oldest = 0;
    for (let frame = 1; frame < this.#used.length; frame++) if (this.#used[frame] < this.#used[oldest]) oldest = frame;
    const page = this.#pageIn[oldest];
    if (page === NONE) return oldest;
    const places = this.places(this.#contents.live(page));
    try {
      this.#keep(page, oldest);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#used.push(0);
      this.#contents.resize((this.#pageIn.push(NONE) + 1) * PAGE_ROWS);
      return this.#pageIn.length - 1;
    }
    this.#contents.clear(places);
    this.#frameOf[page] = NONE;
    return oldest;
  }

  /** The rows in portions, those of one slot together and in order; first what is in frames already. */
  portions(slots: Int32Array, length: number): readonly FramePortion[] {
    const order = new Map<number, number>();
    const absent = new Set<number>();
    for (let i = 0; i < length; i++) {
      const page = slots[i] >> PAGE_SHIFT;
      if (this.#frameOf[page] < 0) absent.add(page);
      else if (!order.has(page)) order.set(page, order.size);
    }
    for (const page of [...absent].toSorted((a, b) => a - b)) order.set(page, order.size);
    const pages = [...order.keys()];
    const ends = new Int32Array(Math.ceil(pages.length / this.count));
    const portionOf = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      portionOf[i] = Math.floor((order.get(slots[i] >> PAGE_SHIFT) ?? 0) / this.count);
      ends[portionOf[i]]++;
    }
    for (let p = 1; p < ends.length; p++) ends[p] += ends[p - 1];
    const next = ends.slice();
    const rows = new Int32Array(length);
    for (let i = length - 1; i >= 0; i--) rows[--next[portionOf[i]]] = i;
    return Array.from(ends, (end, p) => (
      { rows: rows.subarray(next[p], end), pages: pages.slice(p * this.count, (p + 1) * this.count) }
    ));
  }
}
