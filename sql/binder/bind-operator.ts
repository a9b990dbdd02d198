// Operators: comparison, arithmetic, BETWEEN, IN (list), LIKE, op ANY (array), and their row-wise forms.
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN, baseType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { Expr } from '../parser/ast.ts';
import { listWritten } from '../plan/deparse.ts';
import { coerceArgument, tryCoerce } from './coercion.ts';
import { argumentsOf, compared } from './collation.ts';
import { selectCommonType } from './common-type.ts';
import type { Environment } from './environment.ts';
import { applyFunction, applyOperator, conjunction, resolveOperator } from './functions.ts';
import type { OperatorUse } from './functions.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { numberLiteral } from './literals.ts';
import { locationOf } from './location.ts';
import type { Trace } from './trace.ts';

type Of<K extends Expr['kind']> = Expr & { readonly kind: K };

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

export function bindBinary(e: Of<'binary'>, site: Site): Expression {
  const left = bind(e.left, site);
  const right = bind(e.right, site);
  const use: OperatorUse = {
    symbol: e.operator, schema: e.schema, position: e.position, operands: [locationOf(e.left), locationOf(e.right)],
  };
  const rows = e.left.kind === 'row' && e.right.kind === 'row';
  const parts = e.left.kind === 'row' && e.right.kind === 'row'
    ? [e.left.fields, e.right.fields].map((f) => f.map(locationOf)) : undefined;
  return rows ? compare(site.env, { ...use, parts }, left, right) : applyOperator(site.env, use, [left, right]);
}

/** `left op right`, row-wise when both are rows. */
export function compare(env: Environment, use: OperatorUse, left: Expression, right: Expression): Expression {
  if (left.kind === 'row' && right.kind === 'row' && COMPARISONS.has(use.symbol)) {
    return compareRows(env, use, left.fields, right.fields);
  }
  return applyOperator(env, use, [left, right]);
}

/** Row comparison (manual 9.24.5): = and <> field by field, < and its like by the first fields that differ. */
function compareRows(
  env: Environment, use: OperatorUse, left: readonly Expression[], right: readonly Expression[],
): Expression {
  if (left.length !== right.length) {
    throw new DatabaseError('42601', 'unequal number of entries in row expressions', { position: use.position });
  }
  if (left.length === 0) {
    throw new DatabaseError('0A000', 'cannot compare rows of zero length', { position: use.position });
  }
  const fieldUse = (symbol: string, i: number): OperatorUse =>
    ({ ...use, symbol, operands: use.parts?.map((p) => p[i]) ?? [], parts: undefined });
  const each = (symbol: string): readonly Expression[] => left.map((l, i) => compare(env, fieldUse(symbol, i), l, right[i]));
  if (use.symbol === '=') return conjunction(each('=')) ?? each('=')[0];
  if (use.symbol === '<>') return disjunction(each('<>'));
  const strict = use.symbol.slice(0, 1);
  const equal = each('=');
  const less = each(strict);
  const terms = less.map((l, i) => conjunction([...equal.slice(0, i), l]) ?? l);
  if (use.symbol.length === 2) {
    const last = compare(env, { ...use, operands: [], parts: undefined }, left[left.length - 1], right[right.length - 1]);
    terms[terms.length - 1] = conjunction([...equal.slice(0, -1), last]) ?? last;
  }
  const bound = disjunction(terms);
  const sides = (at: 0 | 1): readonly Expression[] => less.map((l, i) => (l.kind === 'call' ? l.args[at] : [left, right][at][i]));
  env.trace?.forms.set(bound, { kind: 'rows', symbol: use.symbol, left: sides(0), right: sides(1) });
  return bound;
}

function disjunction(terms: readonly Expression[]): Expression {
  return terms.length === 1 ? terms[0] : { kind: 'or', type: BOOLEAN, args: terms };
}

export function bindUnary(e: Of<'unary'>, site: Site): Expression {
  if (e.schema === undefined && e.operand.kind === 'number' && (e.operator === '-' || e.operator === '+')) {
    return numberLiteral(site.env, e.operator === '-' ? negated(e.operand.text) : e.operand.text, e.operand.position);
  }
  const operand = bind(e.operand, site);
  return applyOperator(site.env, {
    symbol: e.operator, schema: e.schema, position: e.position, operands: [locationOf(e.operand)],
  }, [operand]);
}

function negated(text: string): string {
  return text.startsWith('-') ? text.slice(1) : `-${text}`;
}

