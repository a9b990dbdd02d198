// Transaction: one session's open transaction: own writes, own catalog, read point, savepoints, locks.
import type { Batch } from '../engine/data/batch.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { Delta } from '../engine/data/delta.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { Epoch } from '../engine/data/time.ts';
import type { Snapshot } from '../engine/runtime/contract.ts';
import type { MaterializedViewEntry } from './catalog/entry.ts';
import type { Catalog, CatalogChange } from './catalog/catalog.ts';
import { countedChanges } from './counted-changes.ts';
import type { CountedChanges } from './counted-changes.ts';
import { Deferral } from './deferral.ts';
import { DrawnSequences } from './drawn-sequences.ts';
import { CATALOG_LOCK } from './lock-table.ts';
import type { LockMode, LockName, LockWait } from './lock-table.ts';
import { PendingNotifications } from './pending-notifications.ts';
import { checkRetention } from './retention.ts';
import type { Statement } from './parser/ast-statement.ts';
import { ReshapedSnapshot, isTooOld, rowFill } from './row-fill.ts';
import type { ReadPoint, RelationChange, Services } from './services.ts';
import type { Settings } from './settings.ts';
import { RowLocks } from './row-locks.ts';
import { commandTag } from './statement/command-tag.ts';
import type { Settling, Work } from './turns.ts';
import { UndoLog } from './undo-log.ts';
import type { OpenTransaction } from './write-conflict.ts';
import { WriteSet } from './write-set.ts';
import type { HeldCheck } from './write-set.ts';

export type Isolation = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

/** implicit: ends with the query string or at Sync; block: BEGIN was said. */
export type TransactionKind = 'implicit' | 'block';

interface Savepoint {
  readonly name: string;
  readonly writes: number;
  readonly changes: number;
  readonly catalog: Catalog | null;
  readonly notifications: number;
  readonly locks: ReadonlyMap<LockName, number>;
  readonly rowLocks: number;
  readonly undo: number;
  readonly readOnly: boolean;
  readonly portals: number;
  readonly deferral: Deferral;
  readonly checks: readonly HeldCheck[];
}

function refuseOldRows(): never {
  throw new DatabaseError('40001', 'could not serialize access due to concurrent update');
}

/** By relation: how many columns it had, and how its rows follow. */
type Fills = Map<number, { readonly width: number; readonly fill: (rows: Batch) => Batch }>;

export class Transaction implements OpenTransaction {
  readonly processId: number;
  readonly startTime: bigint;
  readonly writes = new WriteSet();
  readonly rowLocks = new RowLocks();
  readonly undo = new UndoLog();
  readonly #ends = new Set<() => void>();
  /** What SET CONSTRAINTS has said. */
  deferral = Deferral.NONE;
  kind: TransactionKind;
  /** implicit, and of more than one statement: most of what a block may do it may, too. */
  several = false;
  /** The statement that runs, for what it is called. */
  statement: Statement | null = null;
  failed = false;
  isolation: Isolation;
  readOnly: boolean;
  /** A statement has read or written: the isolation level is fixed. */
  started = false;
  readonly notifications = new PendingNotifications();
  readonly #services: Services;
  readonly #settings: Settings;
  readonly #savepoints: Savepoint[] = [];
  /** The catalog with this transaction's own changes; null while it has none. */
  #catalog: Catalog | null = null;
  readonly #catalogChanges: CatalogChange[] = [];
  /** Committed tables with other columns than published. */
  #fills: Fills | null = null;
  #point: ReadPoint | null = null;
  /** Under a fixed snapshot: the catalog as of it, and tables that have got other columns since, in `now`. */
  #past: { readonly catalog: Catalog; readonly now: Catalog; readonly fills: Fills | null } | null = null;
  #afterwards: (() => void)[] = [];
  /** What queries see of the writes while a statement of several parts runs; null: all. */
  #visible: { readonly layers: readonly RelationChange[]; readonly length: number } | null = null;
  /** Relations read, for the check that makes SERIALIZABLE so. */
  #reads: Set<number> | null = null;
  /** As of the beginning. */
  readonly #failures: number;
  #id: number | null = null;
  readonly sequences: DrawnSequences = new DrawnSequences({
    settle: () => void (this.settling?.mayRunAgain === true && this.settle()),
    hold: (sequence) => this.#services.locks.tryAcquire(this, sequence, 'row exclusive'),
    record: () => this.#services.sequencesJournaled,
  });
  /** Of the statement that runs in turns with others. */
  settling: Settling | null = null;
  /** Snapshots of the statement that runs, to be given back at its end. */
  readonly #opened: Snapshot[] = [];

