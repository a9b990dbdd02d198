// What expressions of a query stand for beside their form, as SQL: columns, aggregates, windows, subqueries.
import { quoteIdentifier } from '../../engine/data/type-info.ts';
import { typmodOf } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ColumnSource, Form, HoleMeaning } from '../binder/trace.ts';
import type { Expr, SortKey, WindowFrame, WindowSpecification } from '../parser/ast.ts';
import { quoteFunction } from '../plan/deparse.ts';
import { sameExpression } from '../plan/same-expression.ts';
import type { Printer } from './printer.ts';
import { boundOf, required, Unprintable } from './printer.ts';

/** The words for what was noted of an expression; null: nothing was. */
export function notedText(printer: Printer, e: Expression, implicit: boolean): string | null {
  const { trace } = printer;
  const form = trace.forms.get(e);
  if (form !== undefined) return formText(printer, e, form, implicit);
  const source = trace.columns.get(e);
  if (source !== undefined) return columnText(printer, source);
  if (e.kind === 'parameter' && e.hole === true) return meaningText(printer, required(trace.holes.get(e.index), 'hole'));
  if (e.kind === 'column') throw new Unprintable('a column of unknown origin');
  return null;
}

/** Whether it stands by itself; null: nothing was noted. */
export function notedClear(
  printer: Printer, e: Expression, clear: (e: Expression) => boolean, apart: boolean,
): boolean | null {
  const { trace } = printer;
  const form = trace.forms.get(e);
  if (form?.kind === 'as') return printer.options.qualified ? null : clear(form.expression);
  if (form !== undefined) return form.kind === 'meaning' ? apart : form.kind !== 'rows';
  if (trace.columns.has(e)) return true;
  if (e.kind !== 'parameter' || e.hole !== true) return null;
  const meaning = trace.holes.get(e.index)?.kind;
  return meaning === 'subquery' || meaning === 'quantified' ? apart : true;
}

export function columnText(printer: Printer, source: ColumnSource): string {
  const { name, columns } = required(printer.items.get(source.from), 'an item');
  if (source.index === null) {
    if (name === null) throw new Unprintable('row of a join');
    return `${quoteIdentifier(name)}.*`;
  }
  const column = quoteIdentifier(required(columns[source.index], 'a column'));
  return name === null ? column : `${quoteIdentifier(name)}.${column}`;
}

/** In the select list a whole row is told from its columns by its type. */
export function rowText(printer: Printer, source: ColumnSource, e: Expression): string {
  return `${columnText(printer, source)}::${printer.expressions.typeName(e.type)}`;
}

function list(printer: Printer, args: readonly Expression[]): string {
  return args.map((a) => printer.expressions.text(a, true)).join(', ');
}

function formText(printer: Printer, e: Expression, form: Form, implicit: boolean): string | null {
  const { expressions } = printer;
  switch (form.kind) {
    case 'syntax': return e.kind === 'call' ? syntaxText(printer, e) : null;
    case 'named': {
      if (e.kind !== 'call') return null;
      const args = form.args.map(({ name, value }) => (name === undefined ? '' : `${quoteIdentifier(name)} => `)
        + expressions.text(value, true));
      return `${quoteFunction(e.function.name)}(${args.join(', ')})`;
    }
    // What is read again must be the same plan.
    case 'as': {
      if (!printer.options.qualified) return expressions.text(form.expression, implicit);
      if (form.outside === undefined) return null;
      const { input, low, high, symmetric } = form.outside;
      const [a, b, c] = [input, low, high].map((x) => expressions.text(x, true));
      return `(${a} NOT BETWEEN ${symmetric ? 'SYMMETRIC ' : ''}${b} AND ${c})`;
    }
    case 'element': {
      const input = expressions.text(form.input, true);
      const path = form.path.map((p) => `[${expressions.text(p, false)}]`).join('');
      return (form.input.kind === 'column' || printer.trace.columns.has(form.input) ? input : `(${input})`) + path;
    }
    case 'meaning': return meaningText(printer, form.meaning);
    case 'case': {
      if (e.kind !== 'case') return null;
      return expressions.caseText(form.operand, e.branches.map((b, i) => ({ when: form.values[i], then: b.then })), e.otherwise);
    }
    case 'nullif': return `NULLIF(${list(printer, form.args)})`;
    case 'rows': return `(ROW(${list(printer, form.left)}) ${form.symbol} ROW(${list(printer, form.right)}))`;
  }
}

