// Random schemas, transactions and views for the comparison with PostgreSQL, all from one seed.
import type { Random } from '../support/random.ts';

export type ColumnType = 'int4' | 'int8' | 'numeric' | 'float8' | 'text' | 'boolean' | 'date' | 'timestamp' | 'interval';

export interface TableColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly sqlType: string;
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
}

export interface CaseSpec {
  readonly seed: number;
  readonly tables: readonly TableSpec[];
  readonly views: readonly ViewSpec[];
  /** Each a list of statements; run as one transaction, committed or rolled back. */
  readonly transactions: readonly { readonly statements: readonly string[]; readonly commit: boolean }[];
}

const SQL_TYPES: Readonly<Record<ColumnType, readonly string[]>> = {
  int4: ['int', 'smallint'], int8: ['bigint'], numeric: ['numeric', 'numeric(12,3)'], float8: ['float8', 'real'],
  text: ['text', 'varchar(12)', 'char(5)'], boolean: ['boolean'], date: ['date'], timestamp: ['timestamp', 'timestamptz'],
  interval: ['interval'],
};
const ALL_TYPES = Object.keys(SQL_TYPES).filter((t): t is ColumnType => t in SQL_TYPES);

/** Few distinct values, so that keys meet, duplicates happen and groups change; some at the edges. */
function literal(random: Random, { type, sqlType }: TableColumn): string {
  if (random.bool(0.15)) return 'NULL';
  const rare = random.bool(0.08);
  switch (type) {
    case 'int4': return sqlType === 'smallint'
      ? String(rare ? random.pick([-32768, 32767]) : random.int(-2, 5))
      : String(rare ? random.pick([-2147483648, 2147483647]) : random.int(-3, 8));
    case 'int8': return rare ? random.pick(['\'-9223372036854775808\'', '9223372036854775807', '9007199254740993']) : String(random.int(-3, 8));
    case 'numeric': return rare && sqlType === 'numeric'
      ? random.pick(['\'NaN\'', '123456789012345678901234567890.123456789', '-0.00', '0.000000001'])
      : random.pick(['0', '1', '1.0', '1.50', '-2.25', '3', '7.125', '100']);
    case 'float8': return rare ? random.pick(['\'NaN\'', '\'Infinity\'', '\'-0\'', '\'-Infinity\'']) : String(random.int(-8, 24) / 4);
    case 'text': return random.pick(['\'a\'', '\'b\'', '\'B\'', '\'ab\'', '\'\'', '\'ä\'', '\'z z\'', '\'a \'']);
    case 'boolean': return random.pick(['true', 'false']);
    case 'date': return `'${rare ? random.pick(['infinity', '0001-01-01', '1999-12-31']) : `2024-0${random.int(1, 4)}-${random.int(27, 29)}`}'`;
    case 'timestamp': return `'${rare ? random.pick(['-infinity', '1969-12-31 23:59:59.999999']) : `2024-01-0${random.int(1, 3)} ${random.int(10, 13)}:${random.int(10, 59)}:00`}'`;
    case 'interval': return random.pick(['\'1 day\'', '\'24 hours\'', '\'1 mon\'', '\'30 days\'', '\'-1:30\'', '\'0\'']);
  }
}

interface Field {
  readonly sql: string;
  readonly type: ColumnType;
}

const NUMERIC_TYPES: readonly ColumnType[] = ['int4', 'int8', 'numeric', 'float8'];

class QueryWriter {
  readonly #random: Random;
  readonly #tables: readonly TableSpec[];
  #aliases = 0;

  constructor(random: Random, tables: readonly TableSpec[]) {
    this.#random = random;
    this.#tables = tables;
  }

  query(): string {
    const r = this.#random;
    const roll = r.int(0, 99);
    if (roll < 18) return this.#plain();
    if (roll < 48) return this.#grouped();
    if (roll < 58) return `SELECT DISTINCT ${this.#body(r.int(1, 2))}`;
    if (roll < 68) return this.#union();
    if (roll < 78) return this.#nested();
    if (roll < 88) return this.#top();
    return this.#plain(this.#subqueryFilter);
  }

