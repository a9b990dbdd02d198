// Random schemas, transactions and views for the comparison with PostgreSQL, all from one seed.
import type { Random } from '../support/random.ts';
import { REWRITES } from '../../sql/optimizer/optimizer.ts';
import { QueryWriter } from './queries.ts';
import { ALL_TYPES, OWN_TYPES, columnValue, sqlTypes } from './values.ts';
import type { ColumnType } from './values.ts';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly sqlType: string;
  readonly notNull: boolean;
  /** It has an index of its own. */
  readonly indexed: boolean;
  /** `REFERENCES ..`, of the key of an earlier table. */
  readonly references: string | null;
}

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** The first column is the primary key. */
  readonly keyed: boolean;
}

export interface ViewSpec {
  readonly name: string;
  readonly query: string;
  /** How many transactions come before it is made. */
  readonly after: number;
}

/** The optimizer's settings: rewrites left out, and seeds that joins are ordered by (0: none), for views and for queries ad hoc. */
export interface PlanShape {
  readonly disable: string;
  readonly viewSeed: number;
  readonly querySeed: number;
}

export interface CaseSpec {
  readonly seed: number;
  readonly shape: PlanShape;
  /** On disk, with restarts between transactions. */
  readonly restarts: boolean;
  /** Views and queries are read by the extended protocol. */
  readonly extended: boolean;
  /** Statements that make types. */
  readonly types: readonly string[];
  readonly tables: readonly TableSpec[];
  readonly views: readonly ViewSpec[];
  /** Each a list of statements; run as one transaction, committed or rolled back. */
  readonly transactions: readonly { readonly statements: readonly string[]; readonly commit: boolean }[];
}

function valueFor(random: Random, { type, sqlType, notNull, references }: TableColumn): string {
  if (references !== null) return !notNull && random.bool(0.2) ? 'NULL' : String(random.int(1, 10));
  return columnValue(random, type, sqlType, !notNull);
}

/** COPY in the text format, its lines behind it. */
function copyIn(random: Random, table: TableSpec): string {
  const lines = Array.from({ length: random.int(1, 12) }, () => table.columns.map((c, i) => (
    i === 0 && table.keyed ? String(random.int(1, 400)) : copyText(valueFor(random, c)))).join('\t'));
  return [`COPY ${table.name} FROM STDIN`, ...lines].join('\n');
}

function copyText(literal: string): string {
  if (literal === 'NULL') return '\\N';
  return literal.replace(/^'(.*)'$/s, '$1').replaceAll("''", "'").replaceAll('\\', '\\\\').replaceAll('\t', '\\t');
}

/** Many rows at once: several pages of them. `number`: how many times before; keys may grow with it. */
function insertMany(random: Random, table: TableSpec, number: number): string {
  const values = table.columns.map((c, i) => {
    if (i === 0 && table.keyed) return 'g';
    const count = random.int(2, 9);
    const list = Array.from({ length: count }, () => valueFor(random, c)).join(', ');
    const spread = { int4: 'g % 50', int8: 'g * 7919', numeric: 'g / 8.0', text: `'k' || g % 300`, float8: 'g % 77 / 4.0::float8' };
    const own = Object.entries(spread).find(([type]) => type === c.type)?.[1];
    if (own !== undefined && random.bool(0.6)) return own;
    const isArray = c.sqlType.endsWith('[]');
    return `(ARRAY[${list}]::${isArray ? 'text' : c.sqlType === 'posint' ? 'int' : c.sqlType}[])[1 + g % ${count}]${isArray ? `::${c.sqlType}` : ''}`;
  });
  const from = 1000 + LARGE_STEP * (random.bool(0.7) ? number : random.int(0, 2));
  return `INSERT INTO ${table.name} SELECT ${values.join(', ')} FROM generate_series(${from}, ${from + random.pick([400, 1023, 1024, 1500])}) g${table.keyed ? ' ON CONFLICT DO NOTHING' : ''}`;
}

