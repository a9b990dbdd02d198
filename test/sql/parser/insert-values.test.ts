// The fast path of INSERT: what it takes means the same as the grammar says, and the rest it leaves alone.
import { performance } from 'node:perf_hooks';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Expr } from '../../../sql/parser/ast.ts';
import {
  DEFAULT_LITERAL, FALSE_LITERAL, NULL_LITERAL, NUMBER_LITERAL, TRUE_LITERAL, parseInsertValues,
} from '../../../sql/parser/insert-values.ts';
import type { InsertValues } from '../../../sql/parser/insert-values.ts';
import { loadParser, parse } from '../../../sql/parser/parse.ts';
import { Random } from '../../support/random.ts';

beforeAll(loadParser);

interface Plain { readonly table: unknown; readonly columns: unknown; readonly rows: readonly (readonly unknown[])[] }

function fast(values: InsertValues): Plain {
  const rows = [];
  for (let row = 0; row < values.rowCount; row++) {
    const literals = [];
    for (let column = 0; column < values.width; column++) literals.push(literal(values, row * values.width + column));
    rows.push(literals);
  }
  return { table: values.relation, columns: values.columns, rows };
}

function literal(values: InsertValues, at: number): readonly unknown[] {
  const position = values.position(at);
  switch (values.kind(at)) {
    case NULL_LITERAL: return ['null', position];
    case TRUE_LITERAL: return ['boolean', true, position];
    case FALSE_LITERAL: return ['boolean', false, position];
    case DEFAULT_LITERAL: return ['default', position];
    case NUMBER_LITERAL: return ['number', canonical(values.text(at)), position];
    default: return ['string', values.text(at), position];
  }
}

/** The grammar gives integers that fit in four bytes back without leading zeros. */
function canonical(text: string): string {
  return /^-?\d+$/.test(text) ? String(BigInt(text)) : text;
}

function full(text: string): Plain {
  const [parsed, second] = parse(text);
  if (parsed?.statement.kind !== 'insert' || second !== undefined) throw new Error('not one INSERT');
  const { relation, columns, source } = parsed.statement;
  if (source?.body.kind !== 'values') throw new Error('no VALUES');
  return {
    table: relation, columns: columns.map(({ name, position }) => ({ name, position })),
    rows: source.body.rows.map((row) => row.map(expression)),
  };
}

function expression(node: Expr): readonly unknown[] {
  switch (node.kind) {
    case 'null':
    case 'default': return [node.kind, node.position];
    case 'boolean': return ['boolean', node.value, node.position];
    case 'number': return ['number', canonical(node.text), node.position];
    case 'string': return ['string', node.value, node.position];
    default: return ['other', node.kind, node.position];
  }
}

const plain = [
  '0', '1', '-1', '007', '2147483647', '-2147483648', '2147483648', '-9223372036854775808', '123456789012345678901',
  '1.5', '.5', '5.', '-0.25', '1e10', '1.5E-3', '-2e+5', "''", "'a'", "'it''s'", "''''", "'é😀'", "'a\\b'", "'a, (b)'",
  "'--'", "'/*'", 'null', 'NULL', 'true', 'False', 'DEFAULT', "'\n'",
];
const odd = [
  "e'a'", "'a' 'b'", "'a'\n'b'", "x'1f'", "date '2020-01-01'", '1 + 1', "'1'::int", '- 1', '+1', '$1', 'now()', 'a',
  '1_000', '0x1f', '(1)', "n'x'", "u&'x'", '$$x$$', '1::text', 'array[1]', '(select 1)', '/* x */ 1', '1 -- x\n',
    '- -1',
  '1 is null', '--1\n1', 'nullif(1,2)', 'true and false',
];
const broken = ["'a", '1a', '1e', '1.5.5', '..', ',', '', '-', '1 2', "'a''", ')'];

/** What the text means by the grammar, or that it is refused. */
function grammar(text: string): Plain | undefined {
  try {
    return full(text);
  } catch {
    return undefined;
  }
}

