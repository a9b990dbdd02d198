// Who depends on whom: what DROP must refuse (RESTRICT, 2BP01) or take along (CASCADE, with a notice).
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { parseExpression } from '../parser/parse.ts';
import { writtenColumns } from '../parser/written-columns.ts';
import { isQueryable } from './catalog.ts';
import type { Catalog, CatalogChange } from './catalog.ts';
import type {
  CatalogEntry, ColumnEntry, ConstraintEntry, MaterializedViewEntry, SourceEntry, TableEntry, TypeEntry, ViewEntry,
} from './entry.ts';

/** Something DROP can name or take along: an entry, a column, a constraint, a default, the type of rows or of arrays. */
export type Target =
  | { readonly kind: 'entry'; readonly oid: number }
  | { readonly kind: 'column'; readonly table: number; readonly attnum: number }
  | { readonly kind: 'constraint'; readonly table: number; readonly oid: number }
  | { readonly kind: 'default'; readonly table: number; readonly attnum: number }
  /** `array`: of arrays of them, or of values of the type `relation`. */
  | { readonly kind: 'rowType'; readonly relation: number; readonly oid: number; readonly array: boolean };

export interface DropPlan {
  readonly changes: readonly CatalogChange[];
  /** PostgreSQL's `drop cascades to ..` notice, null when nothing else goes. */
  readonly notice: DatabaseError | null;
}

export interface DropOptions {
  readonly cascade: boolean;
  readonly searchPath: readonly string[];
  /** Absent: a view names all columns that there were when it was made, and nothing looks into values. */
  readonly uses?: Uses;
}

/** What queries and expressions that are kept as text name. */
export interface Uses {
  /** Attribute numbers of a relation. */
  columns(view: ViewEntry | MaterializedViewEntry, relation: number): ReadonlySet<number>;
  /** Fields of a row type's values. */
  fields(view: ViewEntry | MaterializedViewEntry, rowType: number): ReadonlySet<string>;
  /** The parts of a table and its indexes, or of a domain, whose expressions look at the field. */
  parts(of: TableEntry | TypeEntry, rowType: number, field: string): readonly Target[];
}

interface Edge {
  readonly dependent: Target;
  readonly on: Target;
  /** auto: goes silently with what it belongs to (indexes, owned sequences); normal: needs CASCADE. */
  readonly strength: 'auto' | 'normal';
}

/** The changes that remove `targets`, or 2BP01 with PostgreSQL's list of what stands in the way. */
export function planDrop(catalog: Catalog, targets: readonly Target[], options: DropOptions): DropPlan {
  const search = new DependentSearch(catalog, options.uses ?? null);
  for (const target of targets) search.visit(target, null);
  const visible = search.reasons(new Set(targets.map(idOf)));
  if (visible.length > 0 && !options.cascade) throw stillNeeded(catalog, targets, visible, options.searchPath);
  return {
    changes: changesFor(catalog, search.found.map((f) => f.target)),
    notice: visible.length > 0 ? cascadeNotice(catalog, visible.map((r) => r.dependent), options.searchPath) : null,
  };
}

/** Depth first, the newest dependent first: what is found is in an order it can be removed in. */
class DependentSearch {
  readonly found: { readonly target: Target; readonly why: Edge | null }[] = [];
  readonly #visited = new Map<string, Target>();
  /** Goes with something that goes, on whatever way it was found first. */
  readonly #silent = new Set<string>();
  readonly #catalog: Catalog;
  readonly #uses: Uses | null;

  constructor(catalog: Catalog, uses: Uses | null) {
    this.#catalog = catalog;
    this.#uses = uses;
  }

