// Notations of a call: by place, by name (f(a => 1)), and VARIADIC array; candidates as the call's arguments see them.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { arrayOf } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { variadicArray } from '../../engine/function/variadic-array.ts';
import type { FunctionExpr } from '../parser/ast.ts';
import { checkArgumentNames } from './argument-names.ts';
import type { Callable } from './window-functions.ts';

/** A candidate in the order of the call's arguments. */
export type Noted = Callable & {
  readonly original: Callable;
  /** By argument of the call: which of the function's it is. */
  readonly places: readonly number[];
};

/** Candidates that the notation fits; their `args` are in the call's order. */
export function notedCandidates(e: FunctionExpr, candidates: readonly Callable[]): readonly Noted[] {
  checkArgumentNames(e.arguments);
  if (e.variadic) return candidates.flatMap((c) => withArray(c, e.arguments.length));
  return candidates.flatMap((c) => byName(c, e));
}

export function isPlain(e: FunctionExpr): boolean {
  return !e.variadic && e.arguments.every((a) => a.name === undefined);
}

function withArray(c: Callable, count: number): readonly Noted[] {
  // VARIADIC means nothing to a function whose last argument is an array anyway.
  if (c.variadic === undefined) {
    return count === c.args.length ? [{ ...c, original: c, places: c.args.map((_, i) => i) }] : [];
  }
  if (c.kind !== 'scalar' || count !== c.args.length + 1) return [];
  const last: LogicalType = c.variadic.kind === 'any' ? c.variadic : arrayOf(c.variadic);
  const original = { ...variadicArray(c), args: [...c.args, last] };
  return [{ ...original, original: variadicArray(c), places: original.args.map((_, i) => i) }];
}

function byName(c: Callable, e: FunctionExpr): readonly Noted[] {
  const { names = [], args } = c;
  const optional = c.optional ?? 0;
  const places: number[] = [];
  for (const [i, a] of e.arguments.entries()) {
    const place = a.name === undefined ? i : names.indexOf(a.name);
    if (place < 0 || place >= args.length || places.includes(place)) return [];
    places.push(place);
  }
  const left = args.flatMap((_, i) => (places.includes(i) ? [] : [i]));
  if (left.some((i) => i < args.length - optional || defaultOf(c, i) === undefined)) return [];
  const { variadic: _, optional: __, ...rest } = c;
  return [{ ...rest, args: places.map((i) => args[i]), original: c, places }];
}

function defaultOf(c: Callable, place: number): Datum | undefined {
  return c.defaults?.[place - (c.args.length - (c.optional ?? 0))];
}

/** Values in the order of the call as the function takes them, those left out as their defaults. */
export function inPlaces<T>(noted: Noted, values: readonly T[], missing: (place: number) => T): readonly T[] {
  const count = Math.max(...noted.places, -1) + 1;
  const out: T[] = [];
  for (let i = 0; i < count; i++) {
    const at = noted.places.indexOf(i);
    out.push(at < 0 ? missing(i) : values[at]);
  }
  return out;
}

export function defaultValue(noted: Noted, place: number): Expression {
  return { kind: 'literal', type: noted.original.args[place], value: defaultOf(noted.original, place) ?? null };
}

/** f(VARIADIC x): x must be an array (42804). */
export function checkVariadicArray(e: FunctionExpr, types: readonly LogicalType[], position: number | undefined): void {
  const last = types[types.length - 1];
  if (!e.variadic || last.kind === 'array' || (last.kind === 'domain' && last.base.kind === 'array')) return;
  throw new DatabaseError('42804', 'VARIADIC argument must be an array', { position });
}
