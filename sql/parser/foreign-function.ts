// Functions of other dialects: which mean here what they mean there, and which are written otherwise.
import type { Argument, Expr, Position } from './ast.ts';
import type { ForeignDialect } from './foreign-dialect.ts';

/** The same everywhere, of the same arguments. */
const SAME = new Set([
  'count', 'sum', 'min', 'max', 'avg', 'coalesce', 'nullif', 'abs', 'lower', 'upper', 'floor', 'ceil', 'ceiling',
  'row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile', 'lag', 'lead', 'first_value', 'last_value',
  'sqrt', 'exp', 'ln', 'sign', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'replace', 'any_value', 'power', 'pi',
  'char_length', 'character_length', 'ltrim', 'rtrim', 'trim', 'reverse', 'md5', 'grouping',
]);

const REWRITTEN: { readonly [name: string]: readonly [string, readonly ForeignDialect[] | 'all'] } = {
  ifnull: ['coalesce', ['mysql', 'mariadb', 'bigquery', 'snowflake', 'sqlite', 'flink']],
  nvl: ['coalesce', ['hive', 'snowflake', 'mariadb']],
  pow: ['power', ['mysql', 'mariadb', 'bigquery', 'snowflake', 'hive']],
  ucase: ['upper', ['mysql', 'mariadb', 'hive']], lcase: ['lower', ['mysql', 'mariadb', 'hive']],
  mod: ['mod', ['mysql', 'mariadb', 'flink', 'bigquery', 'snowflake']],
  length: ['length', ['bigquery', 'snowflake', 'hive', 'sqlite']],
  octet_length: ['octet_length', ['mysql', 'mariadb', 'sqlite', 'hive']],
  countif: ['countif', ['bigquery']],
  stddev_pop: ['stddev_pop', 'all'], stddev_samp: ['stddev_samp', 'all'],
  var_pop: ['var_pop', 'all'], var_samp: ['var_samp', 'all'],
  bool_and: ['bool_and', ['snowflake', 'hive']], bool_or: ['bool_or', ['snowflake', 'hive']],
};

export interface Mapped {
  readonly name: string;
}

/** undefined: not known to mean the same here. */
export function mappedFunction(name: string, dialect: ForeignDialect): string | undefined {
  if (dialect === 'postgresql') return name;
  if (name === 'length' && (dialect === 'mysql' || dialect === 'mariadb')) return 'octet_length';
  if (SAME.has(name)) return name;
  const known = Object.hasOwn(REWRITTEN, name) ? REWRITTEN[name] : undefined;
  if (known === undefined) return undefined;
  return known[1] === 'all' || known[1].includes(dialect) ? known[0] : undefined;
}

export function call(name: string, values: readonly Expr[], position: Position): Expr {
  switch (name) {
    case 'coalesce': return { kind: 'coalesce', arguments: values, position };
    case 'greatest': case 'least': return { kind: 'extremum', function: name, arguments: values, position };
    case 'row': return { kind: 'row', fields: values, explicit: true, position };
    case 'grouping': return { kind: 'grouping', arguments: values, position };
    case 'nullif': {
      const [left, right, third] = values;
      if (left !== undefined && right !== undefined && third === undefined) {
        return { kind: 'nullif', left, right, position };
      }
    }
  }
  const list: Argument[] = values.map((value) => ({ name: undefined, value, position: value.position }));
  return {
    kind: 'function', name: [name], arguments: list, star: false, distinct: false, variadic: false, orderBy: [],
    withinGroup: false, filter: undefined, over: undefined, sqlSyntax: false, position,
  };
}

/** IF(c, a, b) and IIF(c, a, b). */
export function conditional(values: readonly Expr[], position: Position): Expr | undefined {
  const [condition, result, otherwise, fourth] = values;
  if (condition === undefined || result === undefined || fourth !== undefined) return undefined;
  return { kind: 'case', operand: undefined, branches: [{ condition, result, position }], otherwise, position };
}
