// Types of parameters: declared, inferred, contradicting; and what a materialized view may not say.
import { describe, expect, test } from 'vitest';
import { ParameterTypes } from '../../../sql/binder/environment.ts';
import { formatType } from '../../../engine/data/type-info.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { INT8 } from '../../../engine/data/types.ts';
import { sampleQueries } from '../../support/sample-tables.ts';

const queries = sampleQueries();

function typesOf(sql: string, declared: ConstructorParameters<typeof ParameterTypes>[0] = []): string[] {
  const parameters = new ParameterTypes(declared);
  queries.bind(sql, { parameters });
  return parameters.finish().map(formatType);
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('parameters', () => {
  test.each([
    ['select $1', ['text']],
    ['select a from t where a = $1', ['integer']],
    ['select a from t where c > $1 and b = $2', ['bigint', 'text']],
    ['select $1 + 1', ['integer']],
    ['select $1::numeric(10,2)', ['numeric']],
    ['select a from t where a in ($1, $2)', ['integer', 'integer']],
    ['select a from t where a = any ($1)', ['integer[]']],
    ['select a from t limit $1 offset $2', ['bigint', 'bigint']],
    ['select coalesce($1, a) from t', ['integer']],
    ['select case when $1 then $2 else 1.5 end', ['boolean', 'numeric']],
    ['select 1 union select $1', ['integer']],
    ['select a from t where b like $1', ['text']],
    ['values ($1, 1), (2.5, $2)', ['numeric', 'integer']],
    ['select a from u where e > $1', ['timestamp without time zone']],
  ])('%s', (sql, expected) => {
    expect(typesOf(sql)).toEqual(expected);
  });

  test('declared types win', () => {
    expect(typesOf('select a from t where a = $1', [INT8])).toEqual(['bigint']);
  });
  test('two types for one parameter', () => {
    expect(codeOf(() => typesOf('select a from t where a = $1 and b = $1')))
      .toBe('42883 operator does not exist: text = integer');
    expect(codeOf(() => typesOf('select $2::int from t where a = $1 limit 1')))
      .toBe('no error');
  });
  test('never used', () => {
    expect(codeOf(() => typesOf('select $2::int'))).toBe('42P18 could not determine data type of parameter $1');
  });
  test('values are of the inferred types', () => {
    expect(queries.run('select b from t where a = $1', [2]).rows).toEqual(['y']);
    expect(queries.run('select $1, $2::int + 1', ['x', 41]).rows).toEqual(['x|42']);
    expect(queries.run('select a from t order by a limit $1 offset $2', [2n, 1n]).rows).toEqual(['2', '3']);
  });
});

describe('a materialized view', () => {
  const bind = (sql: string): string => codeOf(() => queries.bind(sql, { continuous: true }));
  test('does not depend on the clock or on chance', () => {
    expect(bind('select now()')).toBe('0A000 now() in a materialized view is not supported');
    expect(bind('select a from t where current_timestamp(3) > now()'))
      .toBe('0A000 CURRENT_TIMESTAMP(3) in a materialized view is not supported');
    expect(bind('select random()')).toBe('0A000 random() in a materialized view is not supported');
  });
});
