// TableWriter: rows into and out of a table within the transaction, with everything its definition demands.
import { Batch } from '../../engine/data/batch.ts';
import { Delta, concatDeltas } from '../../engine/data/delta.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { whenThere } from '../../engine/data/soon.ts';
import type { Soon } from '../../engine/data/soon.ts';
import { sameType } from '../../engine/data/types.ts';
import { nullVector } from '../../engine/data/vector.ts';
import { isTemporary } from '../catalog/entry.ts';
import type { TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';
import { runAtOnce } from '../turns.ts';
import type { Work } from '../turns.ts';
import { checkReferences, consequences, lockReferences } from './foreign-key.ts';
import { requireSameTable } from './redefined.ts';
import { castVector, inParts, physicalBatch, rulesOf } from './table-rules.ts';
import type { TableRules } from './table-rules.ts';
import { whenFree } from '../write-conflict.ts';
import { checkUnique, requireFreeKeys } from './unique-check.ts';

/** Cascades that go deeper than this run in a circle. */
const MAX_DEPTH = 100;

/**
 * Before a statement writes to a table: may it, and the table's lock. `command`: as 25006 names it; `set`: columns that get new
 * values, null: whole rows are new.
 */
export function prepareWrite(
  state: SessionState, table: TableEntry, command: string, how: 'insert' | 'change', set: readonly number[] | null = null,
): Soon<void> {
  if (!isTemporary(table.schema)) state.current.checkWritable(command);
  return lockTable(state, table, how, set);
}

/** Before the rows to be changed are read. */
function lockTable(
  state: SessionState, table: TableEntry, how: 'insert' | 'change' | 'truncate', set: readonly number[] | null,
): Soon<void> {
  const { current, lockWait } = state;
  if (current.isReshaped(table.oid)) {
    throw notSupported('writing to a table whose columns the same transaction has changed');
  }
  const locked = current.lock(table.oid, how === 'truncate' ? 'access exclusive' : 'row exclusive', lockWait);
  const same = whenThere(locked, () => requireSameTable(state, table));
  return whenThere(whenThere(same, () => lockReferences(state, table, set)), () => {
    if (how !== 'insert' && table.appendOnly) {
      throw new DatabaseError('42809', `cannot change rows of append-only table "${table.name}"`);
    }
    if (how === 'truncate') current.checkConflict(table.oid);
  });
}

export class TableWriter {
  readonly table: TableEntry;
  readonly rules: TableRules;
  readonly #state: SessionState;
  /** Leave unique keys to the commit: a COPY that is a transaction of its own. */
  readonly #keysAtCommit: boolean;
  readonly #depth: number;

  constructor(state: SessionState, table: TableEntry,
    options: { readonly keysAtCommit?: boolean; readonly depth?: number } = {}) {
    this.#state = state;
    this.table = table;
    this.rules = rulesOf(state, table);
    this.#keysAtCommit = options.keysAtCommit ?? false;
    this.#depth = options.depth ?? 0;
  }

  /** Before the rows to be changed are read. */
  lock(how: 'insert' | 'change' | 'truncate'): Soon<void> {
    return lockTable(this.#state, this.table, how, null);
  }

  /** Runs what reads and writes rows; again from the start after each wait for a transaction in its way. */
  run<T>(work: () => T): Soon<T> {
    return whenFree(this.#state.current, this.#state.lockWait, work);
  }

  /** Given columns, of the columns' types, as rows of the stored layout; the others get their defaults. */
  complete(given: Batch, attnums: readonly number[]): Batch {
    const { schema } = this.rules;
    const cast = new Batch(given.columns.map((v, i) => castVector(this.#state, v,
      schema.columns[attnums[i] - 1].type)), given.length);
    const open = this.table.columns.flatMap((c, i) => (c.dropped || attnums.includes(i + 1) ? [] : [i]));
    const defaults = this.rules.defaultVectors(this.#state, open, given.length);
    return this.rules.generate(this.#state, physicalBatch(schema, cast, attnums, (i) => (
      defaults.get(i) ?? nullVector(schema.columns[i].type, given.length))));
  }

  /** The same of many, piece by piece. */
  *completed(given: Batch, attnums: readonly number[]): Work<Batch> {
    const { computes, schema: { columns } } = this.rules;
    const plain = !computes && attnums.length === columns.length
      && given.columns.every((v, i) => sameType(v.type, columns[attnums[i] - 1].type));
    return plain ? this.complete(given, attnums) : yield* inParts(given, (part) => this.complete(part, attnums));
  }

  /** Rows of the stored layout. */
  *insert(rows: Batch): Work<void> {
    yield* this.rules.check(this.#state, rows);
    (yield* this.inserting(rows))();
  }

  /** All but the writing, which it gives. Requires: the rows keep the table's rules. */
  *inserting(rows: Batch): Work<() => void> {
    if (rows.length === 0) return () => undefined;
    const free = yield* this.#checkUnique(null, rows);
    return () => {
      const { current } = this.#state;
      if (current.settle()) free();
      current.write(this.table.oid, Delta.insert(rows));
      current.afterwards(() => checkReferences(this.#state, this.table, rows));
    };
  }

  /** Old rows, and new ones in their places. */
  *replace(removed: Batch, added: Batch): Work<void> {
    (yield* this.replacing(removed, added))();
  }

  /** All but the writing, which it gives. */
  *replacing(removed: Batch, added: Batch): Work<() => void> {
    if (removed.length === 0) return () => undefined;
    this.#requireFree(removed);
    yield* this.rules.check(this.#state, added);
    const free = yield* this.#checkUnique(removed, added);
    const delta = concatDeltas([Delta.remove(removed), Delta.insert(added)]);
    yield true;
    return () => {
      const { current } = this.#state;
      if (current.settle()) {
        this.#requireFree(removed);
        free();
      }
      current.write(this.table.oid, delta);
      current.afterwards(() => {
        checkReferences(this.#state, this.table, added, removed);
        this.#follow(removed, added);
      });
    };
  }

  remove(rows: Batch): void {
    if (rows.length === 0) return;
    this.#state.current.settle();
    this.#requireFree(rows);
    this.#state.current.write(this.table.oid, Delta.remove(rows));
    this.#state.current.afterwards(() => this.#follow(rows, null));
  }

  /** Blocked while another transaction changes the rows or keeps them; 40001 under a snapshot that is older than they are. */
  #requireFree(rows: Batch): void {
    const { current, services } = this.#state;
    services.open.requireFreeRows(current, this.table.oid, 'update', rows);
    current.checkConflict(this.table.oid);
  }

  /** Gives what looks anew whether keys are free. */
  *#checkUnique(removed: Batch | null, added: Batch): Work<() => void> {
    if (!this.#keysAtCommit) return yield* checkUnique(this.#state, this.table, { removed, added });
    const free = (): void => requireFreeKeys(this.#state, this.table, added);
    free();
    return free;
  }

  #follow(removed: Batch, added: Batch | null): void {
    if (this.#depth > MAX_DEPTH) throw new DatabaseError('54001', 'foreign key actions are nested too deeply');
    for (const consequence of consequences(this.#state, this.table, { removed, added })) {
      const writer = new TableWriter(this.#state, consequence.table, { depth: this.#depth + 1 });
      if (consequence.added === null) writer.remove(consequence.removed);
      else {
        const added = writer.rules.generate(this.#state, consequence.added);
        runAtOnce(writer.replace(consequence.removed, added), () => this.#state.checkInterrupt());
      }
    }
  }
}
