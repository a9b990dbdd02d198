// Relation: the rows of one table, source or view, their indexes, and frozen views of them that readers share.
import type { Batch } from '../data/batch.ts';
import { PAGE_ROWS } from '../data/cells.ts';
import type { Delta } from '../data/delta.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import { sameType } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { isValid } from '../data/vector.ts';
import { Arrangement } from '../state/arrangement.ts';
import type { PageCache } from '../state/page-cache.ts';
import type { NullKeys } from '../state/key-index.ts';
import type { KeyChains } from '../state/key-chains.ts';
import type { PagesSnapshot } from '../state/pages-snapshot.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { IndexDefinition, RelationDefinition, RelationLookup, UniqueKey } from './contract.ts';
import type { Horizon } from './retention.ts';
import { PageRetention, kept } from './retention.ts';
import { ErrorRows } from './error-rows.ts';
import { KeyFilter } from './key-filter.ts';
import { OrderedIndex } from '../state/ordered-index.ts';
import { preparePages } from '../state/prepared-pages.ts';
import { RangeFilter, rangeRows } from './range-lookup.ts';
import type { RangeLookup } from '../state/key-range.ts';

/** One moment of a relation, shared by all snapshots that read it. */
export class FrozenRelation {
  readonly version: number;
  readonly rows: number;
  readonly error: DatabaseError | null;
  readonly watermark: Watermark;
  readonly #relation: Relation;
  readonly #pages: PagesSnapshot;
  readonly #horizon: Horizon | null;
  #holders = 0;

  constructor(relation: Relation, pages: PagesSnapshot) {
    this.version = relation.version;
    this.rows = relation.rowCount;
    this.error = relation.errors.first();
    this.watermark = relation.watermark;
    this.#relation = relation;
    this.#pages = pages;
    this.#horizon = relation.horizon;
  }

  hold(): this {
    this.#holders++;
    return this;
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.#relation.forget(this);
    this.#pages.release();
  }

  scan(columns: readonly number[]): Iterable<Delta> {
    return this.#scan(columns);
  }

