// OVER: arguments and keys as columns behind the input's, one operator for all calls over the same window.
import type { NodeId } from '../../engine/circuit/builder.ts';
import { notSupported } from '../../engine/data/error.ts';
import type { Column, Schema } from '../../engine/data/types.ts';
import { evaluateConstant } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import { RANKING_FUNCTIONS } from '../../engine/function/ranking/index.ts';
import type { OverArgument } from '../../engine/function/ranking/window-function.ts';
import { checkOffset } from '../../engine/operator/over-frame.ts';
import type { Bound, Frame } from '../../engine/operator/over-frame.ts';
import { Over } from '../../engine/operator/over.ts';
import type { OverCall } from '../../engine/operator/over-calls.ts';
import { Project } from '../../engine/operator/project.ts';
import type { FrameBound, WindowCall, WindowFrame, WindowPlan } from '../plan/logical-plan.ts';
import { sameExpression } from '../plan/same-expression.ts';
import type { Compiler } from './compile.ts';

export function compileWindow(plan: WindowPlan, compiler: Compiler): NodeId {
  const own = plan.input.schema.columns;
  const expressions: Expression[] = own.map((c, index) => ({ kind: 'column', index, type: c.type }));
  const add = (e: Expression): number => {
    const known = expressions.findIndex((x) => sameExpression(x, e));
    return known >= 0 ? known : expressions.push(e) - 1;
  };
  const argument = (e: Expression): OverArgument => (e.kind === 'literal'
    ? { kind: 'constant', value: e.value, type: e.type } : { kind: 'column', column: add(e), type: e.type });
  const partition = plan.partition.filter((e) => e.kind !== 'literal').map(add);
  const order = plan.order.map(({ expression, descending, nullsFirst }) => ({
    column: add(expression), type: expression.type, descending, nullsFirst,
  }));
  const calls = plan.calls.map((call): OverCall => ({
    function: functionOf(call), args: call.args.map(argument), type: call.type,
    filter: call.filter === null ? null : argument(call.filter), frame: frameOf(call.frame, compiler, add),
  }));
  const node = compiler.node(plan.input);
  const input: Schema = {
    columns: [...own, ...expressions.slice(own.length).map((e, i): Column => ({ name: `c${i + 1}`, type: e.type }))],
  };
  const wider = expressions.length > own.length;
  const below = wider ? compiler.builder.add(new Project(input, expressions), [node]) : node;
  return compiler.builder.add(new Over({ input, schema: plan.schema, partition, order, calls }), [below]);
}

function functionOf(call: WindowCall): OverCall['function'] {
  if (call.aggregate !== null) return call.aggregate;
  const found = RANKING_FUNCTIONS.find((f) => f.name === call.name);
  if (found === undefined) throw notSupported(`the window function ${call.name}`);
  return found;
}

/** `add`: the place of an expression among the columns. */
function frameOf({ mode, start, end, exclude }: WindowFrame, compiler: Compiler, add: (e: Expression) => number): Frame {
  const limit = (bound: FrameBound, which: 'starting' | 'ending'): Bound => {
    if (!('offset' in bound)) return bound;
    if (someExpression(bound.offset, (e) => e.kind === 'column')) return { kind: bound.kind, column: add(bound.offset) };
    const offset = evaluateConstant(bound.offset, compiler.context.evaluation).value;
    checkOffset(offset, mode, which);
    return { kind: bound.kind, offset };
  };
  return { mode, start: limit(start, 'starting'), end: limit(end, 'ending'), exclude };
}
