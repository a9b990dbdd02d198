// A statement that has its locks may find other relations than those it was bound to: then it is bound and run anew.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { IndexEntry, TableEntry } from '../catalog/entry.ts';
import type { SessionState } from '../session-state.ts';

/** 40001, where nobody binds the statement anew. */
class Redefined extends DatabaseError {
  constructor() {
    super('40001', 'could not serialize access due to concurrent update', {
      detail: 'A relation of the statement was altered or dropped in the meantime.',
    });
  }
}

/** The relations that are named, and those that views among them read: whose rows a statement reads, and which it locks. */
export function relationsRead(catalog: Catalog, named: Iterable<number>): ReadonlySet<number> {
  const found = new Set<number>();
  const add = (oid: number): void => {
    if (found.has(oid)) return;
    found.add(oid);
    const entry = catalog.get(oid);
    if (entry?.kind === 'view') for (const below of entry.dependencies) add(below.oid);
  };
  for (const oid of named) add(oid);
  return found;
}

/** With the table's lock in hand, and before anything is read or written. */
export function requireSameTable(state: SessionState, table: TableEntry): void {
  if (state.catalog.get(table.oid) !== table) throw new Redefined();
}

/** As requireSameTable, of its indexes. */
export function requireSameIndexes(state: SessionState, { oid }: TableEntry, known: readonly IndexEntry[]): void {
  const { length } = known;
  const now = state.catalog.indexesOf(oid);
  if (now.length !== length || now.some((index, i) => index !== known[i])) throw new Redefined();
}

/**
 * As requireSameTable, of all that a statement reads: before each attempt, since nobody keeps them as they are. `known`:
 * the catalog it was bound to.
 */
export function requireSame(state: SessionState, known: Catalog, relations: Iterable<number>): void {
  const { catalog } = state;
  if (catalog === known) return;
  for (const oid of relations) if (catalog.get(oid) !== known.get(oid)) throw new Redefined();
}

/** `again`: binds the statement and runs it in the same way, with the locks that were taken. */
export function unlessRedefined<T>(run: () => Soon<T>, again: () => Soon<T>): Soon<T> {
  const anew = (error: unknown): Soon<T> => {
    if (!(error instanceof Redefined)) throw error;
    return again();
  };
  try {
    const result = run();
    return result instanceof Promise ? result.catch(anew) : result;
  } catch (error) {
    return anew(error);
  }
}
