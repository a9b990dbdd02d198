// min and max over an input that takes rows back.
//
// Most groups never lose a row. So a slot keeps its values in a pile, in the order they came, and beside it the best one:
// a row that comes costs one comparison. Only when a value is taken back does the slot's pile go into a multiset and a
// heap, where that value and the next best are found; each value goes there once at most.
//
// A checkpoint has the best ones beside the groups: after a restore rows that come need no more than that, and the entries
// go to piles when the first value is taken back.
import { Batch } from '../../data/batch.ts';
import { PAGE_MASK, PAGE_SHIFT } from '../../data/cells.ts';
import { assert } from '../../data/error.ts';
import { INT4, layoutOf, orderFlip } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { Int32Vector, isValid, takeVector } from '../../data/vector.ts';
import type { Int64Vector, Vector } from '../../data/vector.ts';
import { EvictableInts } from '../../state/evictable-ints.ts';
import { liveIds } from '../../state/key-index.ts';
import { eachLive } from '../../state/live-columns.ts';
import { owesRows } from '../../state/page-weights.ts';
import type { StateReader, StateWriter } from '../../state/ports.ts';
import { rowNumbers } from '../../state/scratch.ts';
import type { Accumulator } from './aggregate.ts';
import { valueOrder } from './entry-order.ts';
import type { EntryOrder } from './entry-order.ts';
import { Multiset } from './multiset.ts';
import { PairingHeaps } from './pairing-heaps.ts';
import { ResultColumn } from './result-column.ts';
import { FloatSlots } from './slots.ts';
import type { SlotRows } from './slots.ts';

/** Words of a slot: the best entry + 1, the first of the pile + 1 (0: none); with int8 and its kin also the best value. */
const BEST = 0;
const PILE = 1;
const VALUE = 2;

/** In the place of the next one: the entry is in no pile, nor in the multiset. */
const UNPILED = -1;

/** Rows of an update by what is to be done with them. */
interface Split {
  /** Into the piles. */
  readonly piled: Int32Array;
  /** Into the multiset, and the slots that they go to, each once. */
  readonly counted: Int32Array;
  readonly slots: Int32Array;
}

/** Entries, of piles or not, are rows of one set of pages: slot, value, weight. Saved are those alone. */
export class RetractableExtreme implements Accumulator {
  readonly #type: LogicalType;
  readonly #max: boolean;
  /** The value is among the slot's words. */
  readonly #wide: boolean;
  readonly #slots: FloatSlots;
  readonly #values: Multiset;
  readonly #heaps: PairingHeaps;
  /** The better one comes first. */
  readonly #order: EntryOrder;
  /** By entry of a pile: the next one + 1, or UNPILED. */
  readonly #next: EvictableInts;
  #ids = new Int32Array(64);
  /** By slot: the update in which one of its values was taken back last. */
  readonly #stamps: EvictableInts;
  #update = 0;
  /** A value was taken back more often than it came: from then on, values that come must meet it. */
  #indebted = false;
  /** There may be entries that are UNPILED. */
  #unpiled = false;

  constructor(rows: SlotRows, type: LogicalType, max: boolean) {
    this.#type = type;
    this.#max = max;
    this.#wide = layoutOf(type) === 'int64';
    this.#slots = new FloatSlots(rows, this.#wide ? 2 : 1);
    this.#values = new Multiset([type], 'exact', true);
    const order = valueOrder(this.#values.pages, 1);
    this.#order = max ? (a, b) => order(b, a) : order;
    this.#heaps = new PairingHeaps(this.#order, this.#values.pages);
    this.#next = new EvictableInts(this.#values.pages, UNPILED);
    this.#stamps = new EvictableInts(this.#values.pages);
  }

  ensure(slots: number): void {
    this.#slots.ensure(slots);
  }

  /** Multiset and heaps are for slots that lose values: most inputs have none, and pay nothing for them. */
  #ensureCounted(): void {
    const { slots } = this.#slots.rows;
    this.#values.ensure(slots);
    this.#heaps.ensureSlots(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    let least = 1;
    let most = 1;
    for (let i = 0; i < length; i++) {
      if (weights[i] < least) least = weights[i];
      if (weights[i] > most) most = weights[i];
    }
    if (least > 0 && arg.validity === null && !this.#indebted) {
      this.#pile(slots, arg, most === 1 ? null : weights, rowNumbers(length));
      return;
    }
    const split = this.#split(slots, arg, weights, length);
    if (split.counted.length > 0) this.#count(slots, arg, weights, split);
    if (split.piled.length > 0) this.#pile(slots, arg, weights, split.piled);
  }

