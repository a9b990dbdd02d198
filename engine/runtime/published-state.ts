// PublishedState: all relations and views as of the last epoch, and how an epoch changes them. Synchronous, deterministic.
import type { Batch } from '../data/batch.ts';
import { concatDeltas, deltaBytes } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import { DatabaseError, assert } from '../data/error.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { LogicalType } from '../data/types.ts';
import type { EvalContext } from '../expression/context.ts';
import { dropLate } from '../operator/late-filter.ts';
import type { StepContext } from '../operator/operator.ts';
import { cancel } from '../state/consolidate.ts';
import type { PageCache } from '../state/page-cache.ts';
import type { StateWriter } from '../state/ports.ts';
import type { RelationDefinition, Snapshot, Transaction, ViewDefinition } from './contract.ts';
import type { RecordedChange } from './epoch-record.ts';
import { RelationChange, stepsOf } from './relation-change.ts';
import type { ChangePart } from './relation-change.ts';
import { Relation } from './relation.ts';
import { View } from './view.ts';
import { ViewBuild } from './view-build.ts';

/** Steps between two counts of the state that cannot be evicted, or a step for so many pages. */
const COUNT_STEPS = 64;
const COUNT_PAGES = 16;
/** Of rows whose pages are made while their epoch is being journaled: they are in memory twice meanwhile. */
const PREPARED_BYTES = 64 << 20;
/** Rows that a step takes where memory is short, and how far it may go beyond the budget, as a share of it. */
const LEAST_ROWS = 256;
const MOST_ROWS = 1 << 15;
const MOST_OVER = 0.25;

/** One transaction of an epoch; its changes are asked for after its catalog changes were applied. */
export interface EpochTransaction {
  readonly catalog: Uint8Array | null;
  readonly offsets: Transaction['offsets'];
  changes(): readonly RecordedChange[];
}

export interface EpochInput {
  readonly epoch: Epoch;
  readonly time: bigint;
  readonly transactions: Iterable<EpochTransaction>;
}

export interface StateEnvironment {
  evalContext(): EvalContext;
  applyCatalog(bytes: Uint8Array): void;
  /** Keeps the pages within the memory there is. */
  readonly cache: PageCache;
  /** Before a relation changes: snapshots hold on to it. */
  beforeChange(relation: Relation): void;
  /** The relation is gone, or its states start anew. */
  dropped(states: readonly string[]): void;
  log(message: string): void;
}

export const rowsState = (relation: number): string => `r/${relation}/rows`;
export const viewState = (view: number, state: string): string => `v/${view}/${state}`;

export class PublishedState {
  readonly relations = new Map<number, Relation>();
  /** In order of installation, so that what a view reads stands before it. */
  readonly views = new Map<number, View>();
  /** While a checkpoint is loaded: views are installed and not filled. */
  restoring = false;
  readonly #builds = new Map<number, ViewBuild>();
  /** Views that time changes. */
  #timed: readonly View[] = [];
  #epoch: Epoch;
  #time = 0n;
  /** Of a step, where memory is short. */
  #rows = 2 * LEAST_ROWS;
  /** Until the state is counted again. */
  #uncounted = 0;
  readonly #environment: StateEnvironment;

  constructor(epoch: Epoch, environment: StateEnvironment) {
    this.#epoch = epoch;
    this.#environment = environment;
  }

  get time(): bigint {
    return this.#time;
  }

  /** The moment a checkpoint was taken. */
  resume(epoch: Epoch, time: bigint): void {
    this.#epoch = epoch;
    this.#time = time;
  }

  define(definition: RelationDefinition): Relation {
    assert(!this.relations.has(definition.id), `relation ${definition.id} is defined twice`);
    const relation = this.#newRelation(definition);
    this.relations.set(definition.id, relation);
    return relation;
  }

  #newRelation(definition: RelationDefinition): Relation {
    return new Relation(definition, (changed) => {
      if (this.relations.get(changed.id) === changed) this.#environment.beforeChange(changed);
    }, this.#environment.cache);
  }

  redefine(definition: RelationDefinition, fill: ((rows: Batch) => Batch) | null): void {
    const rewritten = this.#known(definition.id).redefine(definition, fill);
    if (rewritten) this.#environment.dropped([rowsState(definition.id)]);
  }

