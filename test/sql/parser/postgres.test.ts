// PostgreSQL's statements as our tree: one example of each shape that others rely on.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Statement } from '../../../sql/parser/ast-statement.ts';
import type { Expr } from '../../../sql/parser/ast.ts';
import { loadParser, parse, parseExpression } from '../../../sql/parser/parse.ts';

beforeAll(loadParser);

function one(text: string): Statement {
  const [parsed, second] = parse(text);
  if (parsed === undefined || second !== undefined) throw new Error(`not one statement: ${text}`);
  return parsed.statement;
}

const column = (...name: string[]): object => ({ kind: 'column', name });
const number = (text: string): object => ({ kind: 'number', text });
const string = (value: string): object => ({ kind: 'string', value });

describe('expressions', () => {
  test.each<[string, object]>([
    ['-1', number('-1')], ['- 9223372036854775808', number('-9223372036854775808')], ['1.50e3', number('1.50e3')],
    ["'it''s'", string("it's")], ["e'\\n'", string('\n')], ['null',
      { kind: 'null' }],
    ['false', { kind: 'boolean', value: false }], ["''", string('')], ['0', number('0')],
    ["b'01'", { kind: 'bitString', base: 2, digits: '01' }], ["x'1F'", { kind: 'bitString', base: 16, digits: '1F' }],
    ['$3', { kind: 'parameter', number: 3 }], ['s.t.a', column('s', 't', 'a')], ['t.*', { kind: 'star',
      qualifier: ['t'] }],
    ['a and b and not c', { kind: 'logical', operator: 'and', operands: [column('a'), column('b'), { kind: 'not' }] }],
    ['a or b and c', { kind: 'logical', operator: 'or', operands: [column('a'), { operator: 'and' }] }],
    ['-a', { kind: 'unary', operator: '-', operand: column('a') }],
    ['a operator(pg_catalog.+) b', { kind: 'binary', operator: '+', schema: 'pg_catalog' }],
    ['a is not null', { kind: 'is', test: 'null', negated: true }], ['a is true', { kind: 'is', test: 'true',
      negated: false }],
    ['a is not unknown', { kind: 'is', test: 'unknown', negated: true }],
    ['a is not distinct from b', { kind: 'isDistinct', negated: true, left: column('a'), right: column('b') }],
    ['a not between symmetric 1 and 2', { kind: 'between', negated: true, symmetric: true, low: number('1'),
      high: number('2') }],
    ['a between 1 and 2', { kind: 'between', negated: false, symmetric: false }],
    ['a not in (1, 2)', { kind: 'inList', negated: true, list: [number('1'), number('2')] }],
    ['a not in (select 1)', { kind: 'not', operand: { kind: 'inSubquery', operand: column('a') } }],
    ["a like 'x'", { kind: 'like', variant: 'like', negated: false, pattern: string('x'), escape: undefined }],
    ["a not ilike 'x' escape '!'", { kind: 'like', variant: 'ilike', negated: true, pattern: string('x'),
      escape: string('!') }],
    ["a similar to 'x' escape '!'", { kind: 'like', variant: 'similar', pattern: string('x'), escape: string('!') }],
    ["a like like_escape('x', '!')", { kind: 'like', pattern: { kind: 'function', name: ['like_escape'] },
      escape: undefined }],
    ['a = any (array[1])', { kind: 'quantifiedArray', quantifier: 'any', operator: '=', array: { kind: 'array' } }],
    ['a <> all (select 1)', { kind: 'quantified', quantifier: 'all', operator: '<>' }],
    ['exists (select 1)', { kind: 'exists' }], ['(select 1)', { kind: 'scalarSubquery' }],
    ['array(select 1)', { kind: 'arraySubquery' }], ['array[1, 2]', { kind: 'array', elements: [number('1'),
      number('2')] }],
    ['row(1)', { kind: 'row', explicit: true, fields: [number('1')] }], ['(1, 2)', { kind: 'row', explicit: false }],
    ['a[1][2:3].b.*', { kind: 'fieldStar', operand: { kind: 'field', name: 'b', operand: { kind: 'subscript',
      operand: column('a'),
      subscripts: [{ kind: 'index', index: number('1') }, { kind: 'slice', lower: number('2'),
        upper: number('3') }] } } }],
    ['a::numeric(10, 2)[]', { kind: 'cast', operand: column('a'), position: 2,
      type: { name: ['pg_catalog', 'numeric'], modifiers: [10, 2], arrayDimensions: 1 } }],
    ["date '2020-01-01'", { kind: 'cast', operand: string('2020-01-01'), type: { name: ['date'] }, position: 1 }],
    ["interval '1' day to second(3)", { kind: 'cast', type: { name: ['pg_catalog', 'interval'], modifiers: [7176,
      3] } }],
    ['a collate "C"', { kind: 'collate', collation: ['C'] }],
    ["a at time zone 'UTC'", { kind: 'function', name: ['pg_catalog', 'timezone'], sqlSyntax: true,
      arguments: [{ value: string('UTC') }, { value: column('a') }] }],
    ['extract(year from a)', { kind: 'function', name: ['pg_catalog', 'extract'],
      arguments: [{ value: string('year') }, {}] }],
    ['case a when 1 then 2 else 3 end', { kind: 'case', operand: column('a'), otherwise: number('3'),
      branches: [{ condition: number('1'), result: number('2') }] }],
    ['coalesce(a, 1)', { kind: 'coalesce' }], ['nullif(a, 1)', { kind: 'nullif', left: column('a'),
      right: number('1') }],
    ['least(a, 1)', { kind: 'extremum', function: 'least' }], ['grouping(a)', { kind: 'grouping',
      arguments: [column('a')] }],
    ['current_timestamp(3)', { kind: 'sqlValue', function: 'current_timestamp', precision: 3 }],
    ['current_date', { kind: 'sqlValue', function: 'current_date', precision: undefined }], ['user',
      { function: 'user' }],
    ['count(*) filter (where a)', { kind: 'function', star: true, filter: column('a'), arguments: [] }],
    ['count(distinct a)', { distinct: true }], ['f(variadic a)', { variadic: true }],
    ['f(a, x => 1)', { arguments: [{ name: undefined }, { name: 'x', value: number('1') }] }],
    ['string_agg(a, b order by c desc nulls last)', { orderBy: [{ expression: column('c'), direction: 'desc',
      nulls: 'last' }] }],
    ['percentile_cont(0.5) within group (order by a)', { withinGroup: true, orderBy: [{ direction: 'default' }] }],
    ['sum(a) over w', { over: { name: 'w', base: undefined, frame: undefined } }],
    ['sum(a) over (w rows between 1 preceding and unbounded following exclude ties)', { over: { name: undefined,
      base: 'w', frame: {
      mode: 'rows', start: { kind: 'preceding', offset: number('1') }, end: { kind: 'unboundedFollowing' },
        exclusion: 'ties' } } }],
    ['sum(a) over (partition by b order by c range unbounded preceding)', { over: { partitionBy: [column('b')],
      orderBy: [{}],
      frame: { mode: 'range', start: { kind: 'unboundedPreceding' }, end: { kind: 'currentRow' },
        exclusion: 'none' } } }],
  ])('%s', (text, expected) => {
    const read: Expr = parseExpression(text);
    expect(read).toMatchObject(expected);
  });
});

