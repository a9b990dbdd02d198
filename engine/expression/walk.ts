// Walks over expressions: children, rebuilding, and the facts the optimizer asks for (columns, volatility, errors).
import { unreachable } from '../data/error.ts';
import { anyRangeFamily } from '../data/range-type.ts';
import { baseType, hasDimensions } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import type { ScalarFunction } from '../function/function.ts';
import type { Expression } from './expression.ts';

/** Direct sub-expressions, in order of evaluation. */
export function childrenOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'column': case 'literal': case 'parameter': return [];
    case 'call': case 'and': case 'or': case 'coalesce': case 'greatest': case 'least': return e.args;
    case 'cast': case 'not': case 'test': case 'field': return [e.input];
    case 'distinct': return [e.left, e.right];
    case 'case': return [...e.branches.flatMap((b) => [b.when, b.then]), e.otherwise];
    case 'in': return [e.input, ...e.list];
    case 'quantified': return [e.input, e.array];
    case 'array': return e.elements;
    case 'subscript':
      return [e.input, ...e.subscripts.flatMap((s) => [s.lower, s.upper]).filter((x) => x !== null)];
    case 'row': return e.fields;
    default: return unreachable(e);
  }
}

type Mapper = (e: Expression) => Expression;

function mapList(list: readonly Expression[], one: Mapper): readonly Expression[] {
  const out = list.map(one);
  return out.every((e, i) => e === list[i]) ? list : out;
}

/** The same expression over mapped children; the children's own children are `one`'s affair. */
export function mapChildren(e: Expression, one: Mapper): Expression {
  switch (e.kind) {
    case 'column': case 'literal': case 'parameter': return e;
    case 'call': case 'and': case 'or': case 'coalesce': case 'greatest': case 'least': {
      const args = mapList(e.args, one);
      return args === e.args ? e : { ...e, args };
    }
    case 'cast': case 'not': case 'test': case 'field': {
      const input = one(e.input);
      return input === e.input ? e : { ...e, input };
    }
    case 'distinct': return { ...e, left: one(e.left), right: one(e.right) };
    case 'case':
      return {
        ...e,
        branches: e.branches.map((b) => ({ when: one(b.when), then: one(b.then) })),
        otherwise: one(e.otherwise),
      };
    case 'in': {
      const input = one(e.input);
      const list = mapList(e.list, one);
      return input === e.input && list === e.list ? e : { ...e, input, list };
    }
    case 'quantified': return { ...e, input: one(e.input), array: one(e.array) };
    case 'array': return { ...e, elements: mapList(e.elements, one) };
    case 'subscript':
      return {
        ...e,
        input: one(e.input),
        subscripts: e.subscripts.map((s) => ({
          slice: s.slice,
          lower: s.lower === null ? null : one(s.lower),
          upper: s.upper === null ? null : one(s.upper),
        })),
      };
    case 'row': {
      const fields = mapList(e.fields, one);
      return fields === e.fields ? e : { ...e, fields };
    }
    default: return unreachable(e);
  }
}

/** Rebuilds bottom-up: `fn` sees each expression with its children already mapped. Unchanged parts are shared. */
export function mapExpression(e: Expression, fn: Mapper): Expression {
  return fn(mapChildren(e, (child) => mapExpression(child, fn)));
}

/** Does `test` hold of the expression or anything in it? */
export function someExpression(e: Expression, test: (e: Expression) => boolean): boolean {
  return test(e) || childrenOf(e).some((c) => someExpression(c, test));
}

/** Numbers of the input columns read, ascending, each once. */
export function columnsOf(...expressions: readonly Expression[]): readonly number[] {
  const seen = new Set<number>();
  const visit = (e: Expression): void => {
    if (e.kind === 'column') seen.add(e.index);
    for (const child of childrenOf(e)) visit(child);
  };
  for (const e of expressions) visit(e);
  return [...seen].sort((a, b) => a - b);
}

/** Functions an expression calls, operators of IN, ANY, IS DISTINCT FROM and GREATEST included. */
export function functionOf(e: Expression): ScalarFunction | null {
  switch (e.kind) {
    case 'call': return e.function;
    case 'distinct': case 'in': return e.equal;
    case 'greatest': case 'least': return e.less;
    case 'quantified': return e.operator;
    default: return null;
  }
}

/** Calls a volatile function (random(), clock_timestamp()): never folded, never in a view. */
export function isVolatile(e: Expression): boolean {
  return someExpression(e, (x) => functionOf(x)?.volatility === 'volatile');
}

