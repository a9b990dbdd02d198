// The parser as a whole: clients' statements, splitting, positions, texts kept as text, errors, depth.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError } from '../../../engine/data/error.ts';
import type { ParsedStatement, Statement } from '../../../sql/parser/ast-statement.ts';
import { loadParser, parse, parseExpression, parseKept } from '../../../sql/parser/parse.ts';
import { parseTree } from '../../../sql/parser/pg-module.ts';

beforeAll(loadParser);

interface ClientStatement { readonly client: string; readonly text: string }
interface SyntaxError {
  readonly text: string; readonly code: string; readonly message: string; readonly position: number }

function fixture<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
}

function one(text: string): Statement {
  const [parsed, second] = parse(text);
  if (parsed === undefined || second !== undefined) throw new Error(`not one statement: ${text}`);
  return parsed.statement;
}

function failure(text: string): { code: string; message: string; position: number | null } {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof DatabaseError) {
      return { code: error.code, message: error.message, position: error.fields.position ?? null };
    }
    throw error;
  }
  throw new Error(`parsed without an error: ${text}`);
}

/** All nodes with a position, and all ranges. */
function walk(node: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(Object.fromEntries(Object.entries(node)));
  for (const value of Object.values(node)) walk(value, visit);
}

describe('what clients send', () => {
  const statements = fixture<ClientStatement>('client-statements');
  test.each(statements)('$client: $text', ({ text }) => {
    const parsed = parse(text);
    expect(parsed.length).toBeGreaterThan(0);
    for (const { statement } of parsed) {
      walk(statement, (node) => expect(node['kind']).not.toBe('unsupported'));
    }
  });

  test('every column reference stands where its position says', () => {
    let seen = 0;
    for (const { text } of statements) {
      walk(parse(text), (node) => {
        if (node['kind'] !== 'column' || typeof node['position'] !== 'number') return;
        const [first] = node['name'] as string[];
        const there = [...text].slice(node['position'] - 1).join('');
        expect(there.toLowerCase().replace(/^"/, '').startsWith(String(first).toLowerCase())).toBe(true);
        seen++;
      });
    }
    expect(seen).toBeGreaterThan(1000);
  });
});

describe('errors', () => {
  // Answers of PostgreSQL 15.18.
  test.each(fixture<SyntaxError>('syntax-errors'))('$text', ({ text, code, message, position }) => {
    expect(failure(text)).toEqual({ code, message, position });
  });

  test('codes that are not syntax errors', () => {
    expect(failure('select sum(a) over (rows between unbounded following and current row) from t').code).toBe('42P20');
    expect(failure("select e'\\xff' a").code).toBe('22021');
    expect(failure('select 1\0').code).toBe('22021');
    expect(failure('set work_mem = $1')).toEqual({
      code: '42601', message: 'syntax error at or near "$1"', position: 16,
    });
    expect(failure('select $1a, $2')).toEqual({
      code: '42601', message: 'trailing junk after parameter at or near "$1a"', position: 8,
    });
    expect(failure('create table t (a int not null deferrable)')).toEqual({
      code: '42601', message: 'misplaced DEFERRABLE clause', position: 32,
    });
  });
});

describe('a subquery of FROM without an alias', () => {
  const refusal = (text: string): string => {
    try {
      parse(text);
      return 'read';
    } catch (error) {
      return error instanceof DatabaseError ? `${error.fields.position} ${error.message}` : String(error);
    }
  };
  test.each<[string, number, string]>([
    ['select * from (select 1)', 15, 'subquery'], ['select * from ((values (1)))', 15, 'VALUES'],
    ['select * from (values ((select 1)), (2))', 15, 'VALUES'], ["select 'é', * from t, lateral ( select (t.a))", 31, 'subquery'],
    ['select * from ((select 1) join t on true)', 16, 'subquery'], ['select * from (select * from (select 1))', 30, 'subquery'],
    ['select * from (((select 1) union (select 2)))', 15, 'subquery'], ['delete from t using (table t)', 21, 'subquery'],
  ])('%s', (text, position, what) => {
    expect(refusal(text)).toBe(`${position} ${what} in FROM must have an alias`);
  });
  test('is read where an older version kept it', () => {
    expect(parseKept('select * from (select 1)')).toHaveLength(1);
  });
});

describe('splitting', () => {
  const texts = (text: string): string[] => parse(text).map((statement: ParsedStatement) => statement.text);

  test('semicolons in strings, comments and dollar quotes do not split', () => {
    expect(texts("select ';' ; select $$;$$;; select $x$ $$;$$ $x$ -- ;\n; /* ; /* ; */ ; */ select \";\" from t"))
      .toEqual(["select ';'", 'select $$;$$', 'select $x$ $$;$$ $x$ -- ;', 'select ";" from t']);
  });

  test('nothing but space and comments is no statement', () => {
    for (const text of ['', ' \n', ';', ' ; ; ', '-- x', '/* x */ ;']) expect(parse(text)).toEqual([]);
  });

  test('the same with streaming statements among them', () => {
    const text = "select 'é;'; subscribe to v; /* ; */ "
      + 'create materialized view w as select 1 emit on window close ; flush';
    expect(texts(text)).toEqual([
      "select 'é;'", 'subscribe to v', 'create materialized view w as select 1 emit on window close', 'flush',
    ]);
    for (const { text: own, location } of parse(text)) expect(text.slice(location).startsWith(own)).toBe(true);
  });

  test('location is where the text stands', () => {
    const text = "  select 'ü😀' ;\n insert into t values (1)";
    expect(parse(text).map(({ location, text: own }) => [location, own])).toEqual([
      [2, "select 'ü😀'"], [18, 'insert into t values (1)'],
    ]);
  });
});

describe('positions count characters', () => {
  test('after two-byte, three-byte and four-byte characters', () => {
    const statement = one("select 'é€😀', nope");
    if (statement.kind !== 'query' || statement.body.kind !== 'select') throw new Error('no select');
    expect(statement.body.targets.map(({ position }) => position)).toEqual([8, 15]);
    expect(failure("select 'é€😀' x y").position).toBe(16);
  });

  test('far into a long text', () => {
    const statement = one(`select '${'é😀'.repeat(2000)}', nope`);
    if (statement.kind !== 'query' || statement.body.kind !== 'select') throw new Error('no select');
    expect(statement.body.targets[1]?.position).toBe(7 + 1 + 4000 + 1 + 2 + 1);
  });
});

describe('texts that are kept as text', () => {
  const rangeOf = (text: string): string => {
    const statement = one(text);
    const range = 'query' in statement && statement.query !== undefined && 'range' in statement.query
      ? statement.query.range : 'range' in statement ? statement.range : undefined;
    return range === undefined ? 'none' : text.slice(range.start, range.end);
  };

  test.each([
    ['create view v (a, b) with (security_barrier) as select 1, 2 as "as" with local check option',
      'select 1, 2 as "as"'],
    ["create or replace view \"as\" as\n select 'é' -- end\n", "select 'é'"],
    ['create materialized view if not exists v with (x = 1) as with q as (select 1) select * from q with no data;',
      'with q as (select 1) select * from q'],
    ['create materialized view v as select a from t qualify a > 1 emit on window close late data to l',
      'select a from t qualify a > 1'],
    ['create table t as values (1), (2) with data', 'values (1), (2)'],
    ['declare c cursor with hold for select a from t for update', 'select a from t for update'],
    ['copy (select 1, (2)) to stdout with (format csv)', 'select 1, (2)'],
    ['explain (analyze, costs off) select 1', 'select 1'],
    ['explain analyze verbose insert into t values (1)', 'insert into t values (1)'],
    ['explain (select 1) union select 2', '(select 1) union select 2'],
    ['prepare p (int, text) as select $1', 'select $1'],
    ['  select 1  ', 'select 1'],
  ])('%s', (text, query) => {
    expect(rangeOf(text)).toBe(query);
  });

  test('defaults, checks, generated columns and watermarks', () => {
    const text = `create table t (a int default 1 + f(2, 3) not null check (a > (0)),
      b int constraint "check" check ( b <> 1 ),
      c text default 'x, y' collate "C", d int generated always as (a * 2) stored, ts timestamp default null,
      watermark for ts as ts - interval '5 s', check (a < b))`;
    const found: string[] = [];
    walk(one(text), (node) => {
      const range = node['range'] as { start: number; end: number } | undefined;
      if (range !== undefined) found.push(text.slice(range.start, range.end));
    });
    expect(found.toSorted()).toEqual([
      '1 + f(2, 3)', 'a * 2', 'a < b', 'a > (0)', 'b <> 1', "'x, y'", 'null', "ts - interval '5 s'",
    ].toSorted());
  });
});

describe('expressions by themselves', () => {
  test('are read with positions of their own', () => {
    expect(parseExpression(' a + 1')).toMatchObject({
      kind: 'binary', operator: '+', position: 4, left: { kind: 'column', name: ['a'], position: 2 },
    });
  });

  test.each(['', 'a, b', 'a as b', 'a from t', 'a; select 1', 'a order by 1', '* from t'])('refuse %j', (text) => {
    expect(() => parseExpression(text)).toThrow(DatabaseError);
  });
});

describe('size and depth', () => {
  test('a literal of 10 MB', () => {
    const statement = one(`select '${'x'.repeat(10_000_000)}', a`);
    if (statement.kind !== 'query' || statement.body.kind !== 'select') throw new Error('no select');
    expect(statement.body.targets[1]?.position).toBe(10_000_012);
  });

  const shapes: { readonly [name: string]: (n: number) => string } = {
    operators: (n) => `select 1${'+1'.repeat(n)}`,
    parentheses: (n) => `select ${'('.repeat(n)}1${')'.repeat(n)}`,
    negations: (n) => `select ${'not '.repeat(n)}true`,
    signs: (n) => `select ${'- '.repeat(n)}a`,
    calls: (n) => `select ${'f('.repeat(n)}1${')'.repeat(n)}`,
    cases: (n) => `select ${'case when true then '.repeat(n)}1${' end'.repeat(n)}`,
    subqueries: (n) => `select ${'(select '.repeat(n)}1${')'.repeat(n)}`,
    joins: (n) => `select * from a${' cross join a'.repeat(n)}`,
    unions: (n) => `select 1${' union select 1'.repeat(n)}`,
    casts: (n) => `select 1${'::int'.repeat(n)}`,
  };

  test.each(Object.entries(shapes))('%s: some levels pass, too many are 54001', (_, shape) => {
    expect(parse(shape(500))).toHaveLength(1);
    expect(failure(shape(200_000))).toMatchObject({ code: '54001', message: 'stack depth limit exceeded' });
    expect(parse('select 1')).toHaveLength(1);
  });

  test('flat lists are not deep', () => {
    expect(parse(`select a${' and a = 1'.repeat(20_000)}`)).toHaveLength(1);
    expect(parse(`select ${Array.from({ length: 20_000 }, (_, i) => `a + ${i}`).join(', ')}`)).toHaveLength(1);
  });

  test('an overflow inside the grammar costs one statement, not the process', () => {
    expect(() => parseTree(`select 1${'+1'.repeat(100_000)}`)).toThrow('stack depth limit exceeded');
    expect(parse('select 2, 3')).toHaveLength(1);
  });
});

test('the same text gives the same statements', () => {
  expect(parse('select 42')).toBe(parse('select 42'));
});
