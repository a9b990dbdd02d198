// Calls that rewrites write themselves: aggregates and operators by name, and constants.
import { assert } from '../../engine/data/error.ts';
import { BOOLEAN, FLOAT4, FLOAT8, INT2, INT4, INT8, layoutOf } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import { argumentTypes, resolveOverload, returnType } from '../binder/overload.ts';
import type { AggregateCall, EquiKey } from '../plan/logical-plan.ts';

export function aggregateCall(functions: FunctionRegistry, name: string, args: readonly Expression[]): AggregateCall {
  const types = args.map((a) => a.type);
  const candidates = functions.aggregateFunctions(name);
  const resolution = resolveOverload(candidates, types);
  assert(resolution.kind === 'found', `aggregate ${name} over ${types.map((t) => t.kind).join(', ')}`);
  const targets = argumentTypes(resolution.declared, types);
  return {
    function: resolution.signature, args, distinct: false, filter: null, order: [], withinGroup: false,
    type: returnType(resolution.signature, resolution.declared, targets),
  };
}

export function truth(value: boolean | null): Expression {
  return { kind: 'literal', type: BOOLEAN, value };
}

export function isNull(input: Expression, negated = false): Expression {
  return { kind: 'test', type: BOOLEAN, test: 'null', negated, input };
}

export function nullOf(type: LogicalType): Expression {
  return { kind: 'literal', type, value: null };
}

export function zero(): Expression {
  return { kind: 'literal', type: INT8, value: 0n };
}

/** left = right for operands of one type; null when that type has no equality. */
export function equality(functions: FunctionRegistry, left: Expression, right: Expression): Expression | null {
  const types = [left.type, right.type];
  const resolution = resolveOverload(functions.operators('=', 2), types);
  if (resolution.kind !== 'found') return null;
  return { kind: 'call', function: resolution.signature, args: [left, right], type: BOOLEAN };
}

/** Is the call an equality whose operands compare as keys do: of one type? */
export function isKeyEquality(e: Expression): e is Expression & { kind: 'call' } {
  return e.kind === 'call' && e.function.operator === true && e.function.name === '=' && e.args.length === 2
    && e.args[0].type.kind === e.args[1].type.kind && e.function.args[0].kind === e.function.args[1].kind;
}

const FAMILIES: readonly (readonly LogicalType[])[] = [[INT2, INT4, INT8], [FLOAT4, FLOAT8]];

/** The type in which operands of two types are the same key exactly where `=` is true, or null: the wider of one family. */
export function commonKeyType(a: LogicalType, b: LogicalType): LogicalType | null {
  if (a.kind === b.kind) return a;
  for (const family of FAMILIES) {
    const [i, j] = [a, b].map((t) => family.findIndex((f) => f.kind === t.kind));
    if (i >= 0 && j >= 0) return family[Math.max(i, j)];
  }
  return null;
}

/** As isKeyEquality, but the operands may be of two widths of one family: the compiler widens them. */
export function isJoinEquality(e: Expression): e is Expression & { kind: 'call' } {
  return isKeyEquality(e) || (e.kind === 'call' && e.function.operator === true && e.function.name === '='
    && e.args.length === 2 && commonKeyType(e.args[0].type, e.args[1].type) !== null
    && commonKeyType(e.function.args[0], e.function.args[1]) !== null);
}

/** The key with both sides of one layout. */
export function unifiedKey(key: EquiKey): EquiKey {
  const type = commonKeyType(key.left.type, key.right.type);
  if (type === null) {
    // name and text, varchar and text: the same bytes.
    assert(layoutOf(key.left.type) === layoutOf(key.right.type), `join key of ${key.left.type.kind} and ${key.right.type.kind}`);
    return key;
  }
  const as = (e: Expression): Expression => (e.type.kind === type.kind ? e : { kind: 'cast', input: e, type, explicit: false });
  return { ...key, left: as(key.left), right: as(key.right) };
}
