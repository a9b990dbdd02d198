// Calls by name or symbol: overload resolution over the registry, PostgreSQL's messages where nothing fits.
import { DatabaseError } from '../../engine/data/error.ts';
import { notContinuous } from '../catalog/continuous.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { BOOLEAN, baseType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScalarFunction, Signature, TableFunction } from '../../engine/function/function.ts';
import { coerceArgument } from './coercion.ts';
import { argumentsOf } from './collation.ts';
import type { Environment } from './environment.ts';
import { argumentTypes, resolveOverload, returnType } from './overload.ts';
import type { Resolution } from './overload.ts';

export interface OperatorUse {
  readonly symbol: string;
  readonly schema?: string | undefined;
  readonly position: number | undefined;
  /** Where the operands stand. */
  readonly operands?: readonly (number | undefined)[];
  /** Where the fields of two rows stand. */
  readonly parts?: readonly (readonly (number | undefined)[])[] | undefined;
}

/** An operator for operand types, with the types the operands are converted to. */
export interface ResolvedOperator {
  readonly function: ScalarFunction;
  readonly args: readonly LogicalType[];
  readonly type: LogicalType;
}

export function resolveOperator(
  env: Environment, use: OperatorUse, types: readonly LogicalType[],
): ResolvedOperator {
  checkSchema(env, use.schema, use.position);
  const home = use.schema === undefined || use.schema === 'pg_catalog';
  const candidates = home ? env.functions.operators(use.symbol, types.length === 1 ? 1 : 2) : [];
  const resolution = resolveOverload(candidates, types, exactTypes(types));
  if (resolution.kind !== 'found') throw operatorError(use, types, resolution);
  const args = argumentTypes(resolution.declared, types);
  return { function: resolution.signature, args, type: returnType(resolution.signature, resolution.declared, args) };
}

/** A literal beside a typed operand is looked up as being of that type first; so is the base of a domain. */
function exactTypes(types: readonly LogicalType[]): readonly LogicalType[] {
  const known = types.find((t) => t.kind !== 'unknown');
  if (known === undefined || types.length !== 2) return types;
  return types.map((t) => baseType(t.kind === 'unknown' ? known : t));
}

function operatorError(use: OperatorUse, types: readonly LogicalType[], r: Resolution<Signature>): DatabaseError {
  const name = use.schema === undefined ? use.symbol : `${use.schema}.${use.symbol}`;
  const names = types.map(mentionType);
  const text = names.length === 1 ? `${name} ${names[0]}` : `${names[0]} ${name} ${names[1]}`;
  if (r.kind === 'ambiguous') {
    return new DatabaseError('42725', `operator is not unique: ${text}`, {
      position: use.position,
      hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
    });
  }
  const hint = names.length === 1
    ? 'No operator matches the given name and argument type. You might need to add an explicit type cast.'
    : 'No operator matches the given name and argument types. You might need to add explicit type casts.';
  return new DatabaseError('42883', `operator does not exist: ${text}`, { position: use.position, hint });
}

/** `left op right` or `op right`, arguments converted. */
export function applyOperator(env: Environment, use: OperatorUse, operands: readonly Expression[]): Expression {
  const resolved = resolveOperator(env, use, operands.map((o) => o.type));
  const args = operands.map((o, i) => coerceArgument(env, o, resolved.args[i], use.operands?.[i]));
  return { kind: 'call', function: resolved.function, type: resolved.type, args: argumentsOf(resolved.function, args) };
}

/** Schemas that functions and operators live in. */
export function checkSchema(env: Environment, schema: string | undefined, position: number | undefined): void {
  if (schema === undefined || env.catalog.schema(schema) !== null) return;
  throw new DatabaseError('3F000', `schema "${schema}" does not exist`, { position });
}

export function functionError(
  name: string, types: readonly LogicalType[], ambiguous: boolean, position: number | undefined,
  names: readonly (string | undefined)[] = []
): DatabaseError {
  const args = types.map((t, i) => (names[i] === undefined ? '' : `${names[i]} => `) + mentionType(t));
  const text = `${name}(${args.join(', ')})`;
  if (ambiguous) {
    return new DatabaseError('42725', `function ${text} is not unique`, {
      position, hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
    });
  }
  return new DatabaseError('42883', `function ${text} does not exist`, {
    position, hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
  });
}

/** Functions of the wall clock that are the time of an epoch in a view. */
export const EPOCH_CLOCKS: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);

/**
 * 0A000 in a materialized view for what does not follow from its rows: clocks, dice, the session, the catalog. `written`: what
 * stands for the call. The current time is noted instead, where somebody sees to it.
 */
export function checkContinuous(
  env: Environment, fn: ScalarFunction | TableFunction, position: number | undefined, written = `${fn.name}()`,
): void {
  if (!env.continuous) return;
  if (env.clocks !== undefined && EPOCH_CLOCKS.has(fn.name)) {
    env.clocks.push({ written, position });
    return;
  }
  if (env.kept === true) return;
  if (fn.volatility === 'volatile' || (fn.kind === 'scalar' && (fn.clock === true || fn.host === true))) {
    throw notContinuous(written, position);
  }
}

/** A scalar function by name, for what the binder itself writes. */
export function applyFunction(
  env: Environment, name: string, args: readonly Expression[], position?: number, written?: string,
): Expression {
  const types = args.map((a) => a.type);
  const resolution = resolveOverload(env.functions.scalarFunctions(name), types);
  if (resolution.kind !== 'found') throw functionError(name, types, resolution.kind === 'ambiguous', position);
  checkContinuous(env, resolution.signature, position, written);
  const targets = argumentTypes(resolution.declared, types);
  return {
    kind: 'call', function: resolution.signature,
    type: returnType(resolution.signature, resolution.declared, targets),
    args: argumentsOf(resolution.signature, args.map((a, i) => coerceArgument(env, a, targets[i], position))),
  };
}

export function conjunction(conditions: readonly Expression[]): Expression | null {
  if (conditions.length === 0) return null;
  return conditions.length === 1 ? conditions[0] : { kind: 'and', type: BOOLEAN, args: conditions };
}

/** The conditions that AND joins, nested ones included. */
export function conjuncts(e: Expression): readonly Expression[] {
  return e.kind === 'and' ? e.args.flatMap(conjuncts) : [e];
}
