// Random queries over tables and earlier views whose answer is determined: what ties is equal, what is arbitrary is left out.
import type { Random } from '../support/random.ts';
import { ExpressionWriter } from './expressions.ts';
import type { Field } from './expressions.ts';
import { otherForm } from './query-forms.ts';
import { ALL_TYPES, NUMBERS, literalOf } from './values.ts';
import type { ColumnType } from './values.ts';

/** A table, or a view made earlier. */
export interface RelationSpec {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType; readonly vague?: boolean }[];
}

export interface Query {
  readonly sql: string;
  /** null when nothing may be built on it. */
  readonly columns: RelationSpec['columns'] | null;
}

export interface From {
  readonly sql: string;
  readonly fields: readonly Field[];
}

/** Types of which equal values may look different. */
const VAGUE: readonly ColumnType[] = ['numeric', 'float8', 'text', 'interval', 'jsonb'];
/** Types with min and max. */
export const EXTREMES = ALL_TYPES.filter((t) => !['boolean', 'uuid', 'bytea', 'jsonb', 'int4range', 'daterange', 'int4multirange', 'macaddr', 'macaddr8']
  .includes(t));

export class QueryWriter {
  readonly #random: Random;
  readonly #relations: RelationSpec[];
  readonly expressions: ExpressionWriter;
  #aliases = 0;

  readonly #single: boolean;

  /** `single`: queries that read one relation once, alone. */
  constructor(random: Random, tables: readonly RelationSpec[], single = false) {
    this.#single = single;
    this.#random = random;
    this.#relations = [...tables];
    this.expressions = new ExpressionWriter(random);
  }

  /** Later queries may read it. */
  add(relation: RelationSpec): void {
    this.#relations.push(relation);
  }

