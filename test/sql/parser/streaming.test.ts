// Streaming statements and clauses: what they become, and that nothing else moves.
import { beforeAll, describe, expect, test } from 'vitest';
import { DatabaseError } from '../../../engine/data/error.ts';
import type { Statement } from '../../../sql/parser/ast-statement.ts';
import type { FromItem, Select } from '../../../sql/parser/ast.ts';
import { loadParser, parse } from '../../../sql/parser/parse.ts';

beforeAll(loadParser);

function one(text: string): Statement {
  const [parsed, second] = parse(text);
  if (parsed === undefined || second !== undefined) throw new Error(`not one statement: ${text}`);
  return parsed.statement;
}

function select(text: string): Select {
  const statement = one(text);
  if (statement.kind !== 'query' || statement.body.kind !== 'select') throw new Error(`not a SELECT: ${text}`);
  return statement.body;
}

function from(item: string): FromItem {
  const [first] = select(`select * from ${item}`).from;
  if (first === undefined) throw new Error('nothing in FROM');
  return first;
}

function failure(text: string): unknown {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof DatabaseError) return [error.code, error.message, error.fields.position];
    throw error;
  }
  return 'parsed';
}

/** The tree without its places. */
function placeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(placeless);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'position' && key !== 'range');
  return Object.fromEntries(kept.map(([key, inner]) => [key, placeless(inner)]));
}

const column = (...name: string[]): object => ({ kind: 'column', name });
const number = (text: string): object => ({ kind: 'number', text });

describe('tables and sources', () => {
  test('a watermark anywhere in the list, and APPEND ONLY', () => {
    const expected = {
      kind: 'createTable', appendOnly: true, columns: [{ name: 'a' }, { name: 'ts' }],
      watermark: { column: 'ts', expression: { kind: 'binary', operator: '-', left: column('ts') } },
      options: [{ name: 'x', value: { kind: 'number', text: '1' } }],
    };
    for (const text of [
      "create table t (a int, ts timestamp, watermark for ts as ts - interval '5 s') append only with (x = 1)",
      "create table t (watermark for ts as ts - interval '5 s', a int, ts timestamp) append only with (x = 1)",
      "create table t (a int, watermark for ts as ts - interval '5 s', ts timestamp) with (x = 1) append only",
    ]) expect(one(text)).toMatchObject(expected);
  });

  test('positions stay true around and inside', () => {
    const text = "create table t (é int, watermark for ts as ts - interval '5 s', ts timestamp default nope)";
    expect(one(text)).toMatchObject({
      columns: [{ position: 17 }, {
        position: text.indexOf('ts timestamp') + 1,
        constraints: [{ expression: { kind: 'column', position: text.indexOf('nope') + 1 } }],
      }],
      watermark: { position: text.indexOf('watermark') + 1, expression: {
        left: { position: text.indexOf('ts -') + 1 } } },
    });
  });

  test('a source with all its clauses', () => {
    expect(one(`create source if not exists s.n (a int primary key, ts timestamp, watermark for ts as ts)
      with (connector = 'nexmark', nexmark.table = 'Bid', "Rate" = -10, list = ('a', b), flag)
      format debezium (x = 'y') encode json (z = 'w') bad rows to s.bad append only;`)).toMatchObject({
      kind: 'createSource', ifNotExists: true, relation: { schema: 's', name: 'n' }, appendOnly: true,
      columns: [{ name: 'a', constraints: [{ kind: 'primaryKey' }] }, { name: 'ts' }],
      watermark: { column: 'ts', expression: column('ts') }, badRowsTo: { schema: 's', name: 'bad' },
      options: [
        { name: 'connector', value: { kind: 'string', text: 'nexmark' } },
        { name: 'nexmark.table', value: { kind: 'string', text: 'Bid' } },
        { name: 'Rate', value: { kind: 'number', text: '-10' } },
        { name: 'list', value: { kind: 'list', items: [{ kind: 'string', text: 'a' }, { kind: 'name', text: 'b' }] } },
        { name: 'flag', value: undefined },
      ],
      format: {
        format: 'DEBEZIUM', encode: 'JSON', formatOptions: [{ name: 'x' }], encodeOptions: [{ name: 'z' }],
      },
    });
  });

  test('a source without columns', () => {
    expect(one("create source s with (connector = 'host')")).toMatchObject({
      kind: 'createSource', columns: [], options: [{ name: 'connector' }], format: undefined,
    });
  });

  test('sinks', () => {
    expect(one("create sink k from s.v with (connector = 'file') format upsert encode json")).toMatchObject({
      kind: 'createSink', from: { schema: 's', name: 'v' }, query: undefined, format: { format: 'UPSERT' },
    });
    expect(one("create sink if not exists k as with q as (select 1) select * from q with (connector = 'file')"))
      .toMatchObject({
        kind: 'createSink', ifNotExists: true, from: undefined, query: { with: { tables: [{ name: 'q' }] } },
        options: [{ name: 'connector' }],
      });
  });

  test('DROP, ALTER and COMMENT know them', () => {
    expect(one('drop source if exists a, s.b cascade')).toMatchObject({
      kind: 'drop', object: 'source', names: [['a'], ['s', 'b']], ifExists: true, cascade: true,
    });
    expect(one('drop sink k')).toMatchObject({ kind: 'drop', object: 'sink' });
    expect(one('alter source s rename to t')).toMatchObject({ kind: 'rename', object: 'source', newName: 't' });
    expect(one("comment on sink k is 'x'")).toMatchObject({ kind: 'comment', object: 'sink', text: 'x' });
  });
});

