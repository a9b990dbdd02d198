// What is kept as text follows when something it names gets another name: views' queries, and a table's own expressions.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { valueSite } from '../binder/domain-check.ts';
import type { Catalog, CatalogChange } from '../catalog/catalog.ts';
import type { CatalogEntry, ColumnEntry, IndexEntry, TableEntry, TypeEntry } from '../catalog/entry.ts';
import { parseExpression } from '../parser/parse.ts';
import { deparse } from '../plan/deparse.ts';
import type { DeparseOptions } from '../plan/deparse.ts';
import { sameButForNames, samePlan } from '../plan/same-plan.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { bindValue, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { shownKey } from './index-expression.ts';
import { boundView } from './kept-view.ts';
import type { AnyView } from './kept-view.ts';
import { keptForm } from './stored-expression.ts';
import { printedQuery } from './view-text.ts';

/** `changes`, and with them whatever is kept as text and names something of `renamed`, now in the new names. */
export function withFollowers(
  state: SessionState, changes: readonly CatalogChange[], renamed: ReadonlySet<number>,
): readonly CatalogChange[] {
  let after = state.catalog.applyAll(changes);
  const followers = new Map<number, CatalogChange>();
  const follow = (entries: readonly CatalogEntry[]): void => {
    for (const entry of entries) followers.set(entry.oid, { kind: 'put', entry });
    after = after.applyAll(entries.map((entry) => ({ kind: 'put', entry })));
  };
  const mentions = mentionsOf(state.catalog, changes);
  for (const entry of after.entries()) if (entry.kind === 'type') follow(domainAfter(state, entry, after, mentions));
  for (const entry of after.entries()) {
    const before = state.catalog.get(entry.oid);
    if (entry.kind === 'table' && before?.kind === 'table') {
      follow(tableAfter(state, { before, after: entry, catalog: after, mentions }));
    }
  }
  const touched = new Set(renamed);
  for (const view of innermostFirst(after)) {
    if (!view.dependencies.some((d) => touched.has(d.oid))) continue;
    if (view.kind === 'view') touched.add(view.oid);
    const next = viewAfter(state, view, after, renamed);
    if (next !== null) follow([next]);
  }
  return [...changes.filter((c) => c.kind !== 'put' || !followers.has(c.entry.oid)), ...followers.values()];
}

/** Whether a text of table or domain `of` may speak of what is called otherwise now, or is elsewhere: others need not be read. */
type Mentions = (text: string, of: number) => boolean;

function mentionsOf(catalog: Catalog, changes: readonly CatalogChange[]): Mentions {
  const things = new Set<string>();
  const fields = new Set<string>();
  const tables = new Set<number>();
  for (const change of changes) {
    if (change.kind !== 'put') continue;
    const { entry } = change;
    const before = catalog.get(entry.oid);
    if (before === null) continue;
    const moved = 'schema' in before && 'schema' in entry && before.schema !== entry.schema;
    if (before.name !== entry.name || moved) things.add(before.name);
    if (before.kind === 'type' && entry.kind === 'type') for (const name of gone(before, entry)) fields.add(name);
    if (!('columns' in before && 'columns' in entry) || before.kind === 'index' || entry.kind === 'index') continue;
    const { columns } = entry;
    const renamed = before.columns.filter((c, i) => c.name !== columns[i].name);
    for (const c of renamed) fields.add(c.name);
    if (renamed.length > 0) tables.add(entry.oid);
  }
  const [ofThings, ofFields] = [wordsOf(things), wordsOf(fields)];
  // Elsewhere a column is a field of a row: (r).a.
  return (text, of) => /u&|\\/i.test(text) || ofThings(text) || ((tables.has(of) || text.includes('.')) && ofFields(text));
}

/** Names of fields that are called otherwise. */
function gone(before: TypeEntry, after: TypeEntry): readonly string[] {
  const names = ({ definition: d }: TypeEntry): readonly string[] => (d.kind === 'composite' ? d.fields.map((f) => f.name) : []);
  const then = names(after);
  return names(before).filter((name) => !then.includes(name));
}

