// Over: window functions: the input's rows, each with the values of calls over its partition.
// Law: a partition's rows are in the order of the keys, ties by the whole row, so values are a function of the input
// alone; the output is the change of the rows whose values changed. A row one of whose values is an error is left out and
// the error reported. Requires: the input sums to a multiset.
import { atOnce } from '../data/at-once.ts';
import { concatBatches } from '../data/batch.ts';
import type { Batch } from '../data/batch.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { ascendingOrder, rowOrder, totalOrder } from '../data/row-order.ts';
import type { RowOrder } from '../data/row-order.ts';
import { sorting } from '../data/sort.ts';
import type { Schema } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import { EvictableInts } from '../state/evictable-ints.ts';
import { liveIds } from '../state/key-index.ts';
import { KeyTable } from '../state/key-table.ts';
import { NO_ROW, OrderTree } from '../state/order-tree.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { RowSet } from '../state/row-set.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { OverCalls } from './over-calls.ts';
import type { OverSpec } from './over-calls.ts';
import { changesOf, valuesOf } from './over-changes.ts';
import { overOnce } from './over-once.ts';
import { OverRows } from './over-rows.ts';
import type { Segment } from './over-rows.ts';
import { Spans } from './over-spans.ts';
import type { Change, Span } from './over-spans.ts';
import type { PieceContext, Pieces } from './pieces.ts';

const NEVER_TWICE = (): void => assert(false, 'rows of OVER are held once');

export class Over implements Operator {
  readonly name: string;
  readonly schema: Schema;
  readonly #spec: OverSpec;
  readonly #shown: readonly number[];
  readonly #rows: RowSet;
  /** null: one partition, number 0. */
  readonly #table: KeyTable | null;
  readonly #tree: OrderTree;
  readonly #keyOrder: RowOrder | null;
  readonly #totalOrder: RowOrder;
  readonly #calls: OverCalls;
  readonly #spans: Spans;
  /** By partition: its tree. */
  readonly #roots: EvictableInts;
  #slots = new Int32Array(1024);