describe('views', () => {
  test('EMIT ON WINDOW CLOSE and LATE DATA TO, in either order', () => {
    for (const tail of ['emit on window close late data to s.l', 'late data to s.l emit on window close;']) {
      expect(one(`create materialized view v as select 1 ${tail}`)).toMatchObject({
        kind: 'createMaterializedView', emitOnWindowClose: true, lateDataTo: { schema: 's', name: 'l' },
      });
    }
    expect(one('create materialized view v as select late from emit')).toMatchObject({ emitOnWindowClose: false });
  });

  test('OR REPLACE, IF NOT EXISTS, REPLACEMENT, SWAP', () => {
    expect(one('create or replace materialized view v as select 1')).toMatchObject({ orReplace: true });
    expect(one('create view if not exists v as select 1')).toMatchObject({ kind: 'createView', ifNotExists: true });
    expect(one('create replacement materialized view r for s.v as select 1')).toMatchObject({
      kind: 'createMaterializedView', relation: { name: 'r' }, replacementFor: { schema: 's', name: 'v' },
    });
    expect(one('alter materialized view v apply replacement r')).toMatchObject({
      kind: 'applyReplacement', relation: { name: 'v' }, replacement: { name: 'r' },
    });
    expect(one('alter table a swap with b')).toMatchObject({ kind: 'swap', object: 'table', other: { name: 'b' } });
  });

  test('EXPLAIN of one', () => {
    expect(one('explain (costs off) create materialized view v as select 1 emit on window close')).toMatchObject({
      kind: 'explain', statement: { kind: 'createMaterializedView', emitOnWindowClose: true },
    });
  });
});

describe('SUBSCRIBE', () => {
  test('with everything', () => {
    const text = 'subscribe to s.v with (snapshot = false, progress) envelope upsert (key (a, "B")) as of 12';
    expect(one(text)).toMatchObject({
      kind: 'subscribe', relation: { schema: 's', name: 'v' }, upsertKey: ['a', 'B'], asOf: number('12'),
      options: [{ name: 'snapshot', value: { kind: 'name', text: 'false' } }, { name: 'progress', value: undefined }],
    });
    expect(one('subscribe (select a from t qualify a > 1)')).toMatchObject({
      kind: 'subscribe', relation: undefined, query: { body: { kind: 'select', qualify: { operator: '>' } } },
    });
  });

  test('inside COPY and DECLARE, and FETCH with a timeout', () => {
    expect(one('copy (subscribe to v) to stdout with (format csv)')).toMatchObject({
      kind: 'copy', direction: 'out', query: { kind: 'subscribe' }, options: [{ name: 'format' }],
    });
    expect(one('declare c cursor for subscribe to v with (snapshot)')).toMatchObject({
      kind: 'declareCursor', query: { kind: 'subscribe', options: [{ name: 'snapshot' }] },
    });
    expect(one("fetch 3 from c with (timeout = '1s')")).toMatchObject({
      kind: 'fetch', count: 3, options: [{ name: 'timeout', value: { text: '1s' } }],
    });
  });

  test('FLUSH', () => expect(one('flush')).toMatchObject({ kind: 'flush' }));
});