describe('queries', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['with recursive a (x) as materialized (select 1), b as (insert into t values (1) returning *) select 1', {
      with: { recursive: true, tables: [{ name: 'a', columns: ['x'], materialized: true, statement: { kind: 'query',
        range: undefined } },
        { name: 'b', materialized: undefined, statement: { kind: 'insert',
          returning: [{ expression: { kind: 'star' } }] } }] } }],
    ['select distinct a as b from only s.t as q (x, y)', { body: { distinct: 'all', targets: [{ alias: 'b' }],
      from: [{ kind: 'table', only: true, relation: { schema: 's', name: 't' }, alias: { name: 'q', columns: ['x',
        'y'] } }] } }],
    ['select distinct on (a, b) a from t', { body: { distinct: [column('a'), column('b')] } }],
    ['select 1 from a cross join b', { body: { from: [{ kind: 'join', join: 'cross', on: undefined }] } }],
    ['select 1 from a natural left join b', { body: { from: [{ join: 'left', natural: true, using: undefined }] } }],
    ['select 1 from a join b using (x, y) as j', { body: { from: [{ join: 'inner', using: ['x', 'y'],
      usingAlias: 'j' }] } }],
    ['select 1 from (a full join b on true) as z', { body: { from: [{ join: 'full', alias: { name: 'z' } }] } }],
    ['select 1 from lateral f(1) with ordinality as t (a, b)', { body: { from: [{ kind: 'functions', lateral: true,
      ordinality: true,
      rowsFrom: false, calls: [{ call: { kind: 'function' }, columns: [] }], alias: { name: 't', columns: ['a',
        'b'] } }] } }],
    ['select 1 from rows from (f(1), g(2) as (a int, b text))', { body: { from: [{ rowsFrom: true,
      calls: [{ columns: [] }, { columns: [{ name: 'a' }, { name: 'b' }] }] }] } }],
    ['select 1 from g(2) as x (a int)', { body: { from: [{ calls: [{ columns: [{ name: 'a' }] }],
      alias: { name: 'x' } }] } }],
    ['select 1 from lateral (values (1)) v', { body: { from: [{ kind: 'subquery', lateral: true,
      query: { body: { kind: 'values' } } }] } }],
    ['select 1 group by a, (), rollup (a, (b, c)), cube (d), grouping sets ((a), ())', { body: { groupBy: [
      { kind: 'expression', expression: column('a') }, { kind: 'empty' },
      { kind: 'rollup', items: [column('a'), { kind: 'row', fields: [column('b'), column('c')] }] },
      { kind: 'cube', items: [column('d')] },
      { kind: 'sets', items: [{ kind: 'expression', expression: column('a') }, { kind: 'empty' }] }] } }],
    ['(select 1 order by 1 limit 1) union all (select 2) except select 3 order by 1', { orderBy: [{}], body: {
      kind: 'setOperation', operator: 'except', all: false, left: { body: { operator: 'union', all: true,
        left: { limit: number('1') } } } } }],
    ['select a from t order by a using > nulls first offset 2 rows fetch first 3 rows with ties', {
      orderBy: [{ using: ['>'], nulls: 'first' }], offset: number('2'), limit: number('3'), withTies: true }],
    ['select 1 limit all', { limit: { kind: 'null' } }],
    ['select 1 from t for no key update of t skip locked', { locking: [{ strength: 'no key update',
      tables: [{ name: 't' }], wait: 'skip' }] }],
    ['table t', { body: { kind: 'select', targets: [{ expression: { kind: 'star' } }],
      from: [{ relation: { name: 't' } }] } }],
    ['select 1 into temp x', { body: { into: { relation: { name: 'x' }, persistence: 'temporary' } } }],
    ['values (1, default), (2, 3)', { body: { kind: 'values', rows: [[number('1'), { kind: 'default' }], [{}, {}]] } }],
    ['select', { body: { kind: 'select', targets: [] } }],
  ];
  test.each(cases)('%s', (text, expected) => expect(one(text)).toMatchObject({ kind: 'query', ...expected }));
});