/** Whether one of the names is a word of a text. */
function wordsOf(names: ReadonlySet<string>): (text: string) => boolean {
  if (names.size === 0) return () => false;
  if ([...names].some((n) => !/^\w+$/.test(n))) return () => true;
  const pattern = new RegExp(`(?<![\\w$])(?:${[...names].join('|')})(?![\\w$])`, 'i');
  return (text) => pattern.test(text);
}

/** Views, those that a view reads before it. */
function innermostFirst(catalog: Catalog): readonly AnyView[] {
  const found: AnyView[] = [];
  const seen = new Set<number>();
  const visit = (entry: CatalogEntry | null): void => {
    if ((entry?.kind !== 'view' && entry?.kind !== 'materialized-view') || seen.has(entry.oid)) return;
    seen.add(entry.oid);
    for (const { oid, columns } of entry.dependencies) if (columns.length > 0) visit(catalog.get(oid));
    found.push(entry);
  };
  for (const entry of catalog.entries()) visit(entry);
  return found;
}

/** null: it stays as it is. `renamed`: what has another name, not only something that it is made of. */
function viewAfter(
  state: SessionState, view: AnyView, after: Catalog, renamed: ReadonlySet<number>,
): AnyView | null {
  // Types that a view names and one that it reads, too, are noted of that one only.
  const direct = view.dependencies.some((d) => renamed.has(d.oid));
  const asItIs = (): boolean => readsTheSame(state, view, view, after);
  if (!direct && asItIs()) return null;
  const query = keptQuery(state, view, after);
  if (query !== null) return { ...view, query };
  if (asItIs()) return null;
  throw notSupported(`renaming something that view "${view.name}" is made over,`);
}

/** The query in the names of `after`, whole ones; null where it cannot be said so that it is the same query. */
export function keptQuery(state: SessionState, view: AnyView, after: Catalog = state.catalog): string | null {
  const query = printedQuery(state, view, state.catalog, {
    catalog: after, searchPath: [], qualified: true, pretty: false, wrap: 0, format: view.settings.format,
    names: keptForm(state, () => '', after).names,
  })?.trim();
  return query !== undefined && readsTheSame(state, view, { ...view, query }, after) ? query : null;
}

/** Whether the one, as things are called now, is the other, as they are called then. */
function readsTheSame(state: SessionState, now: AnyView, then: AnyView, after: Catalog): boolean {
  try {
    return samePlan(boundView(state, now).plan, boundView(state, then, { catalog: after }).plan);
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
}

/** How a text that is kept is read, before and after. */
interface Reading {
  readonly of: string;
  readonly mentions: (text: string) => boolean;
  readonly before: (text: string) => Expression;
  readonly after: (text: string) => Expression;
  readonly form: DeparseOptions;
}

/** The text in the names that things have then. */
function textAfter(text: string, { of, mentions, before, after, form }: Reading): string {
  if (!mentions(text)) return text;
  const bound = readable(text, before);
  if (bound === null) return text;
  const means = (t: string): boolean => {
    const read = readable(t, after);
    return read !== null && sameButForNames(read, bound);
  };
  if (means(text)) return text;
  const now = deparse(bound, form);
  if (means(now)) return now;
  throw notSupported(`renaming something that an expression of ${of} uses`);
}

function readable(text: string, read: (text: string) => Expression): Expression | null {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof DatabaseError) return null;
    throw error;
  }
}