describe('windows in FROM', () => {
  test("PostgreSQL's call and Flink's spelling are the same", () => {
    const plain = from("tumble(bid, ts, interval '1' minute) as w");
    expect(plain).toMatchObject({
      kind: 'window', window: 'tumble', input: { kind: 'table', relation: { name: 'bid' } }, time: column('ts'),
      keys: [], alias: { name: 'w' }, arguments: [{ name: undefined, value: { kind: 'cast' } }],
    });
    for (const text of [
      "table(tumble(table bid, descriptor(ts), interval '1' minute)) as w",
      "TABLE(TUMBLE(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), interval '1' minute)) w",
    ]) expect(placeless(from(text))).toEqual(placeless(plain));
    expect(from("TABLE(HOP(DATA => TABLE bid, TIMECOL => DESCRIPTOR(ts), SLIDE => interval '1' second, SIZE => x))"))
      .toMatchObject({ window: 'hop', time: column('ts'), arguments: [{ name: 'slide' }, { name: 'size' }] });
  });

  test('hop, cumulate, sessions with keys, subqueries, time zones', () => {
    expect(from("hop(s.t, ts, interval '1 s', interval '1 min')")).toMatchObject({
      window: 'hop', input: { relation: { schema: 's', name: 't' } }, arguments: [{}, {}],
    });
    expect(from("session(t, ts, k, interval '1 min')")).toMatchObject({ keys: [column('k')], arguments: [{}] });
    expect(from("table(session(table t partition by (a, b), descriptor(ts), interval '1 min'))")).toMatchObject({
      time: column('ts'), keys: [column('a'), column('b')], arguments: [{}],
    });
    expect(from("tumble((select 1 as ts), ts, interval '1 min', time_zone => 'Europe/Berlin')")).toMatchObject({
      input: { kind: 'subquery' }, arguments: [{ name: undefined }, { name: 'time_zone', value: { kind: 'string' } }],
    });
    expect(from("cumulate(t, ts, interval '1 h', interval '1 day')")).toMatchObject({ window: 'cumulate' });
  });

  test('what is missing is said', () => {
    expect(failure('select * from tumble(t)')).toEqual(['42601', 'tumble needs a relation and a time column', 15]);
    expect(failure('select * from tumble(1, ts)')).toEqual([
      '42601', 'the first argument of tumble must be a relation', 22,
    ]);
  });
});

