// Expressions of the borrowed tree as ours, each leaf taken from the tokens and each chain of operators built anew.
import type { Expr, OperatorExpr, Query } from './ast.ts';
import { averageOf, divisor, extractOf, quotient, rewrittenCall } from './foreign-call.ts';
import { Chain } from './foreign-chain.ts';
import type { Item } from './foreign-chain.ts';
import type { Cursor } from './foreign-cursor.ts';
import { call, conditional, mappedFunction } from './foreign-function.ts';
import { child, children, nameIn, text } from './foreign-grammar.ts';
import { isGroupWindow } from './foreign-group-window.ts';
import type { Tree } from './foreign-grammar.ts';
import { number, string, typed } from './foreign-literal.ts';
import { isFraction, isWhole } from './foreign-number.ts';
import { foreignType } from './foreign-type.ts';
import { readSuffix } from './foreign-window.ts';

/** What closes the circle between the files. */
export interface Foreign {
  readonly cursor: Cursor;
  query(tree: Tree): Query;
  /** The expressions standing in tokens from .. to, by commas. */
  list(from: number, to: number): readonly Expr[];
}

export function expression(tree: Tree | undefined, foreign: Foreign): Expr {
  const { cursor } = foreign;
  if (tree === undefined) throw cursor.mismatch();
  const items: Item[] = [];
  flatten(tree, items, foreign);
  return new Chain(items, cursor, (operator, left, right, position) =>
    binary(operator, { left, right, position }, foreign)).read();
}

/** A query in the shapes that the builds have it in. */
export function queryTree(tree: Tree | undefined): Tree | undefined {
  if (tree === undefined) return undefined;
  const inner = child(tree, 'ast');
  if (inner !== undefined) return inner;
  return tree['type'] === 'select' ? tree : undefined;
}

function flatten(tree: Tree, items: Item[], foreign: Foreign): void {
  const { cursor } = foreign;
  const query = queryTree(tree);
  if (query === undefined && tree['parentheses'] === true && tree['type'] !== 'expr_list' && cursor.is('(')) {
    const close = cursor.tokens[cursor.at]?.partner;
    cursor.take('(');
    // One mark in the tree stands for any number of brackets around the same.
    let more = 0;
    while (close !== undefined && cursor.is('(') && cursor.peek()?.partner === close - more - 1) {
      cursor.take('(');
      more++;
    }
    items.push({ kind: 'operand', expression: expression({ ...tree, parentheses: undefined }, foreign) });
    for (let i = 0; i <= more; i++) cursor.take(')');
    return;
  }
  const type = text(tree, 'type');
  if (type === 'function' && cursor.is('not', '(')) {
    // NOT (..) is a call of NOT to some builds.
    items.push({ kind: 'operator', name: 'not', position: cursor.position() });
    cursor.take('not', '(');
    const [argument] = argumentsOf(tree);
    items.push({ kind: 'operand', expression: expression(argument, foreign) });
    cursor.take(')');
    return;
  }
  if (query === undefined && type === 'binary_expr') flattenBinary(tree, items, foreign);
  else if (query === undefined && type === 'unary_expr') flattenUnary(tree, items, foreign);
  else if (type === 'cast' && text(tree, 'symbol') === '::') {
    const operand = child(tree, 'expr');
    if (operand === undefined) throw cursor.mismatch();
    flatten(operand, items, foreign);
    const position = cursor.position();
    cursor.take('::');
    const target = foreignType(cursor);
    items.push({ kind: 'postfix', name: 'cast', position,
      make: (inner) => ({ kind: 'cast', operand: inner, type: target, position }) });
  } else if (type === 'number' && cursor.is('-')) {
    items.push({ kind: 'operator', name: '-', position: cursor.position() });
    cursor.take('-');
    items.push({ kind: 'operand', expression: number(tree, cursor, -1) });
  } else items.push({ kind: 'operand', expression: operandOf(tree, foreign) });
}