describe('agrees with the grammar', () => {
  const space = ['', '', '', ' ', '\n', '\t ', '\r\n'];
  const tables = ['t', 'T', 's.t', '"T x"', '"s"."t"', 'é', 'select', 'user', '"a""b"', 'db.s.t', 'left', 'value',
    't$1'];
  const heads = ['insert into', 'INSERT  INTO', 'Insert\nInto', 'insert', 'insertinto'];

  function randomInsert(random: Random): string {
    const s = (): string => random.pick(space);
    const width = random.int(1, 4);
    const columns = random.bool(0.6)
      ? `${s()}(${Array.from({ length: random.bool(0.95) ? width : width + 1 }, (_, i) =>
        s() + random.pick([`c${i}`, `"C ${i}"`, `C${i}`]) + s()).join(',')})` : ' ';
    const value = (): string => random.bool(0.995) ? random.pick(plain) : random.pick(random.bool() ? odd : broken);
    const rows = Array.from({ length: random.int(1, 6) }, () => {
      const length = random.bool(0.995) ? width : width + 1;
      return `${s()}(${Array.from({ length }, () => s() + value() + s()).join(',')})${s()}`;
    });
    const tail = random.pick(['', '', '', ';', ' ; ', ' returning 1', ' on conflict do nothing', '; select 1', ';;']);
    return `${s()}${random.pick(heads)} ${random.pick(tables)}${columns}${s()}values${s()}${rows.join(',')}${tail}`;
  }

  test.each([1, 2, 3, 4])('seed %i', (seed) => {
    const random = new Random(seed);
    let taken = 0;
    for (let i = 0; i < 2_000; i++) {
      const text = randomInsert(random);
      const values = parseInsertValues(text);
      if (values === null) continue;
      taken++;
      expect({ seed, i, text, plain: fast(values) }).toEqual({ seed, i, text, plain: grammar(text) });
    }
    expect(taken).toBeGreaterThan(200);
  });

  test.each(plain)('takes %j', (value) => {
    const text = `insert into t values (${value}, 1), (2, ${value});`;
    const values = parseInsertValues(text);
    expect(values && fast(values)).toEqual(full(text));
  });

  test.each([...odd, ...broken])('leaves %j alone', (value) => {
    expect(parseInsertValues(`insert into t values (1), (${value})`)).toBeNull();
  });

  test.each([
    'insert into t default values', 'insert into t select 1', 'insert into t as a values (1)',
      'insert into t (a[1]) values (1)',
    'insert into t values (1), (1, 2)', 'insert into t (a) values (1, 2)', 'insert into t (a, b) values (1)',
    'insert into t values (1) returning a', 'insert into t values (1); select 1', 'insert into t values (1),',
    'insert into t values', 'insert into t overriding system value values (1)',
      'with a as (select 1) insert into t values (1)',
    'insert into "" values (1)', `insert into ${'x'.repeat(64)} values (1)`, 'insert into user values (1)', '',
    "insert into t values ('\0')",
  ])('leaves %j alone', (text) => {
    expect(parseInsertValues(text)).toBeNull();
  });
});

test('work grows with the rows, not with their square', () => {
  const insert = (rows: number): string =>
    `insert into bid (auction, bidder, price, channel, url, ts, extra) values ${Array.from({ length: rows }, (_, i) =>
      `(${i}, ${i * 7}, ${i}.25, 'channel-${i % 10}', 'https://x/${i}', '2020-01-01 00:00:${i % 60}', null)`).join(', ')}`;
  // The best of several of each: the machine may be busy. Squares would make it 256.
  const best = (rows: number): number => {
    const text = insert(rows);
    return Math.min(...Array.from({ length: 7 }, () => {
      const start = performance.now();
      expect(parseInsertValues(text)?.rowCount).toBe(rows);
      return performance.now() - start;
    }));
  };
  best(2500);
  expect(best(40_000) / best(2500)).toBeLessThan(100);
});
