// The small tables the recorded answers in fixture/sql-answers.json are about.
import { MemoryQueries } from './memory-query.ts';
import type { TableSpec } from './memory-query.ts';

export const SAMPLE_TABLES: readonly TableSpec[] = [
  { name: 't', columns: 'a int4, b text, c int8', primaryKey: ['a'], rows: ['1|x|10', '2|y|20', '3|x|\\N', '4|\\N|5'] },
  {
    name: 'u', columns: 'a int4, d numeric(10,2), e timestamp',
    rows: ['1|1.50|2020-01-01 00:00:00', '1|2.25|2020-01-02 10:00:00', '2|3|\\N', '9|4|2020-02-01 00:00:00',
      '\\N|7|2020-02-01 00:00:00'],
  },
  {
    name: 'emp', columns: 'id int4, name varchar(20), dept int4, salary numeric, boss int4', primaryKey: ['id'],
    rows: ['1|ann|10|1000|\\N', '2|bob|10|800|1', '3|cid|20|1200.5|1', '4|dan|20|700|3', '5|eve|\\N|650|3', '6|fay|30|650|\\N'],
  },
  { name: 'dept', columns: 'id int4, title text', primaryKey: ['id'], rows: ['10|sales', '20|it', '40|hr'] },
  { name: 'n', columns: 'x int4, y int4', rows: ['1|1', '1|\\N', '\\N|2', '2|3', '\\N|\\N', '2|3'] },
];

export const SAMPLE_VIEWS = [['v', 'select a, count(*) as cnt, sum(d) as total from u group by a']] as const;

export function sampleQueries(): MemoryQueries {
  const queries = new MemoryQueries();
  for (const spec of SAMPLE_TABLES) queries.table(spec);
  for (const [name, query] of SAMPLE_VIEWS) queries.view(name, query);
  return queries;
}