  query(): Query {
    const r = this.#random;
    const forms: readonly (readonly [number, () => Query])[] = this.#single ? [
      [10, () => this.plain()], [20, () => this.#grouped()], [6, () => this.#groupingSets()], [8, () => this.#distinct()],
      [6, () => this.#distinctOn()], [8, () => this.#top()], [6, () => this.#window()],
    ] : [
      [16, () => this.plain()], [10, () => this.#filtered()], [18, () => this.#grouped()], [6, () => this.#groupingSets()],
      [6, () => this.#distinct()], [5, () => this.#distinctOn()], [10, () => this.#setOperation()], [8, () => this.#common()],
      [8, () => this.#top()], [6, () => this.#lateral()], [6, () => this.#scalarSubquery()], [8, () => this.#window()],
      [4, () => this.#series()], [4, () => this.#values()], [5, () => this.#using()],
      [28, () => otherForm(r, this)],
    ];
    let roll = r.int(0, forms.reduce((sum, [weight]) => sum + weight, 0) - 1);
    for (const [weight, form] of forms) {
      if (roll < weight) return form();
      roll -= weight;
    }
    return this.plain();
  }

  alias(): string {
    return `r${++this.#aliases}`;
  }

  relation(): From {
    const relation = this.#random.pick(this.#relations);
    const alias = this.alias();
    return {
      sql: `${relation.name} ${alias}`,
      fields: relation.columns.map((c) => ({ sql: `${alias}.${c.name}`, type: c.type, vague: c.vague ?? false })),
    };
  }

  from(): From {
    const r = this.#random;
    const first = this.relation();
    if (this.#single || r.bool(0.5)) return first;
    let { sql } = first;
    let fields = [...first.fields];
    for (let n = r.bool(0.2) ? 2 : 1; n > 0; n--) {
      const second = this.relation();
      const pair = this.joinable(fields, second.fields);
      const kind = r.pick(['JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN']);
      if (pair === null) {
        sql = `${sql} CROSS JOIN ${second.sql}`;
      } else {
        // PostgreSQL has no FULL JOIN on conditions that are neither hashable nor mergeable, so those stay plain.
        const extra = kind !== 'FULL JOIN' && r.bool(0.25) ? ` AND ${this.predicate([...fields, ...second.fields])}` : '';
        sql = `${sql} ${kind} ${second.sql} ON ${pair[0].sql} = ${pair[1].sql}${extra}`;
      }
      fields = [...fields, ...second.fields];
    }
    return { sql, fields };
  }

  joinable(left: readonly Field[], right: readonly Field[]): readonly [Field, Field] | null {
    const pairs = left.flatMap((a) => right
      .filter((b) => a.type === b.type || (NUMBERS.includes(a.type) && NUMBERS.includes(b.type)))
      .map((b) => [a, b] as const));
    return pairs.length === 0 ? null : this.#random.pick(pairs);
  }

  predicate(fields: readonly Field[]): string {
    return this.expressions.of('boolean', fields, this.#random.int(1, 2));
  }

  where(fields: readonly Field[]): string {
    return this.#random.bool(0.5) ? ` WHERE ${this.predicate(fields)}` : '';
  }

  list(fields: readonly Field[], count: number): { readonly sql: string; readonly type: ColumnType }[] {
    return Array.from({ length: count }, () => this.expressions.any(fields, this.#random.int(1, 3)));
  }

  named(list: readonly { readonly sql: string }[]): string {
    return list.map((e, i) => `${e.sql} AS c${i}`).join(', ');
  }

  /** What a select list offers to the query around it. */
  offered(list: readonly { readonly type: ColumnType }[], vague: boolean): RelationSpec['columns'] {
    return list.map(({ type }, i) => ({ name: `c${i}`, type, vague: vague && VAGUE.includes(type) }));
  }

  plain(): Query {
    const r = this.#random;
    const { sql, fields } = this.from();
    const list = this.list(fields, r.int(1, 4));
    // Only here is every row that passes WHERE sure to be evaluated.
    const risky = r.bool(0.12) ? this.expressions.risky(fields) : null;
    const tail = risky === null ? '' : `, ${risky}`;
    // Names of their own choosing are compared as well.
    if (r.bool(0.3)) return { sql: `SELECT ${list.map((e) => e.sql).join(', ')}${tail} FROM ${sql}${this.where(fields)}`, columns: null };
    if (risky !== null && r.bool(0.3)) {
      // Nobody reads it: it does not fail.
      const unread = `SELECT ${this.named(list)}, ${risky} AS unread FROM ${sql}${this.where(fields)}`;
      return { sql: `SELECT ${list.map((_, i) => `w.c${i}`).join(', ')} FROM (${unread}) w`, columns: null };
    }
    const columns = risky === null && !fields.some((f) => f.vague) ? this.offered(list, false) : null;
    return { sql: `SELECT ${this.named(list)}${tail} FROM ${sql}${this.where(fields)}`, columns };
  }

  #filtered(): Query {
    const { sql, fields } = this.from();
    const r = this.#random;
    const list = this.list(fields, r.int(1, 3));
    const filters = [this.#subqueryFilter(fields)];
    if (r.bool(0.3)) filters.push(r.bool() ? this.#subqueryFilter(fields) : this.predicate(fields));
    const where = filters.map((f) => `(${f})`).join(r.bool() ? ' OR ' : ' AND ');
    return { sql: `SELECT ${this.named(list)} FROM ${sql} WHERE ${where}`, columns: null };
  }

  #subqueryFilter(fields: readonly Field[]): string {
    const r = this.#random;
    const inner = this.relation();
    const pair = this.joinable(fields, inner.fields);
    if (pair === null) return `${r.bool(0.3) ? 'NOT ' : ''}EXISTS (SELECT 1 FROM ${inner.sql})`;
    const [outer, own] = pair;
    const second = this.joinable(fields, inner.fields) ?? pair;
    return r.pick([
      `EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql})`,
      `NOT EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql} AND ${this.predicate(inner.fields)})`,
      `EXISTS (SELECT 1 FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql} AND ${this.predicate([...inner.fields, ...fields])})`,
      `${outer.sql} IN (SELECT ${own.sql} FROM ${inner.sql}${this.where(inner.fields)})`,
      `${outer.sql} NOT IN (SELECT ${own.sql} FROM ${inner.sql}${this.where(inner.fields)})`,
      `(${outer.sql}, ${second[0].sql}) IN (SELECT ${own.sql}, ${second[1].sql} FROM ${inner.sql})`,
      `(${outer.sql}, ${second[0].sql}) NOT IN (SELECT ${own.sql}, ${second[1].sql} FROM ${inner.sql}${this.where(inner.fields)})`,
      `(SELECT count(*) FROM ${inner.sql} WHERE ${own.sql} = ${outer.sql}) > 1`,
      `${outer.sql} = ANY (SELECT ${own.sql} FROM ${inner.sql})`,
      `${outer.sql} > ALL (SELECT ${own.sql} FROM ${inner.sql}${this.where(inner.fields)})`,
      ...(EXTREMES.includes(own.type) ? [
        `${outer.sql} = (SELECT max(${own.sql}) FROM ${inner.sql})`,
        `${outer.sql} <= (SELECT min(${own.sql}) FROM ${inner.sql} WHERE ${second[1].sql} = ${second[0].sql})`] : []),
    ]);
  }

  field(fields: readonly Field[], types: readonly ColumnType[]): Field | null {
    const fitting = fields.filter((f) => types.includes(f.type));
    return fitting.length === 0 ? null : this.#random.pick(fitting);
  }

  aggregate(fields: readonly Field[]): { readonly sql: string; readonly type: ColumnType } {
    const r = this.#random;
    const any = r.pick(fields).sql;
    const choices: { readonly sql: string; readonly type: ColumnType }[] = [];
    const add = (type: ColumnType, ...sql: readonly string[]): void => { choices.push(...sql.map((s) => ({ sql: s, type }))); };
    add('int8', 'count(*)', `count(${any})`, `count(DISTINCT ${any})`);
    add('boolean', `bool_and(${this.predicate(fields)})`, `bool_or(${this.predicate(fields)})`, `every(${this.predicate(fields)})`);
    const extreme = this.field(fields, EXTREMES);
    if (extreme !== null) {
      add(extreme.type, `min(${extreme.sql})`, `max(${extreme.sql})`);
      add('int8', `count(DISTINCT ${extreme.sql}) + count(${any})`);
    }
    const int = this.field(fields, ['int4']);
    if (int !== null) {
      add('int8', `sum(${int.sql})`, `sum(DISTINCT ${int.sql})`);
      add('numeric', `avg(${int.sql})`, `stddev(${int.sql})`, `variance(${int.sql})`, `var_pop(${int.sql})`, `stddev_pop(${int.sql})`);
      add('int4', `bit_and(${int.sql})`, `bit_or(${int.sql})`, `percentile_disc(0.5) WITHIN GROUP (ORDER BY ${int.sql})`,
        `mode() WITHIN GROUP (ORDER BY ${int.sql})`, `max(${int.sql}) - min(${int.sql})::bigint`);
      add('float8', `percentile_cont(0.25) WITHIN GROUP (ORDER BY ${int.sql})`);
      add('int4[]', `array_agg(${int.sql} ORDER BY ${int.sql} DESC)`, `array_agg(DISTINCT ${int.sql})`);
      add('jsonb', `jsonb_agg(${int.sql} ORDER BY ${int.sql})`);
    }
    const number = this.field(fields, ['int8', 'numeric']);
    if (number !== null) add('numeric', `sum(${number.sql})`, `avg(${number.sql})`, `sum(DISTINCT ${number.sql})`, `sum(${number.sql}) + count(*)`);
    const text = this.field(fields.filter((f) => f.vague !== true), ['text', 'date', 'uuid', 'timestamp', 'inet']);
    if (text !== null) {
      add('text', `string_agg(${text.sql}::text, ',' ORDER BY ${text.sql}::text)`, `string_agg(DISTINCT ${text.sql}::text, '|')`,
        `string_agg(upper(${text.sql}::text), '' ORDER BY upper(${text.sql}::text) DESC)`);
      add('text[]', `array_agg(${text.sql}::text ORDER BY ${text.sql}::text NULLS FIRST)`);
    }
    const interval = this.field(fields, ['interval']);
    if (interval !== null) add('interval', `sum(${interval.sql})`);
    const range = this.field(fields, ['int4range', 'int4multirange']);
    if (range !== null) {
      add('int4multirange', `range_agg(${range.sql})`);
      add(range.type, `range_intersect_agg(${range.sql})`);
    }
    const chosen = r.pick(choices);
    return r.bool(0.2) && /^\w+\([^()]*\)$/.test(chosen.sql)
      ? { sql: `${chosen.sql} FILTER (WHERE ${this.predicate(fields)})`, type: chosen.type } : chosen;
  }

  #having(fields: readonly Field[]): string {
    const r = this.#random;
    return r.bool(0.25) ? ` HAVING ${r.pick(['count(*) > 1', 'count(*) < 3', `${this.aggregate(fields).sql} IS NOT NULL`])}` : '';
  }

  #grouped(): Query {
    const r = this.#random;
    const { sql, fields } = this.from();
    const keys = Array.from({ length: r.int(0, 2) }, () => (r.bool(0.7) ? r.pick(fields) : this.expressions.any(fields, 1)));
    const aggregates = Array.from({ length: r.int(1, 3) }, () => this.aggregate(fields));
    const list = [...keys, ...aggregates];
    const group = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
    return {
      sql: `SELECT ${this.named(list)} FROM ${sql}${this.where(fields)}${group}${this.#having(fields)}`,
      columns: this.offered(list, true),
    };
  }

  #groupingSets(): Query {
    const r = this.#random;
    const { sql, fields } = this.from();
    const a = r.pick(fields);
    const b = r.pick(fields);
    const sets = r.pick([`ROLLUP (${a.sql}, ${b.sql})`, `CUBE (${a.sql}, ${b.sql})`, `GROUPING SETS ((${a.sql}), (${b.sql}), ())`,
      `GROUPING SETS ((${a.sql}, ${b.sql}), (${a.sql}))`]);
    const list = [a, b, { sql: `grouping(${a.sql}, ${b.sql})`, type: 'int4' as const }, this.aggregate(fields)];
    return {
      sql: `SELECT ${this.named(list)} FROM ${sql}${this.where(fields)} GROUP BY ${sets}${this.#having(fields)}`,
      columns: this.offered(list, true),
    };
  }

  #distinct(): Query {
    const { sql, fields } = this.from();
    const list = this.list(fields, this.#random.int(1, 3));
    return { sql: `SELECT DISTINCT ${this.named(list)} FROM ${sql}${this.where(fields)}`, columns: this.offered(list, true) };
  }

  #distinctOn(): Query {
    const { sql, fields } = this.from();
    const list = this.list(fields, this.#random.int(2, 3));
    const order = list.map((_, i) => `${i + 1}${i === 0 ? '' : this.#random.pick(['', ' DESC', ' NULLS FIRST'])}`).join(', ');
    return { sql: `SELECT DISTINCT ON (${list[0].sql}) ${this.named(list)} FROM ${sql}${this.where(fields)} ORDER BY ${order}`,
      columns: this.offered(list, true) };
  }

  #setOperation(): Query {
    const r = this.#random;
    const types = Array.from({ length: r.int(1, 2) }, () => r.pick(ALL_TYPES));
    const arm = (depth: number): string => {
      const ops = ['UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL'];
      if (depth > 0 && r.bool(0.4)) return `(${arm(depth - 1)} ${r.pick(ops)} ${arm(depth - 1)})`;
      const { sql, fields } = this.from();
      const list = types.map((type) => ({ sql: this.expressions.of(type, fields, 1) }));
      return `SELECT ${this.named(list)} FROM ${sql}${this.where(fields)}`;
    };
    const op = r.pick(['UNION ALL', 'UNION', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL']);
    return { sql: `${arm(1)} ${op} ${arm(1)}`, columns: this.offered(types.map((type) => ({ type })), true) };
  }

  #common(): Query {
    const r = this.#random;
    const inner = r.pick([() => this.#grouped(), () => this.plain(), () => this.#setOperation(), () => this.#top(), () => this.#window()])();
    if (inner.columns === null) return inner;
    const q = this.alias();
    const { columns } = inner;
    const fields = (name: string): Field[] => columns.map((c) => ({ ...c, sql: `${name}.${c.name}` }));
    const roll = r.int(0, 3);
    if (roll === 0) return { sql: `WITH ${q} AS (${inner.sql}) SELECT c0, count(*) AS n FROM ${q} GROUP BY c0`, columns: null };
    if (roll === 1) {
      return { sql: `SELECT ${this.named(this.list(fields(q), 2))} FROM (${inner.sql}) ${q}${this.where(fields(q))}`, columns: null };
    }
    const both = [...fields('x'), ...fields('y')];
    const on = columns.map((c) => `x.${c.name} = y.${c.name}`);
    return {
      sql: `WITH ${q} AS (${inner.sql}) SELECT ${this.named(this.list(both, 2))} FROM ${q} x ${r.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN'])} ${q} y ON ${r.pick(on)}`,
      columns: null,
    };
  }

  #top(): Query {
    const r = this.#random;
    const { sql, fields } = this.from();
    const list = this.list(fields, r.int(1, 3));
    const order = list.map((_, i) => `${i + 1}${r.pick(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`);
    const offset = r.bool(0.3) ? ` OFFSET ${r.int(0, 3)}` : '';
    // All columns are ordered by, so that rows that tie are the same row.
    const limit = r.pick([`LIMIT ${r.int(1, 6)}${offset}`, `LIMIT ${r.int(1, 6)}${offset}`, `FETCH FIRST ${r.int(1, 4)} ROWS WITH TIES`]);
    return { sql: `SELECT ${this.named(list)} FROM ${sql}${this.where(fields)} ORDER BY ${order.join(', ')} ${limit}`, columns: this.offered(list, true) };
  }

  #lateral(): Query {
    const r = this.#random;
    const outer = this.relation();
    const inner = this.relation();
    const l = this.alias();
    const all = [...outer.fields, ...inner.fields];
    const pair = this.joinable(outer.fields, inner.fields);
    const where = pair === null ? this.predicate(all) : `${pair[1].sql} = ${pair[0].sql}`;
    const kind = r.pick(['CROSS JOIN LATERAL', 'JOIN LATERAL', 'LEFT JOIN LATERAL']);
    const on = kind === 'CROSS JOIN LATERAL' ? '' : ' ON true';
    const list = this.list(inner.fields, 2);
    const body = r.pick([
      `SELECT ${this.named(list)} FROM ${inner.sql} WHERE ${where} ORDER BY 1, 2 LIMIT 2`,
      `SELECT ${this.aggregate(inner.fields).sql} AS c0, count(*) AS c1 FROM ${inner.sql} WHERE ${where}`,
      `SELECT ${this.named(this.list(all, 2))} FROM ${inner.sql} WHERE ${where}`,
      `SELECT ${this.named(this.list(outer.fields, 2))}`,
    ]);
    const own = this.expressions.any(outer.fields, 1);
    return { sql: `SELECT ${own.sql} AS o, ${l}.c0, ${l}.c1 FROM ${outer.sql} ${kind} (${body}) ${l}${on}${this.where(outer.fields)}`, columns: null };
  }

  #scalarSubquery(): Query {
    const r = this.#random;
    const outer = this.from();
    const inner = this.relation();
    const pair = this.joinable(outer.fields, inner.fields);
    const where = pair === null ? '' : ` WHERE ${pair[1].sql} = ${pair[0].sql}`;
    const scalar = `(SELECT ${this.aggregate(inner.fields).sql} FROM ${inner.sql}${where})`;
    if (r.bool(0.2)) {
      const key = r.pick(outer.fields);
      const own = inner.fields.find((f) => f.type === key.type);
      const by = own === undefined ? '' : ` WHERE ${own.sql} = ${key.sql}`;
      return { sql: `SELECT ${key.sql} AS c0, count(*) AS c1 FROM ${outer.sql} GROUP BY ${key.sql} HAVING count(*) > (SELECT count(*) FROM ${inner.sql}${by})`, columns: null };
    }
    const extra = r.bool(0.3) ? `, EXISTS (SELECT 1 FROM ${inner.sql}${where}) AS c2` : '';
    return { sql: `SELECT ${r.pick(outer.fields).sql} AS c0, ${scalar} AS c1${extra} FROM ${outer.sql}${this.where(outer.fields)}`, columns: null };
  }

  #window(): Query {
    const r = this.#random;
    const { sql, fields } = this.from();
    const partition = r.bool(0.6) ? `PARTITION BY ${r.pick(fields).sql} ` : '';
    // Ordered by every column: rows that tie are the same row.
    const order = `ORDER BY ${r.shuffle(fields).map((f) => `${f.sql}${r.pick(['', ' DESC', ' NULLS FIRST'])}`).join(', ')}`;
    const over = `OVER (${partition}${order})`;
    const field = r.pick(fields);
    const int = this.field(fields, ['int4']);
    const extreme = this.field(fields, EXTREMES);
    const choices: { readonly sql: string; readonly type: ColumnType }[] = [
      { sql: `row_number() ${over}`, type: 'int8' }, { sql: `rank() ${over}`, type: 'int8' }, { sql: `dense_rank() ${over}`, type: 'int8' },
      { sql: `lag(${field.sql}) ${over}`, type: field.type }, { sql: `lead(${field.sql}, 2) ${over}`, type: field.type },
      { sql: `count(*) OVER (${partition}${order} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`, type: 'int8' },
      { sql: `count(${field.sql}) ${over}`, type: 'int8' }, { sql: `first_value(${field.sql}) ${over}`, type: field.type },
      { sql: `last_value(${field.sql}) OVER (${partition}${order} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`, type: field.type },
      { sql: `ntile(2) ${over}`, type: 'int4' }, { sql: `count(*) OVER (${partition})`, type: 'int8' },
      { sql: `percent_rank() ${over}`, type: 'float8' }, { sql: `cume_dist() ${over}`, type: 'float8' },
    ];
    if (int !== null) choices.push({ sql: `sum(${int.sql}) ${over}`, type: 'int8' }, { sql: `avg(${int.sql}) ${over}`, type: 'numeric' });
    if (extreme !== null) choices.push({ sql: `max(${extreme.sql}) ${over}`, type: extreme.type });
    const list = [field, ...Array.from({ length: r.int(1, 2) }, () => r.pick(choices))];
    return { sql: `SELECT ${this.named(list)} FROM ${sql}${this.where(fields)}`, columns: this.offered(list, true) };
  }

  #series(): Query {
    const r = this.#random;
    const { sql, fields } = this.relation();
    const array = this.field(fields, ['int4[]', 'text[]']);
    const own = this.expressions.any(fields, 1);
    const bound = this.expressions.of('int4', fields, 0);
    const choices = [
      `SELECT ${own.sql} AS c0, g AS c1 FROM ${sql}, generate_series(1, 3) g WHERE ${this.predicate([...fields, { sql: 'g', type: 'int4' }])}`,
      `SELECT ${own.sql} AS c0, g AS c1 FROM ${sql} CROSS JOIN LATERAL generate_series(0, ${bound} % 4) g`,
      `SELECT ${own.sql} AS c0, generate_series(1, ${bound} % 3) AS c1 FROM ${sql}`,
      `SELECT ${own.sql} AS c0, jsonb_array_elements('[1, "a"]') AS c1 FROM ${sql}`,
      `SELECT g, ${this.aggregate(fields).sql} AS c1 FROM generate_series(1, 4) g LEFT JOIN ${sql} ON g = ${bound} GROUP BY g`,
    ];
    if (array !== null) {
      choices.push(`SELECT ${own.sql} AS c0, unnest(${array.sql}) AS c1 FROM ${sql}`,
        `SELECT ${own.sql} AS c0, u.e AS c1, u.n AS c2 FROM ${sql}, unnest(${array.sql}) WITH ORDINALITY u(e, n)`,
        `SELECT e AS c0, count(*) AS c1 FROM ${sql} LEFT JOIN LATERAL unnest(${array.sql}) e ON true GROUP BY e`);
    }
    return { sql: r.pick(choices), columns: null };
  }

  #values(): Query {
    const r = this.#random;
    const type = r.pick(ALL_TYPES);
    const rows = Array.from({ length: r.int(1, 3) }, () => `(${r.int(0, 4)}, ${literalOf(r, type)})`).join(', ');
    const { sql, fields } = this.relation();
    const field = this.field(fields, [type]);
    const on = field === null ? this.predicate([...fields, { sql: 'v.n', type: 'int4' }]) : `v.x = ${field.sql}`;
    const list = this.list([...fields, { sql: 'v.n', type: 'int4' }, { sql: 'v.x', type }], 2);
    return { sql: `SELECT ${this.named(list)} FROM (VALUES ${rows}) v(n, x) ${r.pick(['JOIN', 'LEFT JOIN'])} ${sql} ON ${on}`, columns: null };
  }

  /** USING, NATURAL, and a join of a relation with itself. */
  #using(): Query {
    const r = this.#random;
    const relation = r.pick(this.#relations);
    const column = r.pick(relation.columns).name;
    const kind = r.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN']);
    const other = r.pick(this.#relations);
    const same = other.columns.find((c) => c.name === column && c.type === relation.columns.find((o) => o.name === column)?.type);
    const partner = same === undefined ? relation : other;
    return { sql: r.pick([
      `SELECT * FROM ${relation.name} a ${kind} ${partner.name} b USING (${column})`,
      `SELECT ${column}, count(*) AS n FROM ${relation.name} a ${kind} ${partner.name} b USING (${column}) GROUP BY ${column}`,
      `SELECT * FROM ${relation.name} a NATURAL ${kind} ${relation.name} b`,
      `SELECT a.*, b.${column} AS other FROM ${relation.name} a ${kind} ${relation.name} b ON a.${column} = b.${column}`,
    ]), columns: null };
  }
}
