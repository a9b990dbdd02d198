// Join order, selective semi joins and disjunctions, as EXPLAIN prints the plans; and that they keep the rows.
import { describe, expect, test } from 'vitest';
import { sampleQueries } from '../../support/sample-tables.ts';

const queries = sampleQueries();
queries.table({ name: 'region', columns: 'r_id int4, r_name text', primaryKey: ['r_id'], rows: ['1|asia', '2|europe'] });
queries.table({
  name: 'nation', columns: 'n_id int4, n_region int4, n_name text', primaryKey: ['n_id'],
  rows: ['1|1|japan', '2|2|france', '3|2|spain', '4|\\N|nowhere'],
});
queries.table({
  name: 'supplier', columns: 's_id int4, s_nation int4', primaryKey: ['s_id'], rows: ['1|1', '2|2', '3|3', '4|2', '5|\\N'],
});
queries.table({
  name: 'orders', columns: 'o_id int4, o_nation int4, o_status text', primaryKey: ['o_id'],
  rows: ['1|1|F', '2|2|O', '3|3|F', '4|2|F', '5|\\N|O'],
});
queries.table({
  name: 'line', columns: 'l_order int4, l_number int4, l_supplier int4, l_price int4', primaryKey: ['l_order', 'l_number'],
  rows: ['1|1|1|10', '1|2|2|20', '2|1|2|30', '3|1|3|40', '3|2|4|50', '4|1|4|60', '4|2|\\N|70', '9|1|1|80'],
});

queries.table({
  name: 'sale', columns: 's_order int4, s_line int4, price numeric(10,2), discount numeric(4,2), anything numeric',
  primaryKey: ['s_order', 's_line'], rows: ['1|1|10.00|0.10|1', '1|2|20.50|0.00|2', '3|1|5.00|0.50|3', '7|1|1.00|0.25|\\N'],
});

const plan = (sql: string): string[] => queries.plan(sql, { mode: 'view' }).split('\n').map((line) => line.trimEnd());

function sameRows(sql: string): void {
  const rows = [...queries.run(sql).rows].toSorted();
  const disabled = new Set(['disjunctions', 'push-down', 'semi-joins', 'join-order', 'compute-early']);
  expect([...queries.run(sql, [], { disabled }).rows].toSorted()).toEqual(rows);
  for (let seed = 1; seed <= 10; seed++) expect([...queries.run(sql, [], { seed }).rows].toSorted(), `seed ${seed}`).toEqual(rows);
  expect(rows.length).toBeGreaterThan(0);
}

describe('join order', () => {
  const SNOWFLAKE = 'select l_price, n_name from region, nation, orders, supplier, line where l_order = o_id and '
    + 'l_supplier = s_id and s_nation = n_id and n_region = r_id and o_nation = s_nation and r_name = \'europe\'';

  test('follows the keys from the fact, the most selective parents first', () => {
    expect(plan(SNOWFLAKE)).toEqual([
      'Hash Join', '  Hash Cond: (s_nation = o_nation AND l_order = o_id)',
      '  ->  Hash Join', '        Hash Cond: (l_supplier = s_id)',
      '        ->  Seq Scan on line',
      '        ->  Hash Join', '              Hash Cond: (s_nation = n_id)',
      '              ->  Seq Scan on supplier',
      '              ->  Hash Join', '                    Hash Cond: (n_region = r_id)',
      '                    ->  Seq Scan on nation',
      '                    ->  Seq Scan on region', "                          Filter: (r_name = 'europe'::text)",
      '  ->  Seq Scan on orders',
    ]);
    sameRows(SNOWFLAKE);
  });

  test('without keys stays as written, but for equalities', () => {
    const sql = 'select count(*) from n a, n b, n c where a.x = c.x and b.y = c.y';
    expect(plan(sql).filter((line) => /Scan|Cond/.test(line)).map((line) => line.trim())).toEqual([
      'Hash Cond: (y = y)', 'Hash Cond: (x = x)', '->  Seq Scan on n a', '->  Seq Scan on n c', '->  Seq Scan on n b',
    ]);
    sameRows(sql);
  });

  test('a seed draws other plans, of outer joins too, the same one each time', () => {
    const sql = 'select o_id, n_name, l_number from orders left join nation on o_nation = n_id and n_id <> 3 full join line on l_order = o_id';
    const drawn = (seed: number): string => queries.plan(sql, { mode: 'view', seed });
    expect(new Set(Array.from({ length: 20 }, (_, i) => drawn(i + 1))).size).toBe(4);
    expect(drawn(7)).toBe(drawn(7));
    expect(drawn(0)).toBe(queries.plan(sql, { mode: 'view' }));
    sameRows(sql);
    expect(new Set(Array.from({ length: 20 }, (_, i) => queries.plan(SNOWFLAKE, { mode: 'view', seed: i + 1 }))).size).toBeGreaterThan(15);
  });

  test('keys in a circle, products and a subquery grouped by its key', () => {
    sameRows('select s_id from supplier, nation, region, t where s_nation = n_id and n_region = s_id and r_id = n_id and a = s_id');
    sameRows('select o_id, a from orders, t, nation where o_nation = n_id');
    const sql = 'select o_id, total from orders, nation, (select l_order, sum(l_price) as total from line group by l_order) s '
      + 'where l_order = o_id and o_nation = n_id and n_name <> \'spain\'';
    expect(plan(sql).map((line) => line.trim()).filter((line) => /Scan|Group/.test(line)))
      .toEqual(['->  Seq Scan on orders', '->  Seq Scan on nation', 'Group Key: l_order', '->  Seq Scan on line']);
    sameRows(sql);
  });

  test('outer joins and volatile conditions are left where they are', () => {
    sameRows('select o_id, r_name from orders left join (nation join region on n_region = r_id) on o_nation = n_id, t where a = o_id');
    expect(plan('select 1 from orders, nation, line where o_nation = n_id and l_order = o_id and l_price > 1')[0]).toBe('Hash Join');
  });
});