describe('in queries', () => {
  test('QUALIFY, also nested, with the clauses around it', () => {
    const text = `select a, row_number() over w r from t where b group by a having c window w as (order by a)
      qualify r = 1 and x in (select y from z qualify y > 0) order by 1 limit 2`;
    const statement = one(text);
    expect(statement).toMatchObject({
      kind: 'query', orderBy: [{}], limit: number('2'),
      body: {
        where: column('b'), having: column('c'), windows: [{ name: 'w' }],
        qualify: { kind: 'logical', operands: [{ operator: '=' }, { kind: 'inSubquery', query: {
          body: { qualify: { operator: '>', position: text.indexOf('> 0') + 1 } } } }] },
      },
    });
  });

  test('QUALIFY of each operand of a UNION', () => {
    expect(one('select 1 a qualify a union all select distinct on (b) b from t qualify not b')).toMatchObject({
      body: {
        left: { body: { qualify: column('a') } }, right: { body: { qualify: { kind: 'not' } } },
      },
    });
  });

  test('words of ours are still names', () => {
    expect(select('select 1 as qualify, exclude, emit.late from qualify, emit asof').targets).toMatchObject([
      { alias: 'qualify' }, { expression: column('exclude') }, { expression: column('emit', 'late') },
    ]);
    expect(select('select a qualify from t').targets).toMatchObject([{ alias: 'qualify' }]);
    expect(select('select 2 * exclude(3)').targets).toMatchObject([{ expression: { kind: 'binary' } }]);
    expect(select('select source, sink, watermark, append, flush, subscribe from descriptor').from).toHaveLength(1);
    expect(one('create table source (sink int, append int, watermark int)')).toMatchObject({
      kind: 'createTable', relation: { name: 'source' }, watermark: undefined, appendOnly: false,
    });
    expect(one('fetch all from "with"')).toMatchObject({ kind: 'fetch', options: [] });
  });

  test('EXCLUDE', () => {
    expect(select('select * exclude (a, "B"), s.t.* exclude (c), d from t').targets).toMatchObject([
      { expression: { kind: 'star', qualifier: [], exclude: [{ name: 'a', position: 19 }, { name: 'B' }] } },
      { expression: { kind: 'star', qualifier: ['s', 't'], exclude: [{ name: 'c' }] } }, { expression: column('d') },
    ]);
    expect(select('select distinct on (a) * exclude (a) from t').targets).toMatchObject([
      { expression: { exclude: [{ name: 'a' }] } },
    ]);
  });

  test('GROUP BY ALL', () => {
    expect(select('select a, count(*) from t group by all having true')).toMatchObject({
      groupByAll: true, groupBy: [], having: { kind: 'boolean' },
    });
    expect(select('select a from t group by all a')).toMatchObject({ groupByAll: false, groupBy: [{}] });
    expect(select('select 1 from t group by ()')).toMatchObject({ groupByAll: false, groupBy: [{ kind: 'empty' }] });
  });

  test('ASOF marks its own join alone', () => {
    const text = 'a asof left join b on a.k = b.k join (select * from x asof join y using (k)) c using (k)';
    expect(from(text)).toMatchObject({
      join: 'inner', asof: false, left: { join: 'left', asof: true },
      right: { query: { body: { from: [{ asof: true, using: ['k'] }] } } },
    });
    expect(from('(a join b on true) asof join c on true')).toMatchObject({ asof: true, left: { asof: false } });
  });

  test('FOR SYSTEM_TIME AS OF', () => {
    expect(from('a join s.b for system_time as of proctime() as bb on a.x = bb.x')).toMatchObject({
      right: { relation: { schema: 's', name: 'b' }, alias: { name: 'bb' }, asOf: { kind: 'function' } },
      left: { asOf: undefined },
    });
    expect(from('a left join b as bb for system_time as of a.t on true')).toMatchObject({
      right: { alias: { name: 'bb' }, asOf: column('a', 't') },
    });
  });
});

describe('errors in our own grammar are as PostgreSQL says them', () => {
  test.each([
    ['subscribe to', ['42601', 'syntax error at end of input', 13]],
    ['subscribe to v v', ['42601', 'syntax error at or near "v"', 16]],
    ['subscribe to v with (', ['42601', 'syntax error at end of input', 22]],
    ['subscribe ()', ['42601', 'syntax error at or near ")"', 12]],
    ['create source s (a int) fromat x', ['42601', 'syntax error at or near "fromat"', 25]],
    ['create source s', ['42601', 'syntax error at end of input', 16]],
    ['create source s () with (a = )', ['42601', 'syntax error at or near ")"', 30]],
    ["create source é with (a = 'x') format json", ['42601', 'syntax error at end of input', 43]],
    ['create sink k', ['42601', 'syntax error at end of input', 14]],
    ['create table t (a int, watermark for a as b +)', ['42601', 'syntax error at end of input', 46]],
    ['create table t (a int, watermark for a b)', ['42601', 'syntax error at or near "b"', 40]],
    ['create materialized view v as emit on window close', ['42601', 'syntax error at end of input', 51]],
    ['flush flush', ['42601', 'syntax error at or near "flush"', 7]],
    ["select 1; subscribe 'x", ['42601', `unterminated quoted string at or near "'x"`, 21]],
    ['create table t (a int, watermark for a as a, watermark for a as a)',
      ['42601', 'multiple watermarks are not allowed', 46]],
  ])('%s', (text, expected) => {
    expect(failure(text)).toEqual(expected);
  });
});