  #scan(columns: readonly number[] | null): Iterable<Delta> {
    if (this.#horizon === null) return this.#pages.scan(columns);
    return kept((chosen) => this.#pages.scan(chosen), columns, this.#horizon);
  }

  lookup(columns: readonly number[], lookup: RelationLookup): readonly Delta[] {
    if (this.version === this.#relation.version) return this.#relation.lookup(columns, lookup);
    return filterScan(this.#scan(null), columns, lookup);
  }

  range(columns: readonly number[], lookup: RangeLookup): readonly Delta[] {
    if (this.version === this.#relation.version) return this.#relation.range(columns, lookup);
    return filterRanges(this.#scan(null), columns, lookup);
  }
}

interface Index {
  readonly id: number;
  readonly columns: readonly number[];
  readonly nulls: NullKeys;
  readonly chains: KeyChains;
}

function* selected(deltas: Iterable<Delta>, filter: KeyFilter | RangeFilter): Iterable<Delta> {
  for (const delta of deltas) yield filter.apply(delta);
}

/** Rows that the filter lets through, with the wanted columns. */
export function filterScan(
  deltas: Iterable<Delta>, columns: readonly number[], lookup: RelationLookup,
): readonly Delta[] {
  const out: Delta[] = [];
  for (const delta of selected(deltas, new KeyFilter(lookup))) {
    if (delta.length > 0) out.push(selectColumns(delta, columns));
  }
  return out;
}

/** As filterScan, for ranges. */
export function filterRanges(deltas: Iterable<Delta>, columns: readonly number[], lookup: RangeLookup): readonly Delta[] {
  const out: Delta[] = [];
  for (const delta of selected(deltas, new RangeFilter(lookup))) if (delta.length > 0) out.push(selectColumns(delta, columns));
  return out;
}

export function selectColumns(delta: Delta, columns: readonly number[]): Delta {
  return delta.with(delta.batch.select(columns));
}

export class Relation {
  readonly errors: ErrorRows;
  watermark: Watermark = null;
  offset: Uint8Array | null = null;
  /** Counts changes of rows, errors and watermark. */
  version = 0;
  rowCount = 0;
  #definition: RelationDefinition;
  #rows: Arrangement;
  #indexes: Index[] = [];
  /** Of keys and indexes that ranges or an order were asked of. */
  #ordered: OrderedIndex[] = [];
  #frozen: FrozenRelation | null = null;
  readonly #beforeChange: (relation: Relation) => void;
  readonly #cache: PageCache | null;
  #retention = new PageRetention();

  /** `beforeChange`: called while the relation is still as published, so that snapshots can hold on to it. */
  constructor(
    definition: RelationDefinition, beforeChange: (relation: Relation) => void, cache: PageCache | null = null,
  ) {
    this.#definition = definition;
    this.#beforeChange = beforeChange;
    this.#cache = cache;
    this.#rows = this.#newRows(definition.schema);
    this.errors = new ErrorRows();
    this.#makeIndexes();
  }

  get definition(): RelationDefinition {
    return this.#definition;
  }

  get id(): number {
    return this.#definition.id;
  }

  get schema(): Schema {
    return this.#definition.schema;
  }

  /** Rows that are gone, though their pages may still be there; null: none. */
  get horizon(): Horizon | null {
    const { retention, eventTime: column } = this.#definition;
    if (retention === undefined || column === null || this.watermark === null) return null;
    return { column, time: this.watermark - retention };
  }

  /** The rows as of now. Requires: no change while it is read. */
  scan(columns: readonly number[] | null = null): Iterable<Delta> {
    return this.horizon === null ? this.#rows.scan(columns) : kept((chosen) => this.#rows.scan(chosen), columns, this.horizon);
  }

  /** Frees pages whose rows are all gone. */
  expire(): void {
    const { horizon } = this;
    const { retention } = this.#definition;
    if (horizon === null || retention === undefined) return;
    const due = this.#retention.due(this.#rows, horizon, retention);
    if (due.length === 0) return;
    this.changing();
    for (const page of due) this.rowCount -= this.#rows.dropPage(page);
  }

  get arrangement(): Arrangement {
    return this.#rows;
  }

  #newRows(schema: Schema): Arrangement {
    const rows = new Arrangement(schema, null);
    if (this.#cache !== null) rows.pages.attach(this.#cache);
    return rows;
  }

  /** It is gone: nothing of it is kept in memory for long. */
  detach(): void {
    this.#dropOrdered();
    this.#rows.pages.detach();
  }

  #dropOrdered(): void {
    for (const ordered of this.#ordered) this.#forget(ordered);
    this.#ordered = [];
  }

  /** What is defined and not there is made. Primary key first: by the first one a retracted row is found. */
  #makeIndexes(): void {
    const { keys, indexes } = this.#definition;
    const wanted: readonly (IndexDefinition & Pick<UniqueKey, 'nulls'>)[] = [
      ...keys.toSorted((a, b) => Number(b.primary) - Number(a.primary)), ...indexes,
    ];
    this.#ordered = this.#ordered.filter((ordered) => {
      const stays = wanted.some(({ columns }) => columns.join() === ordered.columns.join());
      if (!stays) this.#forget(ordered);
      return stays;
    });
    const stays = (index: Index): boolean =>
      wanted.some(({ id, columns }) => id === index.id && columns.join() === index.columns.join());
    for (const index of this.#indexes) if (!stays(index)) this.#rows.dropIndex(index.chains);
    this.#indexes = this.#indexes.filter(stays);
    for (const { id, columns, nulls = 'never' } of wanted) {
      if (this.#indexes.some((index) => index.id === id)) continue;
      this.#indexes.push({ id, columns, nulls, chains: this.#rows.addIndex(columns, { nulls }) });
    }
  }

  #forget(ordered: OrderedIndex): void {
    this.#rows.unobserve(ordered);
    ordered.forget();
  }

  /** Makes pages of rows that are going to be applied, if at all. */
  prepare({ batch, weights, length }: Delta): void {
    if (length >= PAGE_ROWS && weights.every((w) => w === 1)) preparePages(batch, this.#rows.pages.types);
  }

  /** Requires: rows of the relation's schema; a retracted row is there. */
  apply(delta: Delta): void {
    if (delta.length === 0) return;
    this.changing();
    this.#rows.apply(delta);
    const { weights } = delta;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i];
    this.rowCount += sum;
  }

  /** Announces a change of rows, errors or watermark. */
  changing(): void {
    this.#beforeChange(this);
    this.#frozen = null;
    this.version++;
  }

  /** Changed keys, indexes or schema; `fill` gives the rows in the new schema. */
  redefine(definition: RelationDefinition, fill: ((rows: Batch) => Batch) | null): boolean {
    this.changing();
    const rewritten = fill !== null || !sameColumns(definition.schema, this.schema);
    this.#definition = definition;
    if (rewritten) {
      this.#dropOrdered();
      const old = this.#rows;
      this.#retention = new PageRetention();
      this.#rows = this.#newRows(definition.schema);
      this.#indexes = [];
      for (const delta of old.scan()) this.#rows.apply(fill === null ? delta : delta.with(fill(delta.batch)));
      old.pages.detach();
    }
    this.#makeIndexes();
    return rewritten;
  }

  /** Empties the relation (a view about to be made anew). */
  reset(): void {
    this.changing();
    this.detach();
    this.#rows = this.#newRows(this.schema);
    this.#indexes = [];
    this.#makeIndexes();
    this.errors.clear();
    this.rowCount = 0;
  }

  freeze(): FrozenRelation {
    this.#frozen ??= new FrozenRelation(this, this.#rows.freeze());
    return this.#frozen.hold();
  }

  forget(frozen: FrozenRelation): void {
    if (this.#frozen === frozen) this.#frozen = null;
  }

  /** As of now. */
  lookup(columns: readonly number[], lookup: RelationLookup): readonly Delta[] {
    const { nulls = 'never' } = lookup;
    const index = this.#indexWithin(lookup.columns, nulls);
    if (index === null) return filterScan(this.scan(), columns, lookup);
    this.#rows.ready(index.chains);
    const asked = nulls === index.nulls ? lookup.keys : withoutNulls(lookup.keys);
    const keys = index.columns.map((c) => asked.columns[lookup.columns.indexOf(c)]);
    const { rowIds } = index.chains.probe(keys, asked.length);
    const unique = asked.length === 1 ? rowIds.slice() : Int32Array.from(new Set(rowIds));
    if (index.columns.length === lookup.columns.length) {
      return [...kept((chosen) => [this.#rows.gather(unique, chosen)], columns, this.horizon)];
    }
    return filterScan(kept((chosen) => [this.#rows.gather(unique, chosen)], null, this.horizon), columns, lookup);
  }

  /** Rows in the ranges as of now; with an order at least the first ones. */
  range(columns: readonly number[], lookup: RangeLookup): readonly Delta[] {
    const index = this.#orderedBy(lookup.columns);
    // Of what is gone only scans know.
    const ids = index === null || (lookup.order !== null && this.horizon !== null) || !index.settle() ? null
      : rangeRows(index, lookup, this.#rows.rows, (found) => this.#rows.gather(found, columns));
    if (ids === null) return filterRanges(this.scan(), columns, lookup);
    return [...kept((chosen) => [this.#rows.gather(ids, chosen)], columns, this.horizon)];
  }

  #orderedBy(columns: readonly number[]): OrderedIndex | null {
    const name = columns.join();
    const known = this.#ordered.find((ordered) => ordered.columns.join() === name);
    if (known !== undefined) return known;
    const { keys, indexes } = this.#definition;
    if (![...keys, ...indexes].some((index) => index.columns.join() === name)) return null;
    const ordered = new OrderedIndex(this.#rows.pages, columns, this.#cache);
    this.#rows.observe(ordered);
    this.#ordered.push(ordered);
    return ordered;
  }

  /** The index with most columns, all of them among those given. One without NULLs is of no use to who looks for them. */
  #indexWithin(columns: readonly number[], nulls: NullKeys): Index | null {
    let best: Index | null = null;
    for (const index of this.#indexes) {
      if (nulls === 'group' && index.nulls === 'never') continue;
      if (!index.columns.every((c) => columns.includes(c))) continue;
      if (best === null || index.columns.length > best.columns.length) best = index;
    }
    return best;
  }

  /** Makes the indexes of its keys, which the first write needs, in turns. */
  *warm(): Generator<null> {
    for (const key of this.#definition.keys) {
      const chains = this.#indexes.find((index) => index.id === key.id)?.chains;
      if (chains !== undefined) yield* this.#rows.making(chains);
    }
  }

  indexOf(key: number): KeyChains | null {
    const chains = this.#indexes.find((index) => index.id === key)?.chains;
    return chains === undefined ? null : this.#rows.ready(chains);
  }

  /** What the stored entries of each row add up to. */
  weightsOf(rows: Batch): Int32Array {
    const primary = this.#definition.keys.find((key) => key.primary);
    return this.#rows.weightsOf(rows, primary === undefined ? null : this.indexOf(primary.id));
  }

  save(out: StateWriter): void {
    this.#rows.save('rows', out);
  }

  restore(from: StateReader): void {
    this.#rows.restore('rows', from);
    this.rowCount = this.#rows.netRows();
  }
}

/** The keys that an index in which NULL equals NULL answers as one in which it equals nothing. */
function withoutNulls(keys: Batch): Batch {
  if (keys.columns.every((k) => k.validity === null)) return keys;
  const rows = Array.from({ length: keys.length }, (_, i) => i);
  return keys.take(Int32Array.from(rows.filter((i) => keys.columns.every((k) => isValid(k.validity, i)))));
}

function sameColumns(a: Schema, b: Schema): boolean {
  return a.columns.length === b.columns.length && a.columns.every((c, i) => sameType(c.type, b.columns[i].type));
}