/** The calls that SQL has words for; null: it is called by its name. */
function syntaxText(printer: Printer, e: Expression & { readonly kind: 'call' }): string | null {
  const { args, function: { name } } = e;
  const [a, b, c, d] = args.map((x) => printer.expressions.text(x, true));
  switch (`${name} ${args.length}`) {
    case 'btrim 1': return `TRIM(BOTH FROM ${a})`;
    case 'ltrim 1': return `TRIM(LEADING FROM ${a})`;
    case 'rtrim 1': return `TRIM(TRAILING FROM ${a})`;
    case 'btrim 2': return `TRIM(BOTH ${b} FROM ${a})`;
    case 'ltrim 2': return `TRIM(LEADING ${b} FROM ${a})`;
    case 'rtrim 2': return `TRIM(TRAILING ${b} FROM ${a})`;
    case 'position 2': return `POSITION((${b}) IN (${a}))`;
    case 'substring 2': return args[1].type.kind === 'int4' ? `SUBSTRING(${a} FROM ${b})` : null;
    case 'substring 3':
      return args[1].type.kind === 'int4' ? `SUBSTRING(${a} FROM ${b} FOR ${c})` : `SUBSTRING(${a} SIMILAR ${b} ESCAPE ${c})`;
    case 'overlay 3': return `OVERLAY(${a} PLACING ${b} FROM ${c})`;
    case 'overlay 4': return `OVERLAY(${a} PLACING ${b} FROM ${c} FOR ${d})`;
    case 'overlaps 4': return `((${a}, ${b}) OVERLAPS (${c}, ${d}))`;
    case 'pg_collation_for 1': return `COLLATION FOR (${a})`;
    case 'normalize 1': return `NORMALIZE(${a})`;
    case 'normalize 2': return args[1].kind === 'literal' ? `NORMALIZE(${a}, ${String(args[1].value).toUpperCase()})` : null;
    case 'is_normalized 1': return `(${printer.expressions.inner(args[0], e, false)} IS NORMALIZED)`;
    case 'is_normalized 2': return args[1].kind !== 'literal' ? null
      : `(${printer.expressions.inner(args[0], e, false)} IS ${String(args[1].value).toUpperCase()} NORMALIZED)`;
    default: return null;
  }
}

function meaningText(printer: Printer, meaning: HoleMeaning): string {
  const { expressions } = printer;
  switch (meaning.kind) {
    case 'outer': return expressions.text(meaning.target, true);
    case 'aggregate': return aggregateText(printer, meaning);
    case 'window': return windowText(printer, meaning);
    case 'set': {
      const { function: fn, args } = meaning.call;
      return fn === null ? expressions.text(args[0], true) : `${quoteFunction(fn.name)}(${list(printer, args)})`;
    }
    case 'grouping': return `GROUPING(${list(printer, meaning.args)})`;
    case 'subquery': {
      const query = printer.query(meaning.query, { labels: null, visible: false, frame: printer.frame });
      return meaning.form === 'exists' ? `(EXISTS (${query}))` : meaning.form === 'array' ? `ARRAY(${query})` : `(${query})`;
    }
    case 'quantified': {
      const { lefts, operator, quantifier } = meaning;
      const left = lefts.length === 1 ? expressions.text(lefts[0], true) : `(${list(printer, lefts)})`;
      const query = printer.query(meaning.query, { labels: null, visible: false, frame: printer.frame });
      if (quantifier === null) return `(${left} ${operator} (${query}))`;
      const word = operator === '=' && quantifier === 'any' ? 'IN' : `${operator} ${quantifier.toUpperCase()}`;
      return `(${left} ${word} (${query}))`;
    }
  }
}

function filterText(printer: Printer, filter: Expression | null): string {
  return filter === null ? '' : ` FILTER (WHERE ${printer.expressions.text(filter, false)})`;
}

function aggregateText(printer: Printer, { call, written }: HoleMeaning & { readonly kind: 'aggregate' }): string {
  const name = quoteFunction(call.function.name);
  const before = call.withinGroup ? call.args.length - call.order.length : call.args.length;
  const direct = call.args.slice(0, before);
  const keys = call.withinGroup && !printer.options.qualified ? call.args.slice(before) : call.order.map((o) => o.expression);
  const order = keys.map((e, i) => sortText(printer, e, written.orderBy[i])).join(', ');
  const within = call.withinGroup ? ` WITHIN GROUP (ORDER BY ${order})` : '';
  const inside = call.withinGroup || order === '' ? '' : ` ORDER BY ${order}`;
  const args = written.star ? '*' : list(printer, direct);
  return `${name}(${call.distinct ? 'DISTINCT ' : ''}${args}${inside})${within}${filterText(printer, call.filter)}`;
}

function windowText(printer: Printer, { call, written }: HoleMeaning & { readonly kind: 'window' }): string {
  const args = written.star ? '*' : list(printer, call.args);
  const over = written.over;
  if (over === undefined) throw new Unprintable('OVER');
  // What is written out as a window of the query is that window.
  const name = over.name ?? printer.frame.windows.find((w) => sameWindow(printer, w, over))?.name;
  const spec = name === undefined ? specificationText(printer, over) : quoteIdentifier(name);
  return `${quoteFunction(call.name)}(${args})${filterText(printer, call.filter)} OVER ${spec}`;
}