function flattenUnary(tree: Tree, items: Item[], foreign: Foreign): void {
  const { cursor } = foreign;
  const operator = (text(tree, 'operator') ?? '').toLowerCase();
  const position = cursor.position();
  if (operator === 'not exists' || operator === 'exists') {
    if (operator === 'not exists') {
      cursor.take('not');
      items.push({ kind: 'operator', name: 'not', position });
    }
    items.push({ kind: 'operand', expression: exists(child(tree, 'expr'), foreign) });
    return;
  }
  if (!['not', '-', '+', '~'].includes(operator)) throw cursor.refuse(`operator ${operator}`);
  cursor.take(operator);
  items.push({ kind: 'operator', name: operator, position });
  const operand = child(tree, 'expr');
  if (operand === undefined) throw cursor.mismatch();
  flatten(operand, items, foreign);
}

function exists(tree: Tree | undefined, foreign: Foreign): Expr {
  const position = foreign.cursor.position();
  foreign.cursor.take('exists');
  return { kind: 'exists', query: subquery(tree, foreign), position };
}

function subquery(tree: Tree | undefined, foreign: Foreign): Query {
  const { cursor } = foreign;
  const inner = queryTree(tree);
  if (inner === undefined) throw cursor.mismatch();
  cursor.take('(');
  const query = foreign.query({ ...inner, parentheses_symbol: undefined });
  cursor.take(')');
  return query;
}

function flattenBinary(tree: Tree, items: Item[], foreign: Foreign): void {
  const { cursor } = foreign;
  const left = child(tree, 'left');
  const right = child(tree, 'right');
  if (left === undefined || right === undefined) throw cursor.mismatch();
  flatten(left, items, foreign);
  const position = cursor.position();
  const words = (text(tree, 'operator') ?? '').toLowerCase().split(/\s+/);
  // Shown as =, as the grammar does not know it.
  if (words[0] === '=' && cursor.is('<=>')) words[0] = '<=>';
  cursor.take(...words);
  const negated = words.includes('not');
  switch (words.find((word) => word !== 'not')) {
    case 'is': {
      const not = negated || cursor.takeIf('not');
      const test = (['null', 'true', 'false', 'unknown'] as const).find((word) => cursor.takeIf(word));
      if (test === undefined) throw cursor.refuse('IS with such an operand');
      items.push({ kind: 'postfix', name: 'is', position,
        make: (operand) => ({ kind: 'is', test, negated: not, operand, position }) });
      return;
    }
    case 'in': inList(right, items, { foreign, negated, position }); return;
    case 'between': {
      const [low, high] = children(right, 'value');
      if (low === undefined || high === undefined) throw cursor.mismatch();
      items.push({ kind: 'infix', name: 'between', negated, position });
      flatten(low, items, foreign);
      items.push({ kind: 'operator', name: 'and', position: cursor.position() });
      cursor.take('and');
      flatten(high, items, foreign);
      return;
    }
    case 'like':
      items.push({ kind: 'infix', name: 'like', negated, position });
      flatten(right, items, foreign);
      if (cursor.is('escape')) escape(items, cursor);
      return;
    default:
      items.push({ kind: 'operator', name: operatorName(words.join(' '), position, cursor), position });
      flatten(right, items, foreign);
  }
}

function escape(items: Item[], cursor: Cursor): void {
  items.push({ kind: 'operator', name: 'escape', position: cursor.position() });
  cursor.take('escape');
  const position = cursor.position();
  items.push({ kind: 'operand', expression: { kind: 'string', value: cursor.next('string').value, position } });
}

function operatorName(name: string, position: number, cursor: Cursor): string {
  const { dialect } = cursor;
  if (name === '||' && dialect.pipes !== 'concat') throw cursor.refuse('||, which is OR there,', position);
  if (name === '&&') {
    if (dialect.pipes === 'or') return 'and';
    throw cursor.refuse('&&', position);
  }
  return name;
}