  visit(target: Target, why: Edge | null): void {
    const id = idOf(target);
    if (why?.strength === 'auto') this.#silent.add(id);
    if (this.#visited.has(id)) return;
    this.#visited.set(id, target);
    const edges = edgesOn(this.#catalog, target, this.#uses).toSorted(newerFirst);
    for (const edge of edges) if (!coveredByOwner(this.#visited, edge.dependent)) this.visit(edge.dependent, edge);
    this.found.push({ target, why });
  }

  /** What does not go silently, each with what it depends on; in PostgreSQL's order: the oldest first, then its own. */
  reasons(named: ReadonlySet<string>): readonly Edge[] {
    return this.found.toReversed().flatMap(({ target, why }) => {
      const id = idOf(target);
      if (why === null || named.has(id) || this.#silent.has(id)) return [];
      return coveredByOwner(this.#visited, target) ? [] : [why];
    });
  }
}

const ageOf = (t: Target): number => ('oid' in t ? t.oid : t.table);

const attnumOf = (t: Target): number => ('attnum' in t ? t.attnum : 0);

/** Of a table's columns the first; but where their defaults depend on another column, those are things with an age. */
function newerFirst({ dependent: a, on }: Edge, { dependent: b }: Edge): number {
  const places = attnumOf(a) - attnumOf(b);
  return ageOf(b) - ageOf(a) || (a.kind === 'column' && on.kind !== 'column' ? places : -places);
}

const idOf = (t: Target): string => {
  switch (t.kind) {
    case 'entry': return `e${t.oid}`;
    case 'column': return `c${t.table}.${t.attnum}`;
    case 'constraint': return `k${t.oid}`;
    case 'default': return `d${t.table}.${t.attnum}`;
    case 'rowType': return `t${t.oid}${t.array ? '[]' : ''}`;
  }
};

/** A column, constraint or default of a table that goes anyway is not worth a word. */
function coveredByOwner(found: ReadonlyMap<string, Target>, target: Target): boolean {
  return 'table' in target && found.has(`e${target.table}`);
}

/** Everything that depends directly on `on`. */
function edgesOn(catalog: Catalog, on: Target, uses: Uses | null): readonly Edge[] {
  const edges: Edge[] = [];
  const add = (dependent: Target, strength: Edge['strength']): void => {
    edges.push({ dependent, on, strength });
  };
  const field = on.kind === 'column' ? fieldOf(catalog, on) : null;
  for (const entry of catalog.entries()) {
    if (entry.kind === 'view' || entry.kind === 'materialized-view') {
      if (readsRelation(entry, on, uses) || (field !== null && uses?.fields(entry, field.rowType).has(field.name) === true)) {
        add({ kind: 'entry', oid: entry.oid }, 'normal');
      }
    }
    if ((entry.kind === 'table' || entry.kind === 'type') && field !== null) {
      for (const part of uses?.parts(entry, field.rowType, field.name) ?? []) add(part, 'normal');
    }
    entryEdges(catalog, entry, on, add);
  }
  return edges;
}

type Add = (dependent: Target, strength: Edge['strength']) => void;

function entryEdges(catalog: Catalog, entry: CatalogEntry, on: Target, add: Add): void {
  const self: Target = { kind: 'entry', oid: entry.oid };
  if (on.kind === 'entry') {
    const target = catalog.get(on.oid);
    if (target?.kind === 'schema' && 'schema' in entry && entry.schema === target.name) add(self, 'normal');
  }
  if ('rowType' in entry && on.kind === 'entry' && on.oid === entry.oid) {
    add({ kind: 'rowType', relation: entry.oid, oid: entry.rowType, array: false }, 'auto');
    add({ kind: 'rowType', relation: entry.oid, oid: entry.rowType, array: true }, 'auto');
  }
  if (entry.kind === 'type' && on.kind === 'entry' && on.oid === entry.oid) {
    add({ kind: 'rowType', relation: entry.oid, oid: entry.oid, array: true }, 'auto');
  }
  switch (entry.kind) {
    case 'index':
      indexEdges(entry.table, [...entry.columns, ...entry.include, ...entry.definition?.reads ?? [],
        ...entry.definition?.plain ?? []], entry.constraint, on, () => add(self, 'auto'));
      return;
    case 'sequence':
      if (entry.ownedBy !== null && touches(entry.ownedBy.table, [entry.ownedBy.column], on)) add(self, 'auto');
      return;
    case 'table': case 'source':
      tableEdges(entry, on, add);
      return;
    case 'type':
      typeEdges(entry, on, add);
      return;
    case 'materialized-view': case 'view': case 'schema': case 'role': return;
  }
}

function readsRelation(view: ViewEntry | MaterializedViewEntry, on: Target, uses: Uses | null): boolean {
  return view.dependencies.some((d) => touches(d.oid, d.columns, on)
    && (on.kind !== 'column' || uses === null || uses.columns(view, on.table).has(on.attnum)));
}

/** A column as a field of the values of its relation's row type. */
function fieldOf(
  catalog: Catalog, { table, attnum }: { readonly table: number; readonly attnum: number },
): { readonly rowType: number; readonly name: string } | null {
  const entry = catalog.get(table);
  if (entry?.kind === 'table') return { rowType: entry.rowType, name: columnName(entry, attnum) };
  if (entry?.kind !== 'type' || entry.definition.kind !== 'composite') return null;
  return { rowType: table, name: entry.definition.fields[attnum - 1]?.name ?? '' };
}

function indexEdges(
  table: number, columns: readonly number[], constraint: number | null, on: Target, add: () => void,
): void {
  if (touches(table, columns, on) || (on.kind === 'constraint' && on.oid === constraint)) add();
}

/** A field of a composite type is a column of the type. */
function typeEdges(entry: TypeEntry, on: Target, add: Add): void {
  const { definition } = entry;
  const self: Target = { kind: 'entry', oid: entry.oid };
  if (definition.kind === 'domain' && mentionsType(definition.base, on)) add(self, 'normal');
  if (definition.kind === 'range' && mentionsType(definition.bound, on)) add(self, 'normal');
  if (definition.kind === 'multirange' && on.kind === 'entry' && on.oid === definition.range.oid) add(self, 'auto');
  if (definition.kind !== 'composite') return;
  for (const [i, field] of definition.fields.entries()) {
    if (mentionsType(field.type, on)) add({ kind: 'column', table: entry.oid, attnum: i + 1 }, 'normal');
  }
}

function tableEdges(entry: TableEntry | SourceEntry, on: Target, add: Add): void {
  for (const constraint of entry.constraints) constraintEdges(entry, constraint, on, add);
  for (const column of entry.columns) {
    if (column.dropped) continue;
    if (mentionsType(column.type, on)) add({ kind: 'column', table: entry.oid, attnum: column.attnum }, 'normal');
    if (on.kind !== 'entry') continue;
    if (column.sequence === on.oid || column.defaultReads?.includes(on.oid) === true) {
      add({ kind: 'default', table: entry.oid, attnum: column.attnum }, 'normal');
    }
  }
  if (on.kind === 'column' && on.table === entry.oid) {
    const name = columnName(entry, on.attnum);
    for (const column of entry.columns) {
      if (!column.dropped && column.generated && generatedFrom(column, name)) {
        add({ kind: 'column', table: entry.oid, attnum: column.attnum }, 'normal');
      }
    }
  }
  if (on.kind === 'column' && on.table === entry.oid && entry.watermark?.column === on.attnum) {
    throw new DatabaseError('2BP01',
      `cannot drop column ${columnName(entry, on.attnum)} of ${entry.kind} ${entry.name} `
      + 'because its watermark depends on it');
  }
}

function generatedFrom({ defaultText }: ColumnEntry, name: string): boolean {
  if (defaultText === null) return false;
  return writtenColumns(parseExpression(defaultText)).some((c) => c.name.at(-1) === name);
}

function constraintEdges(entry: TableEntry | SourceEntry, constraint: ConstraintEntry, on: Target, add: Add): void {
  const self: Target = { kind: 'constraint', table: entry.oid, oid: constraint.oid };
  if (on.kind === 'column' && on.table === entry.oid && constraint.columns.includes(on.attnum)) add(self, 'auto');
  if (constraint.kind !== 'foreign') return;
  if (constraint.target !== entry.oid && touches(constraint.target, constraint.targetColumns, on)) add(self, 'normal');
  if (on.kind === 'constraint' && on.table === constraint.target) add(self, 'normal');
}

/** Does an object that uses these columns of relation `oid` (none: all of it), or the constraint `oid`, depend on `on`? */
function touches(oid: number, columns: readonly number[], on: Target): boolean {
  if (on.kind === 'entry' || on.kind === 'constraint') return on.oid === oid;
  return on.kind === 'column' && on.table === oid && columns.includes(on.attnum);
}

function mentionsType(type: LogicalType, on: Target): boolean {
  if (on.kind !== 'entry' && on.kind !== 'rowType') return false;
  switch (type.kind) {
    case 'array': return on.kind === 'rowType' && on.array && mentionsType(type.element, { ...on, array: false });
    case 'enum': case 'domain': case 'record': case 'range': case 'multirange':
      return type.oid === on.oid && (on.kind === 'entry' || !on.array);
    default: return false;
  }
}

/** `table t`, `column c of table t`, as PostgreSQL names objects in messages; qualified when not on the path. */
export function describe(catalog: Catalog, target: Target, searchPath: readonly string[]): string {
  if (target.kind === 'entry') {
    const entry = catalog.get(target.oid);
    return entry === null ? `object ${target.oid}` : describeEntry(catalog, entry, searchPath);
  }
  if (target.kind === 'rowType') {
    const relation = catalog.get(target.relation);
    const qualified = relation !== null && 'schema' in relation && !catalog.isVisible(relation, searchPath);
    const name = relation === null ? String(target.oid) : quoteIdentifier(relation.name);
    return `type ${qualified ? `${quoteIdentifier(relation.schema)}.` : ''}${name}${target.array ? '[]' : ''}`;
  }
  const table = catalog.get(target.table);
  if (table?.kind === 'type' && table.definition.kind === 'composite' && target.kind === 'column') {
    const field = table.definition.fields[target.attnum - 1]?.name ?? '?';
    return `column ${quoteIdentifier(field)} of composite ${describeEntry(catalog, table, searchPath)}`;
  }
  if (table?.kind === 'type' && table.definition.kind === 'domain' && target.kind === 'constraint') {
    return `constraint ${quoteIdentifier(table.definition.checks.find((c) => c.oid === target.oid)?.name ?? '?')}`;
  }
  if (table === null || !isQueryable(table)) return `object ${target.table}`;
  const of = describeEntry(catalog, table, searchPath);
  switch (target.kind) {
    case 'column': return `column ${columnName(table, target.attnum)} of ${of}`;
    case 'default': return `default value for column ${columnName(table, target.attnum)} of ${of}`;
    case 'constraint': {
      const constraints = 'constraints' in table ? table.constraints : [];
      return `constraint ${constraints.find((c) => c.oid === target.oid)?.name ?? '?'} on ${of}`;
    }
  }
}

function columnName(table: { readonly columns: readonly ColumnEntry[] }, attnum: number): string {
  return table.columns.find((c) => c.attnum === attnum)?.name ?? '?';
}

export function describeEntry(catalog: Catalog, entry: CatalogEntry, searchPath: readonly string[]): string {
  const word = entry.kind === 'materialized-view' ? 'materialized view' : entry.kind;
  const qualified = 'schema' in entry && !catalog.isVisible(entry, searchPath);
  return `${word} ${qualified ? `${quoteIdentifier(entry.schema)}.` : ''}${quoteIdentifier(entry.name)}`;
}

/** As quote_ident does, reserved words aside. */
export function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

const LISTED = 100;

function stillNeeded(
  catalog: Catalog, targets: readonly Target[], reasons: readonly { dependent: Target; on: Target }[],
  searchPath: readonly string[],
): DatabaseError {
  const lines = reasons.map((r) =>
    `${describe(catalog, r.dependent, searchPath)} depends on ${describeNeeded(catalog, r, searchPath)}`);
  const message = targets.length === 1
    ? `cannot drop ${describe(catalog, targets[0], searchPath)} because other objects depend on it`
    : 'cannot drop desired object(s) because other objects depend on them';
  return new DatabaseError('2BP01', message, {
    detail: shorten(lines),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** A foreign key needs the index of the key that it refers to. */
function describeNeeded(
  catalog: Catalog, { dependent, on }: { readonly dependent: Target; readonly on: Target }, searchPath: readonly string[],
): string {
  const table = on.kind === 'constraint' && dependent.kind === 'constraint' ? catalog.get(on.table) : null;
  const key = table?.kind === 'table' && on.kind === 'constraint' ? table.constraints.find((c) => c.oid === on.oid) : undefined;
  const index = key?.kind === 'primary' || key?.kind === 'unique' ? key.index : null;
  return describe(catalog, index === null ? on : { kind: 'entry', oid: index }, searchPath);
}

function cascadeNotice(catalog: Catalog, dropped: readonly Target[], searchPath: readonly string[]): DatabaseError {
  const lines = dropped.map((t) => `drop cascades to ${describe(catalog, t, searchPath)}`);
  if (lines.length === 1) return new DatabaseError('00000', lines[0]);
  return new DatabaseError('00000', `drop cascades to ${lines.length} other objects`, { detail: shorten(lines) });
}

function shorten(lines: readonly string[]): string {
  if (lines.length <= LISTED) return lines.join('\n');
  const rest = lines.length - LISTED;
  const more = `and ${rest} other object${rest === 1 ? '' : 's'} (see server log for list)`;
  return `${lines.slice(0, LISTED).join('\n')}\n${more}`;
}

/** Entries are removed; columns, constraints and defaults change the entry of their table. */
function changesFor(catalog: Catalog, targets: readonly Target[]): readonly CatalogChange[] {
  const removed = new Set(targets.flatMap((t) => (t.kind === 'entry' ? [t.oid] : [])));
  const tables = new Map<number, CatalogEntry>();
  for (const target of targets) {
    if (!('table' in target) || removed.has(target.table)) continue;
    const table = tables.get(target.table) ?? catalog.get(target.table);
    if (table?.kind === 'type') tables.set(target.table, withoutPart(catalog, table, target));
    if (table?.kind === 'table' || table?.kind === 'source') tables.set(target.table, without(table, target));
  }
  // Dependents come before what they need: views go away before their tables.
  const removals = [...removed].map((oid): CatalogChange => ({ kind: 'remove', oid }));
  return [...removals, ...[...tables.values()].map((entry): CatalogChange => ({ kind: 'put', entry }))];
}

/** A composite type without an attribute, or a domain without a check; `catalog` has the type as it was. */
function withoutPart(catalog: Catalog, type: TypeEntry, target: Target): TypeEntry {
  const { definition } = type;
  if (definition.kind === 'domain' && target.kind === 'constraint') {
    return { ...type, definition: { ...definition, checks: definition.checks.filter((c) => c.oid !== target.oid) } };
  }
  if (definition.kind !== 'composite' || target.kind !== 'column') return type;
  const gone = fieldOf(catalog, target)?.name;
  return { ...type, definition: { ...definition, fields: definition.fields.filter((f) => f.name !== gone) } };
}

function without<T extends TableEntry | SourceEntry>(table: T, target: Target): T {
  switch (target.kind) {
    case 'entry': case 'rowType': return table;
    case 'constraint': return { ...table, constraints: table.constraints.filter((c) => c.oid !== target.oid) };
    case 'default':
      return {
        ...table,
        columns: withColumn(table.columns, target.attnum, { defaultText: null, sequence: null, defaultReads: [] }),
      };
    case 'column':
      return {
        ...table,
        columns: withColumn(table.columns, target.attnum, {
          name: `........pg.dropped.${target.attnum}........`, dropped: true, notNull: false, defaultText: null,
          generated: false, identity: null, sequence: null, missing: null, comment: null,
        }),
      };
  }
}

/** The columns with some fields of one changed. */
export function withColumn(
  columns: readonly ColumnEntry[], attnum: number, change: Partial<ColumnEntry>,
): readonly ColumnEntry[] {
  return columns.map((c) => (c.attnum === attnum ? { ...c, ...change } : c));
}
