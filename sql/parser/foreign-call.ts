// Operators and functions of other dialects that mean here what several of ours do together.
import type { Expr, FunctionExpr, OperatorExpr, Position, TypeName } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';
import type { Dialect, ForeignDialect } from './foreign-dialect.ts';
import { call } from './foreign-function.ts';
import { isFraction } from './foreign-number.ts';

type Binary = OperatorExpr & { readonly kind: 'binary' };

/** What is divided by: never 0 where that gives NULL there. */
export function divisor(e: Expr, dialect: Dialect): Expr {
  if (!dialect.zeroIsNull || (e.kind === 'number' && Number(e.text) !== 0)) return e;
  return { kind: 'nullif', left: e, right: { kind: 'number', text: '0', position: e.position }, position: e.position };
}

/** Chains of so many divisions are too deep to ask for the type of each. */
const DEEPEST = 8;

function depthOf(e: Expr): number {
  switch (e.kind) {
    case 'byType': return 1 + Math.max(...e.operands.map(depthOf));
    case 'binary': return Math.max(depthOf(e.left), depthOf(e.right));
    default: return 0;
  }
}

export function quotient(
  { left, right, position }: { readonly left: Expr; readonly right: Expr; readonly position: Position }, cursor: Cursor,
): Expr {
  const { dialect } = cursor;
  const by = divisor(right, dialect);
  const plain: Binary = { kind: 'binary', operator: '/', schema: undefined, left, right: by, position };
  if (dialect.division === 'integer' || isFraction(left) || isFraction(right)) return plain;
  if (Math.max(depthOf(left), depthOf(right)) >= DEEPEST) {
    throw cursor.refuse('so long a chain of divisions', position ?? cursor.position());
  }
  const integers: Binary = dialect.division === 'exact' ? { ...plain, left: typed(left, 'numeric') }
    : { ...plain, left: typed(left, 'float8'), right: typed(by, 'float8') };
  return {
    kind: 'byType', operands: [left, right], integers, asOperand: false, numbers: plain, otherwise: plain, position,
  };
}

function typed(operand: Expr, name: string): Expr {
  const type: TypeName = {
    name: ['pg_catalog', name], modifiers: [], arrayDimensions: 0, setOf: false, ofColumn: false, position: operand.position,
  };
  return { kind: 'cast', operand, type, position: operand.position };
}

/** avg() that of integers is an integer, cut. */
export function averageOf(average: FunctionExpr, argument: Expr): Expr {
  const { position } = average;
  return {
    kind: 'byType', operands: [argument], asOperand: true, numbers: average, otherwise: average, position,
    integers: call('div', [{ ...average, name: ['sum'] }, { ...average, name: ['count'] }], position),
  };
}

export function extractOf(field: string, source: Expr, position: Position): Expr {
  const found = call('extract', [{ kind: 'string', value: field, position }, source], position);
  return found.kind === 'function' ? { ...found, name: ['pg_catalog', 'extract'], sqlSyntax: true } : found;
}

interface At { readonly cursor: Cursor; readonly position: number }

const FIELDS: ReadonlyMap<string, string> = new Map([['year', 'year'], ['month', 'month'], ['hour', 'hour'],
  ['minute', 'minute'], ['day', 'day'], ['dayofmonth', 'day'], ['quarter', 'quarter']]);
const WITH_FIELDS: ReadonlySet<ForeignDialect> = new Set(['mysql', 'mariadb', 'flink', 'hive', 'snowflake']);

/** undefined: no such function there. */
export function rewrittenCall(name: string, values: readonly Expr[], at: At): Expr | undefined {
  const dialect = at.cursor.dialect.name;
  const [first, second, third, fourth] = values;
  if (first === undefined || fourth !== undefined) return undefined;
  const field = FIELDS.get(name);
  if (field !== undefined && second === undefined && WITH_FIELDS.has(dialect)) {
    return typed(extractOf(field, first, at.position), dialect === 'flink' ? 'int8' : 'int4');
  }
  if (second === undefined) return undefined;
  if (name === 'date_format' && third === undefined) return formatted(first, second, at);
  if (dialect !== 'flink' || third === undefined) return undefined;
  if (name === 'split_index') return piece(first, second, third, at);
  return name === 'regexp_extract' ? extracted(first, second, third, at) : undefined;
}