describe('semi joins', () => {
  test('go below the joins when they are selective', () => {
    const sql = 'select o_id, n_name from orders, nation where o_nation = n_id and o_id in '
      + '(select l_order from line group by l_order having sum(l_price) > 60)';
    expect(plan(sql).map((line) => line.trim()).filter((line) => /Join|Scan/.test(line))).toEqual([
      'Hash Join', '->  Hash Semi Join', '->  Seq Scan on orders', '->  Seq Scan on line', '->  Seq Scan on nation',
    ]);
    sameRows(sql);
    sameRows('select o_id from nation, orders where o_nation = n_id and exists '
      + '(select 1 from line where l_order = o_id and l_price < o_nation * 40 and l_number = 2)');
  });

  test('stay above when they throw little away', () => {
    expect(plan('select o_id from orders, nation where o_nation = n_id and exists (select 1 from line where l_order = o_id)')[0])
      .toBe('Hash Semi Join');
  });
});

describe('disjunctions', () => {
  test('what all branches ask is asked once, and each side learns its part', () => {
    const sql = 'select l_price from line, orders where (l_order = o_id and l_price > 10 and o_status = \'F\') '
      + 'or (l_order = o_id and l_price < 5 and o_nation = 2)';
    expect(plan(sql)).toEqual([
      'Hash Join', '  Hash Cond: (l_order = o_id)',
      "  Join Filter: (((l_price > 10) AND (o_status = 'F'::text)) OR ((l_price < 5) AND (o_nation = 2)))",
      '  ->  Seq Scan on line', '        Filter: ((l_price > 10) OR (l_price < 5))',
      '  ->  Seq Scan on orders', "        Filter: ((o_status = 'F'::text) OR (o_nation = 2))",
    ]);
    sameRows(sql);
  });

  test('a OR (a AND b) is a; NULLs stay NULLs', () => {
    expect(plan('select 1 from n where x = 1 or (x = 1 and y = 2)')).toContain('  Filter: (x = 1)');
    sameRows('select x, y, ((x = 1 and y = 1) or (x = 1 and y = 3)) is null from n');
    sameRows('select a.x, b.y from n a, n b where (a.x = 1 and b.y is null) or (a.x is null and b.y = 2)');
  });

  test('what may raise is not asked before what guards it', () => {
    const sql = 'select a.x from n a, n b where (a.x <> 0 and 10 / a.x > 1 and b.y = 1) or (a.x <> 0 and 10 / a.x > 1 and b.y = 3)';
    expect(plan(sql).filter((line) => line.includes('10 / x')).length).toBe(1);
    expect(plan(sql).find((line) => line.includes('Seq Scan on n a'))).toBeDefined();
    sameRows(sql);
  });
});

describe('arithmetic before joins', () => {
  const scans = (sql: string): readonly string[] => [...queries.plan(sql, { mode: 'view' }).matchAll(/Output: (.*)/g)].map((m) => m[1]);

  test('of declared precision, where it replaces columns', () => {
    const sql = 'select o_nation, sum(price * (1 - discount)), count(*) from orders, sale where s_order = o_id group by o_nation';
    expect(scans(sql)).toContain('sum((price * (1 - discount))), count(*)');
    sameRows(sql);
    sameRows('select n_name, case when o_status = \'F\' then price * (1 - discount) else 0 end as x '
      + 'from nation, orders, sale where s_order = o_id and o_nation = n_id');
    sameRows('select o_id, price * discount, price * discount + 1, o_nation * price from sale join orders on s_order = o_id');
  });

  test('not where it may raise, nor where the columns are read all the same', () => {
    sameRows('select o_id, price / discount from sale, orders where s_order = o_id and discount > 0');
    sameRows('select o_id, price * anything, price, price * discount from sale, orders where s_order = o_id');
    sameRows('select o_id, price - discount from sale left join orders on s_order = o_id and o_id > price - discount');
  });
});
