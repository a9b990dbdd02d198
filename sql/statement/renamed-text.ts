// Renaming a type: expressions that are kept as text and name it are written anew.
import { notSupported } from '../../engine/data/error.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import { valueSite } from '../binder/domain-check.ts';
import type { Site } from '../binder/level.ts';
import { isQueryable } from '../catalog/catalog.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import type { CatalogEntry, DomainDefinition, TableEntry, TypeEntry } from '../catalog/entry.ts';
import { parseExpression } from '../parser/parse.ts';
import { deparse } from '../plan/deparse.ts';
import { keptForm } from './stored-expression.ts';
import { bindAssignment, bindPredicate, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { mapType, mentioning, retyped, withTypes } from './domain-use.ts';

/** Puts `renamed` in the place of `type`; texts that name it are as they are now to be read. Requires: the catalog lock. */
export function renameType(state: SessionState, type: TypeEntry, renamed: TypeEntry): void {
  rewriteType(state, type, renamed, {
    change: (own) => renamedType(own, renamed),
    value: (_, datum) => datum, table: ({ after }) => ({ kind: 'put', entry: after }),
  });
}

function renamedType(type: LogicalType, { oid, name }: TypeEntry): LogicalType {
  if ('oid' in type && type.oid === oid) return { ...type, name };
  if (type.kind === 'range' && type.multirange.oid === oid) return { ...type, multirange: { oid, name } };
  return type.kind === 'multirange' && type.range.oid === oid ? { ...type, range: { oid, name } } : type;
}

/** How a type becomes another under the same OID. */
interface Rewriting {
  /** As of `mapType`. */
  readonly change: (type: LogicalType) => LogicalType;
  /** Of constants. */
  readonly value: (type: LogicalType, datum: Datum) => Datum;
  readonly table: (table: { readonly before: TableEntry; readonly after: TableEntry }) => CatalogChange;
}

/** Range and multirange types know each other's names. */
function withPartner(entry: CatalogEntry, { oid, name }: TypeEntry): CatalogEntry {
  if (entry.kind !== 'type') return entry;
  const { definition } = entry;
  if (definition.kind === 'range' && definition.multirange.oid === oid) {
    return { ...entry, definition: { ...definition, multirange: { oid, name } } };
  }
  return definition.kind === 'multirange' && definition.range.oid === oid
    ? { ...entry, definition: { ...definition, range: { oid, name } } } : entry;
}

/** Puts `renamed` in the place of `type` wherever the catalog keeps it. Requires: the catalog lock. */
export function rewriteType(state: SessionState, type: TypeEntry, renamed: TypeEntry, how: Rewriting): void {
  const mentions = mentioning(type);
  const later: (() => CatalogChange)[] = [];
  for (const entry of state.catalog.entries()) {
    if (!mentions(entry)) continue;
    if (entry.kind === 'index' && entry.definition !== undefined) {
      throw notSupported(`renaming type "${type.name}", which index "${entry.name}" names,`);
    }
    if (entry.kind === 'table') later.push(tableTexts(state, entry, how));
    else if (entry.kind === 'type' && entry.definition.kind === 'domain') {
      later.push(domainTexts(state, entry, entry.definition, how));
    } else if (isQueryable(entry) || entry.kind === 'type') {
      later.push(() => ({ kind: 'put', entry: withPartner(withTypes(entry, how.change), renamed) }));
    }
  }
  state.current.changeCatalog([{ kind: 'put', entry: renamed }]);
  state.current.changeCatalog(later.map((change) => change()));
}

function site(state: SessionState, table: TableEntry | null): Site {
  return rowSite(sessionEnvironment(state), table === null ? [] : [rowScopeItem(table)], { phrase: 'stored expressions' });
}

interface Written { readonly bound: Expression; readonly names: readonly string[]; readonly how: Rewriting }

function written(state: SessionState, { bound, names, how }: Written): string {
  const changed = mapExpression(bound, (e) => {
    const type = mapType(e.type, how.change);
    return e.kind === 'literal' ? { ...e, type, value: how.value(e.type, e.value) } : { ...e, type };
  });
  return deparse(changed, keptForm(state, (i) => names[i]));
}

function tableTexts(state: SessionState, table: TableEntry, how: Rewriting): () => CatalogChange {
  const names = table.columns.map((c) => c.name);
  const columns = table.columns.map((column) => (column.defaultText === null || column.dropped ? null
    : bindAssignment(site(state, column.generated ? table : null), parseExpression(column.defaultText), column)));
  const checks = table.constraints.map((c) => (c.kind === 'check'
    ? bindPredicate(site(state, table), parseExpression(c.expression), 'CHECK') : null));
  return () => how.table({ before: table, after: {
    ...table,
    columns: retyped(table.columns, how.change).map((column, i) => {
      const bound = columns[i];
      return bound === null ? column : { ...column, defaultText: written(state, { bound, names, how }) };
    }),
    constraints: table.constraints.map((constraint, i) => {
      const bound = checks[i];
      return constraint.kind !== 'check' || bound === null ? constraint
        : { ...constraint, expression: written(state, { bound, names, how }) };
    }),
  } });
}

function domainTexts(state: SessionState, entry: TypeEntry, definition: DomainDefinition, how: Rewriting): () => CatalogChange {
  const { base, defaultText } = definition;
  const bound = defaultText === null ? null
    : bindAssignment(site(state, null), parseExpression(defaultText), { name: entry.name, type: base });
  const checks = definition.checks.map((check) => ({
    check, bound: bindPredicate(valueSite(site(state, null), base), parseExpression(check.expression), 'CHECK'),
  }));
  return () => ({ kind: 'put', entry: { ...entry, definition: {
    ...definition, base: mapType(base, how.change),
    defaultText: bound === null ? null : written(state, { bound, names: [], how }),
    checks: checks.map((c) => ({ ...c.check, expression: written(state, { bound: c.bound, names: ['value'], how }) })),
  } } });
}