  /** FROM clause and the fields it offers. */
  #from(): { readonly sql: string; readonly fields: readonly Field[] } {
    const r = this.#random;
    const first = this.#relation();
    if (r.bool(0.45)) return first;
    let { sql } = first;
    let fields = [...first.fields];
    for (let n = r.bool(0.25) ? 2 : 1; n > 0; n--) {
      const second = this.#relation();
      const pair = this.#joinable(fields, second.fields);
      const kind = r.pick(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN']);
      if (pair === null) {
        sql = `${sql} CROSS JOIN ${second.sql}`;
      } else {
        // PostgreSQL has no FULL JOIN on conditions that are neither hashable nor mergeable, so those stay plain.
        const extra = kind !== 'FULL JOIN' && r.bool(0.2) ? ` AND ${this.#predicate([...fields, ...second.fields])}` : '';
        sql = `${sql} ${kind} ${second.sql} ON ${pair[0].sql} = ${pair[1].sql}${extra}`;
      }
      fields = [...fields, ...second.fields];
    }
    return { sql, fields };
  }

  #relation(): { readonly sql: string; readonly fields: readonly Field[] } {
    const table = this.#random.pick(this.#tables);
    const alias = `r${++this.#aliases}`;
    return {
      sql: `${table.name} ${alias}`,
      fields: table.columns.map((c) => ({ sql: `${alias}.${c.name}`, type: c.type })),
    };
  }

  #joinable(left: readonly Field[], right: readonly Field[]): readonly [Field, Field] | null {
    const pairs = left.flatMap((a) => right
      .filter((b) => a.type === b.type || (NUMERIC_TYPES.includes(a.type) && NUMERIC_TYPES.includes(b.type)))
      .map((b) => [a, b] as const));
    return pairs.length === 0 ? null : this.#random.pick(pairs);
  }

  #field(fields: readonly Field[], types: readonly ColumnType[]): Field | null {
    const fitting = fields.filter((f) => types.includes(f.type));
    return fitting.length === 0 ? null : this.#random.pick(fitting);
  }

  #expression(fields: readonly Field[]): string {
    const r = this.#random;
    const number = this.#field(fields, ['int4', 'numeric']);
    const text = this.#field(fields, ['text']);
    const time = this.#field(fields, ['timestamp']);
    const choices: string[] = [r.pick(fields).sql, r.pick(fields).sql];
    if (number !== null) {
      choices.push(`${number.sql}::numeric + 1`, `CASE WHEN ${number.sql} > 1 THEN 'big' ELSE 'small' END`,
        `coalesce(${number.sql}, 0) * 2`, `abs(${number.sql}::numeric)`, `${number.sql} % 3`, `round(${number.sql}::numeric, 1)`);
    }
    if (text !== null) {
      choices.push(`upper(${text.sql})`, `${text.sql} || '!'`, `length(${text.sql})`, `nullif(${text.sql}, 'a')`,
        `substring(${text.sql}, 1, 1)`, `${text.sql} LIKE 'a%'`);
    }
    if (time !== null) choices.push(`date_trunc('hour', ${time.sql})`, `${time.sql}::date`, `${time.sql} + interval '1 day'`);
    choices.push(`${r.pick(fields).sql} IS NULL`);
    return r.pick(choices);
  }

  #predicate(fields: readonly Field[]): string {
    const r = this.#random;
    const simple = (): string => {
      const field = r.pick(fields);
      if (r.bool(0.15)) return `${field.sql} IS ${r.bool() ? 'NOT ' : ''}NULL`;
      const value = literal(r, { name: '', type: field.type, sqlType: SQL_TYPES[field.type][0] });
      if (field.type === 'int4' && r.bool(0.2)) return `${field.sql} IN (1, 2, ${value})`;
      if (r.bool(0.1)) return `${field.sql} IS DISTINCT FROM ${value}`;
      return `${field.sql} ${r.pick(['=', '<>', '<', '<=', '>', '>='])} ${value}`;
    };
    const roll = r.int(0, 9);
    if (roll < 5) return simple();
    if (roll < 7) return `(${simple()} AND ${simple()})`;
    if (roll < 9) return `(${simple()} OR ${simple()})`;
    return `NOT (${simple()})`;
  }

  #where(fields: readonly Field[]): string {
    return this.#random.bool(0.5) ? ` WHERE ${this.#predicate(fields)}` : '';
  }

  #body(columns: number): string {
    const { sql, fields } = this.#from();
    const list = Array.from({ length: columns }, (_, i) => `${this.#expression(fields)} AS c${i}`);
    return `${list.join(', ')} FROM ${sql}${this.#where(fields)}`;
  }

  #plain(filter: ((fields: readonly Field[]) => string) | null = null): string {
    const { sql, fields } = this.#from();
    const list = Array.from({ length: this.#random.int(1, 4) }, (_, i) => `${this.#expression(fields)} AS c${i}`);
    const where = filter === null ? this.#where(fields) : ` WHERE ${filter.call(this, fields)}`;
    return `SELECT ${list.join(', ')} FROM ${sql}${where}`;
  }

  #subqueryFilter(fields: readonly Field[]): string {
    const r = this.#random;
    const inner = this.#relation();
    const pair = this.#joinable(fields, inner.fields);
    if (pair === null) return `EXISTS (SELECT 1 FROM ${inner.sql})`;
    const [outer, own] = pair;
    return r.pick([
      `EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql})`,
      `NOT EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql} AND ${this.#predicate(inner.fields)})`,
      `${outer.sql} IN (SELECT ${own.sql} FROM ${inner.sql}${this.#where(inner.fields)})`,
      `${outer.sql} NOT IN (SELECT ${own.sql} FROM ${inner.sql}${this.#where(inner.fields)})`,
      `(SELECT count(*) FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql}) > 1`,
      `${outer.sql} = (SELECT max(${own.sql}) FROM ${inner.sql})`,
    ].filter((s) => !(s.includes('max(') && ['boolean'].includes(own.type))));
  }

  #aggregate(fields: readonly Field[]): string {
    const r = this.#random;
    const any = r.pick(fields);
    const choices = ['count(*)', `count(${any.sql})`, `count(DISTINCT ${any.sql})`];
    const ordered = this.#field(fields, ALL_TYPES.filter((t) => t !== 'boolean'));
    if (ordered !== null) choices.push(`min(${ordered.sql})`, `max(${ordered.sql})`);
    const number = this.#field(fields, ['int4', 'int8', 'numeric']);
    if (number !== null) {
      choices.push(`sum(${number.sql})`, `avg(${number.sql})`, `sum(DISTINCT ${number.sql})`, `sum(${number.sql}) + count(*)`);
    }
    const flag = this.#field(fields, ['boolean']);
    if (flag !== null) choices.push(`bool_and(${flag.sql})`, `bool_or(${flag.sql})`);
    const call = r.pick(choices);
    return r.bool(0.2) && /^\w+\([^()]*\)$/.test(call) ? `${call} FILTER (WHERE ${this.#predicate(fields)})` : call;
  }

  #grouped(): string {
    const r = this.#random;
    const { sql, fields } = this.#from();
    const keys = Array.from({ length: r.int(0, 2) }, () => (r.bool(0.8) ? r.pick(fields).sql : this.#expression(fields)));
    const aggregates = Array.from({ length: r.int(1, 3) }, () => this.#aggregate(fields));
    const list = [...keys, ...aggregates].map((e, i) => `${e} AS c${i}`);
    const group = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
    const having = r.bool(0.25) ? ` HAVING ${r.pick(['count(*) > 1', 'count(*) < 3', `${this.#aggregate(fields)} IS NOT NULL`])}` : '';
    return `SELECT ${list.join(', ')} FROM ${sql}${this.#where(fields)}${group}${having}`;
  }

  #union(): string {
    const r = this.#random;
    const arm = (): string => {
      const { sql, fields } = this.#from();
      const text = r.pick(fields);
      return `SELECT ${text.sql}::text AS c0, ${r.pick(fields).sql} IS NULL AS c1 FROM ${sql}${this.#where(fields)}`;
    };
    const op = r.pick(['UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL']);
    return `${arm()} ${op} ${arm()}`;
  }

  #nested(): string {
    const r = this.#random;
    const inner = this.#grouped();
    if (r.bool()) return `WITH q AS (${inner}) SELECT c0, count(*) AS n FROM q GROUP BY c0`;
    return `SELECT c0 FROM (${inner}) q WHERE c0 IS NOT NULL`;
  }

  #top(): string {
    const columns = this.#random.int(1, 3);
    const order = Array.from({ length: columns }, (_, i) => `${i + 1}${this.#random.pick(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`);
    const offset = this.#random.bool(0.3) ? ` OFFSET ${this.#random.int(0, 3)}` : '';
    // All columns are ordered by, so that rows that tie are the same row.
    return `SELECT ${this.#body(columns)} ORDER BY ${order.join(', ')} LIMIT ${this.#random.int(1, 6)}${offset}`;
  }
}

