// A row type whose fields change: what has its values follows, and what cannot stands in the way.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { sameType } from '../../engine/data/types.ts';
import type { Column, LogicalType } from '../../engine/data/types.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import { valueSite } from '../binder/domain-check.ts';
import { isQueryable } from '../catalog/catalog.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { CatalogEntry, TableEntry, TypeEntry } from '../catalog/entry.ts';
import { parseExpression } from '../parser/parse.ts';
import { expressionsOf, visitPlan } from '../plan/map-plan.ts';
import { bindAssignment, bindPredicate, bindValue, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { isMadeOf, mentioning, retyped, typesIn, withTypes } from './domain-use.ts';
import { boundView, compiledOver, viewsOver } from './kept-view.ts';
import type { AnyView } from './kept-view.ts';
import { convertTable } from './value-change.ts';
import { ViewColumns } from './view-columns.ts';
import { keysOf } from './unique-check.ts';

/** `from`: the place that each field had; null: it is new. */
export interface RowShape {
  /** Of the row type. */
  readonly oid: number;
  readonly owner: TableEntry | TypeEntry;
  readonly fields: readonly Column[];
  readonly from: readonly (number | null)[];
  /** How many fields there were. */
  readonly width: number;
}

/** How the rows of a table, or the values of a composite type, are others than before; null: they are not. */
export function rowShape(before: CatalogEntry | null, after: CatalogEntry | null): RowShape | null {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  if (was === null || is === null || (after?.kind !== 'table' && after?.kind !== 'type')) return null;
  const from = is.map((f) => {
    const at = was.findIndex((o) => o.key === f.key);
    return at < 0 ? null : at;
  });
  const same = was.length === is.length && is.every((f, i) => from[i] === i && sameType(f.type, was[i].type));
  if (same) return null;
  const fields = is.map(({ name, type }) => ({ name, type }));
  return { oid: after.kind === 'table' ? after.rowType : after.oid, owner: after, fields, from, width: was.length };
}

function fieldsOf(entry: CatalogEntry | null): readonly (Column & { readonly key: number | string })[] | null {
  if (entry?.kind === 'table') return liveColumns(entry.columns).map((c) => ({ name: c.name, type: c.type, key: c.attnum }));
  if (entry?.kind !== 'type' || entry.definition.kind !== 'composite') return null;
  return entry.definition.fields.map((f) => ({ ...f, key: f.name }));
}

/** Lets follow what has values of the type. Requires: the catalog lock; the catalog has the type as it is now. */
export async function reshapeRows(state: SessionState, shape: RowShape): Promise<void> {
  const { oid, owner, fields, from } = shape;
  const takers = owner.kind === 'table' ? rowTakers(state, owner) : [];
  const names = mentioning({ oid, name: owner.name });
  const concerned = [...state.catalog.entries()].filter((entry) => holds(entry, oid) || (entry.kind === 'view'
    ? takers.includes(entry) || entry.dependencies.some((d) => d.oid === oid)
    : (entry.kind === 'table' || entry.kind === 'type') && names(entry)));
  const changed = (own: LogicalType): LogicalType => (own.kind === 'record' && own.oid === oid ? { ...own, fields } : own);
  const changes: CatalogChange[] = [];
  for (const entry of concerned) {
    if (!holds(entry, oid)) continue;
    if (entry.kind === 'source' || entry.kind === 'materialized-view') throw refused(shape, `whose rows "${entry.name}" has`);
    if (entry.kind === 'table') {
      await state.current.lock(entry.oid, 'access exclusive', state.lockWait);
      state.current.requireSettled(entry.oid, 'ALTER TABLE', entry.name);
      refuseFixed(state, entry, shape);
      const after = { ...entry, columns: retyped(entry.columns, changed) };
      changes.push(convertTable(state, { before: entry, after }, { oid, renamed: null, fields: from }));
    } else changes.push({ kind: 'put', entry: withTypes(entry, changed) });
  }
  state.current.changeCatalog([...changes, ...narrowed(state, shape)]);
  for (const entry of concerned) checkReadable(state, entry.oid, shape);
}

/** Views count the fields that they know: of those, some may be gone, and the next one that is added is not among them. */
function narrowed({ catalog }: SessionState, { oid, from }: RowShape): readonly CatalogChange[] {
  return [...catalog.entries()].flatMap((entry): readonly CatalogChange[] => {
    if (entry.kind !== 'view' && entry.kind !== 'materialized-view') return [];
    const known = entry.settings.rowWidths?.find((w) => w.type === oid);
    const left = known === undefined ? 0 : from.filter((place) => place !== null && place < known.fields).length;
    if (known === undefined || left === known.fields) return [];
    const rowWidths = entry.settings.rowWidths?.map((w) => (w === known ? { ...w, fields: left } : w)) ?? [];
    return [{ kind: 'put', entry: { ...entry, settings: { ...entry.settings, rowWidths } } }];
  });
}

/** Views that have the table's rows as values. 0A000 when a circuit makes such: those it has made do not follow the table. */
function rowTakers(state: SessionState, table: TableEntry): readonly AnyView[] {
  const uses = new ViewColumns(state);
  const takers = viewsOver(state.catalog, table.oid).filter((view) => uses.takesRows(view, table.oid));
  for (const view of takers) {
    const [compiled] = view.kind === 'materialized-view' ? [view] : compiledOver(state.catalog, view.oid);
    if (compiled === undefined) continue;
    throw notSupported(`changing the columns of table "${table.name}", of whose rows materialized view "${compiled.name}" `
      + 'makes values,');
  }
  return takers;
}

/** Has it columns, fields or values made of the type? */
function holds(entry: CatalogEntry, oid: number): boolean {
  if (entry.kind === 'type') return typesIn(entry).some((type) => isMadeOf(type, oid));
  return isQueryable(entry) && entry.columns.some((c) => !c.dropped && isMadeOf(c.type, oid));
}

const refused = (shape: RowShape, what: string): DatabaseError => notSupported(
  `changing the ${shape.owner.kind === 'table' ? 'columns of table' : 'attributes of type'} "${shape.owner.name}", ${what},`);

/** 0A000 where keys or circuits have the values as they were. */
function refuseFixed(state: SessionState, table: TableEntry, shape: RowShape): void {
  const hidden = table.columns.some((c) => c.hidden === true && isMadeOf(c.type, shape.oid));
  const key = keysOf(state, table).some((k) => k.columns.some((c) => isMadeOf(table.columns[c].type, shape.oid)));
  if (hidden || key) throw refused(shape, `whose rows are in an index of table "${table.name}"`);
  for (const view of compiledOver(state.catalog, table.oid)) {
    let reads = false;
    visitPlan(boundView(state, view).plan, (node) => {
      reads ||= expressionsOf(node).some((e) => someExpression(e, (x) => isMadeOf(x.type, shape.oid)));
    });
    if (reads) throw refused(shape, `whose rows materialized view "${view.name}" reads`);
  }
}

/** 0A000 when what is kept as text cannot be read any more: a constant of the type that has as many fields as it had. */
function checkReadable(state: SessionState, oid: number, shape: RowShape): void {
  const entry = state.catalog.get(oid);
  if (entry === null) return;
  try {
    read(state, entry, shape.oid);
  } catch (error) {
    const fits = shape.from.length === shape.width && shape.from.every((place, i) => place === i);
    // A field of another type is not what an operator of the text takes.
    if (!(error instanceof DatabaseError)) throw error;
    throw fits ? error.with({ position: undefined }) : refused(shape, `of which "${entry.name}" names a value`);
  }
}

function read(state: SessionState, entry: CatalogEntry, oid: number): void {
  if (entry.kind === 'view') {
    const { columns } = boundView(state, entry);
    const same = liveColumns(entry.columns).every((c, i) => !isMadeOf(c.type, oid) || sameType(c.type, columns[i].type));
    if (!same) throw new DatabaseError('42804', `view "${entry.name}" has other types`);
  }
  if (entry.kind === 'table') readTable(state, entry);
  if (entry.kind !== 'type' || entry.definition.kind !== 'domain') return;
  const { base, checks, defaultText } = entry.definition;
  const site = rowSite(sessionEnvironment(state), [], STORED);
  for (const check of checks) bindPredicate(valueSite(site, base), parseExpression(check.expression), 'CHECK');
  if (defaultText !== null) bindAssignment(site, parseExpression(defaultText), { name: entry.name, type: base });
}

const STORED = { phrase: 'stored expressions' };

function readTable(state: SessionState, table: TableEntry): void {
  const row = rowSite(sessionEnvironment(state), [rowScopeItem(table)], STORED);
  const alone = rowSite(sessionEnvironment(state), [], STORED);
  for (const column of liveColumns(table.columns)) {
    if (column.defaultText !== null) bindAssignment(column.generated ? row : alone, parseExpression(column.defaultText), column);
  }
  for (const c of table.constraints) if (c.kind === 'check') bindPredicate(row, parseExpression(c.expression), 'CHECK');
  for (const { definition } of state.catalog.indexesOf(table.oid)) {
    for (const text of [...definition?.elements ?? [], definition?.where ?? null]) {
      if (text !== null) bindValue(row, parseExpression(text));
    }
  }
}
