// Expressions kept in the catalog as text: defaults and checks, in words that mean the same under other settings.
import { TEXT } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { mapExpression } from '../../engine/expression/walk.ts';
import type { Site } from '../binder/level.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindValue, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { ScopeItem } from '../binder/scope.ts';
import { deparse } from '../plan/deparse.ts';
import type { DeparseOptions } from '../plan/deparse.ts';
import { sameExpression } from '../plan/same-expression.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ColumnEntry } from '../catalog/entry.ts';
import { CatalogNames } from '../catalog/names.ts';
import type { SessionState } from '../session-state.ts';

/** How an expression is printed that is kept as text: it means the same under every search path. */
export function keptForm(
  state: SessionState, columnName: DeparseOptions['columnName'], catalog: Catalog = state.catalog,
): DeparseOptions {
  const names = new CatalogNames(catalog, [], state.services.functions);
  const fieldName: DeparseOptions['fieldName'] = (type, index) => catalog.fieldNames(type.oid ?? 0)?.[index] ?? null;
  return { columnName, fieldName, pretty: false, exact: true, format: DEFAULT_FORMAT, names: { names, now: 0n } };
}

/** The text to keep of `bound`, written as `original`: constants in full, where `rebind` reads it back as the same. */
export function storedText(state: SessionState, stored: {
  readonly bound: Expression; readonly original: string; readonly columns: readonly ColumnEntry[];
  readonly rebind: (text: string) => Expression;
}): string {
  const { bound, original, columns, rebind } = stored;
  const text = deparse(bound, keptForm(state, (i) => columns[i].name));
  try {
    return sameExpression(rebind(text), bound) ? text : original;
  } catch {
    return original;
  }
}

/** How a stored expression names a relation whatever it comes to be called, as the constants of PostgreSQL's do. */
export function relationConstant(oid: number): string {
  return `${oid}::pg_catalog.oid::pg_catalog.regclass`;
}

/** With such names in the place of constants of type regclass, and what they name. */
export function withRelations(
  site: Site, written: Expression,
): { readonly bound: Expression; readonly reads: readonly number[] } {
  const reads: number[] = [];
  const bound = mapExpression(written, (e) => {
    if (e.kind !== 'literal' || e.type.kind !== 'regclass' || typeof e.value !== 'number') return e;
    reads.push(e.value);
    return bindValue(site, parseExpression(relationConstant(e.value)));
  });
  return { bound, reads };
}

/** What withRelations has made, as people write it. */
function withNames(state: SessionState, stored: Expression): Expression {
  return mapExpression(stored, (e) => {
    if (e.kind !== 'cast' || e.type.kind !== 'regclass' || e.input.kind !== 'cast' || e.input.type.kind !== 'oid'
      || e.input.input.kind !== 'literal') return e;
    const name = state.names.nameOf('regclass', Number(e.input.input.value));
    return name === null ? e : { ...e, explicit: true, input: { kind: 'literal', type: TEXT, value: name } };
  });
}

/**
 * A stored expression for people to read: pg_get_expr and its kin. What cannot be read any more is shown as it is.
 * `relation`: whose columns it names; or a domain, whose check names VALUE.
 */
export function printStored(
  state: SessionState, text: string, options: { readonly relation: number; readonly pretty: boolean },
): string {
  const entry = state.catalog.get(options.relation);
  const columns = entry !== null && 'columns' in entry && entry.kind !== 'index' ? entry.columns : [];
  const row = rowScopeItem({ name: entry?.name ?? '', columns, oid: options.relation });
  const domain = entry?.kind === 'type' && entry.definition.kind === 'domain' ? entry.definition : null;
  const item = domain === null ? row : { ...row, columns: [value(domain.base)] };
  try {
    const site = rowSite(sessionEnvironment(state), [item], { phrase: 'stored expressions' });
    return deparse(withNames(state, bindValue(site, parseExpression(text))), {
      columnName: (i) => columns[i].name, pretty: options.pretty, format: state.settings.format,
      ...(entry?.kind === 'type' ? { columnText: 'VALUE' } : {}),
      names: { names: state.names, now: 0n },
      onPath: (schema) => state.catalog.effectivePath(state.searchPath).includes(schema),
    });
  } catch {
    return text;
  }
}

/** VALUE, as the check of a domain names what it checks. */
function value(type: LogicalType): ScopeItem['columns'][number] {
  return { name: 'value', table: 0, attribute: 1, expression: { kind: 'column', index: 0, type } };
}