  constructor(options: {
    readonly services: Services; readonly settings: Settings;
    readonly processId: number; readonly kind: TransactionKind;
    readonly isolation: Isolation; readonly readOnly: boolean;
  }) {
    this.#services = options.services;
    this.#settings = options.settings;
    this.processId = options.processId;
    this.kind = options.kind;
    this.isolation = options.isolation;
    this.readOnly = options.readOnly;
    this.startTime = options.services.now();
    this.#failures = options.services.runtime.failures;
    this.#settings.begin();
    this.#services.open.add(this);
  }

  /** txid_current: given when asked for. */
  get id(): number {
    this.#id ??= this.#services.nextTransactionId();
    return this.#id;
  }

  /** What names mean here: the published catalog, or this transaction's own version of it. */
  get catalog(): Catalog {
    return this.#catalog ?? this.#services.catalog;
  }

  get inBlock(): boolean {
    return this.kind === 'block' || this.several;
  }

  get hasCatalogChanges(): boolean {
    return this.#catalogChanges.length > 0;
  }

  /** Materialized views that are not there yet, in the order they were made. */
  get newViews(): readonly MaterializedViewEntry[] {
    const oids = new Set(this.#catalogChanges.flatMap((change) => (change.kind === 'put' ? [change.entry.oid] : [])));
    return [...oids].flatMap((oid) => {
      const entry = this.#services.catalog.get(oid) === null ? this.catalog.get(oid) : null;
      return entry?.kind === 'materialized-view' ? [entry] : [];
    });
  }

  get isDirty(): boolean {
    return this.writes.length > 0 || this.#catalogChanges.length > 0;
  }

  get fixedSnapshot(): boolean {
    return this.isolation === 'repeatable read' || this.isolation === 'serializable';
  }

  /** Relations whose definition is not committed yet. */
  isUncommitted(oid: number): boolean {
    return this.#catalog !== null && this.#services.catalog.get(oid) === null;
  }

  /** Catalog changes are made one transaction at a time. */
  async lockCatalog(wait: LockWait): Promise<void> {
    if (this.readOnly) this.checkWritable(this.statement === null ? 'DDL' : commandTag(this.statement));
    await this.#services.locks.acquire(this, CATALOG_LOCK, 'access exclusive', wait);
    // Nobody else can change it from here on: start from what is published now.
    this.#catalog ??= this.#services.catalog;
  }

  /** Requires: lockCatalog. */
  changeCatalog(changes: readonly CatalogChange[]): void {
    if (changes.length === 0) return;
    this.started = true;
    const before = this.catalog;
    const after = before.applyAll(changes);
    checkRetention(before, after, changes);
    this.#catalogChanges.push(...changes);
    this.#catalog = after;
    this.#findReshaped();
  }

  /** Requires: lockCatalog; the enum type has the label by now. */
  noteNewLabel(type: number, label: string): void {
    this.#catalog = this.catalog.withNewLabel(type, label);
  }

  #findReshaped(): void {
    const changed = this.#catalogChanges.map((change) => (change.kind === 'put' ? change.entry.oid : change.oid));
    this.#fills = this.#fillsSince(this.#services.catalog, changed);
  }

  #fillsSince(past: Catalog, relations: Iterable<number>): Fills | null {
    const out: Fills = new Map();
    for (const oid of relations) {
      const before = past.get(oid);
      const after = this.catalog.get(oid);
      if (before === after || before?.kind !== 'table' || after?.kind !== 'table') continue;
      const context = { catalog: this.catalog, functions: this.#services.functions };
      const fill = isTooOld(before, after) ? refuseOldRows : rowFill(before, after, context);
      if (fill !== null) out.set(oid, { width: before.columns.length, fill });
    }
    return out.size === 0 ? null : out;
  }

