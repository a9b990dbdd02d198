// relation-table.ts read: every system relation's OID, kind and columns; and how its rows become batches.
import { batchFromRows } from '../../../engine/data/access.ts';
import { Batch, concatBatches } from '../../../engine/data/batch.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { assert } from '../../../engine/data/error.ts';
import { typeFromName } from '../../../engine/data/type-info.ts';
import { TEXT, arrayOf } from '../../../engine/data/types.ts';
import type { Column, LogicalType } from '../../../engine/data/types.ts';
import { collationOfType } from '../../binder/type-rules.ts';
import type { Catalog } from '../catalog.ts';
import type { SystemContext, SystemRelation } from '../entry.ts';
import { OWN_RELATION_TABLE } from './own-relation-table.ts';
import { RELATION_TABLE } from './relation-table.ts';

/** A row by column names; a column left out is NULL. */
export type SystemRow = Readonly<Record<string, Datum>>;

export interface SystemColumns {
  readonly schema: 'pg_catalog' | 'information_schema';
  readonly name: string;
  readonly oid: number;
  readonly relationKind: 'r' | 'v';
  readonly rowType: number;
  readonly arrayType: number;
  readonly columns: readonly Column[];
  readonly notNull: readonly boolean[];
}

/** Types we have no values of: the columns are there and NULL. */
const FOREIGN_TYPES: ReadonlySet<string> = new Set(
  ['anyarray', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_statistic', 'pg_node_tree']);

function typeOf(name: string): LogicalType {
  if (name.startsWith('_')) return arrayOf(typeOf(name.slice(1)));
  const type = FOREIGN_TYPES.has(name) ? TEXT : typeFromName(name, [], true);
  assert(type !== null, `type ${name} of a system column`);
  return type;
}

/** Texts of tables and of what the SQL standard names; views of pg_catalog have what their functions give. */
function orderedByC({ schema, relationKind }: SystemColumns, type: LogicalType): boolean {
  return (schema === 'information_schema' || relationKind === 'r') && collationOfType(type) === 'default';
}

function parse(): readonly SystemColumns[] {
  const out: SystemColumns[] = [];
  let columns: Column[] = [];
  let notNull: boolean[] = [];
  for (const line of `${RELATION_TABLE}${OWN_RELATION_TABLE}`.split('\n')) {
    if (line.startsWith(' ')) {
      for (const field of line.trim().split(' ')) {
        const [name, written] = field.split(':');
        const type = typeOf(written.replace('!', ''));
        columns.push({ name, type, ...orderedByC(out[out.length - 1], type) ? { collation: 'C' } : {} });
        notNull.push(written.endsWith('!'));
      }
    } else if (line !== '') {
      const [schema, name, oid, kind, rowType, arrayType] = line.split(' ');
      columns = [];
      notNull = [];
      out.push({
        schema: schema === 'pg_catalog' ? 'pg_catalog' : 'information_schema', name, oid: Number(oid),
        relationKind: kind === 'r' ? 'r' : 'v', rowType: Number(rowType), arrayType: Number(arrayType), columns, notNull,
      });
    }
  }
  return out;
}

export const SYSTEM_COLUMNS: readonly SystemColumns[] = parse();

const BY_NAME = new Map(SYSTEM_COLUMNS.map((r) => [`${r.schema}.${r.name}`, r]));

export function systemBatch(columns: readonly Column[], rows: Iterable<SystemRow>): Batch {
  const known = new Set(columns.map((c) => c.name));
  const lists: Datum[][] = [];
  for (const row of rows) {
    for (const name of Object.keys(row)) assert(known.has(name), `system column ${name} does not exist`);
    lists.push(columns.map((c) => row[c.name] ?? null));
  }
  return batchFromRows({ columns }, lists);
}

type RowMaker<C> = (context: C) => Iterable<SystemRow>;

/** Parts of a relation's rows by what they depend on, so that what cannot have changed is not made again. */
export interface SystemRows {
  /** Depends on nothing: made once. */
  readonly fixed?: () => Iterable<SystemRow>;
  /** Depends on the catalog alone: made once a catalog version. */
  readonly catalog?: RowMaker<Catalog>;
  /** Depends on the session or the moment. */
  readonly now?: RowMaker<SystemContext>;
}

/** A system relation as PostgreSQL has it, with the given rows (none: always empty). */
export function systemRelation(schema: SystemColumns['schema'], name: string, parts: SystemRows = {}): SystemRelation {
  const found = BY_NAME.get(`${schema}.${name}`);
  assert(found !== undefined, `system relation ${schema}.${name}`);
  const { oid, relationKind, rowType, arrayType, columns } = found;
  let fixed: Batch | null = null;
  const byCatalog = new WeakMap<Catalog, Batch>();
  const rows = (context: SystemContext): Batch => {
    const batches: Batch[] = [];
    if (parts.fixed !== undefined) batches.push(fixed ??= systemBatch(columns, parts.fixed()));
    if (parts.catalog !== undefined) {
      const made = byCatalog.get(context.catalog) ?? systemBatch(columns, parts.catalog(context.catalog));
      byCatalog.set(context.catalog, made);
      batches.push(made);
    }
    if (parts.now !== undefined) batches.push(systemBatch(columns, parts.now(context)));
    return batches.length === 0 ? Batch.empty({ columns }) : concatBatches(batches);
  };
  return { kind: 'system', schema, name, oid, relationKind, rowType, arrayType, columns, rows };
}

/** int2vector and oidvector values are 0-based. */
export function vectorOf(values: readonly number[]): Datum {
  return values.length === 0
    ? { dimensions: [0], lowerBounds: [0], values: [] }
    : { dimensions: [values.length], lowerBounds: [0], values };
}