describe('changes', () => {
  const cases: readonly (readonly [string, object])[] = [
    [`insert into s.t as u (a, b[1].c) overriding system value select 1 on conflict (a, lower(b)) where c
      do update set a = excluded.a where d returning u.a as x`, {
      kind: 'insert', relation: { schema: 's', name: 't' }, alias: 'u', overriding: 'system',
        source: { body: { kind: 'select' } },
      columns: [{ name: 'a', path: [] }, { name: 'b', path: [{ kind: 'index' }, { kind: 'field', name: 'c' }] }],
      onConflict: { action: 'update', target: { elements: [{ column: 'a' }, { column: undefined,
        expression: { kind: 'function' } }], where: column('c'), constraint: undefined },
        set: [{ column: 'a', value: column('excluded', 'a') }], where: column('d') },
      returning: [{ alias: 'x' }] }],
    ['insert into t default values on conflict on constraint k do nothing', {
      source: undefined, onConflict: { action: 'nothing', target: { constraint: 'k' } } }],
    ['update only t as x set a = 1, (b, c) = row(1, 2), d[1] = default from u where current of q', {
      kind: 'update', table: { only: true, alias: { name: 'x' } }, from: [{ kind: 'table' }],
        where: { kind: 'currentOf', cursor: 'q' },
      set: [{ column: 'a', multiple: undefined }, { column: 'b', multiple: { index: 0, count: 2 } },
        { column: 'c', multiple: { index: 1, count: 2 }, value: { kind: 'row' } }, { column: 'd', path: [{}],
          value: { kind: 'default' } }] }],
    ['delete from t using u where a returning *', { kind: 'delete', using: [{ kind: 'table' }], returning: [{}] }],
    [`merge into t using s on t.a = s.a when matched and s.b then update set a = 1
      when not matched then insert (a) values (2) when matched then delete`, {
      kind: 'merge', source: { kind: 'table' }, on: { kind: 'binary' }, clauses: [
        { match: 'matched', condition: column('s', 'b'), action: { kind: 'update' } },
        { match: 'not matched', action: { kind: 'insert', columns: [{ name: 'a' }], values: [number('2')] } },
        { match: 'matched', action: { kind: 'delete' } }] }],
    ['truncate a, only b restart identity cascade', { kind: 'truncate', tables: [{ only: false }, { only: true }],
      restartIdentity: true, cascade: true }],
    [`copy s.t (a, b) from stdin with (format csv, header, force_null (a), quote '"', x 3, force_quote *)
      where a > 1`, {
      kind: 'copy', direction: 'in', relation: { schema: 's' }, columns: ['a', 'b'], source: { kind: 'client' },
        where: {}, options: [
        { name: 'format', value: { kind: 'string', text: 'csv' } }, { name: 'header', value: undefined },
        { name: 'force_null', value: { kind: 'list', items: [{ text: 'a' }] } }, { name: 'quote' },
          { value: { kind: 'number', text: '3' } },
        { value: { kind: 'star' } }] }],
    ["copy t to program 'x' csv header", { direction: 'out', source: { kind: 'program', name: 'x' },
      options: [{ name: 'format' }, { name: 'header', value: { text: 'true' } }] }],
  ];
  test.each(cases)('%s', (text, expected) => expect(one(text)).toMatchObject(expected));
});