  #split(slots: Int32Array, { validity }: Vector, weights: Int32Array, length: number): Split {
    this.#stamps.ensure(this.#slots.rows.slots);
    const stamp = ++this.#update;
    const stamps = this.#stamps;
    const piled = new Int32Array(length);
    const counted = new Int32Array(length);
    const touched = new Int32Array(length);
    let n = 0;
    let m = 0;
    let t = 0;
    for (let i = 0; i < length; i++) {
      if (!(weights[i] < 0 || (this.#indebted && weights[i] > 0)) || stamps.get(slots[i]) === stamp) continue;
      if (!isValid(validity, i)) continue;
      stamps.set(slots[i], stamp);
      touched[t++] = slots[i];
    }
    for (let i = 0; i < length; i++) {
      if (weights[i] === 0 || !isValid(validity, i)) continue;
      if (stamps.get(slots[i]) === stamp) counted[m++] = i;
      else piled[n++] = i;
    }
    return { piled: piled.subarray(0, n), counted: counted.subarray(0, m), slots: touched.subarray(0, t) };
  }

  /** Hot: bench/operator/group-by. Requires: weights above 0 (null: all are 1), no NULLs. */
  #pile(slots: Int32Array, arg: Vector, weights: Int32Array | null, rows: Int32Array): void {
    const { length } = rows;
    if (this.#ids.length < length) this.#ids = new Int32Array(length * 2);
    const ids = this.#ids;
    const { pages } = this.#values;
    const batch = new Batch([new Int32Vector(INT4, arg.length, slots.subarray(0, arg.length)), arg], arg.length);
    pages.append(batch, rows.length === arg.length ? null : rows, weights, ids.subarray(0, length));
    this.#ensureNext();
    if (arg.layout === 'int64') this.#riseWide(slots, arg, rows, length);
    else this.#rise(slots, rows, length);
  }

  #ensureNext(): void {
    this.#next.ensure(this.#values.pages.idLimit);
  }

  /** Chains the entries in #ids to the piles of their slots, and shows those that are better than what is shown. */
  #riseWide(slots: Int32Array, { words }: Int64Vector, rows: Int32Array, length: number): void {
    const { offset, rows: { words: state, stride } } = this.#slots;
    const ids = this.#ids;
    const next = this.#next;
    const max = this.#max;
    const flip = orderFlip(this.#type);
    for (let i = 0; i < length; i++) {
      const row = rows[i];
      const entry = ids[i];
      const at = 2 * (slots[row] * stride + offset);
      next.set(entry, state[at + PILE]);
      state[at + PILE] = entry + 1;
      const low = words[2 * row];
      const high = words[2 * row + 1];
      if (state[at + BEST] !== 0) {
        const best = state[at + VALUE + 1];
        const greater = high === best ? (low >>> 0) > (state[at + VALUE] >>> 0) : (high ^ flip) > (best ^ flip);
        if (greater !== max) continue;
      }
      state[at + BEST] = entry + 1;
      state[at + VALUE] = low;
      state[at + VALUE + 1] = high;
    }
  }

  #rise(slots: Int32Array, rows: Int32Array, length: number): void {
    const { offset, rows: { words: state, stride } } = this.#slots;
    const ids = this.#ids;
    const next = this.#next;
    for (let i = 0; i < length; i++) {
      const entry = ids[i];
      const at = 2 * (slots[rows[i]] * stride + offset);
      next.set(entry, state[at + PILE]);
      state[at + PILE] = entry + 1;
      const best = state[at + BEST] - 1;
      if (best < 0 || this.#order(entry, best) < 0) state[at + BEST] = entry + 1;
    }
  }

  /** The piles of the slots go into the multiset, then the rows. */
  #count(slots: Int32Array, arg: Vector, weights: Int32Array, split: Split): void {
    const values = this.#values;
    const heaps = this.#heaps;
    const piled = this.#takePiles(split.slots);
    this.#ensureCounted();
    heaps.ensureEntries(values.pages.idLimit);
    if (piled.length > 0) values.adopt(piled, (entry) => heaps.insert(values.slotOf(entry), entry));
    const rows = split.counted;
    values.apply(rows.map((row) => slots[row]), [takeVector(arg, rows)], rows.map((row) => weights[row]), rows.length);
    heaps.ensureEntries(values.pages.idLimit);
    for (let i = 0; i < values.touchedCount; i++) {
      const entry = values.touched[i];
      const was = values.before[i] > 0;
      const weight = values.weight(entry);
      if (weight < 0) this.#indebted = true;
      if (was === weight > 0) continue;
      if (weight > 0) heaps.insert(values.slotOf(entry), entry);
      else heaps.remove(values.slotOf(entry), entry);
    }
    values.settle();
    this.#showRoots(split.slots);
  }

