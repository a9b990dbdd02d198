// connector 'datagen': Flink's options, values by type, the same rows from an offset on, errors for what it cannot do.
import { describe, expect, test } from 'vitest';
import { batchToRows } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { parseTypeName } from '../../engine/data/type-info.ts';
import type { Schema } from '../../engine/data/types.ts';
import { openDatabase } from '../../sql/index.ts';
import { DATAGEN } from '../../wire/connector/datagen.ts';
import { Client } from '../support/client.ts';

function schemaOf(text: string): Schema {
  return {
    columns: text.split(', ').map((part) => {
      const [name, ...rest] = part.split(' ');
      const type = parseTypeName(rest.join(' '));
      if (type === null) throw new Error(part);
      return { name, type };
    }),
  };
}

async function rowsOf(schema: string, options: Readonly<Record<string, string>>, offset: Uint8Array | null = null): Promise<{
  readonly rows: readonly (readonly Datum[])[]; readonly offset: Uint8Array | null;
}> {
  const reader = DATAGEN.open({
    schema: schemaOf(schema), offset, options: new Map(Object.entries({ 'rows_per_second': '0', ...options })),
  });
  const rows: (readonly Datum[])[] = [];
  let last = offset;
  for await (const batch of reader.read(new AbortController().signal)) {
    rows.push(...batchToRows(batch.rows));
    last = batch.offset;
  }
  return { rows, offset: last };
}

const code = (schema: string, options: Readonly<Record<string, string>>): string => {
  try {
    DATAGEN.open({ schema: schemaOf(schema), offset: null, options: new Map(Object.entries(options)) });
    return 'none';
  } catch (error) {
    return error instanceof DatabaseError ? error.code : String(error);
  }
};

describe('datagen', () => {
  test('keeps to the bounds of each field', async () => {
    const { rows } = await rowsOf('a int4, b int8, c float8, d numeric(6,2), e varchar(5), f char(4), g boolean, h bytea, i text', {
      'number_of_rows': '2000', 'fields.a.min': '-3', 'fields.a.max': '3', 'fields.c.min': '1', 'fields.c.max': '2',
      'fields.d.min': '0', 'fields.d.max': '10', 'fields.h.length': '3', 'fields.i.length': '7', 'fields.i.var_len': 'true',
      'fields.g.null_rate': '0.5',
    });
    expect(rows.length).toBe(2000);
    expect(new Set(rows.map((r) => r[0])).size).toBe(7);
    expect(rows.every(([a, b, c]) => Math.abs(Number(a)) <= 3 && typeof b === 'bigint' && Number(c) >= 1 && Number(c) < 2)).toBe(true);
    expect(rows.every((r) => /^(?:\d|10)\.\d\d$/.test(String(r[3])))).toBe(true);
    expect(rows.every((r) => /^[0-9a-f]{5}$/.test(String(r[4])) && /^[0-9a-f]{4}$/.test(String(r[5])))).toBe(true);
    const nulls = rows.filter((r) => r[6] === null).length;
    expect(nulls).toBeGreaterThan(800);
    expect(nulls).toBeLessThan(1200);
    expect(rows.every((r) => r[7] instanceof Uint8Array && r[7].length === 3)).toBe(true);
    expect(new Set(rows.map((r) => String(r[8]).length)).size).toBe(7);
  });

  test('a sequence ends the source', async () => {
    const { rows } = await rowsOf('id int8, name varchar', { 'fields.id.kind': 'sequence', 'fields.id.start': '5', 'fields.id.end': '9' });
    expect(rows.map((r) => r[0])).toEqual([5n, 6n, 7n, 8n, 9n]);
  });

  test('gives the same rows from an offset on', async () => {
    const schema = 'a int4, t timestamp, s varchar';
    const first = await rowsOf(schema, { 'number_of_rows': '300' });
    const longer = await rowsOf(schema, { 'number_of_rows': '1000' }, first.offset);
    expect(longer.rows.length).toBe(700);
    const start = Buffer.from(first.offset ?? []).toString().split(',')[1];
    const whole = await rowsOf(schema, { 'number_of_rows': '1000' }, Buffer.from(`0,${start}`));
    expect(whole.rows.slice(300)).toEqual(longer.rows);
    expect((await rowsOf(schema, { 'number_of_rows': '300', seed: '2' })).rows[0]).not.toEqual(first.rows[0]);
  });

  test('refuses what it cannot do', () => {
    expect(code('a int4', { 'fields.a.min': '5', 'fields.a.max': '4' })).toBe('22023');
    expect(code('a int2', { 'fields.a.max': '40000' })).toBe('22023');
    expect(code('a int4', { 'fields.b.min': '5' })).toBe('22023');
    expect(code('a int4', { 'fields.a.kind': 'sequence' })).toBe('22023');
    expect(code('a int4', { 'fields.a.kind': 'other' })).toBe('22023');
    const sequence = (start: string, end: string): Record<string, string> =>
      ({ 'fields.a.kind': 'sequence', 'fields.a.start': start, 'fields.a.end': end });
    expect(code('a int2', sequence('1', '40000'))).toBe('22023');
    expect(code('a int8', sequence('1', '99999999999999999999'))).toBe('22023');
    expect(code('a varchar(3)', sequence('1', '1000'))).toBe('22023');
    expect(code('a numeric(5,2)', sequence('1', '1000'))).toBe('22023');
    expect(code('a numeric(5,2)', { 'fields.a.max': '1000' })).toBe('22023');
    expect(code('a int4[]', {})).toBe('42804');
    expect(code('a date', { 'fields.a.kind': 'sequence', 'fields.a.start': '1', 'fields.a.end': '2' })).toBe('42804');
  });

  test('as Flink writes it', async () => {
    const database = await openDatabase({ data: ':memory:', connectors: [DATAGEN] });
    const client = new Client(database);
    await client.query("SET sql_dialect = 'flink'");
    await client.query("CREATE TABLE orders (id BIGINT, price DECIMAL(10, 2), buyer STRING, order_time TIMESTAMP(3), "
      + "WATERMARK FOR order_time AS order_time - INTERVAL '5' SECOND) WITH ('connector' = 'datagen', 'rows-per-second' = '0', "
      + "'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '50', 'fields.buyer.length' = '3')");
    await client.query('RESET sql_dialect');
    for (let i = 0; i < 200 && (await client.rows('SELECT count(*) FROM orders'))[0] !== '50'; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await client.rows('SELECT count(*), min(id), max(id), bool_and(length(buyer) = 3) FROM orders')).toEqual(['50|1|50|t']);
    await client.close();
    await database.close();
  });
});