/** Letters of a pattern and what to_char() calls them, longest first. */
const JAVA: readonly (readonly [string, string])[] = [['yyyy', 'YYYY'], ['MM', 'MM'], ['dd', 'DD'], ['HH', 'HH24'],
  ['mm', 'MI'], ['ss', 'SS'], ['SSS', 'MS']];
const PERCENT: readonly (readonly [string, string])[] = [['%Y', 'YYYY'], ['%m', 'MM'], ['%d', 'DD'], ['%H', 'HH24'],
  ['%i', 'MI'], ['%s', 'SS'], ['%S', 'SS']];

function formatted(value: Expr, pattern: Expr, { cursor, position }: At): Expr | undefined {
  const dialect = cursor.dialect.name;
  const letters = dialect === 'flink' || dialect === 'hive' ? JAVA
    : dialect === 'mysql' || dialect === 'mariadb' ? PERCENT : undefined;
  if (letters === undefined) return undefined;
  if (pattern.kind !== 'string') throw cursor.refuse('DATE_FORMAT of another than a constant pattern', position);
  let format = '';
  for (let i = 0; i < pattern.value.length;) {
    const rest = pattern.value.slice(i);
    // As many of the same letter as there are: yy is not yyyy.
    const run = letters === JAVA ? /^([A-Za-z])\1*/.exec(rest)?.[0] : /^%./s.exec(rest)?.[0];
    const found = run === undefined ? undefined : letters.find(([written]) => written === run);
    if (found === undefined && (run !== undefined || !/^[-:/., ]/.test(rest))) {
      throw cursor.refuse(`DATE_FORMAT with "${run ?? rest.charAt(0)}"`, pattern.position);
    }
    format += found?.[1] ?? rest.charAt(0);
    i += run?.length ?? 1;
  }
  return call('to_char', [value, { kind: 'string', value: format, position: pattern.position }], position);
}

function index(array: Expr, at: number, position: Position): Expr {
  const place: Expr = { kind: 'number', text: String(at), position };
  return { kind: 'subscript', operand: array, subscripts: [{ kind: 'index', index: place }], position };
}

function wholeNumber(e: Expr): number {
  return e.kind === 'number' && /^\d{1,4}$/.test(e.text) ? Number(e.text) : -1;
}

/** SPLIT_INDEX(text, separator, n): NULL behind the last piece. */
function piece(value: Expr, separator: Expr, n: Expr, { cursor, position }: At): Expr {
  const at = wholeNumber(n);
  if (at < 0 || separator.kind !== 'string' || separator.value === '') {
    throw cursor.refuse('SPLIT_INDEX with other than constants', position);
  }
  return index(call('string_to_array', [value, separator], position), at + 1, position);
}

/** Where Java's and PostgreSQL's regular expressions find the same: no escapes, nothing lazy, alternatives of one character. */
const PLAIN_PATTERN = /^(?:[^\\()[\]{}|?*+^$]|\[\^?[^\]\\[]+\]|\((?!\?)|\)|[?*+](?![?*+])|[.^$])*$/;
const ALTERNATIVES = /\((?:[^()|[\]?*+{}\\](?:\|[^()|[\]?*+{}\\])+)\)/g;

/** REGEXP_EXTRACT(text, pattern, n): the n-th group, NULL without a match. */
function extracted(value: Expr, pattern: Expr, n: Expr, { cursor, position }: At): Expr {
  const at = wholeNumber(n);
  if (at < 1 || pattern.kind !== 'string') throw cursor.refuse('REGEXP_EXTRACT with other than constants', position);
  const single = pattern.value.replace(ALTERNATIVES, '(.)');
  const groups = [...single.matchAll(/\(/g)].length;
  if (single.includes('|') || !PLAIN_PATTERN.test(single) || at > groups) {
    throw cursor.refuse('this regular expression', pattern.position);
  }
  return index(call('regexp_match', [value, pattern], position), at, position);
}
