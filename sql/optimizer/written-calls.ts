// Calls that rewrites write themselves: aggregates and operators by name, and constants.
import { assert } from '../../engine/data/error.ts';
import { BOOLEAN, INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import { argumentTypes, resolveOverload, returnType } from '../binder/overload.ts';
import type { AggregateCall } from '../plan/logical-plan.ts';

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