describe('definitions', () => {
  const cases: readonly (readonly [string, object])[] = [
    [`create temp table if not exists s.t (a int constraint c not null unique deferrable initially deferred,
      b text collate "C" default 'x',
      c int generated always as (a + 1) stored, d int generated by default as identity (start with 5),
        e int
      references u (x) match full on delete cascade on update set null,
      like v including defaults including indexes,
      constraint pk primary key (a, b) include (c), check (a > 0),
        foreign key (a, b) references w)
      inherits (p) with (fillfactor = 70) on commit drop`, {
      kind: 'createTable', persistence: 'temporary', ifNotExists: true, relation: { schema: 's', name: 't' },
        inherits: [{ name: 'p' }], onCommit: 'drop',
      like: [{ relation: { name: 'v' }, including: ['defaults', 'indexes'] }], options: [{ name: 'fillfactor',
        value: { text: '70' } }],
      columns: [
        { name: 'a', type: { name: ['pg_catalog', 'int4'] }, constraints: [{ kind: 'notNull', name: 'c' },
          { kind: 'unique', deferrable: true, initiallyDeferred: true }] },
        { name: 'b', collation: { name: ['C'] }, constraints: [{ kind: 'default', expression: string('x') }] },
        { constraints: [{ kind: 'generated', stored: true, expression: { kind: 'binary' } }] },
        { constraints: [{ kind: 'identity', always: false, options: [{ name: 'start', value: { text: '5' } }] }] },
        { constraints: [{ kind: 'foreignKey', columns: [], references: { name: 'u' }, referencedColumns: ['x'],
          match: 'full', onDelete: 'cascade', onUpdate: 'set null' }] }],
      constraints: [{ kind: 'primaryKey', name: 'pk', columns: ['a', 'b'], include: ['c'] }, { kind: 'check' },
        { kind: 'foreignKey', columns: ['a', 'b'] }] }],
    ['create table t (a) as select 1 with no data', { kind: 'createTableAs', columnNames: ['a'], withData: false,
      query: { kind: 'query' } }],
    ['create table t as execute p (1)', { kind: 'createTableAs', query: { kind: 'execute', name: 'p',
      arguments: [number('1')] } }],
    ['create or replace view v (a) as select 1 with cascaded check option', { kind: 'createView', orReplace: true,
      columnNames: ['a'], checkOption: 'cascaded' }],
    ['create recursive view v (n) as select 1', { kind: 'createView', recursive: true, columnNames: ['n'] }],
    ['create materialized view v with (x = 1) as select 1', { kind: 'createMaterializedView', options: [{ name: 'x' }],
      withData: true, emitOnWindowClose: false }],
    [`create unique index concurrently if not exists i on t using hash
      (a desc nulls last, (a + b), lower(c) collate "C" text_ops) include (d) where e`, {
      kind: 'createIndex', name: 'i', unique: true, concurrently: true, ifNotExists: true, method: 'hash',
        include: ['d'], where: column('e'), elements: [
        { column: 'a', direction: 'desc', nulls: 'last' }, { column: undefined, expression: { kind: 'binary' } },
        { expression: { kind: 'function' }, collation: ['C'], operatorClass: ['text_ops'] }] }],
    ['create schema s authorization u create table t (a int)', { kind: 'createSchema', name: 's', authorization: 'u',
      elements: [{ kind: 'createTable' }] }],
    ['create sequence s increment by 2 no maxvalue owned by t.a cycle', { kind: 'createSequence',
      options: [{ name: 'increment' }, { name: 'maxvalue', value: undefined }, { name: 'owned_by' },
        { name: 'cycle' }] }],
    ["create type e as enum ('a', 'b')", { kind: 'createEnum', name: ['e'], labels: ['a', 'b'] }],
    ['create type s.c as (a int)', { kind: 'createCompositeType', relation: { schema: 's', name: 'c' },
      columns: [{ name: 'a' }] }],
    ['create domain d as int default 3 check (value > 0)', { kind: 'createDomain', constraints: [{ kind: 'default' },
      { kind: 'check' }] }],
    ["create user u superuser password 'x'", { kind: 'createRole', word: 'user', name: 'u',
      options: [{ name: 'superuser' }, { name: 'password', value: { text: 'x' } }] }],
    ['alter role r nologin', { kind: 'alterRole', name: 'r' }], ['create database d', { kind: 'createDatabase',
      name: 'd' }],
    ['create extension if not exists x', { kind: 'createExtension', name: 'x', ifNotExists: true }],
    [`alter table if exists only t add column if not exists a int, drop b cascade, alter c type text using d::text,
      alter c set default 1, alter c drop default, alter c set not null, add constraint u unique (a),
      drop constraint if exists k, owner to current_user, enable row level security`, {
      kind: 'alterTable', object: 'table', ifExists: true, only: true, actions: [{ kind: 'addColumn',
        ifNotExists: true, column: { name: 'a' } },
        { kind: 'dropColumn', column: 'b', cascade: true }, { kind: 'setType', using: { kind: 'cast' } },
          { kind: 'setDefault', value: { expression: number('1') } },
        { kind: 'setDefault', value: undefined }, { kind: 'setNotNull' }, { kind: 'addConstraint',
          constraint: { kind: 'unique', name: 'u' } },
        { kind: 'dropConstraint', ifExists: true }, { kind: 'setOwner', owner: 'current_user' }, { kind: 'other',
          name: 'ENABLE ROW SECURITY' }] }],
    ['alter table s.t rename column a to b', { kind: 'rename', object: 'table', name: ['s', 't'],
      part: { kind: 'column', name: 'a' }, newName: 'b' }],
    ['alter materialized view v rename to w', { kind: 'rename', object: 'materialized view', name: ['v'],
      part: undefined, newName: 'w' }],
    ['alter table t rename constraint a to b', { kind: 'rename', object: 'table', part: { kind: 'constraint' } }],
    ["alter type e rename value 'a' to 'b'", { kind: 'rename', object: 'type', part: { kind: 'value', name: 'a' } }],
    ["alter type e add value if not exists 'x' before 'y'", { kind: 'alterEnum', value: 'x', ifNotExists: true,
      place: { kind: 'before', neighbour: 'y' } }],
    ['alter view v set schema x', { kind: 'setSchema', object: 'view', name: ['v'], newSchema: 'x' }],
    ['alter schema s owner to x', { kind: 'setOwner', object: 'schema', name: ['s'], owner: 'x' }],
    ['alter sequence s restart with 3', { kind: 'alterSequence', options: [{ name: 'restart' }] }],
    ["comment on column s.t.a is 'x'", { kind: 'comment', object: 'column', name: ['s', 't', 'a'], text: 'x' }],
    ['comment on table t is null', { kind: 'comment', object: 'table', text: undefined }],
    ['drop materialized view if exists a, s.b cascade', { kind: 'drop', object: 'materialized view', names: [['a'],
      ['s', 'b']], ifExists: true, cascade: true }],
    ['drop schema s', { kind: 'drop', object: 'schema', names: [['s']], cascade: false }], ['drop type t',
      { object: 'type', names: [['t']] }],
    ['drop role a, b', { kind: 'drop', object: 'role', names: [['a'], ['b']] }], ['drop function f(int)',
      { object: 'function', names: [['f']] }],
    ['grant select (a), insert on t to x, public', { kind: 'grant', grant: true, object: 'table',
      privileges: [{ name: 'select', columns: ['a'] }, { name: 'insert' }], names: [['t']], grantees: ['x',
        'public'] }],
    ['create function f() returns int language sql as $$ select 1; $$', { kind: 'unsupported',
      name: 'CREATE FUNCTION' }],
  ];
  test.each(cases)('%s', (text, expected) => expect(one(text)).toMatchObject(expected));
});

