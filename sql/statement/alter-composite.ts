// ALTER TYPE .. ADD, DROP and ALTER ATTRIBUTE.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Column } from '../../engine/data/types.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import { describeEntry } from '../catalog/dependency.ts';
import type { TypeEntry } from '../catalog/entry.ts';
import type { AlterAction } from '../parser/ast-definition.ts';
import type { SessionState } from '../session-state.ts';
import { isMadeOf, refuseRowTypeUsed } from './domain-use.ts';
import { dropTargets } from './drop.ts';
import { reshapeRows, rowShape } from './row-shape.ts';
import { ViewColumns } from './view-columns.ts';

/** Requires: the catalog lock. */
export async function alterComposite(state: SessionState, oid: number, action: AlterAction): Promise<void> {
  const entry = state.catalog.get(oid);
  if (entry?.kind !== 'type' || entry.definition.kind !== 'composite') return;
  const { fields } = entry.definition;
  switch (action.kind) {
    case 'addColumn': {
      const { name } = action.column;
      if (fields.some((f) => f.name === name)) {
        throw new DatabaseError('42701', `column "${name}" of relation "${entry.name}" already exists`);
      }
      const type = attributeType(state, entry, action.column.type);
      await putFields(state, entry, [...fields, { name, type, ...clauseCollation(action.column.collation?.name, type) }]);
      return;
    }
    case 'dropColumn': {
      const at = placeOf(state, entry, fields, action);
      if (at !== null) await dropTargets(state, [{ kind: 'column', table: oid, attnum: at + 1 }], action.cascade);
      return;
    }
    case 'setType': {
      const at = placeOf(state, entry, fields, { column: action.column, ifExists: false });
      if (at === null) return;
      const type = attributeType(state, entry, action.type);
      const collation = clauseCollation(action.collation, type);
      refuseRowTypeUsed(state, entry);
      refuseViews(state, entry, action.column);
      await putFields(state, entry, fields.with(at, { name: action.column, type, ...collation }));
      return;
    }
    default: throw notSupported('this change of a composite type', { position: action.position });
  }
}

function attributeType(
  state: SessionState, entry: TypeEntry, written: (AlterAction & { kind: 'setType' })['type'],
): Column['type'] {
  const type = resolveTypeName({ catalog: state.catalog, searchPath: state.searchPath }, written);
  refuseMember(type, entry.oid, entry.name);
  return type;
}

/** Values that hold others of their own type would never end. */
export function refuseMember(type: Column['type'], rowType: number, name: string): void {
  if (isMadeOf(type, rowType)) throw new DatabaseError('42P16', `composite type ${name} cannot be made a member of itself`);
}

/** null after a notice when the attribute may be missing. */
function placeOf(
  state: SessionState, entry: TypeEntry, fields: readonly Column[],
  { column, ifExists }: { readonly column: string; readonly ifExists: boolean },
): number | null {
  const at = fields.findIndex((f) => f.name === column);
  if (at >= 0) return at;
  const message = `column "${column}" of relation "${entry.name}" does not exist`;
  if (!ifExists) throw new DatabaseError('42703', message);
  state.notice('NOTICE', new DatabaseError('00000', `${message}, skipping`));
  return null;
}

async function putFields(state: SessionState, entry: TypeEntry, fields: readonly Column[]): Promise<void> {
  const after: TypeEntry = { ...entry, definition: { kind: 'composite', fields } };
  state.current.changeCatalog([{ kind: 'put', entry: after }]);
  const shape = rowShape(entry, after);
  if (shape !== null) await reshapeRows(state, shape);
}

function refuseViews(state: SessionState, entry: TypeEntry, field: string): void {
  const columns = new ViewColumns(state);
  for (const view of [...state.catalog.entries()].toSorted((a, b) => a.oid - b.oid)) {
    if ((view.kind !== 'view' && view.kind !== 'materialized-view') || !columns.fields(view, entry.oid).has(field)) continue;
    throw new DatabaseError('0A000', 'cannot alter type of a column used by a view or rule', {
      detail: `rule _RETURN on ${describeEntry(state.catalog, view, state.searchPath)} depends on column "${field}"`,
    });
  }
}
