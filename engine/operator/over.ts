// Over: window functions: the input's rows, each with the values of calls over its partition.
// Law: a partition's rows are in the order of the keys, ties by the whole row, so values are a function of the input
// alone; the output is the change of the rows whose values changed. A row one of whose values is an error is left out and
// the error reported. Requires: the input sums to a multiset.
import { constantVector } from '../data/access.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { DatabaseError } from '../data/error.ts';
import { rowOrder, totalOrder } from '../data/row-order.ts';
import type { RowOrder } from '../data/row-order.ts';
import type { Schema } from '../data/types.ts';
import { nullVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';
import type { AggregateFunction } from '../function/aggregate/aggregate.ts';
import { frameReach } from '../function/ranking/frame-reach.ts';
import type {
  OverArgument, OverCallShape, RankingFunction, Reach, WindowSite, WindowValues,
} from '../function/ranking/window-function.ts';
import { NO_ERRORS } from '../function/ranking/window-function.ts';
import { liveIds } from '../state/key-index.ts';
import { KeyTable } from '../state/key-table.ts';
import { EvictableInts } from '../state/evictable-ints.ts';
import { NO_ROW, OrderTree } from '../state/order-tree.ts';
import type { OrderWindow } from '../state/order-tree.ts';
import { Pages } from '../state/pages.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { RowSet } from '../state/row-set.ts';
import type { Operator, SortKey, StateSize, StepContext } from './operator.ts';
import { FrameAggregate } from './over-aggregate.ts';
import { changesOf } from './over-changes.ts';
import type { Evaluated } from './over-changes.ts';
import { framesOf, offsetErrors } from './over-frame.ts';
import type { Frame, Frames } from './over-frame.ts';
import { OverRows } from './over-rows.ts';
import type { Segment } from './over-rows.ts';

export interface OverCall extends OverCallShape {
  readonly function: RankingFunction | AggregateFunction;
  /** Of an aggregate: a boolean argument; rows where it is not true do not count. */
  readonly filter: OverArgument | null;
}

export interface OverSpec {
  readonly input: Schema;
  /** The first columns of the input, then the calls. */
  readonly schema: Schema;
  /** Columns of the input; none: one partition. NULLs are equal. */
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  readonly calls: readonly OverCall[];
}

/** What changed of one partition. */
interface Change {
  readonly group: number;
  /** Changed rows with the weight they had. */
  readonly ids: number[];
  readonly weights: number[];
}

/** Which rows of a partition are looked at: `loaded` and `first` by number from its front, `tail` from its end. */
interface Range {
  readonly loaded: number;
  readonly first: number;
  readonly tail: number;
}

type BoundCall = (site: WindowSite, context: EvalContext) => WindowValues;

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
  readonly #calls: readonly BoundCall[];
  readonly #reach: Reach;
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
    this.#calls = calls.map(bindCall);
    this.#reach = calls.map(reachOf).reduce(joinReach);
  }

  step([delta]: readonly Delta[], context: StepContext): Delta {
    if (delta.length === 0) return Delta.empty(this.schema);
    this.#findGroups(delta);
    this.#rows.change(delta, () => assert(false, 'rows of OVER are held once'));
    const changes = this.#changesByGroup(delta);
    const ranges = changes.map((c) => this.#rangeOf(c));
    const old = this.#evaluate(changes, ranges, context.eval);
    for (const change of changes) this.#apply(change);
    const fresh = this.#evaluate(changes, ranges, context.eval);
    for (const error of old.errors.values()) context.error(error, -1);
    for (const error of fresh.errors.values()) context.error(error, 1);
    const out = changesOf(old, fresh, this.#totalOrder, this.#shown);
    this.#dropEmpty(delta.length);
    return out ?? Delta.empty(this.schema);
  }

  #findGroups({ batch, length }: Delta): void {
    if (this.#slots.length < length) this.#slots = new Int32Array(length * 2);
    if (this.#table === null) {
      this.#slots.fill(0, 0, length);
      return;
    }
    this.#table.findOrInsert(this.#spec.partition.map((c) => batch.columns[c]), length, this.#slots);
    this.#roots.ensure(this.#table.pages.idLimit);
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

  #rangeOf({ group, ids }: Change): Range {
    const root = this.#roots.get(group);
    const { before, peers, after, back } = this.#reach;
    if (root < 0) return { loaded: 0, first: 0, tail: 0 };
    let first = 0;
    if (before < Infinity) {
      const least = ids.reduce((a, b) => (this.#totalOrder(a, b) <= 0 ? a : b));
      const changed = this.#tree.weightBefore(root, least);
      first = Math.max(0, changed - before);
      if (peers) first = this.#peersBefore(root, first === changed ? least : this.#rowAt(root, first));
    }
    let tail = 0;
    if (after < Infinity) {
      const greatest = ids.reduce((a, b) => (this.#totalOrder(a, b) >= 0 ? a : b));
      tail = this.#tree.weight(root) - this.#tree.weightUpTo(root, greatest, this.#totalOrder);
      tail = Math.max(0, tail - after);
    }
    return { loaded: Math.max(0, first - back), first, tail };
  }

  #rowAt(root: number, place: number): number {
    const found: OrderWindow = { ids: [], weights: [] };
    this.#tree.window(root, place, 1, found);
    return found.ids[0];
  }

  /** How many rows are before the row's peers. */
  #peersBefore(root: number, id: number): number {
    return this.#keyOrder === null ? 0 : this.#tree.weightBefore(root, id, this.#keyOrder);
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

  #evaluate(changes: readonly Change[], ranges: readonly Range[], context: EvalContext): Evaluated {
    const rows = this.#load(changes, ranges);
    const errors = new Map<number, DatabaseError>();
    const site = siteOf(rows, context, this.#spec.order);
    const columns = this.#calls.map((evaluate, c) => {
      if (rows.evaluated.length === 0) return nullVector(this.#spec.calls[c].type, 0);
      const { frame } = this.#spec.calls[c];
      const { order } = this.#spec;
      const offsets = offsetErrors(rows, frame, order.length === 1 ? order[0] : null, context);
      const place = site(frame);
      const found = evaluate(place, context);
      for (const failed of [offsets, place.frameErrors(), found.errors]) {
        for (const [row, error] of failed) if (!errors.has(row)) errors.set(row, error);
      }
      return found.vector;
    });
    return { rows, columns, errors };
  }

  #load(changes: readonly Change[], ranges: readonly Range[]): OverRows {
    const ids: number[] = [];
    const segments: Segment[] = [];
    changes.forEach(({ group }, c) => {
      const root = this.#roots.get(group);
      const { loaded, first, tail } = ranges[c];
      const size = this.#tree.weight(root);
      const start = ids.length;
      const last = size - tail;
      const take = Math.min(size, last + this.#reach.ahead) - loaded;
      const found: OrderWindow = { ids: [], weights: [] };
      this.#tree.window(root, loaded, take, found);
      for (let i = 0; i < found.ids.length; i++) for (let n = found.weights[i]; n > 0; n--) ids.push(found.ids[i]);
      const from = start + first - loaded;
      segments.push({ start, end: ids.length, from, to: Math.max(from, start + last - loaded), base: loaded, size });
    });
    return new OverRows(this.#rows.pages, Int32Array.from(ids), segments, this.#keyOrder);
  }

  #dropEmpty(length: number): void {
    const { touched, pages } = this.#rows;
    const empty: number[] = [];
    for (let t = 0; t < touched.length; t++) if (pages.weight(touched.ids[t]) === 0) empty.push(touched.ids[t]);
    this.#rows.drop(Int32Array.from(empty));
    if (this.#table === null) return;
    const gone = new Set<number>();
    for (let i = 0; i < length; i++) if (this.#roots.get(this.#slots[i]) < 0) gone.add(this.#slots[i]);
    if (gone.size > 0) this.#table.remove(Int32Array.from(gone), gone.size);
  }

  advance(): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#rows.save('rows', out);
    if (out.looking === true) this.#table?.pages.save('keys', out);
  }

  restore(from: StateReader): void {
    this.#rows.restore('rows', from);
    const { pages } = this.#rows;
    this.#tree.reserve(pages.idLimit);
    for (let number = 0; number < pages.pageCount; number++) {
      const ids = liveIds(pages, number);
      if (ids.length === 0) continue;
      this.#findGroups(new Delta(pages.gather(ids), ids));
      for (let i = 0; i < ids.length; i++) this.#apply({ group: this.#slots[i], ids: [ids[i]], weights: [0] });
    }
  }

  stateSize(): StateSize {
    const keys = this.#table === null ? 0 : this.#table.bytes + this.#table.pages.bytes();
    return { rows: this.#rows.pages.rows, bytes: this.#rows.bytes + this.#tree.bytes + keys + this.#roots.bytes };
  }
}

function isAggregate(fn: OverCall['function']): fn is AggregateFunction {
  return 'kind' in fn;
}

function bindCall(call: OverCall): BoundCall {
  const fn = call.function;
  if (!isAggregate(fn)) return (site) => fn.evaluate(call, site);
  const aggregate = new FrameAggregate({ ...call, aggregate: fn });
  return (site, context) => aggregate.evaluate(site, context);
}

function reachOf(call: OverCall): Reach {
  return isAggregate(call.function) ? frameReach(call.frame) : call.function.reach(call);
}

function joinReach(a: Reach, b: Reach): Reach {
  return {
    before: Math.max(a.before, b.before), peers: a.peers || b.peers, after: Math.max(a.after, b.after),
    back: Math.max(a.back, b.back), ahead: Math.max(a.ahead, b.ahead),
  };
}

/** Calls with the same frame share its limits. */
function siteOf(rows: OverRows, context: EvalContext, order: readonly SortKey[]): (frame: Frame) => WindowSite {
  const known = new Map<Frame, Frames>();
  const argument = (arg: OverArgument): Vector => (arg.kind === 'column'
    ? rows.column(arg.column) : constantVector(arg.type, arg.value, rows.ids.length));
  return (frame) => ({
    rows, argument,
    frameErrors: () => known.get(frame)?.errors ?? NO_ERRORS,
    frames: () => {
      const found = known.get(frame) ?? framesOf(rows, frame, order.length === 1 ? order[0] : null, context);
      known.set(frame, found);
      return found;
    },
  });
}