const LARGE_STEP = 1501;

/** What an index over rows of `insertMany` answers by a key or a range, and in order. */
function indexQuery(random: Random, { name, columns, keyed }: TableSpec): string | null {
  const r = random;
  const scales = { int4: keyed ? 1 : 0, int8: 7919, numeric: 0.125 };
  const asked = columns.flatMap((c, i) => {
    const scale = (i === 0 && keyed) || c.indexed ? Object.entries(scales).find(([type]) => type === c.type)?.[1] ?? 0 : 0;
    return scale === 0 ? [] : [{ column: c.name, scale }];
  });
  if (asked.length === 0) return null;
  const { column, scale } = r.pick(asked);
  const low = r.int(900, 1000 + 3 * LARGE_STEP);
  const high = low + r.pick([0, 0, 9, 700]);
  const range = r.pick([`= ${low * scale}`, `BETWEEN ${low * scale} AND ${high * scale}`, `>= ${low * scale}`, `< ${high * scale}`]);
  const order = r.bool() ? ` ORDER BY ${column}${r.pick([' LIMIT 7', ' DESC LIMIT 7', ' DESC LIMIT 900'])}` : '';
  return `SELECT ${column} FROM ${name} WHERE ${column} ${range}${order}`;
}

function insert(random: Random, table: TableSpec): string {
  const r = random;
  const { name, columns } = table;
  const row = (): string => `(${columns.map((c, i) => (
    i === 0 && table.keyed ? String(r.int(1, r.pick([10, 40]))) : valueFor(r, c))).join(', ')})`;
  if (r.bool(0.12)) return copyIn(r, table);
  const rows = Array.from({ length: r.int(1, 6) }, row).join(', ');
  if (!table.keyed) return `INSERT INTO ${name} VALUES ${rows}`;
  const target = r.pick(columns.slice(1)).name;
  return `INSERT INTO ${name} VALUES ${rows}${r.pick(['', ' ON CONFLICT DO NOTHING', ' ON CONFLICT DO NOTHING',
    ` ON CONFLICT (k0) DO UPDATE SET ${target} = excluded.${target}`,
    ` ON CONFLICT (k0) DO UPDATE SET ${target} = excluded.${target} WHERE ${name}.${target} IS DISTINCT FROM excluded.${target}`])}`;
}

/** Rows of the table itself again; of a keyed one under other keys. */
function copy(random: Random, { name, columns, keyed }: TableSpec, where: string): string {
  const rest = columns.slice(1).map((c) => c.name).join(', ');
  const key = keyed ? `k0 + ${random.pick([20, 40])}` : 'k0';
  return `INSERT INTO ${name} SELECT ${key}, ${rest} FROM ${name} WHERE ${where}${keyed ? ' ON CONFLICT DO NOTHING' : ' LIMIT 0'}`;
}

/** A change by another table, in which each row meets one at most: its key. */
function changeByOther(random: Random, table: TableSpec, tables: readonly TableSpec[]): string | null {
  const link = table.columns.slice(table.keyed ? 1 : 0).find((c) => c.type === 'int4');
  const others = tables.filter((t) => t.keyed && t !== table);
  if (link === undefined || others.length === 0) return null;
  const other = random.pick(others);
  if (random.bool()) return `DELETE FROM ${table.name} USING ${other.name} o WHERE o.k0 = ${table.name}.${link.name} AND ${condition(random, other, 'o.')}`;
  const pairs = table.columns.slice(1).flatMap((a) => other.columns.filter((b) => b.sqlType === a.sqlType).map((b) => [a.name, b.name]));
  if (pairs.length === 0) return null;
  const [a, b] = random.pick(pairs);
  return `UPDATE ${table.name} AS t SET ${a} = o.${b} FROM ${other.name} o WHERE o.k0 = t.${link.name}`;
}

