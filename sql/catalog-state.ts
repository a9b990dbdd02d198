// CatalogState: the published catalog; its changes come with the journal's epochs and become relations and circuits.
import { DatabaseError } from '../engine/data/error.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { Runtime } from '../engine/runtime/contract.ts';
import type { Catalog, CatalogChange } from './catalog/catalog.ts';
import { decodeCatalog, decodeRecord, encodeCatalog } from './catalog/codec.ts';
import type { CatalogEntry, StoredEntry } from './catalog/entry.ts';
import type { SequenceState } from './catalog/codec.ts';
import { relationDefinition, viewDefinition } from './relation-definition.ts';
import type { DefinitionContext } from './relation-definition.ts';
import { labelChanges, rowFill } from './row-fill.ts';
import { SequenceStore } from './sequence-store.ts';
import { viewContext } from './view-context.ts';

export class CatalogState {
  readonly functions: FunctionRegistry;
  readonly sequences: SequenceStore;
  /** At close nothing runs any more: sequences go on exactly where they stopped. */
  exactSequences = false;
  /** Journals sequence states; set by the services. */
  logSequences: (states: readonly SequenceState[]) => void = () => {};
  #current: Catalog;
  #runtime: Runtime | null = null;
  /** Recovery is over: sequence states that come back from the journal are our own. */
  #live = false;

  constructor(initial: Catalog, functions: FunctionRegistry) {
    this.#current = initial;
    this.functions = functions;
    this.sequences = new SequenceStore((states) => this.logSequences(states));
  }

  get current(): Catalog {
    return this.#current;
  }

  attach(runtime: Runtime): void {
    this.#runtime = runtime;
  }

  /** One transaction's changes, live or at replay. */
  apply(bytes: Uint8Array): void {
    const { changes, sequences } = decodeRecord(bytes);
    if (!this.#live) this.#restoreSequences(sequences);
    if (changes.length === 0) return;
    const before = this.#current;
    this.#current = before.applyAll(changes);
    this.#follow(before, changes);
  }

  /** With sequences whose transaction still runs: their values are journaled at once, they when it commits. */
  save(): Uint8Array {
    return encodeCatalog(this.#current, this.sequences.states(this.exactSequences));
  }

  /** The checkpoint is loaded, the journal replayed. Transactions that have not committed by now never will. */
  recovered(): void {
    this.#live = true;
    for (const { oid } of this.sequences.states(true)) if (this.#current.get(oid) === null) this.sequences.forget(oid);
  }

  /** Their OIDs count as given out: what is journaled of a sequence that was rolled back is not of another's. */
  #restoreSequences(states: readonly SequenceState[]): void {
    for (const state of states) {
      this.sequences.restore(state);
      this.#current = this.#current.withNextOid(state.oid + 1);
    }
  }

  restore(bytes: Uint8Array): void {
    const { entries, nextOid, sequences } = decodeCatalog(bytes);
    this.#current = this.#current.replaced(entries, nextOid);
    this.#restoreSequences(sequences);
    const context = this.#context();
    const runtime = this.#required();
    for (const entry of [...entries].toSorted((a, b) => a.oid - b.oid)) {
      if (entry.kind === 'table' || entry.kind === 'source') runtime.define(relationDefinition(context, entry));
      else if (entry.kind === 'materialized-view') runtime.install(viewDefinition(context, entry));
    }
  }

  #required(): Runtime {
    if (this.#runtime === null) throw new DatabaseError('XX000', 'the runtime is not there yet');
    return this.#runtime;
  }

  #context(): DefinitionContext {
    return { catalog: this.#current, functions: this.functions, evalContext: viewContext(this.#current, this.functions) };
  }

  /** What the changes mean for the runtime: in their order, an entry once, indexes through their relation. */
  #follow(before: Catalog, changes: readonly CatalogChange[]): void {
    const touched = new Set<number>();
    for (const change of changes) {
      const oid = change.kind === 'put' ? change.entry.oid : change.oid;
      touched.add(oid);
      const entry = change.kind === 'put' ? change.entry : before.get(oid);
      if (entry?.kind === 'index') touched.add(entry.table);
      if (change.kind === 'remove') this.sequences.forget(oid);
    }
    const readers = new Set<number>();
    for (const oid of touched) {
      const [was, is] = [before.get(oid), this.#current.get(oid)];
      this.#followOne(was, is);
      for (const reader of this.#required().readersOf(oid, reshapedColumns(was, is))) readers.add(reader);
    }
    // Circuits that read a column only because they had to read one.
    for (const oid of readers) {
      const view = this.#current.get(oid);
      if (view?.kind === 'materialized-view') this.#required().reinstall(viewDefinition(this.#context(), view));
    }
  }

  #followOne(before: CatalogEntry | null, after: CatalogEntry | null): void {
    const runtime = this.#required();
    const context = this.#context();
    const was = before !== null && isStored(before) ? before : null;
    const is = after !== null && isStored(after) ? after : null;
    if (was !== null && is === null) runtime.drop(was.oid);
    else if (is !== null && was === null) {
      if (is.kind === 'materialized-view') runtime.install(viewDefinition(context, is));
      else runtime.define(relationDefinition(context, is));
    } else if (is !== null && was !== null) {
      const fill = rowFill(was, is, context);
      if (fill === null) runtime.redefine(relationDefinition(context, is));
      else runtime.redefine(relationDefinition(context, is), fill);
    }
  }
}

/** Columns (0-based) that are gone or of another type. */
export function reshapedColumns(before: CatalogEntry | null, after: CatalogEntry | null): ReadonlySet<number> {
  if (before?.kind !== 'table' || after?.kind !== 'table') return new Set();
  return new Set(before.columns.flatMap((column, i) => {
    const { dropped, conversion } = after.columns[i];
    const retyped = conversion?.serial !== column.conversion?.serial
      && (conversion?.labels === undefined || labelChanges(conversion.labels).some((l) => l.fields !== undefined));
    return column.hidden !== true && ((dropped && !column.dropped) || retyped) ? [i] : [];
  }));
}

function isStored(entry: CatalogEntry): entry is StoredEntry {
  return entry.kind === 'table' || entry.kind === 'source' || entry.kind === 'materialized-view';
}