/** Depends on more than its columns: the time, a setting, the catalog; includes volatile. */
export function isStable(e: Expression): boolean {
  return someExpression(e, (x) => {
    const f = functionOf(x);
    return (f !== null && f.volatility !== 'immutable') || (x.kind === 'cast' && castReadsSettings(x.input.type, x.type));
  });
}

/** What PostgreSQL calls immutable: no function in it, nor one that a cast stands for, is less. */
export function isImmutable(e: Expression): boolean {
  return !someExpression(e, (x) => {
    if (x.kind === 'cast') return isStableCast(x.input.type, x.type);
    const f = functionOf(x);
    if (x.kind === 'call' && f?.casts === true) return x.args.some((arg) => isStableCast(arg.type, x.type));
    return f !== null && f.volatility !== 'immutable';
  });
}

/** Labels and elements are read and written by functions that PostgreSQL calls stable. */
function isStableCast(from: LogicalType, to: LogicalType): boolean {
  const [a, b] = [baseType(from), baseType(to)];
  if (a.kind === 'array' && b.kind === 'array') return isStableCast(a.element, b.element);
  if (a.kind === b.kind && a.kind !== 'record') return false;
  return (isText(a) && isComposed(b)) || (isText(b) && isComposed(a)) || castReadsSettings(a, b);
}

function isText({ kind }: LogicalType): boolean {
  return kind === 'text' || kind === 'varchar' || kind === 'bpchar';
}

function isComposed(type: LogicalType): boolean {
  return type.kind === 'array' || type.kind === 'record' || type.kind === 'enum' || anyRangeFamily(type) !== undefined;
}

const SETTING_KINDS = new Set(['timestamptz', 'timetz']);

/** Text ⇄ timestamptz and the like depend on the session's time zone and DateStyle. */
function castReadsSettings(input: LogicalType, output: LogicalType): boolean {
  const from = momentOf(input);
  const to = momentOf(output);
  return SETTING_KINDS.has(from) || SETTING_KINDS.has(to) || to.startsWith('reg') || from.startsWith('reg')
    || ((from === 'date' || from === 'timestamp' || from === 'interval') && !isTimeKind(to))
    || ((to === 'date' || to === 'timestamp' || to === 'interval' || to === 'time') && !isTimeKind(from));
}

/** The kind of a type; of domains, arrays and ranges, that of what they are made of. */
function momentOf(type: LogicalType): string {
  const base = baseType(type);
  if (base.kind === 'array') return momentOf(base.element);
  const family = anyRangeFamily(base);
  return family === undefined ? base.kind : momentOf(family.bound);
}

function isTimeKind(kind: string): boolean {
  return kind === 'date' || kind === 'timestamp' || kind === 'interval' || kind === 'time';
}

const INTEGER_RANK: { readonly [kind: string]: number } = { int2: 1, int4: 2, int8: 3 };

function castCanRaise(e: Expression & { kind: 'cast' }): boolean {
  const from = e.input.type;
  const to = e.type;
  if (to.kind === 'text' && from.kind !== 'record' && from.kind !== 'array') return false;
  const [a, b] = [INTEGER_RANK[from.kind], INTEGER_RANK[to.kind]];
  if (a !== undefined && b !== undefined) return a > b;
  if (a !== undefined && to.kind === 'float8') return false;
  if ((from.kind === 'cidr' || from.kind === 'inet') && (to.kind === 'inet' || to.kind === 'cidr')) return false;
  return !(from.kind === 'varchar' && to.kind === 'varchar' && to.typmod === -1);
}

/** May evaluation raise an error on some row? false is a promise; true is the safe answer. */
export function canRaise(e: Expression): boolean {
  return someExpression(e, (x) => {
    switch (x.kind) {
      case 'call': {
        const { total } = x.function;
        if (total === undefined || total === true) return total === undefined;
        return !total(x.args.map((a) => (a.kind === 'literal' ? a.value : undefined)));
      }
      case 'cast': return castCanRaise(x);
      case 'distinct': case 'in': return x.equal.total !== true;
      case 'greatest': case 'least': return x.less.total !== true;
      case 'quantified': return x.operator.total !== true;
      case 'array': return x.elements.some((el) => hasDimensions(el.type));
      case 'subscript': case 'parameter': return true;
      default: return false;
    }
  });
}