/** Rows of another table by way of its key, in one statement. */
function merge(random: Random, table: TableSpec, tables: readonly TableSpec[]): string | null {
  const r = random;
  const others = tables.filter((t) => t.keyed && t !== table);
  const link = table.columns.find((c) => c.type === 'int4');
  if (link === undefined || others.length === 0) return null;
  const other = r.pick(others);
  const targets = table.columns.filter((c) => c !== link);
  // Which of a missing value and a taken key is met first is not the same.
  if (targets.length === 0 || table.columns.some((c) => c.notNull)) return null;
  const target = r.pick(targets);
  const same = other.columns.find((c) => c.sqlType === target.sqlType && c.name !== 'k0');
  const value = same === undefined ? valueFor(r, target) : `o.${same.name}`;
  const guard = (): string => (r.bool(0.4) ? ` AND ${condition(r, other, 'o.')}` : '');
  const clauses = [
    `WHEN MATCHED${guard()} THEN ${r.pick([`UPDATE SET ${target.name} = ${value}`, 'DELETE', 'DO NOTHING'])}`,
    ...r.bool(0.5) ? [`WHEN MATCHED THEN UPDATE SET ${target.name} = ${valueFor(r, target)}`] : [],
    `WHEN NOT MATCHED${guard()} THEN ${r.pick(['DO NOTHING', `INSERT (${link.name}, ${target.name}) VALUES (o.k0, ${value})`])}`,
  ];
  return `MERGE INTO ${table.name} t USING ${other.name} o ON t.${link.name} = o.k0 ${r.shuffle(clauses.slice(0, -1)).concat(clauses.slice(-1)).join(' ')}`;
}

function statement(random: Random, table: TableSpec, tables: readonly TableSpec[]): string {
  const r = random;
  const { name, columns } = table;
  const where = table.keyed && r.bool(0.5) ? `k0 = ${r.int(1, 40)}` : condition(r, table, '');
  const returning = r.bool(0.15) ? r.pick([' RETURNING *', ` RETURNING k0 AS key, ${r.pick(columns).name} IS NULL AS empty`]) : '';
  const roll = r.int(0, 99);
  if (roll < 50) return insert(r, table) + returning;
  if (roll < 55) return copy(r, table, where) + returning;
  if (roll < 58) {
    const merged = merge(r, table, tables);
    if (merged !== null) return merged;
  }
  if (roll < 64) {
    const change = changeByOther(r, table, tables);
    if (change !== null) return change;
  }
  if (roll < 67 && table.keyed) return `UPDATE ${name} SET k0 = ${r.int(1, 40)} WHERE k0 = ${r.int(1, 40)}`;
  if (roll < 78) {
    const target = columns[r.int(table.keyed ? 1 : 0, columns.length - 1)];
    if (target.sqlType === 'posint' && r.bool(0.2)) return `UPDATE ${name} SET ${target.name} = ${target.name} - 2 WHERE ${where}`;
    const value = r.bool(0.2) ? `CASE WHEN ${condition(r, table, '')} THEN ${target.name} END` : valueFor(r, target);
    return `UPDATE ${name} SET ${target.name} = ${value} WHERE ${where}${returning}`;
  }
  if (roll < 97) return `DELETE FROM ${name} WHERE ${where}${returning}`;
  return `TRUNCATE ${name}`;
}

function condition(random: Random, table: TableSpec, prefix: string): string {
  const c = random.pick(table.columns);
  const value = valueFor(random, c);
  if (value === 'NULL') return `${prefix}${c.name} IS NULL`;
  return `${prefix}${c.name} ${random.pick(['=', '<', '>='])} ${value}`;
}

function transaction(random: Random, tables: readonly TableSpec[]): CaseSpec['transactions'][number] {
  const some = (count: number): string[] => Array.from({ length: count }, () => statement(random, random.pick(tables), tables));
  const statements = some(random.int(1, 4));
  if (random.bool(0.25)) {
    statements.push('SAVEPOINT s', ...some(random.int(1, 3)), random.pick(['ROLLBACK TO s', 'ROLLBACK TO s', 'RELEASE s']), ...some(1));
  }
  return { statements, commit: random.bool(0.85) };
}