function inList(
  right: Tree, items: Item[], at: { readonly foreign: Foreign; readonly negated: boolean; readonly position: number },
): void {
  const { foreign, negated, position } = at;
  const { cursor } = foreign;
  const values = children(right, 'value');
  const [first, second] = values;
  const inner = queryTree(right) ?? (second === undefined ? queryTree(first) : undefined);
  if (inner !== undefined) {
    const query = subquery(inner, foreign);
    items.push({ kind: 'postfix', name: 'in', position, make: (operand) => {
      const found: Expr = { kind: 'inSubquery', operand, query, position };
      return negated ? { kind: 'not', operand: found, position } : found;
    } });
    return;
  }
  cursor.take('(');
  const list = commas(values, foreign);
  cursor.take(')');
  items.push({ kind: 'postfix', name: 'in', position,
    make: (operand) => ({ kind: 'inList', operand, list, negated, position }) });
}

export function commas(trees: readonly Tree[], foreign: Foreign): readonly Expr[] {
  return trees.map((tree, i) => {
    if (i > 0) foreign.cursor.take(',');
    return expression(tree, foreign);
  });
}

interface Sides { readonly left: Expr; readonly right: Expr; readonly position: number }

function binary(operator: string, { left, right, position }: Sides, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const { dialect } = cursor;
  const plain = (name: string): OperatorExpr & { readonly kind: 'binary' } => (
    { kind: 'binary', operator: name, schema: undefined, left, right, position });
  if (dialect.name === 'postgresql') return plain(operator === '!=' ? '<>' : operator);
  switch (operator) {
    case '!=': return plain('<>');
    case '==': return plain('=');
    case '<=>': return { kind: 'isDistinct', negated: true, left, right, position };
    case '/': return quotient({ left, right, position }, cursor);
    case '%': case 'mod': return { ...plain('%'), right: divisor(right, dialect) };
    case '+':
      if (dialect.name === 'transactsql' && (left.kind === 'string' || right.kind === 'string')) {
        throw cursor.refuse('+ of strings', position);
      }
      return plain('+');
    case '^': case 'div': case '<<': case '>>': case '&': case '|': case '~':
      throw cursor.refuse(`operator ${operator.toUpperCase()}`, position);
    default: return plain(operator);
  }
}

function operandOf(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  if (queryTree(tree) !== undefined) return { kind: 'scalarSubquery', query: subquery(tree, foreign), position };
  const type = text(tree, 'type') ?? '';
  const token = cursor.peek();
  if (token?.kind === 'parameter') {
    if (token.mark !== `'${String(tree['value'])}'`) throw cursor.mismatch();
    cursor.at++;
    return { kind: 'parameter', number: Number(token.value), position };
  }
  if (cursor.is('?')) throw cursor.refuse('a parameter ?', position, 'Write $1, $2 and so on.');
  if (token?.kind === 'word' && ['date', 'time', 'timestamp', 'interval'].includes(token.value)
    && (type === 'number' || type.includes('string'))) return typed(tree, cursor);
  switch (type) {
    case 'number': return number(tree, cursor, 1);
    case 'null': cursor.take('null'); return { kind: 'null', position };
    case 'bool': case 'boolean': {
      const value = cursor.takeIf('true');
      if (!value) cursor.take('false');
      return { kind: 'boolean', value, position };
    }
    case 'column_ref': return column(tree, foreign);
    case 'star': cursor.take('*'); return { kind: 'star', qualifier: [], exclude: [], position };
    case 'case': return caseOf(tree, foreign);
    case 'cast': return cast(tree, foreign);
    case 'expr_list': {
      cursor.take('(');
      const fields = commas(children(tree, 'value'), foreign);
      cursor.take(')');
      if (fields.length < 2) throw cursor.mismatch();
      return { kind: 'row', fields, explicit: false, position };
    }
    case 'function': case 'aggr_func': case 'window_func': return functionOf(tree, foreign);
    default:
      if (type.includes('string')) return string(tree, cursor);
      throw cursor.refuse(`an expression of kind ${type}`);
  }
}

const VALUES = ['current_date', 'current_timestamp', 'current_time', 'localtime', 'localtimestamp'] as const;

