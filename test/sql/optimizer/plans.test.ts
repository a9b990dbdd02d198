// What the optimizer makes of queries, as EXPLAIN prints it.
import { describe, expect, test } from 'vitest';
import { sampleQueries } from '../../support/sample-tables.ts';

const queries = sampleQueries();
queries.table({
  name: 'bid', columns: 'auction int8, price int8, ts timestamp', watermark: 'ts',
  rows: ['1|10|2020-01-01 00:00:05', '1|20|2020-01-01 00:00:15', '2|5|2020-01-01 00:01:05'],
});

const plan = (sql: string): string[] => queries.plan(sql).split('\n');
const view = (sql: string): string[] => queries.plan(sql, { mode: 'on-close' }).split('\n');

describe('look-ups', () => {
  test('a primary key equal to a constant', () => {
    expect(plan('select * from t where a = 1 + 1')).toEqual([
      'Index Scan using t_pkey on t', '  Index Cond: (a = 2)', '  Filter: (a = 2)',
    ]);
  });
  test('a list of constants, and an array', () => {
    expect(plan('select b from t where a in (1, 2)')[1]).toBe('  Index Cond: (a = 1 OR a = 2)');
    expect(plan("select b from t where a = any ('{1,2}')")[1]).toBe('  Index Cond: (a = 1 OR a = 2)');
  });
  test('not for a view, which is not asked once', () => {
    expect(queries.plan('select * from t where a = 2', { mode: 'view' })).toBe('Seq Scan on t\n  Filter: (a = 2)');
  });
  test('not by another type or operator', () => {
    expect(plan('select * from t where a <> 2')[0]).toBe('Seq Scan on t');
    expect(plan('select * from t where a = 2.5')[0]).toBe('Seq Scan on t');
  });
  test('a parameter is a constant by then', () => {
    expect(queries.plan('select * from t where a = $1', { parameters: [2] }).split('\n')[0])
      .toBe('Index Scan using t_pkey on t');
  });
});

describe('conditions move down', () => {
  test('through joins, to keys and to the sides', () => {
    expect(plan('select e.name from emp e, dept d where e.dept = d.id and e.salary > 5 and d.title = \'it\'')).toEqual([
      'Hash Join', '  Hash Cond: (dept = id)',
      '  ->  Seq Scan on emp e', "        Filter: (salary > 5)",
      '  ->  Index Scan using dept_pkey on dept d', '        Index Cond: (id = dept)', "        Filter: (title = 'it'::text)",
    ]);
  });
  test('through group keys, not through aggregates', () => {
    expect(plan('select * from (select a, count(*) n from u group by a) s where a = 1 and n > 1')).toEqual([
      'HashAggregate', '  Group Key: a', '  Output: count(*)', '  Filter: (count > 1)',
      '  ->  Seq Scan on u', '        Filter: (a = 1)',
    ]);
  });
  test('to the preserved side of an outer join only', () => {
    expect(plan('select * from t left join u on t.a = u.a where t.b = \'x\' and u.d is null')).toEqual([
      'Hash Left Join', '  Hash Cond: (a = a)', '  Filter: (d IS NULL)',
      '  ->  Seq Scan on t', "        Filter: (b = 'x'::text)", '  ->  Seq Scan on u',
    ]);
  });
  test('an outer join whose NULLs are thrown away is inner', () => {
    expect(plan('select t.a from t left join u on t.a = u.a where u.d > 1')[0]).toBe('Hash Join');
    expect(plan('select t.a from t full join u on t.a = u.a where u.d > 1')[0]).toBe('Hash Right Join');
    expect(plan('select t.a from t full join u on t.a = u.a where u.d > 1 and t.b is not null')[0]).toBe('Hash Join');
  });
});

describe('subqueries become joins', () => {
  test('EXISTS and IN are semi joins, NOT EXISTS an anti join', () => {
    expect(plan('select a from t where exists (select 1 from u where u.a = t.a)')[0]).toBe('Hash Semi Join');
    expect(plan('select a from t where a in (select a from u)')[0]).toBe('Hash Semi Join');
    expect(plan('select a from t where not exists (select 1 from u where u.a = t.a)')[0]).toBe('Hash Anti Join');
  });
  test('NOT IN minds NULLs unless there are none', () => {
    expect(plan('select a from t where a not in (select a from u)')[0]).toBe('Hash Null-Aware Anti Join');
    expect(plan('select a from t where a not in (select id from emp)')[0]).toBe('Hash Anti Join');
  });
  test('a scalar aggregate is grouped once', () => {
    expect(plan('select t.a, (select sum(d) from u where u.a = t.a) from t')).toEqual([
      'Hash Left Join', '  Hash Cond: (a = key)', '  ->  Seq Scan on t',
      '  ->  HashAggregate', '        Group Key: a', '        Output: sum(d)', '        ->  Seq Scan on u',
    ]);
  });
  test('a look-up by key needs no check, another does', () => {
    expect(plan('select (select title from dept d where d.id = e.dept) from emp e')[0]).toBe('Hash Left Join');
    expect(plan('select (select d from u where u.a = t.a) from t')[0]).toBe('Hash Single Join');
  });
});

describe('joins in an order that has keys', () => {
  test('a table tied to a later one waits for it', () => {
    const lines = plan('select count(*) from emp e, t, dept d where e.dept = d.id and t.a = d.id');
    expect(lines.some((l) => l.includes('Nested Loop'))).toBe(false);
  });
});

describe('EMIT ON WINDOW CLOSE', () => {
  test('holds groups until their window ends', () => {
    expect(view("select window_end, count(*) from tumble(bid, ts, interval '10 seconds') group by window_end")).toEqual([
      'Emit On Window Close', '  Window End: window_end', '  ->  HashAggregate', '        Group Key: window_end',
      '        Output: count(*)', '        ->  Window Assign', '              Time: ts',
      "              Size: '00:00:10'::interval",
      '              ->  Seq Scan on bid',
    ]);
  });
  test('window_start says when, too', () => {
    expect(view("select window_start, count(*) from tumble(bid, ts, interval '10 seconds') group by 1").slice(0, 4)).toEqual([
      'Emit On Window Close', '  Window End: window_end', '  ->  HashAggregate',
      "        Group Key: window_start, (window_start + '00:00:10'::interval)",
    ]);
  });
  test('needs a watermark and a window', () => {
    expect(() => view('select count(*) from t')).toThrow('EMIT ON WINDOW CLOSE requires a source or table with a watermark');
    expect(() => view('select count(*) from bid')).toThrow('EMIT ON WINDOW CLOSE requires a query over tumble(), hop(), session() or cumulate()');
  });
});
