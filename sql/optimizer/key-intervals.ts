// Key intervals: between which constants a condition keeps an expression; disjoint, ascending.
import { compareDatums } from '../../engine/data/datum-order.ts';
import { assert } from '../../engine/data/error.ts';
import { lastAddressOf, networkOf } from '../../engine/data/network.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Bound } from '../../engine/state/key-range.ts';
import { asConstant, isInteger, isKey, valuesOf } from './key-constants.ts';

/** Of values that are not NULL; null: unbounded. */
export interface Interval {
  readonly lower: Bound | null;
  readonly upper: Bound | null;
}

type Intervals = readonly Interval[];

/** Beyond, the list is not worth its while. */
const MOST = 1000;

/** The condition is true only where the key lies in one of them; null: it says nothing of the key. */
export function intervalsOf(c: Expression, key: Expression): Intervals | null {
  const points = valuesOf(c, key);
  if (points !== null) {
    return union(key.type, points.map((p) => (p.kind === 'literal' ? point(p.value) : { lower: null, upper: null })));
  }
  switch (c.kind) {
    case 'or': {
      const parts = c.args.map((a) => intervalsOf(a, key));
      return parts.some((p) => p === null) ? null : union(key.type, parts.flatMap((p) => p ?? []));
    }
    case 'and': return allOf(c.args, key);
    case 'call': return c.function.operator === true || c.function.name === 'starts_with' ? ofCall(c, key) : null;
    default: return null;
  }
}

/** What all conditions together leave. */
export function allOf(conditions: readonly Expression[], key: Expression): Intervals | null {
  let result: Intervals | null = null;
  for (const c of conditions) {
    const own = intervalsOf(c, key);
    if (own === null) continue;
    result = result === null ? own : intersection(key.type, result, own);
    if (result.length > MOST) return null;
  }
  return result;
}

function point(value: Bound['value']): Interval {
  return { lower: { value, inclusive: true }, upper: { value, inclusive: true } };
}

export function isPoint({ lower, upper }: Interval, type: LogicalType): boolean {
  return lower !== null && upper !== null && lower.inclusive && upper.inclusive
    && compareDatums(type, lower.value, upper.value) === 0;
}

const FLIPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function ofCall(c: Expression & { readonly kind: 'call' }, key: Expression): Intervals | null {
  if (c.args.length !== 2) return null;
  const { name } = c.function;
  const [a, b] = c.args;
  if (FLIPPED[name] !== undefined && (a.type.kind === b.type.kind || (isInteger(a.type) && isInteger(b.type)))) {
    if (isKey(a, key)) return ofComparison(name, b, key);
    return isKey(b, key) ? ofComparison(FLIPPED[name], a, key) : null;
  }
  const [part, network] = name.startsWith('>>') ? [b, a] : [a, b];
  if (CONTAINMENTS.has(name) && isKey(part, key)) return ofNetwork(network, key);
  const textual = (key.type.kind === 'text' || key.type.kind === 'varchar') && isKey(a, key);
  if (!textual || b.kind !== 'literal' || (b.type.kind !== 'text' && b.type.kind !== 'varchar')) return null;
  if (b.value === null) return [];
  if (name === '~~') return ofPattern(String(b.value));
  return name === '^@' || name === 'starts_with' ? ofPrefix(String(b.value)) : null;
}

function ofComparison(operator: string, e: Expression, key: Expression): Intervals | null {
  const constant = asConstant(e, key.type);
  if (constant === null) return null;
  const { value } = constant;
  if (value === null) return [];
  switch (operator) {
    case '<': return [{ lower: null, upper: { value, inclusive: false } }];
    case '<=': return [{ lower: null, upper: { value, inclusive: true } }];
    case '>': return [{ lower: { value, inclusive: false }, upper: null }];
    default: return [{ lower: { value, inclusive: true }, upper: null }];
  }
}

const CONTAINMENTS: ReadonlySet<string> = new Set(['<<', '<<=', '>>', '>>=']);

/** What is in a network, the network itself included, lies between it and its last address. */
function ofNetwork(e: Expression, key: Expression): Intervals | null {
  const constant = key.type.kind === 'inet' || key.type.kind === 'cidr' ? asConstant(e, key.type) : null;
  if (constant === null) return null;
  const { value } = constant;
  if (value === null) return [];
  assert(value instanceof Uint8Array, 'a network');
  return [{ lower: { value: networkOf(value), inclusive: true }, upper: { value: lastAddressOf(value), inclusive: true } }];
}

/** LIKE: what stands before the first % or _. */
function ofPattern(pattern: string): Intervals | null {
  let literal = '';
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '%' || pattern[i] === '_') return ofPrefix(literal);
    if (pattern[i] === '\\') i++;
    // A pattern that ends with its escape is an error.
    if (i >= pattern.length) return null;
    literal += pattern[i];
  }
  return [point(literal)];
}

function ofPrefix(prefix: string): Intervals | null {
  if (prefix === '') return null;
  const next = successor(prefix);
  return [{ lower: { value: prefix, inclusive: true }, upper: next === null ? null : { value: next, inclusive: false } }];
}

/** The least text after all that begin with this one, by code points, which is the order of UTF-8's bytes. */
function successor(prefix: string): string | null {
  const points = Array.from(prefix, (c) => c.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last >= 0xd800 && last <= 0xdfff) return null;
    if (last < 0x10ffff) return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return null;
}

function compareLower(type: LogicalType, a: Bound | null, b: Bound | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return compareDatums(type, a.value, b.value) || Number(b.inclusive) - Number(a.inclusive);
}

function compareUpper(type: LogicalType, a: Bound | null, b: Bound | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return compareDatums(type, a.value, b.value) || Number(a.inclusive) - Number(b.inclusive);
}

function isEmpty(type: LogicalType, { lower, upper }: Interval): boolean {
  if (lower === null || upper === null) return false;
  const c = compareDatums(type, lower.value, upper.value);
  return c > 0 || (c === 0 && !(lower.inclusive && upper.inclusive));
}

function intersection(type: LogicalType, left: Intervals, right: Intervals): Intervals {
  if (left.length * right.length > MOST * MOST) return left;
  const both = left.flatMap((a) => right.map((b): Interval => ({
    lower: compareLower(type, a.lower, b.lower) >= 0 ? a.lower : b.lower,
    upper: compareUpper(type, a.upper, b.upper) <= 0 ? a.upper : b.upper,
  })));
  return union(type, both);
}

/** In order, those that overlap as one. */
function union(type: LogicalType, intervals: Intervals): Intervals {
  const sorted = intervals.filter((i) => !isEmpty(type, i)).toSorted((a, b) => compareLower(type, a.lower, b.lower));
  const out: Interval[] = [];
  for (const next of sorted) {
    const last = out.at(-1);
    if (last === undefined || !meets(type, last, next)) out.push(next);
    else if (compareUpper(type, next.upper, last.upper) > 0) out[out.length - 1] = { lower: last.lower, upper: next.upper };
  }
  return out;
}

/** Does the second begin before the first ends? */
function meets(type: LogicalType, { upper }: Interval, { lower }: Interval): boolean {
  if (upper === null || lower === null) return true;
  const c = compareDatums(type, lower.value, upper.value);
  return c < 0 || (c === 0 && (lower.inclusive || upper.inclusive));
}