function column(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  const shown = nameIn(tree['column']);
  if (shown === '*') {
    const qualifier: string[] = [];
    while (!cursor.is('*')) {
      qualifier.push(cursor.name());
      cursor.take('.');
    }
    cursor.take('*');
    return { kind: 'star', qualifier, exclude: [], position };
  }
  const token = cursor.peek();
  const value = VALUES.find((known) => cursor.is(known));
  if (value !== undefined && token?.kind === 'word') throw cursor.refuse(value);
  if (cursor.is('default') && cursor.peek(1)?.value !== '.') {
    cursor.take('default');
    return { kind: 'default', position };
  }
  const name = cursor.dotted();
  const last = cursor.tokens[cursor.at - 1];
  if (shown === undefined || last === undefined || last.mark.toLowerCase() !== shown.toLowerCase()) {
    cursor.at--;
    throw cursor.mismatch();
  }
  return { kind: 'column', name, position };
}

function caseOf(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('case');
  const selector = child(tree, 'expr');
  const operand = selector === undefined ? undefined : expression(selector, foreign);
  const branches: { condition: Expr; result: Expr; position: number }[] = [];
  let otherwise: Expr | undefined;
  for (const part of children(tree, 'args')) {
    const at = cursor.position();
    if (part['type'] === 'else') {
      cursor.take('else');
      otherwise = expression(child(part, 'result'), foreign);
      continue;
    }
    cursor.take('when');
    const condition = expression(child(part, 'cond'), foreign);
    cursor.take('then');
    branches.push({ condition, result: expression(child(part, 'result'), foreign), position: at });
  }
  cursor.take('end');
  return { kind: 'case', operand, branches, otherwise, position };
}

function cast(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('cast', '(');
  const operand = expression(child(tree, 'expr'), foreign);
  cursor.take('as');
  const type = foreignType(cursor);
  cursor.take(')');
  // Elsewhere a fraction cast to an integer is cut, in PostgreSQL it is rounded.
  const name = type.name.at(-1) ?? '';
  const cuts = !['postgresql', 'mysql', 'mariadb', 'bigquery', 'snowflake'].includes(cursor.dialect.name);
  const plain: Expr = { kind: 'cast', operand, type, position };
  if (!cuts || !/^int\d/.test(name) || isWhole(operand)) return plain;
  return {
    kind: 'byType', operands: [operand], integers: plain, asOperand: false, otherwise: plain, position,
    numbers: { ...plain, operand: call('trunc', [operand], position) },
  };
}

/** EXTRACT (field FROM value), of which the grammar saw a call with the value alone. */
function extract(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('extract', '(');
  const field = cursor.next('word');
  if (!['year', 'month', 'day', 'hour', 'minute'].includes(field.value)) {
    throw cursor.refuse(`EXTRACT of ${field.value}`, position);
  }
  cursor.take('from');
  const [argument] = argumentsOf(tree);
  const source = expression(argument, foreign);
  cursor.take(')');
  return extractOf(field.value, source, position);
}

/** substring(value FROM start FOR length), of which the grammar saw commas. */
function substring(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('substring', '(');
  const values = argumentsOf(tree).map((argument, i) => {
    if (i > 0) cursor.take(i === 1 ? 'from' : 'for');
    return expression(argument, foreign);
  });
  cursor.take(')');
  if (cursor.dialect.name !== 'postgresql' && !startsInside(values)) throw cursor.refuse('substring() from there', position);
  const found = call('substring', values, position);
  return found.kind === 'function' ? { ...found, name: ['pg_catalog', 'substring'], sqlSyntax: true } : found;
}

function argumentsOf(tree: Tree): readonly Tree[] {
  const args = child(tree, 'args');
  if (args === undefined) return [];
  const inner = child(args, 'expr');
  if (inner !== undefined) {
    return inner['type'] === 'expr_list' && inner['parentheses'] !== true ? children(inner, 'value') : [inner];
  }
  return Array.isArray(args['value']) ? children(args, 'value') : [];
}