export function bindIsDistinct(e: Of<'isDistinct'>, site: Site): Expression {
  const left = bind(e.left, site);
  const right = bind(e.right, site);
  const use = { symbol: '=', position: e.position, operands: [locationOf(e.left), locationOf(e.right)] };
  if (left.kind === 'row' && right.kind === 'row') {
    if (left.fields.length !== right.fields.length) {
      throw new DatabaseError('42601', 'unequal number of entries in row expressions', { position: e.position });
    }
    const fields = left.fields.map((l, i) => distinctFrom(site.env, use, l, right.fields[i], e.negated));
    return e.negated ? conjunction(fields) ?? fields[0] : disjunction(fields);
  }
  const bound = distinctFrom(site.env, use, left, right, e.negated);
  const input = e.right.kind === 'null' ? left : e.left.kind === 'null' ? right : null;
  if (input !== null) {
    site.env.trace?.forms.set(bound, {
      kind: 'as', expression: { kind: 'test', type: BOOLEAN, test: 'null', negated: !e.negated, input },
    });
  }
  return bound;
}

/** `left IS [NOT] DISTINCT FROM right`. */
export function distinctFrom(
  env: Environment, use: OperatorUse, left: Expression, right: Expression, negated: boolean,
): Expression {
  const resolved = resolveOperator(env, use, [left.type, right.type]);
  const [l, r] = compared(coerceArgument(env, left, resolved.args[0], use.operands?.[0]),
    coerceArgument(env, right, resolved.args[1], use.operands?.[1]));
  return { kind: 'distinct', type: BOOLEAN, negated, equal: resolved.function, left: l, right: r };
}

export function bindBetween(e: Of<'between'>, site: Site): Expression {
  const operand = bind(e.operand, site);
  const low = bind(e.low, site);
  const high = bind(e.high, site);
  const at = (symbol: string, right: Expression, where: Expr): Expression => compare(site.env,
    { symbol, position: e.position, operands: [locationOf(e.operand), locationOf(where)] }, operand, right);
  const within = (a: Expression, b: Expression, x: Expr, y: Expr): Expression =>
    ({ kind: 'and', type: BOOLEAN, args: [at('>=', a, x), at('<=', b, y)] });
  const plain = within(low, high, e.low, e.high);
  const result = e.symmetric ? disjunction([plain, within(high, low, e.high, e.low)]) : plain;
  if (!e.negated) return result;
  const negated: Expression = { kind: 'not', type: BOOLEAN, input: result };
  const without = (a: Expression, b: Expression): Expression => disjunction([at('<', a, e.low), at('>', b, e.high)]);
  const outside = { input: operand, low, high, symmetric: e.symmetric };
  site.env.trace?.forms.set(negated, { kind: 'as', outside, expression: !e.symmetric ? without(low, high)
    : { kind: 'and', type: BOOLEAN, args: [without(low, high), without(high, low)] } });
  return negated;
}

/** input IN (a, b, ..): one equality over the common type; where there is none, or for rows, an OR of comparisons. */
export function bindInList(e: Of<'inList'>, site: Site): Expression {
  const { env } = site;
  const input = bind(e.operand, site);
  const bound = ofRowType(env, e, input, e.list.map((item) => bind(item, site)));
  const items = bound.map((value, i): ListItem => ({ value, written: e.list[i] }));
  const each = (symbol: string, some: readonly ListItem[]): readonly Expression[] => some.map(({ value, written }) => {
    const use = { symbol, position: e.position, operands: [locationOf(e.operand), locationOf(written)] };
    const rows = isWrittenRow(e.operand) && isWrittenRow(written);
    return rows ? compare(env, use, input, value) : applyOperator(env, use, [input, value]);
  });
  const varies = ({ value }: ListItem): boolean => someExpression(value, (x) => x.kind === 'column');
  const whole = inList(env, e, input, items.filter((item) => !varies(item)));
  const rest = whole === null ? items : items.filter(varies);
  const any = disjunction([...whole === null ? [] : [whole], ...each('=', rest)]);
  const result: Expression = e.negated ? { kind: 'not', type: BOOLEAN, input: any } : any;
  if (env.trace !== undefined) noteInList(env.trace, e, { whole, result, rest, each });
  return result;
}

interface ListItem { readonly value: Expression; readonly written: Expr }

interface InListParts {
  readonly whole: Expression | null;
  readonly result: Expression;
  readonly rest: readonly ListItem[];
  readonly each: (symbol: string, items: readonly ListItem[]) => readonly Expression[];
}

/** As PostgreSQL prints it: NOT goes to the terms. */
function noteInList(trace: Trace, e: Of<'inList'>, { whole, result, rest, each }: InListParts): void {
  if (rest.length === 0) return;
  const terms: Expression[] = [...each(e.negated ? '<>' : '=', rest)];
  if (whole !== null) terms.unshift(e.negated ? { kind: 'not', type: BOOLEAN, input: whole } : whole);
  const expression = terms.length === 1 ? terms[0] : { kind: e.negated ? 'and' : 'or', type: BOOLEAN, args: terms } as const;
  if (result !== expression) trace.forms.set(result, { kind: 'as', expression });
}