  #takePiles(slots: Int32Array): Int32Array {
    if (this.#unpiled) this.#pileAll();
    const { offset, rows: { words: state, stride } } = this.#slots;
    const out: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      const at = 2 * (slots[i] * stride + offset) + PILE;
      for (let entry = state[at] - 1; entry >= 0; entry = this.#next.get(entry) - 1) out.push(entry);
      state[at] = 0;
    }
    return Int32Array.from(out);
  }

  /** Requires: the slots' piles are empty. */
  #showRoots(slots: Int32Array): void {
    const { offset, rows: { words: state, stride } } = this.#slots;
    const [, column] = this.#values.pages.columns;
    for (let i = 0; i < slots.length; i++) {
      const at = 2 * (slots[i] * stride + offset);
      const root = this.#heaps.root(slots[i]);
      state[at + BEST] = root + 1;
      if (!this.#wide || root < 0) continue;
      const words = column[root >> PAGE_SHIFT].i32;
      state[at + VALUE] = words[2 * (root & PAGE_MASK)];
      state[at + VALUE + 1] = words[2 * (root & PAGE_MASK) + 1];
    }
  }

  result(slots: Int32Array): Vector {
    if (this.#wide) {
      const out = new ResultColumn(this.#type, slots.length);
      this.appendResult(slots, out);
      return out.finish();
    }
    const { offset, rows: { words: state, stride } } = this.#slots;
    const best = slots.map((slot) => state[2 * (slot * stride + offset) + BEST] - 1);
    return this.#values.pages.gatherColumn(1, best, true);
  }

  appendResult(slots: Int32Array, out: ResultColumn): boolean {
    if (!this.#wide) return false;
    const words = out.int64();
    const { offset, rows: { words: state, stride } } = this.#slots;
    let row = out.length;
    for (let i = 0; i < slots.length; i++, row++) {
      const at = 2 * (slots[i] * stride + offset);
      if (state[at + BEST] === 0) out.setNull(row);
      words[2 * row] = state[at + VALUE];
      words[2 * row + 1] = state[at + VALUE + 1];
    }
    out.length = row;
    return true;
  }

  clear(slots: Int32Array): void {
    const piled = this.#takePiles(slots);
    if (piled.length > 0) this.#values.pages.free(piled, piled.length);
    this.#ensureCounted();
    this.#values.clear(slots);
    for (let i = 0; i < slots.length; i++) this.#heaps.clear(slots[i]);
    this.#slots.clear(slots);
  }

  saveColumns(): readonly Vector[] {
    return [];
  }
  restoreColumns(): number {
    return 0;
  }
  /** Format: int4, the best entry + 1; where the value is among the words the value, too, NULL where there is none. */
  saveHints(slots: Int32Array): readonly Vector[] {
    const { offset, rows: { words: state, stride } } = this.#slots;
    const best = slots.map((slot) => state[2 * (slot * stride + offset) + BEST]);
    const entries = new Int32Vector(INT4, slots.length, best);
    return this.#wide ? [entries, this.result(slots)] : [entries];
  }

  restoreHints(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const { offset, rows: { words: state, stride } } = this.#slots;
    const [entries, values] = [columns[from], columns[from + 1]];
    assert(entries.layout === 'int32', 'best entries');
    for (let i = 0; i < slots.length; i++) state[2 * (slots[i] * stride + offset) + BEST] = entries.values[i];
    if (!this.#wide) return 1;
    assert(values.layout === 'int64', 'best values');
    for (let i = 0; i < slots.length; i++) {
      const at = 2 * (slots[i] * stride + offset);
      state[at + VALUE] = values.words[2 * i];
      state[at + VALUE + 1] = values.words[2 * i + 1];
    }
    return 2;
  }

  saveEntries(out: StateWriter, name: string): void {
    this.#values.save(name, out);
  }

  /** Everything to the piles, at once or when it is needed; where a value is owed, to the multiset. */
  restoreEntries(from: StateReader, name: string, hinted = false): void {
    const { pages } = this.#values;
    pages.restore(name, from);
    this.#ensureNext();
    if (hinted && !owesRows(pages)) {
      this.#unpiled = true;
      return;
    }
    for (let page = 0; page < pages.pageCount; page++) this.#restorePage(liveIds(pages, page));
    if (!this.#indebted) return;
    const slots = rowNumbers(this.#slots.rows.slots);
    const all = this.#takePiles(slots);
    this.#ensureCounted();
    this.#heaps.ensureEntries(pages.idLimit);
    this.#values.adopt(all, () => {});
    for (const entry of all) if (pages.weight(entry) > 0) this.#heaps.insert(this.#values.slotOf(entry), entry);
    this.#showRoots(slots);
  }

  #restorePage(ids: Int32Array): void {
    if (ids.length === 0) return;
    const { pages } = this.#values;
    const [slots, arg] = pages.gather(ids).columns;
    assert(slots.layout === 'int32', 'slots of entries');
    if (this.#ids.length < ids.length) this.#ids = new Int32Array(ids.length);
    this.#ids.set(ids);
    for (let i = 0; i < ids.length; i++) if (pages.weight(ids[i]) < 0) this.#indebted = true;
    const rows = rowNumbers(ids.length);
    if (arg.layout === 'int64') this.#riseWide(slots.values, arg, rows, ids.length);
    else this.#rise(slots.values, rows, ids.length);
  }

  /** What was restored goes to the piles; the best ones are known. */
  #pileAll(): void {
    this.#unpiled = false;
    const { pages } = this.#values;
    const { offset, rows: { words: state, stride } } = this.#slots;
    const next = this.#next;
    for (const { ids, columns: [slots] } of eachLive(pages, [0])) {
      assert(slots.layout === 'int32', 'slots of entries');
      for (let i = 0; i < ids.length; i++) {
        if (next.get(ids[i]) !== UNPILED) continue;
        const at = 2 * (slots.values[i] * stride + offset) + PILE;
        next.set(ids[i], state[at]);
        state[at] = ids[i] + 1;
      }
    }
  }

  get bytes(): number {
    return this.#values.bytes + this.#heaps.bytes + this.#next.bytes + this.#stamps.bytes;
  }
}