function statement(random: Random, table: TableSpec): string {
  const r = random;
  const { name, columns } = table;
  const row = (): string => `(${columns.map((c, i) => (i === 0 && table.keyed ? String(r.int(1, 40)) : literal(r, c))).join(', ')})`;
  const where = (): string => (table.keyed && r.bool(0.5) ? `${columns[0].name} = ${r.int(1, 40)}` : condition(r, table));
  const roll = r.int(0, 99);
  if (roll < 55) {
    const rows = Array.from({ length: r.int(1, 6) }, row);
    const conflict = table.keyed ? r.pick([' ON CONFLICT DO NOTHING', ' ON CONFLICT DO NOTHING', '']) : '';
    return `INSERT INTO ${name} VALUES ${rows.join(', ')}${conflict}`;
  }
  if (roll < 75) {
    const target = columns[r.int(table.keyed ? 1 : 0, columns.length - 1)];
    return `UPDATE ${name} SET ${target.name} = ${literal(r, target)} WHERE ${where()}`;
  }
  if (roll < 97) return `DELETE FROM ${name} WHERE ${where()}`;
  return `TRUNCATE ${name}`;
}

function condition(random: Random, table: TableSpec): string {
  const c = random.pick(table.columns);
  const value = literal(random, c);
  if (value === 'NULL') return `${c.name} IS NULL`;
  return `${c.name} ${random.pick(['=', '<', '>='])} ${value}`;
}