  /**
   * A view to be filled before it is installed; null where that is not the same as filling it then. Its relation is nobody's
   * before.
   */
  build(
    definition: ViewDefinition, from: { readonly snapshot: () => Snapshot; readonly checkMemory: () => void },
  ): ViewBuild | null {
    const { sources } = definition.circuit;
    // Of rows that age out, those that go in the meantime would stay in the view.
    const stay = (id: number): boolean => this.relations.get(id)?.definition.retention === undefined && this.relations.has(id);
    if (!sources.every((source) => source.kind === 'constant' || stay(source.relation))) return null;
    const { id } = definition;
    const { cache } = this.#environment;
    const view = new View(definition, this.#newRelation(definition));
    view.save(looking((state) => state.attach(cache)));
    const build = new ViewBuild({
      view, snapshot: from.snapshot(), cache,
      checkMemory: () => {
        this.#count();
        from.checkMemory();
      },
      context: () => this.#context(view, this.#environment.evalContext()),
      closed: () => {
        this.#builds.delete(id);
        if (this.views.get(id) !== view) detach(view);
      },
    });
    this.#builds.set(id, build);
    return build;
  }

  install(definition: ViewDefinition): void {
    const build = this.#builds.get(definition.id);
    if (build?.view.circuit.fingerprint === definition.circuit.fingerprint) {
      this.#adopt(build);
      return;
    }
    const view = new View(definition, this.define(definition));
    this.#put(view);
    const { cache } = this.#environment;
    view.save(looking((state) => state.attach(cache)));
    if (!this.restoring) this.fill(view);
  }

  #adopt(build: ViewBuild): void {
    const { view } = build;
    this.relations.set(view.definition.id, view.relation);
    this.#put(view);
    this.#guarded(view, () => {
      for (const _ of build.catchUp());
      this.#settle(view);
    });
    build.close();
  }

  reinstall(definition: ViewDefinition): void {
    const old = this.views.get(definition.id);
    assert(old !== undefined, `view ${definition.id} is not installed`);
    old.save(looking((state) => state.detach()));
    const view = new View(definition, old.relation);
    for (const state of old.states) view.states.add(state);
    this.#put(view);
    view.save(looking((state) => state.attach(this.#environment.cache)));
    this.refill(view);
  }

  readersOf(relation: number, columns: ReadonlySet<number>): readonly number[] {
    return [...this.views].filter(([, view]) => view.circuit.sources.some((source) => source.kind === 'relation'
      && source.relation === relation && source.columns.some((c) => columns.has(c)))).map(([id]) => id);
  }

  drop(id: number): void {
    const relation = this.#known(id);
    this.#environment.beforeChange(relation);
    this.#environment.dropped(this.#statesOf(id));
    relation.detach();
    this.views.get(id)?.save(looking((state) => state.detach()));
    this.relations.delete(id);
    this.views.delete(id);
    this.#timed = this.#timed.filter((view) => view.definition.id !== id);
  }

  #put(view: View): void {
    const { id } = view.definition;
    this.views.set(id, view);
    this.#timed = [...this.#timed.filter((other) => other.definition.id !== id), ...(view.timed ? [view] : [])];
  }

  #statesOf(id: number): readonly string[] {
    const states = [...this.views.get(id)?.states ?? []];
    return [rowsState(id), ...states.map((state) => viewState(id, state))];
  }

  #known(id: number): Relation {
    const relation = this.relations.get(id);
    assert(relation !== undefined, `relation ${id} is not defined`);
    return relation;
  }

  /** Feeds a view what its sources hold. Requires: nothing was fed to its circuit. */
  fill(view: View): void {
    const context = this.#context(view, this.#environment.evalContext());
    const scan = (id: number, columns: readonly number[]): Iterable<Delta> => this.#known(id).scan(columns);
    this.#guarded(view, () => {
      for (const _ of view.fill(scan, () => context)) this.#environment.cache.balance();
      this.#settle(view);
    });
  }

  /** It has been fed what there is: now it is told how far time has come. */
  #settle(view: View): void {
    const closed = view.advance(this.#watermarkOf, this.#context(view, this.#environment.evalContext()));
    if (closed !== null) view.relation.apply(cancel(closed));
    this.#propagate(view);
  }

  /**
   * A fault of ours inside one view's circuit, or a page of its state that cannot be read, stops that view, not the server:
   * it answers XX000, or what reading the page did, from then on; its state is not saved, and it is computed anew at the next
   * start.
   */
  #guarded(view: View, work: () => void): void {
    if (view.broken) return;
    try {
      work();
    } catch (error) {
      const { name } = view.definition;
      const fault = error instanceof Error ? error : new Error(String(error));
      this.#environment.log(`view "${name}" stopped: ${fault.stack ?? fault.message}`);
      view.broken = true;
      view.relation.changing();
      const known = fault instanceof DatabaseError;
      const message = `materialized view "${name}" stopped: ${known ? '' : 'internal error: '}${fault.message}`;
      view.relation.errors.add(new DatabaseError(known ? fault.code : 'XX000', message, {
        hint: 'It is computed anew when the server starts, or when it is dropped and created again.', cause: error,
      }), 1);
    }
  }

  /** Makes what the first change needs, the indexes of keys and the views' states, in small pieces, as far as there is room. */
  *warm(): Generator<null> {
    const { cache } = this.#environment;
    for (const _ of this.#ahead()) {
      if (cache.tight) return;
      cache.balance();
      this.#count();
      yield null;
    }
  }

  *#ahead(): Generator<null> {
    for (const relation of [...this.relations.values()]) {
      try {
        for (const _ of relation.warm()) {
          yield null;
          if (this.relations.get(relation.id) !== relation) break;
        }
      } catch (error) {
        // Told to whoever needs it.
        this.#environment.log(`the keys of "${relation.definition.name}" are not indexed ahead: ${String(error)}`);
      }
    }
    for (const view of [...this.views.values()]) {
      for (let whole = false; !whole && !view.broken && this.views.get(view.definition.id) === view;) {
        this.#guarded(view, () => {
          whole = view.restoreSome();
        });
        yield null;
      }
    }
  }

  /** An error of the view itself or of a view it reads. */
  errorOf(id: number, read: (id: number) => DatabaseError | null): DatabaseError | null {
    const own = read(id);
    const view = this.views.get(id);
    if (own !== null || view === undefined) return own;
    for (const source of view.circuit.sources) {
      const error = source.kind === 'relation' ? this.errorOf(source.relation, read) : null;
      if (error !== null) return error;
    }
    return null;
  }

  /** A view whose saved state is of no use: from its sources again, in place of what was saved. */
  refill(view: View): void {
    this.#environment.dropped(this.#statesOf(view.definition.id));
    view.states.clear();
    view.relation.reset();
    this.fill(view);
  }

  readonly #watermarkOf = (id: number): Watermark => this.relations.get(id)?.watermark ?? null;

  #propagate(view: View): void {
    const watermark = view.watermark(this.#watermarkOf);
    if (watermark === view.relation.watermark) return;
    view.relation.changing();
    view.relation.watermark = watermark;
  }

  #context(view: View, evalContext: EvalContext): StepContext {
    return {
      epoch: this.#epoch,
      time: this.#time,
      eval: evalContext,
      error: (error: DatabaseError, weight: number): void => {
        view.relation.changing();
        view.relation.errors.add(error, weight);
      },
    };
  }

  /** The types of a relation's rows as journaled; null when it takes none. */
  readonly typesOf = (id: number): readonly LogicalType[] | null => {
    const relation = this.relations.get(id);
    if (relation === undefined || relation.definition.kind === 'view') return null;
    return relation.schema.columns.map((column) => column.type);
  };

  /** Of an epoch that is going to be applied next, if at all. */
  prepare(transactions: readonly Transaction[]): void {
    // What the rows are stored as may be another thing after it.
    if (transactions.some(({ catalog }) => catalog !== null)) return;
    let left = PREPARED_BYTES;
    for (const { relation, delta } of transactions.flatMap(({ changes }) => changes)) {
      const bytes = deltaBytes(delta);
      left -= bytes;
      if (left < 0 || !this.#environment.cache.hasRoom(bytes)) return;
      this.relations.get(relation)?.prepare(delta);
    }
  }

  /** Returns what changed, by relation, for those who subscribe: portions in order, not consolidated. */
  apply(input: EpochInput): ReadonlyMap<number, readonly Delta[]> {
    this.#epoch = input.epoch;
    this.#time = input.time;
    const collected = new Map<number, ChangePart[]>();
    for (const transaction of input.transactions) this.#collect(transaction, collected);
    const changes = new Map<number, readonly RelationChange[]>();
    const rows = this.#stepRows();
    for (const [id, parts] of collected) changes.set(id, stepsOf(parts, rows));
    const outputs = this.#step(changes);
    for (const id of collected.keys()) this.relations.get(id)?.expire();
    for (const build of this.#builds.values()) build.note(outputs);
    return outputs;
  }

  #collect(transaction: EpochTransaction, collected: Map<number, ChangePart[]>): void {
    if (transaction.catalog !== null) this.#environment.applyCatalog(transaction.catalog);
    for (const { relation: id, offset } of transaction.offsets) {
      const relation = this.relations.get(id);
      if (relation !== undefined) relation.offset = offset;
    }
    for (const { relation: id, delta } of transaction.changes()) {
      const relation = this.relations.get(id);
      // A relation dropped by the transaction that wrote it.
      if (relation === undefined || delta.length === 0) continue;
      const parts = collected.get(id) ?? [];
      collected.set(id, parts);
      parts.push({ delta, onTime: onTime(relation, delta) });
    }
  }

  /** When a view changes by itself next, µs since 1970 UTC. Reads the state of such views. */
  due(): bigint | null {
    if (this.#timed.length === 0) return null;
    const found: bigint[] = [];
    for (const view of this.#timed) {
      this.#guarded(view, () => {
        const due = view.due();
        if (due !== null) found.push(due);
      });
    }
    return found.length === 0 ? null : found.reduce((a, b) => (a < b ? a : b));
  }

  #step(changes: ReadonlyMap<number, readonly RelationChange[]>): ReadonlyMap<number, readonly Delta[]> {
    const outputs = new Map<number, Delta[]>();
    const due = this.due();
    const least = due !== null && due <= this.#time ? 1 : 0;
    const steps = Math.max(least, ...[...changes.values()].map((portions) => portions.length));
    const evalContext = this.#environment.evalContext();
    for (let step = 0; step < steps; step++) {
      const current = new Map<number, RelationChange>();
      for (const [id, portions] of changes) {
        const portion = portions[step];
        if (portion === undefined) continue;
        for (const { delta } of portion.parts) if (delta.length > 0) this.#known(id).apply(delta);
        if (!portion.empty) current.set(id, portion);
      }
      this.#environment.cache.balance();
      this.#stepViews(current, evalContext, step + 1 === steps);
      this.#count();
      for (const [id, { parts }] of current) for (const { delta } of parts) if (delta.length > 0) pushTo(outputs, id, delta);
    }
    return outputs;
  }

  /** What a step touches has to be in memory at once: where it is short, a step takes fewer rows. */
  #stepRows(): number {
    const { cache } = this.#environment;
    if (!cache.tight) return Infinity;
    const over = cache.takeOvershoot();
    if (over > MOST_OVER) this.#rows = Math.max(LEAST_ROWS, this.#rows >> 1);
    else if (over < MOST_OVER / 2) this.#rows = Math.min(MOST_ROWS, this.#rows * 2);
    return this.#rows;
  }

  /** Now and then: what the state takes besides pages. */
  #count(): void {
    if (--this.#uncounted <= 0) this.recount();
  }

  recount(): void {
    const { cache } = this.#environment;
    const { pages, pageBytes } = cache.statistics();
    let total = 0;
    for (const relation of this.relations.values()) total += relation.arrangement.size().bytes;
    for (const view of this.views.values()) total += view.circuit.stateSize().bytes;
    for (const build of this.#builds.values()) total += build.bytes;
    cache.setFixed(Math.max(0, total - pageBytes));
    this.#uncounted = Math.max(COUNT_STEPS, Math.floor(pages / COUNT_PAGES));
  }

  /** Adds the views' own changes to `changes` as it goes. */
  #stepViews(changes: Map<number, RelationChange>, evalContext: EvalContext, last: boolean): void {
    for (const view of this.views.values()) {
      this.#guarded(view, () => this.#stepView(view, changes, evalContext, last));
      this.#environment.cache.balance();
    }
  }

  #stepView(view: View, changes: Map<number, RelationChange>, evalContext: EvalContext, last: boolean): void {
    const context = this.#context(view, evalContext);
    const parts: Delta[] = [];
    const stepped = view.step(changes, context);
    if (stepped !== null && stepped.length > 0) parts.push(stepped);
    const closed = last ? view.advance(this.#watermarkOf, context) : null;
    if (closed !== null && closed.length > 0) parts.push(closed);
    if (last) this.#propagate(view);
    if (parts.length === 0) return;
    const delta = cancel(concatDeltas(parts));
    view.relation.apply(delta);
    if (delta.length > 0) changes.set(view.definition.id, new RelationChange([{ delta, onTime: delta }]));
  }
}

/** Nothing of it is kept in memory for long. */
function detach(view: View): void {
  view.relation.detach();
  view.save(looking((state) => state.detach()));
}

/** A writer that is shown the states and saves nothing. */
function looking(at: (state: Parameters<StateWriter['state']>[1]) => void): StateWriter {
  return { looking: true, page: () => undefined, state: (_, state) => at(state) };
}

/** Moves the relation's watermark; returns the rows that are not late by the one before. */
function onTime(relation: Relation, delta: Delta): Delta {
  const { watermark, eventTime } = relation.definition;
  if (watermark === null || eventTime === null) return delta;
  const { kept } = dropLate(delta, eventTime, relation.watermark);
  const promised = watermark(delta.batch);
  if (promised !== null && (relation.watermark === null || promised > relation.watermark)) {
    relation.changing();
    relation.watermark = promised;
  }
  return kept;
}

function pushTo(outputs: Map<number, Delta[]>, id: number, delta: Delta): void {
  const list = outputs.get(id);
  if (list === undefined) outputs.set(id, [delta]);
  else list.push(delta);
}
