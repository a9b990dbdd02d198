// WITH RECURSIVE → a Recursive operator: what does not depend on the working table is computed outside, once and
// incrementally; the rest is the step, a circuit of its own.
import type { NodeId } from '../../engine/circuit/builder.ts';
import type { Circuit } from '../../engine/circuit/contract.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Schema } from '../../engine/data/types.ts';
import { Recursive, RECURSION_LIMITS } from '../../engine/operator/recursive.ts';
import type { RecursiveSpec } from '../../engine/operator/recursive.ts';
import type { LogicalPlan, RecursivePlan } from '../plan/logical-plan.ts';
import { inputsOf, somePlan } from '../plan/map-plan.ts';
import type { Compiler } from './compile.ts';

/** Nodes of a step that are sources there: working tables by their recursion's id, other plans by identity. */
export interface StepSources {
  readonly working: Map<number, NodeId>;
  readonly plans: Map<LogicalPlan, NodeId>;
}

/** `inner`: a compiler of a new circuit with such sources. */
export function compileRecursive(
  plan: RecursivePlan, outer: Compiler, inner: (sources: StepSources) => Compiler,
): NodeId {
  const base = outer.node(plan.base);
  const outside = outsideOf(plan.step, plan.id);
  const reads = outside.map((p) => outer.node(p));
  const step = (): Circuit => {
    const sources: StepSources = { working: new Map(), plans: new Map() };
    const compiler = inner(sources);
    const source = (schema: Schema, label: string): NodeId =>
      compiler.builder.source({ kind: 'constant', rows: () => Batch.empty(schema), schema }, label);
    sources.working.set(plan.id, source(plan.schema, `WorkTable Scan on ${plan.name}`));
    for (const p of outside) sources.plans.set(p, source(p.schema, 'outside'));
    return compiler.builder.finish(compiler.node(plan.step));
  };
  return outer.builder.add(new Recursive({
    name: plan.name, schema: plan.schema, all: plan.all, reads: outside.map((p) => p.schema), step,
    shape: shapeOf(plan.step, plan.id), once: outer.context.once, enough: plan.enough, limits: RECURSION_LIMITS,
  }), [base, ...reads]);
}

function dependsOn(plan: LogicalPlan, ...ids: readonly number[]): boolean {
  return somePlan(plan, (p) => p.kind === 'working-table' && ids.includes(p.id));
}

/** The largest parts of a step that depend neither on its working table nor on that of a recursion within it. */
function outsideOf(step: LogicalPlan, id: number): readonly LogicalPlan[] {
  const found = new Set<LogicalPlan>();
  const visit = (p: LogicalPlan, ids: readonly number[]): void => {
    if (!dependsOn(p, ...ids)) found.add(p);
    else for (const input of inputsOf(p)) visit(input, p.kind === 'recursive' ? [...ids, p.id] : ids);
  };
  visit(step, [id]);
  return [...found];
}

type Shape = RecursiveSpec['shape'];

const ORDER: readonly Shape[] = ['general', 'linear', 'monotone'];

function least(shapes: readonly Shape[]): Shape {
  return ORDER.find((s) => shapes.includes(s)) ?? 'general';
}

/** Of a plan that depends on the working table. */
function shapeOf(plan: LogicalPlan, id: number): Shape {
  switch (plan.kind) {
    case 'working-table': return plan.id === id ? 'monotone' : 'general';
    case 'filter': case 'project': case 'project-set': case 'assign-window': case 'shared': return shapeOf(plan.input, id);
    case 'limit': return plan.limit === null && plan.offset === null ? shapeOf(plan.input, id) : 'general';
    case 'set-operation': {
      const united = plan.operation === 'union' && plan.all && plan.inputs.every((i) => dependsOn(i, id));
      return united ? least(plan.inputs.map((i) => shapeOf(i, id))) : 'general';
    }
    case 'join': {
      const [left, right] = [dependsOn(plan.left, id), dependsOn(plan.right, id)];
      if (left && right) return 'general';
      const own = shapeOf(left ? plan.left : plan.right, id);
      if (plan.join === 'temporal' || plan.join === 'temporal-left') return 'general';
      if (plan.join === 'inner') return own;
      if (plan.join === 'right') return right ? least([own, 'linear']) : 'general';
      if (plan.join === 'full' || right) return 'general';
      return plan.join === 'semi' ? own : least([own, 'linear']);
    }
    default: return 'general';
  }
}