/** (PARTITION BY .. ORDER BY .. frame) */
export function specificationText(printer: Printer, over: WindowSpecification): string {
  const parts: string[] = [];
  if (over.base !== undefined) parts.push(quoteIdentifier(over.base));
  else if (over.partitionBy.length > 0) {
    parts.push(`PARTITION BY ${over.partitionBy.map((e) => keyText(printer, boundOf(printer, e))).join(', ')}`);
  }
  if (over.orderBy.length > 0) {
    parts.push(`ORDER BY ${over.orderBy.map((k) => sortText(printer, boundOf(printer, k.expression), k)).join(', ')}`);
  }
  if (over.frame !== undefined) parts.push(frameText(printer, over.frame));
  return `(${parts.join(' ')})`;
}

function sameWindow(printer: Printer, a: WindowSpecification, b: WindowSpecification): boolean {
  const same = (x: Expr, y: Expr): boolean => sameExpression(boundOf(printer, x), boundOf(printer, y));
  const sameBound = (x: WindowFrame['start'], y: WindowFrame['start']): boolean => x.kind === y.kind
    && (!('offset' in x) || !('offset' in y) || sameExpression(offsetOf(printer, x.offset), offsetOf(printer, y.offset)));
  const [f, g] = [a.frame, b.frame];
  return a.base === b.base && a.partitionBy.length === b.partitionBy.length && a.orderBy.length === b.orderBy.length
    && a.partitionBy.every((e, i) => same(e, b.partitionBy[i]))
    && a.orderBy.every((k, i) => same(k.expression, b.orderBy[i].expression)
      && directionText(k) === directionText(b.orderBy[i]))
    && (f === undefined || g === undefined ? f === g
      : f.mode === g.mode && f.between === g.between && f.exclusion === g.exclusion
        && sameBound(f.start, g.start) && sameBound(f.end, g.end));
}

const EXCLUSIONS = { 'current row': 'CURRENT ROW', group: 'GROUP', ties: 'TIES' } as const;

function frameText(printer: Printer, frame: WindowFrame): string {
  const bound = (b: WindowFrame['start']): string => {
    switch (b.kind) {
      case 'unboundedPreceding': return 'UNBOUNDED PRECEDING';
      case 'unboundedFollowing': return 'UNBOUNDED FOLLOWING';
      case 'currentRow': return 'CURRENT ROW';
      case 'preceding': case 'following': return `${offsetText(printer, b.offset)} ${b.kind.toUpperCase()}`;
    }
  };
  const mode = frame.mode.toUpperCase();
  const range = frame.between === true ? `BETWEEN ${bound(frame.start)} AND ${bound(frame.end)}` : bound(frame.start);
  return `${mode} ${range}${frame.exclusion === 'none' ? '' : ` EXCLUDE ${EXCLUSIONS[frame.exclusion]}`}`;
}

function offsetOf(printer: Printer, e: Expr): Expression {
  return required(printer.trace.calls.get(e), 'offset of a frame');
}

function offsetText(printer: Printer, e: Expr): string {
  return printer.expressions.text(offsetOf(printer, e), false);
}

/** An expression that is sorted or grouped by: calls stand in parentheses, lest they are taken for something else. */
export function keyText(printer: Printer, e: Expression): string {
  const { expressions, trace, options } = printer;
  if (e.kind === 'literal') return constantText(printer, e);
  const text = expressions.text(e, true);
  if (trace.columns.has(e)) return text;
  const meaning = e.kind === 'parameter' ? trace.holes.get(e.index) : undefined;
  if (meaning?.kind === 'outer') return text;
  const call = (e.kind === 'call' && e.function.operator !== true) || (e.kind === 'cast' && isFunctionCast(e.input.type, e.type));
  const aggregate = meaning?.kind === 'aggregate' || meaning?.kind === 'window' || meaning?.kind === 'set';
  return options.pretty || call || aggregate ? `(${text})` : text;
}

const NUMBERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric']);
const TIMES: ReadonlySet<string> = new Set(['date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval']);

/** Whether a function makes the one type of the other, not input and output or nothing at all. */
function isFunctionCast(from: LogicalType, to: LogicalType): boolean {
  return (from.kind === to.kind && typmodOf(to) >= 0)
    || [NUMBERS, TIMES].some((kinds) => kinds.has(from.kind) && kinds.has(to.kind));
}

/** A constant that cannot be taken for the number of a column. */
function constantText(printer: Printer, e: Expression & { readonly kind: 'literal' }): string {
  const text = printer.expressions.constant(e);
  if (text.includes('::') || e.value === null) return text;
  if (e.type.kind === 'boolean') return `${text}::boolean`;
  return `${text}::${printer.expressions.typeName(e.type)}`;
}

export function sortText(printer: Printer, e: Expression, key: SortKey): string {
  return keyText(printer, e) + directionText(key);
}

export function directionText(key: SortKey): string {
  const operator = key.using?.[key.using.length - 1];
  if (operator !== undefined && operator !== '<' && operator !== '>') {
    return ` USING ${operator} NULLS ${key.nulls === 'first' ? 'FIRST' : 'LAST'}`;
  }
  if (key.direction === 'desc' || operator === '>') return key.nulls === 'last' ? ' DESC NULLS LAST' : ' DESC';
  return key.nulls === 'first' ? ' NULLS FIRST' : '';
}