/** None: nothing in it has another name. */
function domainAfter(
  state: SessionState, entry: TypeEntry, after: Catalog, mentions: Mentions,
): readonly CatalogEntry[] {
  const { definition } = entry;
  if (definition.kind !== 'domain') return [];
  const { base, checks, defaultText } = definition;
  const read = (catalog: Catalog) => (text: string): Expression => {
    const then = catalog.get(entry.oid);
    const over = then?.kind === 'type' && then.definition.kind === 'domain' ? then.definition.base : base;
    return bindValue(valueSite(rowSite(sessionEnvironment(state, { catalog }), [], STORED), over), parseExpression(text));
  };
  const reading: Reading = {
    of: `domain "${entry.name}"`, mentions: (text) => mentions(text, entry.oid), before: read(state.catalog), after: read(after),
    form: keptForm(state, () => 'value', after),
  };
  const own = checks.map((c) => ({ ...c, expression: textAfter(c.expression, reading) }));
  const ownDefault = defaultText === null ? null : textAfter(defaultText, reading);
  if (ownDefault === defaultText && own.every((c, i) => c.expression === checks[i].expression)) return [];
  return [{ ...entry, definition: { ...definition, checks: own, defaultText: ownDefault } }];
}

/** A table's own expressions, and those of its indexes, in the names that its columns and the catalog have then. */
function tableAfter(
  state: SessionState, { before, after, catalog, mentions }: {
    readonly before: TableEntry; readonly after: TableEntry; readonly catalog: Catalog; readonly mentions: Mentions;
  },
): readonly CatalogEntry[] {
  const { columns } = after;
  const reading: Reading = {
    of: `table "${before.name}"`, mentions: (text) => mentions(text, before.oid),
    form: keptForm(state, (i) => columns[i].name, catalog),
    before: (text) => boundOver(state, before, state.catalog, text), after: (text) => boundOver(state, after, catalog, text),
  };
  const shown = (text: string): string => deparse(reading.before(text), { ...reading.form, pretty: true, exact: false });
  let changed = false;
  const renamed = (text: string): string => {
    const now = textAfter(text, reading);
    if (now !== text) changed = true;
    return now;
  };
  const own: TableEntry = {
    ...after,
    columns: columns.map((c) => {
      if (c.defaultText !== null) return { ...c, defaultText: renamed(c.defaultText) };
      if (c.hidden !== true || c.conversion === undefined) return c;
      const { conversion } = c;
      const expression = renamed(conversion.expression);
      if (expression === conversion.expression) return c;
      const name = keyName(catalog.indexesOf(after.oid), c.attnum, columns, shown) ?? c.name;
      return { ...c, name, conversion: { ...conversion, expression } };
    }),
    constraints: after.constraints.map((c) => (c.kind === 'check' ? { ...c, expression: renamed(c.expression) } : c)),
    watermark: after.watermark === null ? null : { ...after.watermark, expression: renamed(after.watermark.expression) },
  };
  const indexes = catalog.indexesOf(after.oid).flatMap((index): IndexEntry[] => {
    const { definition } = index;
    if (definition === undefined) return [];
    const entry: IndexEntry = {
      ...index, definition: {
        ...definition, elements: definition.elements.map((e) => (e === null ? null : renamed(e))),
        where: definition.where === null ? null : renamed(definition.where),
      },
    };
    return [entry];
  });
  return changed ? [own, ...indexes] : [];
}

/** What a hidden column is called: as errors show the key that it holds. */
function keyName(
  indexes: Iterable<IndexEntry>, attnum: number, columns: readonly ColumnEntry[], shown: (text: string) => string,
): string | null {
  for (const { columns: keys, definition } of indexes) {
    const at = keys.indexOf(attnum);
    if (at < 0 || definition === undefined) continue;
    const text = definition.elements[at];
    return text === null ? columns[definition.plain[at] - 1].name : shownKey(shown(text));
  }
  return null;
}

const STORED = { phrase: 'stored expressions' };

function boundOver(state: SessionState, { name, columns, oid }: TableEntry, catalog: Catalog, text: string): Expression {
  const item = rowScopeItem({ name, columns, oid });
  return bindValue(rowSite(sessionEnvironment(state, { catalog }), [item], STORED), parseExpression(text));
}