describe('commands', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['begin isolation level serializable, read only, not deferrable', { kind: 'begin', start: false,
      modes: { isolation: 'serializable', readOnly: true, deferrable: false } }],
    ['start transaction', { kind: 'begin', start: true, modes: { isolation: undefined, readOnly: undefined } }],
    ['end and chain', { kind: 'commit', chain: true }], ['abort', { kind: 'rollback', chain: false }],
    ['savepoint a', { kind: 'savepoint', name: 'a' }], ['rollback to a', { kind: 'rollbackTo', name: 'a' }],
      ['release a', { kind: 'releaseSavepoint', name: 'a' }],
    ["prepare transaction 'x'", { kind: 'prepareTransaction', id: 'x' }],
    ['set transaction read write', { kind: 'setTransaction', scope: 'transaction', modes: { readOnly: false } }],
    ['set session characteristics as transaction isolation level repeatable read', { kind: 'setTransaction',
      scope: 'session', modes: { isolation: 'repeatable read' } }],
    ["set local a.b to 1, -2.5, 'x', on", { kind: 'set', name: 'a.b', local: true, values: [{ kind: 'number',
      text: '1' }, { kind: 'number', text: '-2.5' }, { kind: 'string', text: 'x' }, { kind: 'string', text: 'on' }] }],
    ['set a to default', { kind: 'set', values: undefined, local: false }],
      ["set time zone interval '-08:00' hour to minute", { name: 'timezone', values: [{ kind: 'interval',
        text: '-08:00' }] }],
    ['reset all', { kind: 'reset', name: undefined }], ['reset a', { kind: 'reset', name: 'a' }], ['show all',
      { kind: 'show', name: undefined }], ['show time zone', { kind: 'show', name: 'timezone' }],
    ['declare c insensitive no scroll binary cursor with hold for select 1', { kind: 'declareCursor', name: 'c',
      insensitive: true, scroll: false, binary: true, hold: true }],
    ['declare c cursor for select 1', { insensitive: false, scroll: undefined, binary: false, hold: false }],
    ['fetch all from c', { kind: 'fetch', move: false, direction: 'forward', count: undefined }], ['fetch prior c',
      { direction: 'backward', count: 1 }],
    ['move absolute -1 in c', { kind: 'fetch', move: true, direction: 'absolute', count: -1 }], ['fetch c',
      { count: 1 }], ['fetch 0 c', { count: 0 }],
    ['close all', { kind: 'closeCursor', name: undefined }], ['close c', { name: 'c' }],
    ['prepare p (int, text) as insert into t values ($1)', { kind: 'prepare', name: 'p',
      parameterTypes: [{ name: ['pg_catalog', 'int4'] }, { name: ['text'] }], statement: { kind: 'insert' } }],
    ["execute p (1, 'a')", { kind: 'execute', name: 'p', arguments: [number('1'), string('a')] }], ['deallocate all',
      { kind: 'deallocate', name: undefined }],
    ['explain (analyze, format json) select 1', { kind: 'explain', options: [{ name: 'analyze' }, { name: 'format',
      value: { text: 'json' } }], statement: { kind: 'query' } }],
    ['discard temp', { kind: 'discard', target: 'temp' }], ['listen a', { kind: 'listen', channel: 'a' }],
      ['unlisten *', { kind: 'unlisten', channel: undefined }],
    ["notify a, 'b'", { kind: 'notify', channel: 'a', payload: 'b' }], ['lock a, only b in share mode nowait',
      { kind: 'lock', mode: 'share', nowait: true, tables: [{ only: false }, { only: true }] }],
    ['vacuum (full) t (a)', { kind: 'vacuum', options: [{ name: 'full' }], tables: [{ columns: ['a'] }] }], ['analyze',
      { kind: 'analyze', tables: [] }], ['checkpoint', { kind: 'checkpoint' }],
    ['refresh materialized view concurrently v with no data', { kind: 'refreshMaterializedView', concurrently: true,
      withData: false }],
    ['do $$ x $$', { kind: 'unsupported', name: 'DO' }], ['reindex table t', { kind: 'unsupported', name: 'REINDEX' }],
  ];
  test.each(cases)('%s', (text, expected) => expect(one(text)).toMatchObject(expected));
});