export function generateCase(random: Random, seed: number, size: { readonly views: number; readonly transactions: number }): CaseSpec {
  // Large: many rows of one table, and no joins, which would make too many.
  const large = random.bool(0.06);
  const keyedTables: string[] = [];
  const tables = Array.from({ length: large ? 1 : random.int(2, 3) }, (_, t): TableSpec => {
    const keyed = random.bool(0.5);
    const columns = Array.from({ length: random.int(2, 6) }, (__, i): TableColumn => {
      const type = i === 0 && keyed ? 'int4' : random.pick(ALL_TYPES);
      const sqlType = i === 0 && keyed ? 'int' : random.pick(sqlTypes(type));
      const refers = sqlType === 'int' && (i > 0 || !keyed) && keyedTables.length > 0 && random.bool(0.6);
      return {
        name: `k${i}`, type, sqlType, notNull: random.bool(0.15), indexed: type !== 'jsonb' && random.bool(large ? 0.5 : 0.2),
        references: refers ? foreignKey(random, random.pick(keyedTables)) : null,
      };
    });
    if (keyed) keyedTables.push(`t${t}`);
    return { name: `t${t}`, columns, keyed };
  });
  const writer = new QueryWriter(random, tables, large);
  const views = Array.from({ length: large ? 4 : size.views }, (_, i) => {
    const name = `v${i}`;
    const query = writer.query();
    if (query.columns !== null && i < 8 && random.bool(0.3)) writer.add({ name, columns: query.columns });
    return { name, query: query.sql, after: i >= 5 ? random.int(1, 3) : 0 };
  });
  for (let i = 0; i < (large ? 8 : 0); i++) {
    const query = indexQuery(random, tables[0]);
    if (query !== null) views.push({ name: `x${i}`, query, after: 0 });
  }
  let inserted = 0;
  const transactions = Array.from({ length: size.transactions }, (_, i) => (large && (i === 0 || random.bool(0.6))
    ? { statements: [insertMany(random, tables[0], inserted++)], commit: true } : transaction(random, tables)));
  return { seed, shape: planShape(random), restarts: random.bool(0.12), extended: random.bool(0.4), types: OWN_TYPES, tables, views, transactions };
}

function foreignKey(random: Random, table: string): string {
  const action = (): string => random.pick(['', 'CASCADE', 'SET NULL', 'RESTRICT', 'NO ACTION']);
  const clause = (event: string, what: string): string => (what === '' ? '' : ` ON ${event} ${what}`);
  return `REFERENCES ${table} (k0)${clause('DELETE', action())}${clause('UPDATE', action())}`;
}

/** decorrelate is never left out. */
const OPTIONAL = REWRITES.map((rewrite) => rewrite.name).filter((name) => name !== 'decorrelate' && name !== 'prune-columns');

function planShape(random: Random): PlanShape {
  const r = random;
  const seed = (): number => (r.bool(0.5) ? 0 : r.int(1, 1_000_000));
  const share = r.pick([0.1, 0.3, 1]);
  return { disable: r.bool(0.5) ? '' : OPTIONAL.filter(() => r.bool(share)).join(','), viewSeed: seed(), querySeed: seed() };
}

export function createTable(table: TableSpec): string {
  const columns = table.columns.map((c, i) => `${c.name} ${c.sqlType}${i === 0 && table.keyed ? ' PRIMARY KEY' : c.notNull ? ' NOT NULL' : ''}`
    + (c.references === null ? '' : ` ${c.references}`));
  return `CREATE TABLE ${table.name} (${columns.join(', ')})`;
}

/** The table and its indexes. */
export function createTables(table: TableSpec): readonly string[] {
  return [createTable(table), ...table.columns.filter((c) => c.indexed).map((c) => `CREATE INDEX ON ${table.name} (${c.name})`)];
}
