// Names of the items of FROM and of their columns, distinct within a query and those around it.
import type { ColumnSource } from '../binder/trace.ts';
import type { FromItem } from '../parser/ast.ts';
import type { Frame, Printer } from './printer.ts';
import { required, Unprintable } from './printer.ts';

export interface ItemNames {
  /** null: a join without alias, whose columns are found by their bare names. */
  readonly name: string | null;
  readonly columns: readonly string[];
  readonly showName: boolean;
  readonly showColumns: boolean;
}

/** Names the items of one FROM clause. */
export function nameItems(printer: Printer, from: readonly FromItem[], outer: Frame): Frame {
  const used = new Map(outer.used);
  const merged: Forced = new Map();
  for (const item of from) noteMerged(printer, item, merged);
  for (const item of from) nameItem(printer, item, used, merged);
  return { ...outer, used, own: new Set(from.flatMap(within)) };
}

function within(item: FromItem): readonly FromItem[] {
  return item.kind === 'join' ? [item, ...within(item.left), ...within(item.right)] : [item];
}

/** Names that columns are given from outside, by item and place. */
type Forced = Map<FromItem, Map<number, string>>;

/** Columns that USING merges have one name on both sides: that of the outermost join that names it, whatever they are by now. */
function noteMerged(printer: Printer, item: FromItem, forced: Forced): void {
  if (item.kind !== 'join') return;
  for (const [i, { name, sides }] of (printer.trace.joins.get(item)?.merged ?? []).entries()) {
    const known = forced.get(item)?.get(i) ?? sides.map((s) => forcedName(forced, s)).find((n) => n !== undefined);
    const chosen = known ?? item.alias?.columns[i] ?? name;
    for (const source of [...sides, { from: item, index: i }]) {
      if (source.index === null || forcedName(forced, source) !== undefined) continue;
      forced.set(source.from, (forced.get(source.from) ?? new Map<number, string>()).set(source.index, chosen));
    }
  }
  noteMerged(printer, item.left, forced);
  noteMerged(printer, item.right, forced);
}

function forcedName(forced: Forced, { from, index }: ColumnSource): string | undefined {
  return index === null ? undefined : forced.get(from)?.get(index);
}

interface Shown {
  readonly name: string;
  /** Under which it is known: a merged column is its sides', too. */
  readonly sources: readonly ColumnSource[];
}

/** The columns of an item that has its names; of a join under its alias those that the alias stands over (`inside`). */
function shownColumns(printer: Printer, item: FromItem, inside = false): readonly Shown[] {
  const named = printer.items.get(item);
  if (item.kind !== 'join' || (item.alias !== undefined && !inside)) {
    return (named?.columns ?? []).map((name, index) => ({ name, sources: [{ from: item, index }] }));
  }
  const usingNames = printer.usingNames.get(item) ?? [];
  const merged = (printer.trace.joins.get(item)?.merged ?? []).map(({ sides }, index): Shown =>
    ({ name: usingNames[index], sources: [...sides, { from: item, index }] }));
  const isMerged = ({ sources }: Shown): boolean => sources.some((s) =>
    merged.some((m) => m.sources.some((o) => o.from === s.from && o.index === s.index)));
  const rest = [item.left, item.right].flatMap((side) => shownColumns(printer, side).filter((c) => !isMerged(c)));
  return [...merged, ...rest];
}

function nameItem(
  printer: Printer, item: FromItem, used: Map<string, number>, merged: Forced,
): void {
  if (item.kind === 'window') throw new Unprintable(item.window);
  if (item.kind === 'join') {
    if (item.asof) throw new Unprintable('ASOF JOIN');
    nameItem(printer, item.left, used, merged);
    nameItem(printer, item.right, used, merged);
    const columns = printer.trace.joins.get(item)?.merged.map((m, i) => merged.get(item)?.get(i) ?? m.name) ?? [];
    printer.usingNames.set(item, columns);
    if (item.alias === undefined) {
      printer.items.set(item, { name: null, columns, showName: false, showColumns: false });
      return;
    }
  }
  const below = item.kind === 'join' ? shownColumns(printer, item, true) : [];
  const own = itemName(printer, item);
  const forced = merged.get(item);
  const known = required(printer.trace.items.get(item), item.kind);
  const names: string[] = [];
  let changed = false;
  for (const [i, c] of known.columns.entries()) {
    const real = realName(printer, item, i) ?? below.at(i)?.name ?? c.name;
    const name = distinct(forced?.get(i) ?? item.alias?.columns[i] ?? real, names);
    if (name !== real) changed = true;
    names.push(name);
  }
  const aliased = (item.alias?.columns.length ?? 0) > 0;
  const name = uniqueName(own, used);
  const stored = item.kind === 'table' && known.relation !== 0;
  const showColumns = item.kind === 'functions' || changed || (aliased && !stored && item.kind !== 'join');
  const plain = item.kind === 'table' && name === tableName(printer, item);
  printer.items.set(item, {
    name, columns: names, showColumns, showName: item.alias !== undefined || showColumns || !plain,
  });
}

/** What a relation's column is called today; undefined: what it is called is said by the item. */
function realName(printer: Printer, item: FromItem, place: number): string | undefined {
  const known = printer.trace.items.get(item);
  if (known === undefined || known.relation === 0) return undefined;
  const relation = printer.options.catalog.relation(known.relation);
  if (relation === null) return undefined;
  if (relation.kind === 'system') return relation.columns[place]?.name;
  if (!('columns' in relation) || relation.kind === 'index') return undefined;
  const { attribute } = known.columns[place];
  return relation.columns.find((c) => c.attnum === attribute)?.name;
}

function tableName(printer: Printer, item: FromItem & { readonly kind: 'table' }): string {
  const { relation = 0 } = printer.trace.items.get(item) ?? {};
  return printer.options.catalog.relation(relation)?.name ?? item.relation.name;
}

function itemName(printer: Printer, item: FromItem): string {
  if (item.alias !== undefined) return item.alias.name;
  switch (item.kind) {
    case 'table': return tableName(printer, item);
    case 'functions': {
      const { call } = item.calls[0];
      return call.kind === 'function' && !item.rowsFrom ? call.name[call.name.length - 1]
        : call.kind === 'sqlValue' ? call.function : 'unnest';
    }
    default: throw new Unprintable(`${item.kind} without a name`);
  }
}

function uniqueName(name: string, used: Map<string, number>): string {
  const last = used.get(name);
  if (last === undefined) {
    used.set(name, 0);
    return name;
  }
  let number = last;
  let made: string;
  do {
    number++;
    made = `${name}_${number}`;
  } while (used.has(made));
  used.set(name, number);
  used.set(made, 0);
  return made;
}

function distinct(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let number = 1;
  while (taken.includes(`${name}_${number}`)) number++;
  return `${name}_${number}`;
}

