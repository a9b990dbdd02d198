// Function calls: which function a name and its arguments mean, and what kind of call it then is.
import { DatabaseError } from '../../engine/data/error.ts';
import { baseType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { CallExpression, Expression } from '../../engine/expression/expression.ts';
import { rowsOfType } from '../../engine/function/define.ts';
import type { TableFunction } from '../../engine/function/function.ts';
import type { FunctionExpr } from '../parser/ast.ts';
import { checkArgumentNames } from './argument-names.ts';
import { bindAggregate } from './bind-aggregate.ts';
import { bindWindowCall } from './bind-window-call.ts';
import { checkVariadicArray, defaultValue, inPlaces, isPlain, notedCandidates } from './call-notation.ts';
import type { Noted } from './call-notation.ts';
import { quoted, writtenAs } from '../plan/deparse.ts';
import { fieldOf } from './bind-composite.ts';
import { coerceArgument, tryCoerce } from './coercion.ts';
import { argumentsOf, merged, noteCollation } from './collation.ts';
import type { Environment } from './environment.ts';
import { checkContinuous, checkSchema, functionError } from './functions.ts';
import { checked, checkedRows } from './domain-check.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { NOTHING_SOLVED, argumentTypes, resolveOverload, returnType, solvePolymorphs, substitute } from './overload.ts';
import { rangeConstructors } from './range-constructors.ts';
import { findTypeNamed } from './type-name.ts';
import { canCoerce, categoryOf, isBinaryCoercible } from './type-rules.ts';
import { windowFunctions } from './window-functions.ts';
import type { Callable } from './window-functions.ts';

export interface BoundCall {
  readonly function: Callable;
  readonly args: readonly Expression[];
  readonly type: LogicalType;
}

export function candidatesFor(env: Environment, name: readonly string[], position: number | undefined): readonly Callable[] {
  const schema = name.length > 1 ? name[name.length - 2] : undefined;
  checkSchema(env, schema, position);
  const last = name[name.length - 1];
  const constructors = rangeConstructors(env, { schema, name: last });
  const { functions } = env;
  if (schema === 'information_schema') {
    const full = `${schema}.${last}`;
    return [...functions.scalarFunctions(full), ...functions.tableFunctions(full), ...constructors];
  }
  if (schema !== undefined && schema !== 'pg_catalog') return constructors;
  return [
    ...functions.scalarFunctions(last), ...functions.tableFunctions(last), ...functions.aggregateFunctions(last),
    ...windowFunctions(last), ...constructors,
  ];
}

export function bindCall(e: FunctionExpr, site: Site): Expression {
  const candidates = candidatesFor(site.env, e.name, e.position);
  const aggregate = candidates.some((c) => c.kind === 'aggregate');
  if (e.over !== undefined && (aggregate || candidates.some((c) => c.kind === 'window'))) {
    return bindWindowCall(e, candidates, site);
  }
  if (aggregate && (e.star || e.withinGroup || candidates.every((c) => c.kind === 'aggregate'))) {
    return bindAggregate(e, candidates, site);
  }
  if (candidates.length > 0 && candidates.every((c) => c.kind === 'window')) {
    throw new DatabaseError('42809', `window function ${shown(e)} requires an OVER clause`, { position: e.position });
  }
  const args = bindArguments(e, site);
  if (candidates.length === 0 && e.orderBy.length > 0 && findTypeNamed(site.env, e.name) === null) {
    const keys = e.withinGroup ? e.orderBy.map((k) => bind(k.expression, site)) : [];
    const types = [...args, ...keys].map((a) => a.type);
    const error = functionError(shown(e), types, false, e.position);
    if (e.withinGroup || e.orderBy.length === 1) throw error;
    throw error.with({
      hint: 'No aggregate function matches the given name and argument types. Perhaps you misplaced ORDER BY; '
        + 'ORDER BY must appear after all regular arguments of the aggregate.',
    });
  }
  const call = resolveCall(e, candidates, args, site);
  if (!('function' in call) || !('kind' in call.function)) throw functionError(shown(e), [], false, e.position);
  checkDecorations(e);
  return finishCall(e, call, site);
}

function finishCall(e: FunctionExpr, call: BoundCall | CastCall, site: Site): Expression {
  if (call.function === CAST) return call.args[0];
  const { function: fn } = call;
  switch (fn.kind) {
    case 'scalar':
      checkContinuous(site.env, fn, e.position);
      return madeRow(fn.name) ? checked(site, { kind: 'call', function: fn, args: call.args, type: call.type })
        : written(e, { kind: 'call', function: fn, args: argumentsOf(fn, call.args), type: call.type }, site);
    case 'table': return bindSet(e, fn, call, site);
    case 'aggregate': return bindAggregate(e, [fn], site);
    case 'window':
      throw new DatabaseError('42809', `window function ${shown(e)} requires an OVER clause`, { position: e.position });
    case 'cast': return call.args[0];
  }
}

/** Functions that make a row of the type they are given, whatever its domains say. */
function madeRow(name: string): boolean {
  return name === 'json_populate_record' || name === 'jsonb_populate_record';
}

function written(e: FunctionExpr, bound: CallExpression, site: Site): Expression {
  const { trace } = site.env;
  if (trace === undefined) return bound;
  if (e.sqlSyntax) trace.forms.set(bound, { kind: 'syntax' });
  if (e.arguments.some((a) => a.name !== undefined)) {
    const args = e.arguments.map(({ name }, i) =>
      ({ name, value: bound.args[name === undefined ? i : bound.function.names?.indexOf(name) ?? i] }));
    trace.forms.set(bound, { kind: 'named', args });
  }
  return bound;
}

/** A set-returning call in the select list: one value at a time. */
function bindSet(e: FunctionExpr, fn: TableFunction, call: BoundCall | CastCall, site: Site): Expression {
  const { clause } = site;
  if (clause.within === 'aggregate' || clause.within === 'window-arguments') {
    const calls = clause.within === 'aggregate' ? 'aggregate' : 'window';
    throw new DatabaseError('0A000', `${calls} function calls cannot contain set-returning function calls`,
      { position: e.position, hint: 'You might be able to move the set-returning function into a LATERAL FROM item.' });
  }
  if (clause.within === 'window' && clause.sets === undefined) {
    throw new DatabaseError('0A000', 'window function calls cannot contain set-returning function calls',
      { position: e.position, hint: 'You might be able to move the set-returning function into a LATERAL FROM item.' });
  }
  if (clause.sets === undefined) {
    throw new DatabaseError('0A000', `set-returning functions are not allowed in ${clause.setPhrase ?? clause.phrase}`, {
      position: e.position,
      hint: clause.setPhrase === undefined ? undefined
        : 'You might be able to move the set-returning function into a LATERAL FROM item.',
    });
  }
  checkContinuous(site.env, fn, e.position);
  const declared = tableRowType(fn, call);
  const type = fn.fields === true ? baseType(declared) : declared;
  const allowed = fn.fields === true ? checkedRows(site, fn, declared) : fn;
  const rowed = fn.fields === true && type.kind === 'record' && type.fields.length > 0 ? rowsOfType(allowed, type) : allowed;
  const set = { function: rowed, args: argumentsOf(fn, call.args), types: [type] };
  const hole = site.level.set(site, set, e.position);
  noteCollation(hole, merged(set.args) ?? undefined);
  site.env.trace?.holes.set(hole.index, { kind: 'set', call: set });
  return hole;
}

/** One column: its type; several: a record of them; polymorphic ones as the arguments say. */
function tableRowType(fn: TableFunction, call: BoundCall | CastCall): LogicalType {
  if (fn.columns === undefined) return call.type;
  const solved = solvePolymorphs(fn.args, call.args.map((a) => a.type)) ?? NOTHING_SOLVED;
  const fields = fn.columns.map((c) => ({ name: c.name, type: substitute(c.type, solved) }));
  return fields.length === 1 ? fields[0].type : { kind: 'record', fields };
}

/** f(x) where f names a type, or a field of x: no call at all. */
const CAST = { kind: 'cast', name: 'cast' } as const;
interface CastCall { readonly function: typeof CAST; readonly args: readonly Expression[]; readonly type: LogicalType }

export function bindArguments(e: FunctionExpr, site: Site): readonly Expression[] {
  checkArgumentNames(e.arguments);
  return e.arguments.map((a) => bind(a.value, site));
}

/** The call's meaning; 42883 or 42725 when there is none. */
export function resolveCall(
  e: FunctionExpr, candidates: readonly Callable[], args: readonly Expression[], site: Site,
): BoundCall | CastCall {
  const types = args.map((a) => a.type);
  if (!isPlain(e)) return resolveNoted(e, notedCandidates(e, candidates), args, site);
  const resolution = resolveOverload(candidates, types);
  const exact = resolution.kind === 'found' && resolution.declared.every((d, i) => d.kind === types[i].kind);
  if (!exact && args.length === 1 && !e.star) {
    const cast = functionalCast(e, args[0], site);
    if (cast !== null) return cast;
    // A column of a row is a function of it.
    const field = resolution.kind !== 'found' && isBare(e) ? fieldOf(args[0], e.name[0], site) : null;
    if (field !== null) return { function: CAST, args: [field], type: field.type };
  }
  if (resolution.kind !== 'found') throw functionError(shown(e), types, resolution.kind === 'ambiguous', e.position);
  // What has no type yet is what pg_typeof() is asked about.
  const targets = resolution.signature.name === 'pg_typeof' ? types : argumentTypes(resolution.declared, types);
  return {
    function: resolution.signature,
    args: args.map((a, i) => {
      const coerced = coerceArgument(site.env, a, targets[i], locationOf(e.arguments[i].value));
      const given = coerced.type === a.type ? coerced : checked(site, coerced);
      // Where any type will do, PostgreSQL leaves a literal unknown.
      const any = resolution.declared[i].kind === 'any' && a.kind === 'literal' && a.type.kind === 'unknown';
      return any && typeof a.value === 'string' ? writtenAs(given, quoted(a.value)) : given;
    }),
    type: returnType(resolution.signature, resolution.declared, targets),
  };
}

/** f(a => 1) and f(VARIADIC array). */
function resolveNoted(e: FunctionExpr, candidates: readonly Noted[], args: readonly Expression[], site: Site): BoundCall {
  const types = args.map((a) => a.type);
  const resolution = resolveOverload(candidates, types);
  if (resolution.kind !== 'found') {
    throw functionError(shown(e), types, resolution.kind === 'ambiguous', e.position, e.arguments.map((a) => a.name));
  }
  const { signature, declared } = resolution;
  const targets = argumentTypes(declared, types);
  const given = args.map((a, i) => coerceArgument(site.env, a, targets[i], locationOf(e.arguments[i].value)));
  const last = e.arguments[e.arguments.length - 1];
  checkVariadicArray(e, given.map((g) => g.type), locationOf(last.value));
  const declaredOf = (place: number): LogicalType => signature.original.args[place];
  return {
    function: signature.original, args: inPlaces(signature, given, (place) => defaultValue(signature, place)),
    type: returnType(signature.original, inPlaces(signature, declared, declaredOf), inPlaces(signature, targets, declaredOf)),
  };
}

/** func_get_detail of PostgreSQL: a type's name called with what it can be cast from without a function of that name. */
function functionalCast(e: FunctionExpr, arg: Expression, site: Site): CastCall | null {
  const target = findTypeNamed(site.env, e.name);
  if (target === null || target.kind === 'record') return null;
  const from = arg.type;
  if (baseType(from).kind === 'record' && categoryOf(target) === 'S') return null;
  const natural = from.kind === 'unknown' || isBinaryCoercible(from, target)
    || (categoryOf(from) === 'S' && canCoerce(from, target, 'explicit'))
    || (categoryOf(target) === 'S' && canCoerce(from, target, 'explicit')) || canCoerce(from, target, 'explicit');
  if (!natural) return null;
  const input = tryCoerce(arg, target, { env: site.env, context: 'explicit', position: locationOf(e.arguments[0].value) });
  return input === null ? null : { function: CAST, args: [input], type: target };
}

/** DISTINCT, FILTER, ORDER BY, OVER belong to aggregates and windows. */
function checkDecorations(e: FunctionExpr): void {
  const name = shown(e);
  const fail = (what: string, need = 'an aggregate function'): DatabaseError =>
    new DatabaseError('42809', `${what} specified, but ${name} is not ${need}`, { position: e.position });
  if (e.star) throw fail(`${name}(*)`);
  if (e.distinct) throw fail('DISTINCT');
  if (e.withinGroup) throw fail('WITHIN GROUP');
  if (e.orderBy.length > 0) throw fail('ORDER BY');
  if (e.filter !== undefined) throw fail('FILTER');
  if (e.over !== undefined) throw fail('OVER', 'a window function nor an aggregate function');
}

/** A name and arguments, nothing else. */
function isBare(e: FunctionExpr): boolean {
  return e.name.length === 1 && !e.distinct && e.orderBy.length === 0 && e.filter === undefined && e.over === undefined;
}

export function shown(e: FunctionExpr): string {
  return e.name.join('.');
}