export function generateCase(random: Random, seed: number, size: { readonly views: number; readonly transactions: number }): CaseSpec {
  const tables = Array.from({ length: random.int(2, 3) }, (_, t): TableSpec => {
    const keyed = random.bool(0.5);
    const columns = Array.from({ length: random.int(2, 4) }, (__, i): TableColumn => {
      const type = i === 0 && keyed ? 'int4' : random.pick(ALL_TYPES);
      return { name: `k${i}`, type, sqlType: i === 0 && keyed ? 'int' : random.pick(SQL_TYPES[type]) };
    });
    return { name: `t${t}`, columns, keyed };
  });
  const writer = new QueryWriter(random, tables);
  const views = Array.from({ length: size.views }, (_, i) => ({ name: `v${i}`, query: writer.query() }));
  const transactions = Array.from({ length: size.transactions }, () => ({
    statements: Array.from({ length: random.int(1, 4) }, () => statement(random, random.pick(tables))),
    commit: random.bool(0.85),
  }));
  return { seed, tables, views, transactions };
}

export function createTable(table: TableSpec): string {
  const columns = table.columns.map((c, i) => `${c.name} ${c.sqlType}${i === 0 && table.keyed ? ' PRIMARY KEY' : ''}`);
  return `CREATE TABLE ${table.name} (${columns.join(', ')})`;
}
