// Overload resolution of functions and operators: PostgreSQL's rules (manual 10.2, 10.3), step by step.
import { DatabaseError } from '../../engine/data/error.ts';
import { multirangeFamily, rangeFamily } from '../../engine/data/range-type.ts';
import type { RangeFamily } from '../../engine/data/range-type.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { TEXT, UNKNOWN, arrayOf, baseType, sameKind } from '../../engine/data/types.ts';
import type { Signature } from '../../engine/function/function.ts';
import { selectCommonType } from './common-type.ts';
import { canCoerce, categoryOf, isPolymorphic, isPreferred } from './type-rules.ts';

/** A signature spread over the call's arguments: `args[i]` is the declared type of argument i. */
interface Candidate<S extends Signature> {
  readonly signature: S;
  readonly args: readonly LogicalType[];
}

export type Resolution<S extends Signature> =
  | { readonly kind: 'found'; readonly signature: S; readonly declared: readonly LogicalType[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' };

/** The overload a call with arguments of these types means. `exact`: types looked up first (operators with a literal). */
export function resolveOverload<S extends Signature>(
  signatures: readonly S[], types: readonly LogicalType[], exact: readonly LogicalType[] = types,
): Resolution<S> {
  const candidates = signatures.flatMap((s) => spread(s, types.length));
  const same = candidates.filter((c) => c.args.every((a, i) => sameKind(a, exact[i])));
  if (same.length > 0) return found(same[0]);
  const viable = firstOfEach(candidates.filter((c) => isViable(c, types)));
  if (viable.length === 0) return { kind: 'none' };
  const best = viable.length === 1 ? viable[0] : selectCandidate(viable, types);
  return best === null ? { kind: 'ambiguous' } : found(best);
}

function found<S extends Signature>(c: Candidate<S>): Resolution<S> {
  return { kind: 'found', signature: c.signature, declared: c.args };
}

/** The signature as it meets `count` arguments: optional ones left out, a variadic one repeated. */
function spread<S extends Signature>(signature: S, count: number): readonly Candidate<S>[] {
  const { args, variadic } = signature;
  const least = args.length - (signature.optional ?? 0);
  if (count < least) return [];
  if (count < args.length || (count === args.length && (variadic === undefined || signature.variadicOptional === true))) {
    return [{ signature, args: args.slice(0, count) }];
  }
  if (variadic === undefined || count === args.length) return [];
  return [{ signature, args: [...args, ...Array.from({ length: count - args.length }, () => variadic)] }];
}

/** Of candidates declared for the same types the first: a variadic one stands behind those that are not. */
function firstOfEach<S extends Signature>(candidates: readonly Candidate<S>[]): readonly Candidate<S>[] {
  if (candidates.length < 2) return candidates;
  return candidates.filter((c, i) => candidates.findIndex((x) => x.args.length === c.args.length
    && x.args.every((a, k) => sameKind(a, c.args[k]))) === i);
}

function isViable<S extends Signature>(c: Candidate<S>, types: readonly LogicalType[]): boolean {
  return c.args.every((a, i) => canCoerce(types[i], a)) && isConsistent(c.args, types);
}

/** func_select_candidate of PostgreSQL: the one that needs the fewest, most natural conversions, or null. */
function selectCandidate<S extends Signature>(
  candidates: readonly Candidate<S>[], types: readonly LogicalType[],
): Candidate<S> | null {
  const bases = types.map(baseType);
  let left = keepBest(candidates, (c) => countWhere(bases, (t, i) => t.kind !== 'unknown' && sameKind(t, c.args[i])));
  if (left.length === 1) return left[0];
  left = keepBest(left, (c) => countWhere(bases, (t, i) => t.kind !== 'unknown'
    && (sameKind(t, c.args[i]) || (isPreferred(c.args[i]) && categoryOf(c.args[i]) === categoryOf(t)))));
  if (left.length === 1) return left[0];
  if (bases.every((t) => t.kind !== 'unknown')) return distinctOne(left);
  const byCategory = keepByUnknownCategory(left, bases);
  if (byCategory.length === 1) return byCategory[0];
  return assumeKnownType(byCategory, bases);
}

/** Several signatures with the same declared types are one. */
function distinctOne<S extends Signature>(candidates: readonly Candidate<S>[]): Candidate<S> | null {
  const [first] = candidates;
  return candidates.every((c) => c.args.every((a, i) => sameKind(a, first.args[i]))) ? first : null;
}

/** What each unknown literal probably is: a string if any candidate takes one, else the one category all agree on. */
function keepByUnknownCategory<S extends Signature>(
  candidates: readonly Candidate<S>[], bases: readonly LogicalType[],
): readonly Candidate<S>[] {
  const wanted = bases.map((t, i) => (t.kind === 'unknown' ? unknownCategory(candidates, i) : null));
  if (wanted.some((w) => w === undefined)) return candidates;
  const kept = candidates.filter((c) => wanted.every((w, i) => w === null || w === undefined || (
    categoryOf(c.args[i]) === w.category && (!w.preferred || isPreferred(c.args[i])))));
  return kept.length > 0 ? kept : candidates;
}

function unknownCategory<S extends Signature>(
  candidates: readonly Candidate<S>[], slot: number,
): { category: string; preferred: boolean } | undefined {
  const types = candidates.map((c) => c.args[slot]);
  const categories = new Set(types.map(categoryOf));
  const category = categories.has('S') ? 'S' : [...categories][0];
  if (category !== 'S' && categories.size > 1) return undefined;
  return { category, preferred: types.some((t) => categoryOf(t) === category && isPreferred(t)) };
}

/** Last resort: take unknown literals for what all known arguments are. */
function assumeKnownType<S extends Signature>(
  candidates: readonly Candidate<S>[], bases: readonly LogicalType[],
): Candidate<S> | null {
  const known = bases.filter((t) => t.kind !== 'unknown');
  if (known.length === 0 || !known.every((t) => sameKind(t, known[0]))) return null;
  const assumed = bases.map(() => known[0]);
  const fitting = candidates.filter((c) => c.args.every((a) => canCoerce(known[0], a)) && isConsistent(c.args, assumed));
  return fitting.length === 1 ? fitting[0] : null;
}

function keepBest<T>(items: readonly T[], score: (item: T) => number): readonly T[] {
  const scores = items.map(score);
  const best = Math.max(...scores);
  return items.filter((_, i) => scores[i] === best);
}

function countWhere<T>(items: readonly T[], test: (item: T, i: number) => boolean): number {
  return items.reduce((n, item, i) => n + (test(item, i) ? 1 : 0), 0);
}

const ELEMENT_KINDS: ReadonlySet<string> = new Set(['anyelement', 'anynonarray', 'anyenum']);
const COMPATIBLE_KINDS: ReadonlySet<string> = new Set(['anycompatible', 'anycompatiblenonarray']);

/** What anyelement and anycompatible stand for in one call. */
export interface Polymorphs {
  readonly element: LogicalType | null;
  /** The ranges of anyrange and anymultirange. */
  readonly family: RangeFamily | null;
  readonly compatible: LogicalType | null;
}

export const NOTHING_SOLVED: Polymorphs = { element: null, family: null, compatible: null };

/** What is of the element type of the call, or made of it. */
const OF_ELEMENT: ReadonlySet<string> = new Set([...ELEMENT_KINDS, 'anyarray', 'anyrange', 'anymultirange']);

/** The actual types behind polymorphic arguments; null when they contradict each other. */
export function solvePolymorphs(
  declared: readonly LogicalType[], types: readonly LogicalType[],
): Polymorphs | null {
  let element: LogicalType | null = null;
  let family: RangeFamily | null = null;
  const compatible: LogicalType[] = [];
  for (const [i, d] of declared.entries()) {
    const actual = baseType(types[i]);
    if (d.kind === 'anycompatible' || d.kind === 'anycompatiblenonarray') compatible.push(types[i]);
    if (d.kind === 'anycompatiblearray' && actual.kind === 'array') compatible.push(actual.element);
    if (actual.kind === 'unknown') continue;
    const ranges = d.kind === 'anyrange' ? rangeFamily(actual)
      : d.kind === 'anymultirange' ? multirangeFamily(actual) : undefined;
    if (ranges !== undefined && family !== null && !sameKind(ranges.range, family.range)) return null;
    family ??= ranges ?? null;
    const own = ELEMENT_KINDS.has(d.kind) ? types[i]
      : d.kind === 'anyarray' && actual.kind === 'array' ? actual.element : ranges?.bound ?? null;
    if (own === null) continue;
    if (element !== null && !sameKind(element, own)) return null;
    element ??= own;
  }
  const known = compatible.filter((t) => t.kind !== 'unknown');
  const common = known.length === 0 ? (compatible.length > 0 ? TEXT : null) : selectCommonType(known);
  if (known.length > 0 && common === null) return null;
  return { element, family, compatible: common };
}

function isConsistent(declared: readonly LogicalType[], types: readonly LogicalType[]): boolean {
  if (!declared.some(isPolymorphic)) return true;
  const solved = solvePolymorphs(declared, types);
  if (solved === null) return false;
  // Literals alone may be of any type but an enum.
  if (solved.element?.kind !== 'enum' && declared.some((d) => d.kind === 'anyenum')) return false;
  return declared.every((d, i) => !COMPATIBLE_KINDS.has(d.kind) || solved.compatible === null
    || canCoerce(types[i], solved.compatible));
}

/** A declared type with its polymorphic parts filled in; unknown when nothing says what it is. */
export function substitute(declared: LogicalType, solved: Polymorphs): LogicalType {
  switch (declared.kind) {
    case 'anyelement': case 'anynonarray': case 'anyenum': return solved.element ?? UNKNOWN;
    case 'anyarray': return solved.element === null ? UNKNOWN : arrayOf(solved.element);
    case 'anyrange': return solved.family?.range ?? UNKNOWN;
    case 'anymultirange': return solved.family?.multirange ?? UNKNOWN;
    case 'anycompatible': case 'anycompatiblenonarray': return solved.compatible ?? TEXT;
    case 'anycompatiblearray': return arrayOf(solved.compatible ?? TEXT);
    default: return declared;
  }
}

/** The types the arguments are to be converted to: the declared ones, polymorphs filled in, binary-equal ones left alone. */
export function argumentTypes(declared: readonly LogicalType[], types: readonly LogicalType[]): readonly LogicalType[] {
  const solved = solvePolymorphs(declared, types) ?? NOTHING_SOLVED;
  if (solved.element === null && declared.some((d) => OF_ELEMENT.has(d.kind))) {
    throw new DatabaseError('42804', 'could not determine polymorphic type because input has type unknown');
  }
  return declared.map((d, i) => {
    const actual = types[i];
    if (d.kind === 'any') return actual.kind === 'unknown' ? TEXT : actual;
    const target = substitute(d, solved);
    if (target.kind === 'unknown') return actual;
    // Declared as a row of any kind: the row keeps its own fields.
    if (target.kind === 'record' && target.oid === undefined && actual.kind === 'record') return actual;
    if (actual.kind === 'array' && target.kind === 'array' && actual.vector === true && isPolymorphic(d)) return actual;
    // A literal beside a vector is one.
    if (d.kind === 'anyarray' && actual.kind === 'unknown') {
      return types.find((t) => t.kind === 'array' && t.vector === true) ?? target;
    }
    // What another argument is cut to is no matter of this one.
    if (isPolymorphic(d)) return sameKind(actual, target) ? actual : withoutModifier(target);
    return target;
  });
}

/** What the call returns for arguments of these (already converted) types. */
export function returnType(signature: Signature, declared: readonly LogicalType[], types: readonly LogicalType[]): LogicalType {
  if (typeof signature.returns === 'function') return withoutModifier(signature.returns(types));
  if (!isPolymorphic(signature.returns)) return signature.returns;
  const solved = solvePolymorphs(declared, types) ?? NOTHING_SOLVED;
  return withoutModifier(substitute(signature.returns, solved));
}

/** A function says of what type its result is, but not how long it may be. */
function withoutModifier(type: LogicalType): LogicalType {
  if (type.kind === 'array') return { ...type, element: withoutModifier(type.element) };
  return 'typmod' in type && type.typmod >= 0 ? { ...type, typmod: -1 } : type;
}