/** Not a table's whole row, which is compared as the value it is. */
function isWrittenRow(e: Expr): boolean {
  return e.kind !== 'column' && e.kind !== 'star';
}

/** Beside rows of a named type, a literal of unknown type is one of them. */
function ofRowType(
  env: Environment, e: Of<'inList'>, input: Expression, list: readonly Expression[],
): readonly Expression[] {
  if (list.length < 2 || !list.some((l) => l.type.kind === 'unknown')) return list;
  const common = selectCommonType([input.type, ...list.map((l) => l.type)]);
  if (common?.kind !== 'record' || common.oid === undefined) return list;
  return list.map((item, i) => (item.type.kind === 'unknown'
    ? coerceArgument(env, item, common, locationOf(e.list[i])) : item));
}

/**
 * What has no columns is compared as an array, of one type, if that is more than one item; the others one by one
 * (PostgreSQL's transformAExprIn). null: there is no such type.
 */
function inList(env: Environment, e: Of<'inList'>, input: Expression, constant: readonly ListItem[]): Expression | null {
  if (input.kind === 'row' || constant.length < 2) return null;
  const common = selectCommonType([input.type, ...constant.map(({ value }) => value.type)]);
  if (common === null || common.kind === 'record') return null;
  const list: Expression[] = [];
  const elements: Expression[] = [];
  const resolved = resolveOperator(env, { symbol: '=', position: e.position }, [
    input.type.kind === 'unknown' ? common : input.type, common,
  ]);
  for (const { value, written } of constant) {
    // A constant of either is one of the other as it is.
    const same = value.kind === 'literal' && value.type.kind === 'varchar' && resolved.args[1].kind === 'text';
    const coerced = same ? { ...value, type: resolved.args[1] }
      : tryCoerce(value, resolved.args[1], { env, context: 'implicit', position: locationOf(written) });
    if (coerced === null) return null;
    list.push(coerced);
    elements.push(coerced.kind === 'literal' ? { ...coerced, type: common } : value);
  }
  const [first] = compared(coerceArgument(env, input, resolved.args[0], locationOf(e.operand)), ...list);
  const found: Expression = { kind: 'in', type: BOOLEAN, equal: resolved.function, list, input: first };
  // PostgreSQL makes an array of the common type, and that what the operator takes.
  const otherwise = common.kind === 'varchar' && list.every((x) => x.kind === 'literal');
  return otherwise ? listWritten(found, { input, elements }) : found;
}

const LIKE_OPERATORS = { like: ['~~', '!~~'], ilike: ['~~*', '!~~*'], similar: ['~', '!~'] } as const;

export function bindLike(e: Of<'like'>, site: Site): Expression {
  const { env } = site;
  const operand = bind(e.operand, site);
  let pattern = bind(e.pattern, site);
  const escape = e.escape === undefined ? null : bind(e.escape, site);
  if (e.variant === 'similar') {
    pattern = applyFunction(env, 'similar_to_escape', escape === null ? [pattern] : [pattern, escape], e.position);
  } else if (escape !== null) {
    pattern = applyFunction(env, 'like_escape', [pattern, escape], e.position);
  }
  const symbol = LIKE_OPERATORS[e.variant][e.negated ? 1 : 0];
  return applyOperator(env, { symbol, position: e.position, operands: [locationOf(e.operand), locationOf(e.pattern)] },
    [operand, pattern]);
}

export function bindQuantifiedArray(e: Of<'quantifiedArray'>, site: Site): Expression {
  const { env } = site;
  const input = bind(e.operand, site);
  const array = bind(e.array, site);
  const arrayType = baseType(array.type);
  let element: LogicalType;
  if (arrayType.kind === 'array') element = arrayType.element;
  else if (arrayType.kind === 'unknown') element = input.type;
  else throw new DatabaseError('42809', 'op ANY/ALL (array) requires array on right side', { position: e.position });
  const use = { symbol: e.operator, schema: e.schema, position: e.position };
  const resolved = resolveOperator(env, use, [input.type, element]);
  if (resolved.type.kind !== 'boolean') {
    throw new DatabaseError('42809', 'op ANY/ALL (array) requires operator to yield boolean', { position: e.position });
  }
  const [first, second] = argumentsOf(resolved.function, [
    coerceArgument(env, input, resolved.args[0], locationOf(e.operand)),
    coerceArgument(env, array, { kind: 'array', element: resolved.args[1] }, locationOf(e.array)),
  ]);
  return {
    kind: 'quantified', type: BOOLEAN, quantifier: e.quantifier, operator: resolved.function, input: first, array: second,
  };
}
