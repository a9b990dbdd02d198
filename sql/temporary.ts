// Temporary objects: a schema of the session's own, first on its search path, that ends with the session.
import { Delta } from '../engine/data/delta.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { CatalogChange, QualifiedName } from './catalog/catalog.ts';
import { planDrop } from './catalog/dependency.ts';
import { POSTGRES_ROLE_OID, isTemporary } from './catalog/entry.ts';
import type { TableEntry } from './catalog/entry.ts';
import type { Services } from './services.ts';
import type { SessionState } from './session-state.ts';
import { allRows } from './statement/foreign-key.ts';

/** The session's own schema, made when it is first needed. Requires: the catalog lock. */
export function temporarySchema(state: SessionState, name: QualifiedName): string {
  if (name.schema !== null && name.schema !== 'pg_temp' && name.schema !== state.temporarySchema) {
    throw new DatabaseError('42P16', 'cannot create temporary relation in non-temporary schema');
  }
  if (state.catalog.schema(state.temporarySchema) === null) {
    state.current.changeCatalog([{
      kind: 'put', entry: {
        kind: 'schema', oid: state.services.allocateOid(), name: state.temporarySchema, owner: POSTGRES_ROLE_OID, comment: null,
        acl: [],
      },
    }]);
  }
  return state.temporarySchema;
}

/** ON COMMIT of the session's temporary tables, as the last part of its transaction. */
export function endTemporary(state: SessionState): void {
  const { transaction } = state;
  if (transaction === null || !transaction.isDirty || state.catalog.schema(state.temporarySchema) === null) return;
  const tables = [...state.catalog.relations()].filter((r): r is TableEntry => r.kind === 'table'
    && r.schema === state.temporarySchema);
  for (const table of tables) {
    if (table.onCommit !== 'delete' || !transaction.writes.touches(table.oid)) continue;
    const rows = allRows(state, table);
    if (rows.length > 0) transaction.write(table.oid, Delta.remove(rows));
  }
  // Made by this very transaction, which therefore holds the catalog's lock.
  const dropped = tables.filter((t) => t.onCommit === 'drop').map((t) => ({ kind: 'entry', oid: t.oid }) as const);
  if (dropped.length > 0) transaction.changeCatalog(planDrop(state.catalog, dropped, { cascade: true, searchPath: [] }).changes);
}

/** DISCARD TEMP: everything but the schema. */
export async function discardTemporary(state: SessionState): Promise<void> {
  if (state.catalog.schema(state.temporarySchema) === null) return;
  await state.current.lockCatalog(state.lockWait);
  state.current.changeCatalog(dropSchemas(state.current, (name) => name === state.temporarySchema));
}

/** At the session's end. Resolves when the objects are gone. */
export async function dropTemporary(services: Services, schema: string): Promise<void> {
  if (services.catalog.schema(schema) === null) return;
  await services.commit({ changes: [], catalog: dropSchemas(services, (name) => name === schema), sync: false });
}

/** What sessions of a server that crashed have left. */
export async function dropLeftovers(services: Services): Promise<void> {
  const changes = dropSchemas(services, isTemporary);
  if (changes.length > 0) await services.commit({ changes: [], catalog: changes, sync: false });
}

function dropSchemas(
  from: { readonly catalog: Services['catalog'] }, which: (name: string) => boolean,
): readonly CatalogChange[] {
  const { catalog } = from;
  const targets = [...catalog.schemas()].filter((s) => which(s.name)).map((s) => ({ kind: 'entry', oid: s.oid }) as const);
  return targets.length === 0 ? [] : planDrop(catalog, targets, { cascade: true, searchPath: [] }).changes;
}