  constructor(spec: OverSpec) {
    const { input, schema, partition, order, calls } = spec;
    this.name = `over (${calls.map((c) => c.function.name).join(', ')})${partition.length === 0 ? '' : ' by partition'}`;
    this.schema = schema;
    this.#spec = spec;
    this.#shown = schema.columns.slice(0, schema.columns.length - calls.length).map((_, c) => c);
    this.#rows = new RowSet(input);
    const keys: Schema = { columns: partition.map((c) => input.columns[c]) };
    this.#table = partition.length === 0 ? null : new KeyTable(new Pages(keys), partition.map((_, i) => i));
    const cells = input.columns.map((_, c): CellColumn => this.#rows.pages.cells(c));
    const total = totalOrder(cells, order);
    this.#totalOrder = (a, b) => total(a, b) || a - b;
    this.#keyOrder = order.length === 0 ? null : rowOrder(cells, order);
    this.#tree = new OrderTree(this.#totalOrder, this.#rows.pages);
    this.#roots = new EvictableInts(this.#table === null ? this.#rows.pages : this.#table.pages, NO_ROW);
    this.#roots.ensure(1);
    this.#calls = new OverCalls(spec, true);
    this.#calls.ensure(1);
    const rows = { tree: this.#tree, pages: this.#rows.pages, total: this.#totalOrder, peers: this.#keyOrder };
    this.#spans = new Spans(rows, this.#calls, order);
  }

  step([delta]: readonly Delta[], context: StepContext): Delta {
    if (delta.length === 0) return Delta.empty(this.schema);
    this.#findGroups(delta);
    this.#rows.change(delta, NEVER_TWICE);
    const changes = this.#changesByGroup(delta);
    const spans = changes.flatMap((change) => this.#spans.of(change, this.#roots.get(change.group), context.eval));
    const old = atOnce(this.#calls.evaluate(this.#load(spans, 'before', context.eval), context.eval));
    for (const change of changes) this.#apply(change);
    this.#count(changes);
    const fresh = atOnce(this.#calls.evaluate(this.#load(spans, 'after', context.eval), context.eval));
    for (const error of old.errors.values()) context.error(error, -1);
    for (const error of fresh.errors.values()) context.error(error, 1);
    const out = changesOf(old, fresh, { pages: this.#rows.pages, order: this.#totalOrder, shown: this.#shown });
    this.#dropEmpty(delta.length);
    return out ?? Delta.empty(this.schema);
  }

  absorb([delta]: readonly Delta[]): void {
    if (delta.length === 0) return;
    this.#rows.change(delta, NEVER_TWICE);
    this.#dropRows();
  }

  /** Some thousand rows at a time, or a partition. */
  *settle(context: StepContext): Generator<Delta | null> {
    yield* this.#plant();
    let spans: Span[] = [];
    let rows = 0;
    for (const group of this.#groups()) {
      const to = this.#tree.weight(this.#roots.get(group));
      spans.push({ group, from: 0, to, grows: 0 });
      rows += to;
      if (rows < PAGE_ROWS) continue;
      yield* this.#show(spans, context);
      spans = [];
      rows = 0;
    }
    if (spans.length > 0) yield* this.#show(spans, context);
  }

  *#show(spans: readonly Span[], context: StepContext): Generator<Delta | null> {
    const evaluated = yield* this.#calls.evaluate(this.#load(spans, 'after', context.eval), context.eval);
    for (const error of evaluated.errors.values()) context.error(error, 1);
    yield valuesOf(evaluated, (ids) => this.#rows.pages.gather(ids, this.#shown));
  }

  *#groups(): Generator<number> {
    const groups = this.#table?.pages;
    if (groups === undefined) yield 0;
    else for (let page = 0; page < groups.pageCount; page++) yield* liveIds(groups, page);
  }

  /** Trees of all rows that are held. In turns. */
  *#plant(): Generator<null> {
    const { pages } = this.#rows;
    this.#tree.reserve(pages.idLimit);
    // Where memory is short, without the keys of all rows beside each other.
    if (pages.cache?.tight === true) yield* this.#plantByPage();
    else yield* this.#plantSorted();
  }

  *#plantSorted(): Generator<null> {
    const { pages } = this.#rows;
    const { partition, order } = this.#spec;
    if (pages.rows === 0) return;
    const ids = new Int32Array(pages.rows);
    const parts: Batch[] = [];
    for (let page = 0, n = 0; page < pages.pageCount; page++) {
      const live = liveIds(pages, page);
      ids.set(live, n);
      n += live.length;
      parts.push(pages.gather(live, [...partition, ...order.map(({ column }) => column)]));
      yield null;
    }
    const keys = concatBatches(parts);
    const byKeys = [...ascendingOrder(partition.length), ...order.map((key, i) => ({ ...key, column: partition.length + i }))];
    const sorted = (yield* sorting(keys, byKeys, (a, b) => this.#totalOrder(ids[a], ids[b]))).map((row) => ids[row]);
    const firsts = yield* this.#partitionStarts(sorted);
    const leaders = Int32Array.from(firsts, (at) => sorted[at]);
    this.#findGroups(new Delta(pages.gather(leaders), leaders));
    yield null;
    const groups = new Int32Array(sorted.length);
    for (const [i, from] of firsts.entries()) {
      const to = i + 1 < firsts.length ? firsts[i + 1] : sorted.length;
      this.#roots.set(this.#slots[i], this.#tree.build(sorted.subarray(from, to), (id) => pages.weight(id)));
      groups.fill(this.#slots[i], from, to);
      if (i % PAGE_ROWS === 0) yield null;
    }
    for (let from = 0; from < sorted.length; from += PAGE_ROWS) {
      this.#total(sorted.subarray(from, from + PAGE_ROWS), groups.subarray(from, from + PAGE_ROWS));
      yield null;
    }
  }

  /** Where partitions begin. */
  *#partitionStarts(sorted: Int32Array): Generator<null, number[]> {
    const cells = this.#spec.input.columns.map((_, c) => this.#rows.pages.cells(c));
    const order = rowOrder(cells, ascendingOrder(cells.length).filter(({ column }) => this.#spec.partition.includes(column)));
    const firsts: number[] = [];
    for (let i = 0; i < sorted.length; i++) {
      if (i === 0 || order(sorted[i - 1], sorted[i]) !== 0) firsts.push(i);
      if (i % PAGE_ROWS === 0) yield null;
    }
    return firsts;
  }

  *#plantByPage(): Generator<null> {
    const { pages } = this.#rows;
    for (let number = 0; number < pages.pageCount; number++) {
      const ids = liveIds(pages, number);
      if (ids.length === 0) continue;
      this.#findGroups(new Delta(pages.gather(ids), ids));
      for (let i = 0; i < ids.length; i++) this.#apply({ group: this.#slots[i], ids: [ids[i]], weights: [0] });
      this.#total(ids, this.#slots.slice(0, ids.length));
      yield null;
    }
  }

  /** Rows of new trees. */
  #total(ids: Int32Array, groups: Int32Array): void {
    this.#calls.change(this.#rowsOf(ids), groups, ids.map((id) => Math.max(0, this.#rows.pages.weight(id))));
  }

  /** Nothing is kept. */
  pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    return overOnce(this.#spec, new OverCalls(this.#spec, false), input, context);
  }

  #findGroups({ batch, length }: Delta): void {
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    if (this.#table === null) {
      this.#slots.fill(0, 0, length);
      return;
    }
    this.#table.findOrInsert(this.#spec.partition.map((c) => batch.columns[c]), length, this.#slots);
    this.#roots.ensure(this.#table.pages.idLimit);
    this.#calls.ensure(this.#table.pages.idLimit);
  }

  #changesByGroup(delta: Delta): readonly Change[] {
    const { touched, ids, pages } = this.#rows;
    this.#tree.reserve(pages.idLimit);
    const groupOf = new Map<number, number>();
    for (let i = 0; i < delta.length; i++) groupOf.set(ids[i], this.#slots[i]);
    const changes = new Map<number, Change>();
    for (let t = 0; t < touched.length; t++) {
      const id = touched.ids[t];
      if (pages.weight(id) === touched.notes[t]) continue;
      const group = groupOf.get(id) ?? 0;
      let change = changes.get(group);
      if (change === undefined) {
        change = { group, ids: [], weights: [] };
        changes.set(group, change);
      }
      change.ids.push(id);
      change.weights.push(touched.notes[t]);
    }
    return [...changes.values()];
  }

  #apply({ group, ids, weights }: Change): void {
    let root = this.#roots.get(group);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const before = Math.max(0, weights[i]);
      const now = Math.max(0, this.#rows.pages.weight(id));
      if (before === now) continue;
      if (before === 0) root = this.#tree.insert(root, id, now);
      else if (now === 0) root = this.#tree.remove(root, id);
      else this.#tree.addWeight(root, id, now - before);
    }
    this.#roots.set(group, root);
  }

  /** The totals follow the trees. */
  #count(changes: readonly Change[]): void {
    if (!this.#calls.counts) return;
    const ids = Int32Array.from(changes.flatMap((change) => change.ids));
    const groups = Int32Array.from(changes.flatMap((change) => change.ids.map(() => change.group)));
    const weights = Int32Array.from(changes.flatMap((change) => change.ids.map((_, i) => this.#spans.growth(change, i))));
    this.#calls.change(this.#rowsOf(ids), groups, weights);
  }

  #rowsOf(ids: Int32Array): OverRows {
    return new OverRows(this.#rows.pages, ids, [], this.#keyOrder);
  }

  #load(spans: readonly Span[], when: 'before' | 'after', context: EvalContext): OverRows {
    const found: OrderWindow = { ids: [], weights: [] };
    const segments: Segment[] = [];
    let start = 0;
    let shift = 0;
    spans.forEach(({ group, from, to, grows }, s) => {
      if (group !== spans[s - 1]?.group) shift = 0;
      const root = this.#roots.get(group);
      const first = from + shift;
      if (when === 'after') shift += grows;
      const last = to + shift;
      const [base, limit] = this.#spans.seen(root, [first, last], context);
      this.#tree.window(root, base, limit - base, found);
      const end = start + limit - base;
      const evaluated = { from: start + first - base, to: start + last - base };
      segments.push({ partition: group, start, end, ...evaluated, base, size: this.#tree.weight(root) });
      start = end;
    });
    const ids = new Int32Array(start);
    for (let i = 0, at = 0; i < found.ids.length; i++) for (let n = found.weights[i]; n > 0; n--) ids[at++] = found.ids[i];
    return new OverRows(this.#rows.pages, ids, segments, this.#keyOrder);
  }

  #dropRows(): void {
    const { touched, pages } = this.#rows;
    const empty: number[] = [];
    for (let t = 0; t < touched.length; t++) if (pages.weight(touched.ids[t]) === 0) empty.push(touched.ids[t]);
    this.#rows.drop(Int32Array.from(empty));
  }

  #dropEmpty(length: number): void {
    this.#dropRows();
    if (this.#table === null) return;
    const gone = new Set<number>();
    for (let i = 0; i < length; i++) if (this.#roots.get(this.#slots[i]) < 0) gone.add(this.#slots[i]);
    if (gone.size === 0) return;
    this.#calls.clear(Int32Array.from(gone));
    this.#table.remove(Int32Array.from(gone), gone.size);
  }

  advance(): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#rows.save('rows', out);
    if (out.looking === true) this.#table?.pages.save('keys', out);
  }

  *restore(from: StateReader): Generator<null> {
    this.#rows.restore('rows', from);
    yield* this.#plant();
    yield* this.#rows.indexing(NEVER_TWICE);
  }

  stateSize(): StateSize {
    const keys = this.#table === null ? 0 : this.#table.bytes + this.#table.pages.bytes();
    const ordered = this.#tree.bytes + this.#roots.bytes + this.#calls.bytes;
    return { rows: this.#rows.pages.rows, bytes: this.#rows.bytes + keys + ordered };
  }
}
