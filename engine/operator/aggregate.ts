// Aggregate: GROUP BY with any aggregates; and, without keys, the one row of an aggregation over everything.
import { Batch } from '../data/batch.ts';
import { PAGE_SHIFT } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import { INT4 } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import { Int32Vector, concatVectors, isValid, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { Accumulator, AggregateFunction } from '../function/aggregate/aggregate.ts';
import { DistinctAccumulator } from '../function/aggregate/distinct.ts';
import { FloatSlots, SlotRows } from '../function/aggregate/slots.ts';
import { liveIds } from '../state/key-index.ts';
import { KeyTable } from '../state/key-table.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { ClosingSlots } from './closing-slots.ts';
import type { Operator, SortKey, StateSize, StepContext } from './operator.ts';
import { keepSame } from './same-rows.ts';

export interface AggregateCall {
  readonly function: AggregateFunction;
  /** Columns of the input. */
  readonly args: readonly number[];
  readonly distinct: boolean;
  /** A boolean column: rows where it is not true do not count. */
  readonly filter: number | null;
  /** Inside the call; columns of the input. */
  readonly orderBy: readonly SortKey[];
  readonly returnType: LogicalType;
}

export interface AggregateOptions {
  /** Names and types of the output: the keys, then the calls. */
  readonly schema: Schema;
  readonly input: Schema;
  /** Columns of the input. None: exactly one row, over an empty input too, from the first step on. */
  readonly keys: readonly number[];
  readonly calls: readonly AggregateCall[];
  /** The input never takes a row back. */
  readonly appendOnly?: boolean;
  /**
   * Index among `keys` of window_end. Groups whose window the watermark has passed are forgotten without a word, for
   * an EMIT ON WINDOW CLOSE above, which has emitted them by then. Requires: late rows are left out before.
   */
  readonly closing?: number | null;
}

interface BoundCall {
  readonly call: AggregateCall;
  readonly accumulator: Accumulator;
  /** Arguments, then keys of ORDER BY. */
  readonly columns: readonly number[];
}

/** Results of all calls for some groups. */
interface Results {
  readonly columns: readonly Vector[];
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

const ONE_SLOT = new Int32Array(1);
const NO_SLOTS = new Int32Array(0);

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
  readonly #table: KeyTable;
  readonly #rows = new SlotRows();
  /** Rows by group: the first number of a slot's row. */
  readonly #counts = new FloatSlots(this.#rows, 1);
  /** The step in which a group was touched last, as the low word. */
  readonly #stampAt = 2 * this.#rows.reserve(1);
  readonly #closing: ClosingSlots | null;
  /** Slot pages changed since the last save. */
  #dirty = new Uint8Array(0);
  #capacity = 0;
  #stepNumber = 0;
  #slots = new Int32Array(1024);
  #touched = new Int32Array(1024);
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
    this.#calls = calls.map((call) => bindCall(call, options, this.#rows));
    this.#closing = typeof options.closing === 'number' ? new ClosingSlots() : null;
    this.#ensure(1);
  }

  step(inputs: readonly Delta[], context: StepContext): Delta {
    const [input] = inputs;
    const first = this.#options.keys.length === 0 && !this.#primed;
    if (input.length === 0 && !first) return Delta.empty(this.schema);
    const slots = this.#locate(input);
    const touched = this.#touchedBy(slots, input.length);
    const old = this.#results(this.#shown(touched), context);
    this.#update(input, slots);
    this.#primed = this.#options.keys.length === 0;
    const fresh = this.#results(this.#shown(touched), context);
    for (const error of old.errors.values()) context.error(error, -1);
    for (const error of fresh.errors.values()) context.error(error, 1);
    const out = this.#difference(old, fresh, touched);
    this.#forgetEmpty(touched);
    return out;
  }

  /** The group of each row. */
  #locate(input: Delta): Int32Array {
    const { keys } = this.#options;
    const { length } = input;
    if (this.#slots.length < length) {
      this.#slots = new Int32Array(length * 2);
      this.#touched = new Int32Array(length * 2);
    }
    const slots = this.#slots;
    if (keys.length === 0) {
      slots.fill(0, 0, length);
      return slots;
    }
    const columns = keys.map((k) => input.batch.columns[k]);
    const inserted = this.#table.findOrInsert(columns, length, slots);
    this.#ensure(this.#table.pages.idLimit);
    if (inserted > 0 && this.#closing !== null) {
      const time = columns[this.#options.closing ?? 0];
      assert(time.layout === 'int64', 'window_end of a closing aggregate');
      this.#closing.add(time, this.#table.insertedRows, this.#table.inserted, inserted);
    }
    return slots;
  }

  #ensure(slots: number): void {
    if (slots <= this.#capacity) return;
    this.#capacity = Math.max(slots, this.#capacity * 2, 64);
    const dirty = new Uint8Array((this.#capacity >> PAGE_SHIFT) + 1);
    dirty.set(this.#dirty);
    this.#dirty = dirty;
    this.#rows.ensure(this.#capacity);
    for (const { accumulator } of this.#calls) accumulator.ensure(this.#capacity);
  }

  /** Each group among `slots` once. */
  #touchedBy(slots: Int32Array, length: number): Int32Array {
    const stamp = ++this.#stepNumber;
    const { words, stride } = this.#rows;
    const touched = this.#touched;
    const dirty = this.#dirty;
    let count = 0;
    if (this.#options.keys.length === 0) {
      dirty[0] = 1;
      return ONE_SLOT;
    }
    for (let i = 0; i < length; i++) {
      const slot = slots[i];
      const at = 2 * slot * stride + this.#stampAt;
      if (words[at] === stamp) continue;
      words[at] = stamp;
      dirty[slot >> PAGE_SHIFT] = 1;
      touched[count++] = slot;
    }
    return touched.subarray(0, count);
  }

  /** Those of the groups that are in the result. */
  #shown(touched: Int32Array): Int32Array {
    if (this.#options.keys.length === 0) return this.#primed ? ONE_SLOT : NO_SLOTS;
    const { floats, stride } = this.#rows;
    const shown = new Int32Array(touched.length);
    let count = 0;
    for (let i = 0; i < touched.length; i++) if (floats[touched[i] * stride] > 0) shown[count++] = touched[i];
    return shown.subarray(0, count);
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

  #results(slots: Int32Array, { eval: evalContext }: StepContext): SlotResults {
    const errors = new Map<number, DatabaseError>();
    const context = {
      eval: evalContext,
      fail: (index: number, error: DatabaseError): void => {
        if (!errors.has(index)) errors.set(index, error);
      },
    };
    const columns = slots.length === 0 ? [] : this.#calls.map((c) => c.accumulator.result(slots, context));
    return { slots, columns, errors };
  }

  #difference(old: SlotResults, fresh: SlotResults, touched: Int32Array): Delta {
    const [oldRows, newRows] = changedRows(old, fresh, touched);
    const length = oldRows.length + newRows.length;
    if (length === 0) return Delta.empty(this.schema);
    const weights = new Int32Array(length).fill(1);
    weights.fill(-1, 0, oldRows.length);
    const slots = new Int32Array(length);
    for (let i = 0; i < oldRows.length; i++) slots[i] = old.slots[oldRows[i]];
    for (let i = 0; i < newRows.length; i++) slots[oldRows.length + i] = fresh.slots[newRows[i]];
    const keys = this.#options.keys.length === 0 ? [] : this.#table.keys(slots).columns;
    const results = this.#calls.map((_, c) => {
      const parts: Vector[] = [];
      if (oldRows.length > 0) parts.push(takeAll(old.columns[c], oldRows));
      if (newRows.length > 0) parts.push(takeAll(fresh.columns[c], newRows));
      return concatVectors(parts);
    });
    return new Delta(new Batch([...keys, ...results], length), weights);
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

  #forget(slots: Int32Array): void {
    for (const { accumulator } of this.#calls) accumulator.clear(slots);
    this.#counts.clear(slots);
    this.#table.remove(slots, slots.length);
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
    this.#forget(over);
  }

  /** Format: `keys` as Pages writes it; `groups`: by slot page, slot, rows and the columns of the accumulators in order. */
  save(out: StateWriter): void {
    if (this.#options.keys.length === 0) {
      if (this.#primed && this.#dirty[0] === 1) out.page('groups', 0, this.#groupPage(ONE_SLOT));
    } else {
      this.#table.pages.save('keys', out);
      for (let page = 0; page < this.#dirty.length; page++) {
        if (this.#dirty[page] === 0) continue;
        const slots = page < this.#table.pages.pageCount ? liveIds(this.#table.pages, page) : new Int32Array(0);
        out.page('groups', page, slots.length === 0 ? null : this.#groupPage(slots));
      }
    }
    this.#dirty.fill(0);
    this.#calls.forEach(({ accumulator }, c) => accumulator.saveEntries(out, `call${c}`));
  }

  #groupPage(slots: Int32Array): Batch {
    const columns = this.#calls.flatMap(({ accumulator }) => accumulator.saveColumns(slots));
    return new Batch([new Int32Vector(INT4, slots.length, slots), ...this.#counts.save(slots), ...columns], slots.length);
  }

  restore(from: StateReader): void {
    if (this.#options.keys.length > 0) {
      this.#table.pages.restore('keys', from);
      this.#table.rebuild();
      this.#ensure(this.#table.pages.idLimit);
    }
    for (const { batch } of from.pages('groups')) this.#restoreGroups(batch);
    this.#calls.forEach(({ accumulator }, c) => accumulator.restoreEntries(from, `call${c}`));
    if (this.#closing !== null) this.#noteClosing(this.#closing);
  }

  #restoreGroups(batch: Batch): void {
    this.#primed = this.#options.keys.length === 0;
    const [slotColumn] = batch.columns;
    assert(slotColumn.layout === 'int32', 'saved slots');
    const slots = slotColumn.values.subarray(0, batch.length);
    let at = 1 + this.#counts.restore(slots, batch.columns, 1);
    for (const { accumulator } of this.#calls) at += accumulator.restoreColumns(slots, batch.columns, at);
  }

  #noteClosing(closing: ClosingSlots): void {
    const { pages } = this.#table;
    for (let page = 0; page < pages.pageCount; page++) {
      const ids = liveIds(pages, page);
      if (ids.length === 0) continue;
      const ends = pages.gatherColumn(this.#options.closing ?? 0, ids);
      assert(ends.layout === 'int64', 'window_end of a closing aggregate');
      closing.add(ends, ids.map((_, i) => i), ids, ids.length);
    }
  }

  stateSize(): StateSize {
    const own = this.#rows.bytes + this.#table.bytes + this.#table.pages.bytes();
    return {
      rows: this.#options.keys.length === 0 ? 1 : this.#table.size,
      bytes: this.#calls.reduce((sum, { accumulator }) => sum + accumulator.bytes, own),
    };
  }
}

function bindCall(call: AggregateCall, { input, appendOnly }: AggregateOptions, rows: SlotRows): BoundCall {
  const spec = {
    argTypes: call.args.map((c) => input.columns[c].type),
    returnType: call.returnType,
    orderBy: call.orderBy.map((key, i) => ({ ...key, column: call.args.length + i })),
    appendOnly: appendOnly === true,
    rows,
  };
  if (call.distinct) {
    // The keys of ORDER BY are among the arguments; the accumulator inside gets the arguments alone.
    const orderBy = call.orderBy.map((key) => ({ ...key, column: call.args.indexOf(key.column) }));
    assert(orderBy.every((key) => key.column >= 0), 'ORDER BY of a DISTINCT aggregate is among its arguments');
    const accumulator = new DistinctAccumulator(call.function, { ...spec, orderBy });
    return { call, accumulator, columns: call.args };
  }
  const columns = [...call.args, ...call.orderBy.map((key) => key.column)];
  return { call, accumulator: call.function.accumulator(spec), columns };
}

/** Weights, 0 where the condition is not true. */
function filtered(weights: Int32Array, condition: Vector): Int32Array {
  assert(condition.layout === 'bool', 'FILTER is boolean');
  const { values, validity, length } = condition;
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = values[i] !== 0 && isValid(validity, i) ? weights[i] : 0;
  return out;
}

function takeAll(vector: Vector, rows: Int32Array): Vector {
  return rows.length === vector.length ? vector : takeVector(vector, rows);
}

interface SlotResults extends Results {
  readonly slots: Int32Array;
}

/**
 * Rows of the old results to take out and of the new ones to put in: not those that stay as they are, no errors.
 * Requires: both lists of slots are in the order of one list of which they are parts.
 */
function changedRows(old: SlotResults, fresh: SlotResults, touched: Int32Array): readonly [Int32Array, Int32Array] {
  const limit = Math.min(old.slots.length, fresh.slots.length);
  const pairs = {
    length: 0, aRows: new Int32Array(limit), bRows: new Int32Array(limit), same: new Uint8Array(limit).fill(1),
  };
  pairUp(old, fresh, touched, pairs);
  const oldSame = new Uint8Array(old.slots.length);
  const freshSame = new Uint8Array(fresh.slots.length);
  for (let c = 0; pairs.length > 0 && c < old.columns.length; c++) keepSame(old.columns[c], fresh.columns[c], pairs);
  for (let i = 0; i < pairs.length; i++) {
    oldSame[pairs.aRows[i]] = pairs.same[i];
    freshSame[pairs.bRows[i]] = pairs.same[i];
  }
  return [unmarked(oldSame, old.errors), unmarked(freshSame, fresh.errors)];
}

interface GrowingPairs {
  length: number;
  readonly aRows: Int32Array;
  readonly bRows: Int32Array;
  readonly same: Uint8Array;
}

/** Rows of the same slot in both. */
function pairUp(old: SlotResults, fresh: SlotResults, touched: Int32Array, pairs: GrowingPairs): void {
  let a = 0;
  let b = 0;
  const withErrors = old.errors.size > 0 || fresh.errors.size > 0;
  for (let i = 0; i < touched.length; i++) {
    const inOld = a < old.slots.length && old.slots[a] === touched[i];
    const inFresh = b < fresh.slots.length && fresh.slots[b] === touched[i];
    if (inOld && inFresh && !(withErrors && (old.errors.has(a) || fresh.errors.has(b)))) {
      pairs.aRows[pairs.length] = a;
      pairs.bRows[pairs.length++] = b;
    }
    if (inOld) a++;
    if (inFresh) b++;
  }
}

function unmarked(marks: Uint8Array, errors: ReadonlyMap<number, DatabaseError>): Int32Array {
  const rows = new Int32Array(marks.length);
  let count = 0;
  for (let i = 0; i < marks.length; i++) {
    if (marks[i] === 0 && !(errors.size > 0 && errors.has(i))) rows[count++] = i;
  }
  return rows.subarray(0, count);
}