function functionOf(tree: Tree, foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  const value = VALUES.find((known) => cursor.is(known));
  if (value !== undefined && !cursor.is(value, '(')) return sqlValue(value, foreign);
  if (cursor.is('exists')) return exists(argumentsOf(tree)[0], foreign);
  if (cursor.is('extract', '(') && cursor.peek(3)?.value === 'from') return extract(tree, foreign);
  if (isWordy(cursor)) return substring(tree, foreign);
  if (cursor.is('any') || cursor.is('all') || cursor.is('some')) throw cursor.refuse('a quantified comparison');
  const written = cursor.next('word').value;
  cursor.take('(');
  const distinct = cursor.takeIf('distinct');
  const star = cursor.is('*', ')');
  let values: readonly Expr[] = [];
  if (star) cursor.take('*');
  else values = commas(argumentsOf(tree), foreign);
  cursor.take(')');
  if (distinct && values.length > 1) throw cursor.refuse('DISTINCT of several arguments', position);
  const [digits] = values;
  if (value !== undefined && values.length === 1 && !distinct && digits.kind === 'number' && /^\d+$/.test(digits.text)) {
    return { kind: 'sqlValue', function: value, precision: Number(digits.text), position };
  }
  const made = mapped(written, values, { foreign, position });
  const suffix = readSuffix(foreign);
  if (made.kind !== 'function') {
    if (distinct || star || suffix.over !== undefined || suffix.filter !== undefined) throw cursor.mismatch();
    return made;
  }
  const whole = { ...made, star, distinct, ...suffix };
  const [first] = values;
  const mayCut = written === 'avg' && cursor.dialect.averageCut && first !== undefined && !isFraction(first);
  return mayCut ? averageOf(whole, first) : whole;
}

/** Is this substring(.. FROM ..)? */
function isWordy(cursor: Cursor): boolean {
  if (!cursor.is('substring', '(')) return false;
  const close = cursor.peek(1)?.partner ?? -1;
  for (let i = cursor.at + 2; i < close; i++) {
    const token = cursor.tokens[i];
    if (token === undefined) return false;
    if (token.partner > i) i = token.partner;
    else if (token.kind === 'word' && token.value === 'from') return true;
  }
  return false;
}

/** Dialects differ in what is before the first character. */
function startsInside([, start]: readonly Expr[]): boolean {
  return start?.kind === 'number' && /^[1-9]\d*$/.test(start.text);
}

function sqlValue(name: (typeof VALUES)[number], foreign: Foreign): Expr {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take(name);
  return { kind: 'sqlValue', function: name, precision: undefined, position };
}

function mapped(
  written: string, values: readonly Expr[],
  { foreign: { cursor }, position }: { readonly foreign: Foreign; readonly position: number },
): Expr {
  const { dialect } = cursor;
  if (written === 'if' || written === 'iif') {
    const made = conditional(values, position);
    if (made !== undefined && dialect.name !== 'postgresql') return made;
  }
  const [first, ...others] = values;
  const rewritten = rewrittenCall(written, values, { cursor, position });
  if (rewritten !== undefined) return rewritten;
  if (written === 'concat' && dialect.concatNull && first !== undefined) {
    return others.reduce((left, right) => ({
      kind: 'binary', operator: '||', schema: undefined, left, right, position,
    }), first);
  }
  if (written === 'concat' && dialect.name === 'transactsql') return call('concat', values, position);
  if (written === 'countif' && dialect.name === 'bigquery' && first !== undefined) {
    const made = call('count', [], position);
    return made.kind === 'function' ? { ...made, star: true, filter: first } : made;
  }
  if ((written === 'substring' || written === 'substr') && startsInside(values)) {
    return call('substring', values, position);
  }
  const ofTime = isGroupWindow(written) || (written === 'proctime' && values.length === 0);
  if (dialect.name === 'flink' && ofTime) return call(written, values, position);
  const name = mappedFunction(written, dialect.name);
  if (name === undefined) throw cursor.refuse(`function ${written}()`, position);
  return call(name, values, position);
}