  /** How rows of the fixed snapshot become those of tables that others, or this transaction, have altered since. */
  #pastFills(): Fills | null {
    const { catalog } = this;
    if (this.#past !== null && this.#past.now !== catalog) {
      const past = this.#past.catalog;
      const fills = past === catalog ? null : this.#fillsSince(past, Array.from(catalog.entries(), (entry) => entry.oid));
      this.#past = { catalog: past, now: catalog, fills };
    }
    return this.#past?.fills ?? null;
  }

  /** Waits for a table lock; true when it had to wait, so that what was read before may be stale. */
  lock(relation: number, mode: LockMode, wait: LockWait): Soon<boolean> {
    const { locks } = this.#services;
    if (locks.tryAcquire(this, relation, mode)) return false;
    return locks.acquire(this, relation, mode, wait).then(() => true);
  }

  /** Waits for whoever keeps readers away: LOCK TABLE, TRUNCATE, changes of a table. */
  whenReadable(relations: ReadonlySet<number>, wait: LockWait): Soon<void> {
    for (const relation of relations) {
      if (this.#mayRead(relation)) continue;
      return this.#services.locks.acquire(this, relation, 'access share', wait).then(() => this.whenReadable(relations, wait));
    }
  }

  /** Of relations that are readable: so they stay until the transaction ends. */
  keepReadable(relations: ReadonlySet<number>): void {
    if (this.kind !== 'implicit') return;
    for (const relation of relations) this.#services.locks.tryAcquire(this, relation, 'access share');
  }

  /** A block keeps it so until its end; a lone statement is mostly done before anybody else comes. */
  #mayRead(relation: number): boolean {
    const { locks } = this.#services;
    return this.kind === 'implicit' ? locks.isReadable(this, relation) : locks.tryAcquire(this, relation, 'access share');
  }

  /** Until the other transaction is over; 40P01, 55P03 and interrupts as for any lock. */
  async waitFor(blocker: OpenTransaction, wait: LockWait): Promise<void> {
    const { locks, open } = this.#services;
    this.endStatement();
    // What comes to wait a moment later may find it gone.
    if (!open.has(blocker)) return;
    // A transaction holds the lock that bears its number, from the moment that somebody waits for it.
    locks.tryAcquire(blocker, -blocker.id, 'exclusive');
    await locks.acquire(this, -blocker.id, 'share', wait);
    locks.release(this, -blocker.id);
  }

  /** 25006 in a read-only transaction. */
  checkWritable(command: string): void {
    if (!this.readOnly) return;
    throw new DatabaseError('25006', `cannot execute ${command} in a read-only transaction`);
  }

  /** At the first statement of those that have a moment, whatever they do and before they wait: a fixed snapshot is of then. */
  start(): void {
    this.started = true;
    if (this.fixedSnapshot) this.#readPoint();
  }

  /** What a query sees: the last published moment (or the transaction's), with its own writes. */
  snapshot(): Snapshot {
    this.started = true;
    const { snapshot } = this.#readPoint();
    return this.#overlaid(snapshot, this.fixedSnapshot ? this.#pastFills() : this.#fills);
  }

  /** What a writer sees: everything queued, too; under a fixed snapshot, that. */
  writerSnapshot(): Snapshot {
    return this.fixedSnapshot ? this.snapshot() : this.#latest(this.#visible?.layers ?? this.writes.layers());
  }

  /** What checks of keys and references see, whatever the isolation: all that is queued, and own writes. */
  latestSnapshot(): Snapshot {
    return this.#latest(this.writes.layers());
  }

  /** latestSnapshot of now where others go on meanwhile; where they do not, of the moment when it is asked for. */
  latestOfStart(): () => Snapshot {
    if (this.settling === null) return () => this.latestSnapshot();
    const snapshot = this.latestSnapshot();
    return () => snapshot;
  }

  #latest(layers: readonly RelationChange[]): Snapshot {
    this.started = true;
    const base = this.#services.runtime.writerSnapshot();
    this.#opened.push(base);
    return this.#overlaid(base, this.#fills, layers);
  }

  /**
   * Before the first effect of a statement on anybody, and never after it: from here on no others get their turn until it is
   * through. Whether they have had it since it began: what was asked about them has to be asked again.
   */
  settle(): boolean {
    return this.settling?.settle() ?? false;
  }

  /** Gives back the snapshots of a statement whose rows have all been made. */
  endStatement(): void {
    for (const snapshot of this.#opened) snapshot.release();
    this.#opened.length = 0;
  }

  /** Is the relation a committed one to which this transaction has given other columns? */
  isReshaped(relation: number): boolean {
    return this.#fills?.has(relation) === true;
  }

  /** From here on the statement's queries do not see what it writes; checks of keys and references do. */
  hideWrites(): void {
    this.#visible = { layers: this.writes.layers(), length: this.writes.length };
  }

  showWrites(): void {
    this.#visible = null;
    this.#afterwards = [];
  }

  /** Work for the end of the statement: at once, unless several parts of it write. */
  afterwards(work: () => void): void {
    if (this.#visible === null) work();
    else this.#afterwards.push(work);
  }

  /** Does what was put off, and what that puts off. */
  runAfterwards(): void {
    for (let work = this.#afterwards.shift(); work !== undefined; work = this.#afterwards.shift()) work();
  }

  /** What has been written to the relation since `hideWrites`. */
  hiddenWrites(relation: number): readonly Delta[] {
    return this.#visible === null ? [] : this.writes.of(relation, this.#visible.length);
  }

  #overlaid(
    published: Snapshot, fills: Fills | null,
    layers: readonly RelationChange[] = this.#visible?.layers ?? this.writes.layers(),
  ): Snapshot {
    const base = fills === null ? published : new ReshapedSnapshot(published, fills);
    if (layers.length === 0) return base;
    const overlay = this.#services.runtime.overlay(base, layers);
    this.#opened.push(overlay);
    return overlay;
  }

  noteRead(relations: Iterable<number>): void {
    if (this.isolation !== 'serializable') return;
    this.#reads ??= new Set();
    for (const relation of relations) this.#reads.add(relation);
  }

  /** 40001 when rows of the relation were changed behind this transaction's snapshot. */
  checkConflict(relation: number): void {
    if (!this.fixedSnapshot || this.#point === null) return;
    if (this.#services.changedSince(relation, this.#point.sequence, 'rewrite')) {
      throw new DatabaseError('40001', 'could not serialize access due to concurrent update');
    }
  }

  /** Where rows of the relation came or went behind this transaction's snapshot: that, with all own writes; else null. */
  overtakenSnapshot(relation: number): Snapshot | null {
    if (!this.fixedSnapshot || this.#point === null) return null;
    if (!this.#services.changedSince(relation, this.#point.sequence, 'any')) return null;
    return this.#overlaid(this.#point.snapshot, this.#pastFills(), this.writes.layers());
  }

  write(relation: number, delta: Delta): void {
    this.started = true;
    this.writes.add(relation, delta);
  }

  /** Makes checks that were put off: those of some constraints, or all. */
  checkDeferred(constraints: ReadonlySet<number> | null): void {
    const isDue = ({ check }: HeldCheck): boolean => constraints === null || constraints.has(check.constraint);
    for (const held of this.writes.checks) if (isDue(held)) held.check.run();
    this.writes.restore(this.writes.checks.filter((held) => !isDue(held)));
  }

  /** 55006 while a check that was put off has still to look at the relation as it is defined now. */
  requireSettled(relation: number, command: 'ALTER TABLE' | 'DROP TABLE' | 'TRUNCATE', name: string): void {
    if (!this.writes.checks.some(({ check }) => check.relations.includes(relation))) return;
    throw new DatabaseError('55006', `cannot ${command} "${name}" because it has pending trigger events`);
  }

  /** `portals`: the number of the last one that was opened. */
  savepoint(name: string, portals: number): void {
    this.#savepoints.push({
      name, writes: this.writes.length, changes: this.#catalogChanges.length, catalog: this.#catalog,
      notifications: this.notifications.length, locks: this.#services.locks.held(this),
      rowLocks: this.rowLocks.length, undo: this.undo.length, readOnly: this.readOnly, portals,
      deferral: this.deferral, checks: [...this.writes.checks],
    });
    this.#settings.savepoint();
  }

  /** An error within a block: back to its last savepoint, so that nobody waits for what will not be. */
  fail(): void {
    this.failed = true;
    const last = this.#savepoints.at(-1);
    this.writes.truncate(last?.writes ?? 0);
    this.rowLocks.truncate(last?.rowLocks ?? 0);
    this.undo.takeBack(last?.undo ?? 0);
    this.#catalogChanges.length = last?.changes ?? 0;
    this.#catalog = last?.catalog ?? null;
    this.#findReshaped();
    if (last === undefined) this.#services.locks.releaseAll(this);
    else this.#services.locks.releaseTo(this, last.locks);
  }

  release(name: string): void {
    const at = this.#find(name);
    const { readOnly } = this.#savepoints[at];
    this.#savepoints.length = at;
    this.#settings.release(at + 1);
    if (readOnly === this.readOnly) return;
    this.readOnly = readOnly;
    this.#settings.setLocalUnchecked('transaction_read_only', readOnly ? 'on' : 'off');
  }

  /** Gives the number of the last portal that stays. */
  rollbackTo(name: string): number {
    const at = this.#find(name);
    const savepoint = this.#savepoints[at];
    this.#savepoints.length = at + 1;
    this.writes.truncate(savepoint.writes);
    this.rowLocks.truncate(savepoint.rowLocks);
    this.undo.takeBack(savepoint.undo);
    this.#catalogChanges.length = savepoint.changes;
    this.#catalog = savepoint.catalog;
    this.#findReshaped();
    this.notifications.truncate(savepoint.notifications);
    this.deferral = savepoint.deferral;
    // What was checked since may not hold any more.
    this.writes.restore(savepoint.checks);
    this.#services.locks.releaseTo(this, savepoint.locks);
    this.#settings.rollbackTo(at + 1);
    this.readOnly = savepoint.readOnly;
    this.failed = false;
    return savepoint.portals;
  }

  /** The number of the last portal that an error leaves open. */
  get portalsKept(): number {
    return this.#savepoints.at(-1)?.portals ?? 0;
  }

  get depth(): number {
    return this.#savepoints.length;
  }

  #find(name: string): number {
    const at = this.#savepoints.findLastIndex((s) => s.name === name);
    if (at < 0) throw new DatabaseError('3B001', `savepoint "${name}" does not exist`);
    return at;
  }

  /** Counts what it writes, in turns with others, before it is committed; null: that is quick. */
  count(): Work<CountedChanges> | null {
    const changes = this.writes.large ? this.writes.merged() : [];
    const counting = this.#services.runtime.count(changes);
    return counting === null ? null : countedChanges(changes, counting);
  }

  /**
   * Queues everything; the promise resolves when it is durable and visible. Throws (rolled back) on a conflict.
   * Either way the transaction is over. `durable`: as Runtime's; not called where more than rows has changed.
   * `counted`: by `count`, and nothing was written since.
   */
  commit(sync: boolean, durable?: () => void, counted?: CountedChanges): Promise<Epoch> | null {
    let done: Promise<Epoch> | null = null;
    try {
      this.#checkReads();
      if (this.notifications.length > 0) this.notifications.requireRoom(this.#services.untaken);
      if (!this.isDirty) {
        this.#publish();
        this.#settings.commit();
        // After a crash nobody else may be given a value that this one has told.
        return this.sequences.journaled;
      }
      this.#checkFailures();
      done = this.#services.commit({
        changes: counted?.changes ?? this.writes.merged(), counted: counted?.counted, catalog: this.#catalogChanges, sync,
        writer: this.processId,
        durable: this.hasCatalogChanges || this.notifications.length > 0 ? undefined : durable,
      });
      this.#settings.commit();
      const told = done.then((epoch) => {
        this.#publish();
        return epoch;
      });
      // Writers see what is queued, but the catalog only what is published: who waits for its lock waits for that.
      return this.hasCatalogChanges ? told.finally(() => this.#end()) : told;
    } catch (error) {
      this.undo.takeBack(0);
      this.#settings.rollback();
      throw error;
    } finally {
      if (done === null || !this.hasCatalogChanges) this.#end();
    }
  }

  rollback(): void {
    this.undo.takeBack(0);
    this.#settings.rollback();
    this.#end();
  }

  /** Work for the end of what is held: of the transaction, or going back before this moment. */
  untilEnd(work: () => void): void {
    const once = (): void => {
      if (this.#ends.delete(once)) work();
    };
    this.#ends.add(once);
    this.undo.add(once);
  }

  #end(): void {
    this.endStatement();
    for (const work of this.#ends) work();
    // One that it has made, and that is not there now, never will be.
    for (const oid of this.sequences.noted) if (this.#services.catalog.get(oid) === null) this.#services.sequences.forget(oid);
    this.#services.open.delete(this);
    this.#services.locks.releaseAll(this);
    this.#point?.snapshot.release();
    this.#point = null;
  }

  /** Writers see what is queued. Where that was given up, keys and references were checked against rows that never were. */
  #checkFailures(): void {
    if (this.#failures === this.#services.runtime.failures) return;
    throw new DatabaseError('40001', 'could not serialize access due to concurrent update', {
      detail: 'Commits of other transactions failed in the meantime, since the journal could not be written.',
      hint: 'The transaction might succeed if retried.',
    });
  }

  #checkReads(): void {
    if (this.isolation !== 'serializable' || this.#point === null || this.writes.length === 0) return;
    for (const relation of this.#reads ?? []) {
      if (this.#services.changedSince(relation, this.#point.sequence, 'any')) {
        throw new DatabaseError('40001',
          'could not serialize access due to read/write dependencies among transactions', {
          detail: 'Reason code: Canceled on commit, because a relation that was read has changed.',
          hint: 'The transaction might succeed if retried.',
        });
      }
    }
  }

  #publish(): void {
    for (const { channel, payload } of this.notifications.distinct()) {
      this.#services.publish({ processId: this.processId, channel, payload });
    }
  }

  #readPoint(): ReadPoint {
    if (!this.fixedSnapshot) {
      const point = this.#services.readPoint();
      this.#opened.push(point.snapshot);
      return point;
    }
    if (this.#point === null) {
      this.#point = this.#services.readPoint();
      const { catalog } = this.#services;
      this.#past = { catalog, now: catalog, fills: null };
    }
    return this.#point;
  }
}
