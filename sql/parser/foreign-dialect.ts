// The dialects that the second reader knows: how their text is cut into tokens, which operators bind how, what differs.
import type { Position } from './ast.ts';
import { notSupported } from '../../engine/data/error.ts';

export type ForeignDialect =
  | 'mysql' | 'mariadb' | 'flink' | 'bigquery' | 'snowflake' | 'hive' | 'transactsql' | 'sqlite' | 'postgresql';

/** Values of the setting sql_dialect; `postgres` is the dialect of our own first reader. */
export const SQL_DIALECTS = [
  'postgres', 'mysql', 'mariadb', 'flink', 'bigquery', 'snowflake', 'hive', 'transactsql', 'sqlite',
] as const;

export interface Dialect {
  readonly name: ForeignDialect;
  /** The build of the grammar, and the name it goes by there. */
  readonly build: string;
  /** What "x" is. */
  readonly doubleQuotes: 'string' | 'name';
  readonly backticks: boolean;
  readonly brackets: boolean;
  readonly hashComments: boolean;
  /** A backslash in '..' begins an escape. */
  readonly backslashes: boolean;
  /** Of unquoted and quoted names: `lower` folds both, as names there differ by more than case. */
  readonly names: 'lower' | 'postgres' | 'snowflake';
  /** Loosest first, from OR's neighbours upward; comparisons stand between `not` and the first. */
  readonly arithmetic: readonly (readonly string[])[];
  readonly comparisons: ReadonlySet<string>;
  /** Where NULL sorts when ORDER BY does not say; undefined: as in PostgreSQL. */
  readonly nullsLow: boolean;
  /** What the `/` of two integers gives. */
  readonly division: 'integer' | 'exact' | 'float';
  /** What is divided by 0 is NULL. */
  readonly zeroIsNull: boolean;
  /** avg() of integers is cut to an integer. */
  readonly averageCut: boolean;
  /** concat() of a NULL is NULL. */
  readonly concatNull: boolean;
  /** LIKE: 'backslash' is the escape unless another is given; 'none'; 'refuse': has pattern classes of its own. */
  readonly likeEscape: 'backslash' | 'none';
  readonly like: 'like' | 'ilike';
  readonly pipes: 'concat' | 'or' | 'none';
}

const BASIC = new Set(['=', '<>', '!=', '<', '>', '<=', '>=']);
const WITH_NULL_SAFE = new Set([...BASIC, '<=>']);

const COMMON = {
  doubleQuotes: 'string', backticks: true, brackets: false, hashComments: false, backslashes: true, names: 'lower',
  comparisons: BASIC, nullsLow: true, division: 'exact', zeroIsNull: false, averageCut: false, concatNull: true,
  likeEscape: 'backslash', like: 'like', pipes: 'concat',
} as const;

const mysql = {
  ...COMMON, hashComments: true, comparisons: WITH_NULL_SAFE, pipes: 'or', zeroIsNull: true,
  arithmetic: [['|'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '%', 'div', 'mod'], ['^']],
} as const;

export const dialects: { readonly [name in ForeignDialect]: Dialect } = {
  mysql: { ...mysql, name: 'mysql', build: 'mysql' },
  mariadb: { ...mysql, name: 'mariadb', build: 'mariadb' },
  flink: {
    ...COMMON, name: 'flink', build: 'flinksql', doubleQuotes: 'name', backslashes: false, division: 'integer',
    averageCut: true, likeEscape: 'none', arithmetic: [['+', '-'], ['*', '/', '%', '||']],
  },
  bigquery: {
    ...COMMON, name: 'bigquery', build: 'bigquery', hashComments: true, division: 'float',
    arithmetic: [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '||']],
  },
  snowflake: {
    ...COMMON, name: 'snowflake', build: 'snowflake', doubleQuotes: 'name', backticks: false, names: 'snowflake',
    nullsLow: false, likeEscape: 'none', arithmetic: [['||'], ['+', '-'], ['*', '/', '%']],
  },
  hive: {
    ...COMMON, name: 'hive', build: 'hive', division: 'float', zeroIsNull: true,
    arithmetic: [['|'], ['^'], ['&'], ['+', '-', '||'], ['*', '/', '%', 'div']],
  },
  transactsql: {
    ...COMMON, name: 'transactsql', build: 'transactsql', doubleQuotes: 'name', backticks: false, brackets: true,
    backslashes: false, division: 'integer', averageCut: true, concatNull: false, likeEscape: 'none', pipes: 'none',
    arithmetic: [['+', '-', '&', '^', '|'], ['*', '/', '%']],
  },
  sqlite: {
    ...COMMON, name: 'sqlite', build: 'sqlite', doubleQuotes: 'name', brackets: true, backslashes: false,
    comparisons: new Set([...BASIC, '==']), division: 'integer', zeroIsNull: true, concatNull: false, likeEscape: 'none',
    like: 'ilike',
    arithmetic: [['<<', '>>', '&', '|'], ['+', '-'], ['*', '/', '%'], ['||']],
  },
  postgresql: {
    ...COMMON, name: 'postgresql', build: 'postgresql', doubleQuotes: 'name', backticks: false, backslashes: false,
    names: 'postgres', nullsLow: false, division: 'integer', concatNull: false,
    arithmetic: [['||', '->', '->>', '#>', '#>>', '@>', '<@', '|', '&', '#', '<<', '>>'], ['+', '-'],
      ['*', '/', '%'], ['^']],
  },
};

export function dialectNamed(name: string): Dialect | undefined {
  return Object.values(dialects).find((dialect) => dialect.name === name);
}

/** The refusal of what cannot be carried over as it was meant. */
export function refusal(dialect: Dialect, what: string, position: Position, hint?: string): Error {
  return notSupported(`${what} of sql_dialect ${dialect.name}`, hint === undefined ? { position } : { position, hint });
}
