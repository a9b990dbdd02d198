// Aggregate: GROUP BY with any aggregates; and, without keys, the one row of an aggregation over everything.
import { Batch } from '../data/batch.ts';
import { PAGE_ROWS, PAGE_SHIFT } from '../data/cells.ts';
import { Delta, concatDeltas, replacementWeights } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { DatabaseError } from '../data/error.ts';
import { isLoose } from '../data/loose-key.ts';
import type { Watermark } from '../data/time.ts';
import { INT4 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { isValid, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { ResultColumn } from '../function/aggregate/result-column.ts';
import { FloatSlots, SlotAccumulator, SlotRows } from '../function/aggregate/slots.ts';
import { liveIds } from '../state/key-index.ts';
import { KeyTable } from '../state/key-table.ts';
import { madePage } from '../state/made-page.ts';
import { Pages } from '../state/pages.ts';
import type { PageContent, StateReader, StateWriter } from '../state/ports.ts';
import { rowNumbers } from '../state/scratch.ts';
import { bindCall, isRowCount } from './aggregate-call.ts';
import type { AggregateOptions, BoundCall } from './aggregate-call.ts';
import { filtered, makeScratch, onlyInsertions } from './aggregate-scratch.ts';
import type { Change, Located, ResultsOf } from './aggregate-scratch.ts';
import { changedRows } from './changed-rows.ts';
import type { Groups, Shown } from './changed-rows.ts';
import { ClosingSlots } from './closing-slots.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { GroupColumns, LatePages } from './saved-groups.ts';
import { SlotFrames, savedSlots } from './slot-frames.ts';

const CACHED_GROUPS = 256;
const ONE_SLOT = new Int32Array(1);
/** In the place of marks by page that are set elsewhere. */
const NO_MARKS = new Uint8Array(0);
const NO_GROUPS: Groups = { slots: new Int32Array(0), rows: new Int32Array(0) };
const ONE_GROUP: Groups = { slots: ONE_SLOT, rows: new Int32Array(1) };

/**
 * Law: the output is, for each group with rows, its keys and results; each changed group is taken out and put in once
 * a step. A group one of whose results is an error is not in the output; the error is reported instead, and taken
 * back when it is over.
 */
export class AggregateOperator implements Operator {
  readonly name: string;
  readonly schema: Schema;
  readonly #options: AggregateOptions;
  readonly #calls: readonly BoundCall[];
  /** Of the step under way. */
  readonly #results: readonly ResultColumn[];
  readonly #table: KeyTable;
  readonly #rows = new SlotRows();
  /** Rows by group: the first number of a slot's row. */
  readonly #counts = new FloatSlots(this.#rows, 1);
  /** The step in which a group was touched last, as the low word. */
  readonly #stampAt = 2 * this.#rows.reserve(1);
  /** Keys may be equal and yet differ (1.0 and 1.00): the one that came first is shown. */
  readonly #loose: boolean;
  readonly #closing: ClosingSlots | null;
  /** One of the results is count(*): whoever gets a row has changed. */
  readonly #countsAll: boolean;
  /** Slot pages changed since the last save. */
  #dirty = new Uint8Array(0);
  /** Every group touched in this step had rows before it. */
  #allPresent = false;
  /** A group has had more rows taken out than put in. */
  #indebted = false;
  #capacity = 0;
  /** Where memory is short: accumulators know places in frames instead of slots. */
  #frames: SlotFrames | null = null;
  readonly #late = new LatePages();
  readonly #saved: GroupColumns;
  #stepNumber = 0;
  #scratch = makeScratch(1024);
  /** The row over everything has been put out. */
  #primed = false;

  constructor(options: AggregateOptions) {
    const { keys, input, schema, calls } = options;
    this.name = keys.length === 0 ? 'aggregate' : 'group aggregate';
    this.schema = schema;
    this.#options = options;
    assert(schema.columns.length === keys.length + calls.length, 'schema of an aggregate');
    const keyColumns = keys.map((k, i) => ({ name: schema.columns[i].name, type: input.columns[k].type }));
    this.#table = new KeyTable(new Pages({ columns: keyColumns }), keys.map((_, i) => i));
    this.#loose = keyColumns.some(({ type }) => type.kind === 'float4' || type.kind === 'float8' || isLoose(type));
    this.#calls = calls.map((call) => bindCall(call, options, this.#rows, this.#counts));
    this.#saved = new GroupColumns(this.#calls, this.#counts);
    this.#results = calls.map((call) => new ResultColumn(call.returnType, 0));
    this.#countsAll = calls.some((call) => isRowCount(call));
    this.#closing = typeof options.closing === 'number' ? new ClosingSlots() : null;
    this.#ensure(1);
  }

  step(inputs: readonly Delta[], context: StepContext): Delta {
    const [input] = inputs;
    const first = this.#options.keys.length === 0 && !this.#primed;
    if (input.length === 0 && !first) return Delta.empty(this.schema);
    const slots = this.#locate(input);
    if (this.#frames !== null) return this.#stepFrames(this.#frames, input, { slots, context });
    return this.#stepSlots(input, slots, context);
  }

  absorb([input]: readonly Delta[]): void {
    if (input.length === 0) return;
    const slots = this.#locate(input);
    const frames = this.#frames;
    if (frames === null) {
      this.#touchedBy(slots, input.length);
      this.#update(input, slots);
      return;
    }
    for (const { rows, pages } of frames.portions(slots, input.length)) {
      frames.bring(pages);
      for (const page of pages) this.#dirty[page] = 1;
      this.#update(rows.length === input.length ? input : input.take(rows), frames.places(rows.map((row) => slots[row])));
    }
  }

  *settle(context: StepContext): Generator<Delta | null> {
    if (this.#options.keys.length === 0) {
      this.#dirty[0] = 1;
      this.#primed = true;
      yield this.#allOf(ONE_SLOT, context);
      return;
    }
    const { pages } = this.#table;
    for (let page = 0; page < pages.pageCount; page++) {
      const slots = liveIds(pages, page);
      if (slots.length === 0) continue;
      this.#frames?.bring([page]);
      const places = this.#frames === null ? slots : this.#frames.places(slots);
      const { floats, stride } = this.#rows;
      const held = places.filter((place) => floats[place * stride] > 0);
      const shown = held.length === 0 ? null : this.#allOf(held, context);
      this.#forgetEmpty(places);
      yield shown;
    }
  }

  /** The groups are shown once, when all rows are in. */
  *pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    for (const piece of input) {
      if (piece !== null && piece.length > 0) this.#update(piece, this.#locate(piece));
      yield null;
    }
    if (this.#options.keys.length === 0) yield this.#allOf(ONE_SLOT, context);
    else {
      const { floats, stride } = this.#rows;
      const { pages } = this.#table;
      yield Delta.empty(this.schema);
      for (let page = 0; page < pages.pageCount; page++) {
        const slots = liveIds(pages, page).filter((slot) => floats[slot * stride] > 0);
        if (slots.length > 0) yield this.#allOf(slots, context);
      }
    }
  }

  #allOf(places: Int32Array, context: StepContext): Delta {
    const results = this.#results;
    for (const column of results) column.begin(places.length);
    const { errors } = this.#show({ slots: places, rows: places }, { results, context });
    for (const error of errors.values()) context.error(error, 1);
    const keys = this.#options.keys.length === 0 ? [] : this.#table.keys(this.#slotsOf(places)).columns;
    const all = new Batch([...keys, ...results.map((column) => column.finish())], places.length);
    const rows = new Delta(all, replacementWeights(0, places.length), true);
    return errors.size === 0 ? rows : rows.take(rowNumbers(places.length).filter((row) => !errors.has(row)));
  }

  /** A portion of the groups at a time, as many as frames take. */
  #stepFrames(frames: SlotFrames, input: Delta, { slots, context }: Located): Delta {
    const out: Delta[] = [];
    for (const { rows, pages } of frames.portions(slots, input.length)) {
      for (const page of pages) this.#late.settle(page);
      frames.bring(pages);
      for (const page of pages) this.#dirty[page] = 1;
      const portion = rows.length === input.length ? input : input.take(rows);
      out.push(this.#stepSlots(portion, frames.places(rows.map((row) => slots[row])), context));
    }
    const { batch, weights } = concatDeltas(out);
    // No group is in two portions.
    return new Delta(batch, weights, true);
  }

  #stepSlots(input: Delta, slots: Int32Array, context: StepContext): Delta {
    const touched = this.#touchedBy(slots, input.length);
    if (this.#frames === null) this.#late.settleSlots(touched.slots);
    const results = this.#results;
    for (const column of results) column.begin(2 * touched.slots.length);
    const old = this.#show(this.#allPresent ? touched : this.#present(touched, this.#scratch.old), { results, context });
    this.#update(input, slots);
    this.#primed = this.#options.keys.length === 0;
    // With insertions alone, every group touched has rows.
    const grown = !this.#indebted && onlyInsertions(input.weights, input.length);
    const present = grown && input.length > 0 ? touched : this.#present(touched, this.#scratch.fresh);
    const fresh = this.#show(present, { results, context });
    for (const error of old.errors.values()) context.error(error, -1);
    for (const error of fresh.errors.values()) context.error(error, 1);
    const out = this.#difference(old, fresh, { results, touched: touched.slots, input, grown });
    if (!grown) this.#forgetEmpty(touched.slots);
    return out;
  }

  /** The group of each row. */
  #locate(input: Delta): Int32Array {
    const { keys } = this.#options;
    const { length } = input;
    if (this.#scratch.slots.length < length) this.#scratch = makeScratch(length * 2);
    const { slots } = this.#scratch;
    if (keys.length === 0) {
      slots.fill(0, 0, length);
      return slots;
    }
    const columns = keys.map((k) => input.batch.columns[k]);
    const inserted = this.#table.findOrInsert(columns, length, slots);
    this.#ensure(this.#table.pages.idLimit);
    this.#divide();
    if (inserted > 0 && this.#closing !== null) {
      const time = columns[this.#options.closing ?? 0];
      assert(time.layout === 'int64', 'window_end of a closing aggregate');
      this.#closing.add(time, this.#table.insertedRows, this.#table.inserted, inserted);
    }
    return slots;
  }

  #ensure(slots: number): void {
    if (slots <= this.#capacity) return;
    // What is reserved is memory nobody else has: where it is short, an eighth at a time.
    const shift = this.#table.pages.cache?.tight === true ? 3 : 1;
    this.#capacity = Math.max(slots, this.#capacity + (this.#capacity >> shift), 64);
    const dirty = new Uint8Array((this.#capacity >> PAGE_SHIFT) + 1);
    dirty.set(this.#dirty);
    this.#dirty = dirty;
    this.#divide();
    if (this.#frames === null) this.#reserve(this.#capacity);
    else this.#frames.ensure(dirty.length);
  }

  #reserve(slots: number): void {
    this.#rows.ensure(slots);
    for (const { accumulator } of this.#calls) accumulator.ensure(slots);
  }

  /**
   * Where memory is short, the accumulators go to frames. Not such as have entries of their own, or windows that close,
   * which go soon anyway.
   */
  #divide(): void {
    const { cache } = this.#table.pages;
    const bytes = PAGE_ROWS * this.#rows.stride * Float64Array.BYTES_PER_ELEMENT;
    const { pageCount } = this.#table.pages;
    if (this.#frames !== null || cache === null || !cache.crowded(pageCount * bytes)) return;
    if (this.#closing !== null || !this.#calls.every(({ accumulator }) => accumulator instanceof SlotAccumulator)) return;
    // Later pages are new: nothing is in them as yet.
    const pages = Math.min(pageCount, Math.ceil(this.#rows.slots / PAGE_ROWS));
    this.#reserve(pages * PAGE_ROWS);
    this.#frames = SlotFrames.make(cache, {
      rows: this.#rows,
      plain: () => this.#calls.every(({ accumulator }) => accumulator instanceof SlotAccumulator && accumulator.plain),
      live: (page) => liveIds(this.#table.pages, page),
      save: (places, slots) => this.#saved.page(places, slots),
      restore: (places, batch) => this.#saved.restore(places, batch),
      clear: (places) => this.#clear(places),
      resize: (places) => {
        this.#rows.shrink(places);
        this.#reserve(places);
      },
    }, bytes, pages);
    if (this.#frames === null) return;
    this.#frames.ensure(this.#dirty.length);
    this.#table.pages.dependents.add(this.#frames);
  }

  /** Each group among `slots` once, with its first row. */
  #touchedBy(slots: Int32Array, length: number): Groups {
    const stamp = ++this.#stepNumber;
    const { words, floats, stride } = this.#rows;
    const { touched } = this.#scratch;
    const dirty = this.#frames === null ? this.#dirty : NO_MARKS;
    let count = 0;
    this.#allPresent = false;
    if (this.#options.keys.length === 0) {
      dirty[0] = 1;
      return ONE_GROUP;
    }
    let absent = 0;
    for (let i = 0; i < length; i++) {
      const slot = slots[i];
      const base = slot * stride;
      const at = 2 * base + this.#stampAt;
      if (words[at] === stamp) continue;
      words[at] = stamp;
      if (floats[base] <= 0) absent++;
      dirty[slot >> PAGE_SHIFT] = 1;
      touched.rows[count] = i;
      touched.slots[count++] = slot;
    }
    this.#allPresent = absent === 0;
    return { slots: touched.slots.subarray(0, count), rows: touched.rows.subarray(0, count) };
  }

  /** Those of the groups that have rows: all of them, or a part copied to `out`. */
  #present(touched: Groups, out: Groups): Groups {
    if (this.#options.keys.length === 0) return this.#primed ? ONE_GROUP : NO_GROUPS;
    const { floats, stride } = this.#rows;
    const { slots, rows } = touched;
    let count = 0;
    for (let i = 0; i < slots.length; i++) {
      const held = floats[slots[i] * stride];
      if (held <= 0) {
        if (held < 0) this.#indebted = true;
        continue;
      }
      out.slots[count] = slots[i];
      out.rows[count++] = rows[i];
    }
    if (count === slots.length) return touched;
    return { slots: out.slots.subarray(0, count), rows: out.rows.subarray(0, count) };
  }

  /** Adds the results of groups that have rows. */
  #show(groups: Groups, { results, context }: ResultsOf): Shown {
    const errors = new Map<number, DatabaseError>();
    let base = 0;
    const resultContext = {
      eval: context.eval,
      fail: (index: number, error: DatabaseError): void => {
        if (!errors.has(base + index)) errors.set(base + index, error);
      },
    };
    const { slots, rows } = groups;
    // A part of the groups at a time, so that their rows stay in the nearest cache from one call to the next.
    for (let start = 0; start < slots.length; start += CACHED_GROUPS) {
      const part = slots.length <= CACHED_GROUPS ? slots : slots.subarray(start, start + CACHED_GROUPS);
      base = start;
      for (let c = 0; c < results.length; c++) {
        const { accumulator } = this.#calls[c];
        if (results[c].writable && accumulator.appendResult(part, results[c])) continue;
        results[c].add(accumulator.result(part, resultContext));
      }
    }
    return { slots, rows, errors };
  }

  #update({ batch, weights }: Delta, slots: Int32Array): void {
    const { length } = batch;
    const { floats, stride } = this.#rows;
    for (let i = 0; i < length; i++) floats[slots[i] * stride] += weights[i];
    for (const { call, accumulator, columns } of this.#calls) {
      const args = columns.map((c) => batch.columns[c]);
      const counted = call.filter === null ? weights : filtered(weights, batch.columns[call.filter]);
      accumulator.update(slots, args, counted, length);
    }
  }

  #difference(old: Shown, fresh: Shown, { results, touched, input, grown }: Change): Delta {
    const total = old.slots.length + fresh.slots.length;
    if (total === 0) return Delta.empty(this.schema);
    const columns = results.map((column) => column.finish());
    const allChanged = grown && this.#countsAll && old.errors.size === 0 && fresh.errors.size === 0;
    const kept = allChanged ? null : changedRows(old, fresh, columns, touched);
    if (kept !== null && kept.length === 0) return Delta.empty(this.schema);
    const all = new Batch([...this.#keysOf(old, fresh, input), ...columns], total);
    if (kept === null) return new Delta(all, replacementWeights(old.slots.length, fresh.slots.length), true);
    let olds = 0;
    while (olds < kept.length && kept[olds] < old.slots.length) olds++;
    return new Delta(all.take(kept), replacementWeights(olds, kept.length - olds), true);
  }

  /** Keys of all groups of both. From the input where equal keys are identical, which saves a look into the table. */
  #keysOf(old: Shown, fresh: Shown, input: Delta): readonly Vector[] {
    const { keys } = this.#options;
    if (keys.length === 0) return [];
    if (this.#loose) return this.#table.keys(this.#slotsOf(this.#joined(old.slots, fresh.slots))).columns;
    const rows = this.#joined(old.rows, fresh.rows);
    return keys.map((k) => takeVector(input.batch.columns[k], rows));
  }

  /** Both, in scratch. */
  #joined(a: Int32Array, b: Int32Array): Int32Array {
    const { joined } = this.#scratch;
    joined.set(a);
    joined.set(b, a.length);
    return joined.subarray(0, a.length + b.length);
  }

  /** Groups without rows give their slots back. */
  #forgetEmpty(touched: Int32Array): void {
    if (this.#options.keys.length === 0) return;
    const { floats, stride } = this.#rows;
    let gone = 0;
    for (let i = 0; i < touched.length; i++) {
      if (floats[touched[i] * stride] === 0) touched[gone++] = touched[i];
    }
    if (gone > 0) this.#forget(touched.subarray(0, gone));
  }

  #forget(places: Int32Array): void {
    this.#clear(places);
    const slots = this.#slotsOf(places);
    this.#table.remove(slots, slots.length);
  }

  #clear(places: Int32Array): void {
    for (const { accumulator } of this.#calls) accumulator.clear(places);
    this.#counts.clear(places);
  }

  #slotsOf(places: Int32Array): Int32Array {
    return this.#frames === null ? places : this.#frames.slots(places);
  }

  advance(watermark: Watermark): Delta {
    if (this.#closing === null || watermark === null) return Delta.empty(this.schema);
    for (const { time, slots } of this.#closing.take(watermark)) this.#close(time, slots);
    return Delta.empty(this.schema);
  }

  #close(time: bigint, slots: readonly number[]): void {
    const { pages } = this.#table;
    const { closing } = this.#options;
    // A slot may have been given back, and taken again by another window, since it was noted.
    const held = Int32Array.from(new Set(slots)).filter((slot) => pages.weight(slot) !== 0);
    const ends = pages.gatherColumn(closing ?? 0, held);
    assert(ends.layout === 'int64', 'window_end of a closing aggregate');
    const over = held.filter((_, i) => isValid(ends.validity, i) && ends.values[i] === time);
    if (over.length === 0) return;
    for (const slot of over) this.#dirty[slot >> PAGE_SHIFT] = 1;
    this.#late.settleSlots(over);
    this.#forget(over);
  }

  /** Format: `keys` as Pages has it; `groups`: by page, as GroupColumns. */
  save(out: StateWriter): void {
    if (this.#options.keys.length === 0) {
      const changed = out.looking !== true && this.#primed && this.#dirty[0] === 1;
      if (changed) out.page('groups', 0, madePage(this.#saved.page(ONE_SLOT, ONE_SLOT)));
    } else {
      this.#table.pages.save('keys', out);
      for (let page = 0; page < this.#dirty.length; page++) {
        if (this.#dirty[page] === 0 || out.looking === true) continue;
        out.page('groups', page, page < this.#table.pages.pageCount ? this.#contentOf(page) : null);
      }
    }
    if (out.looking !== true) this.#dirty.fill(0);
    this.#calls.forEach(({ accumulator }, c) => accumulator.saveEntries(out, `call${c}`));
  }

  #contentOf(page: number): PageContent | null {
    this.#late.forget(page);
    if (this.#table.pages.page(page).live === 0) return null;
    return this.#late.add(page, () => {
      const slots = liveIds(this.#table.pages, page);
      return this.#frames === null ? this.#saved.page(slots, slots) : this.#frames.batchOf(page, slots);
    });
  }

  *restore(from: StateReader): Generator<null> {
    if (this.#options.keys.length > 0) {
      this.#table.pages.restore('keys', from);
      yield* this.#table.rebuild();
      this.#ensure(this.#table.pages.idLimit);
    }
    let hinted = true;
    for (const { page, batch } of from.pages('groups')) {
      this.#primed = this.#options.keys.length === 0;
      this.#frames?.bring([page]);
      const slots = savedSlots(batch);
      const places = this.#frames === null ? slots : this.#frames.places(slots);
      hinted = this.#saved.restoreHints(places, batch, this.#saved.restore(places, batch)) && hinted;
      yield null;
    }
    this.#calls.forEach(({ accumulator }, c) => accumulator.restoreEntries(from, `call${c}`, hinted));
    this.#closing?.addAll(this.#table.pages, this.#options.closing ?? 0);
  }

  stateSize(): StateSize {
    const own = this.#rows.bytes + this.#table.bytes + this.#table.pages.bytes() + (this.#frames?.bytes ?? 0);
    return {
      rows: this.#options.keys.length === 0 ? 1 : this.#table.size,
      bytes: this.#calls.reduce((sum, { accumulator }) => sum + accumulator.bytes, own),
    };
  }
}

/** As KEPT_CELLS. */
export const KEPT_AGGREGATE = new AggregateOperator({
  schema: { columns: [{ name: 'key', type: INT4 }] }, input: { columns: [{ name: 'key', type: INT4 }] }, keys: [0], calls: [],
});
