// The compiler: LogicalPlan → Circuit, one exhaustive switch; each case names the operator that does the work.
import { CircuitBuilder } from '../../engine/circuit/builder.ts';
import type { NodeId } from '../../engine/circuit/builder.ts';
import type { Circuit } from '../../engine/circuit/contract.ts';
import { Batch } from '../../engine/data/batch.ts';
import { assert, DatabaseError, notSupported, unreachable } from '../../engine/data/error.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Delta } from '../../engine/data/delta.ts';
import { compileExpression, evaluateConstant, predicateOrReport } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { canRaise, columnsOf } from '../../engine/expression/walk.ts';
import { Asked } from '../../engine/operator/asked.ts';
import { AsofJoin } from '../../engine/operator/asof-join.ts';
import { AssignWindowOperator } from '../../engine/operator/assign-window.ts';
import { Distinct } from '../../engine/operator/distinct.ts';
import { EmitOnCloseOperator } from '../../engine/operator/emit-on-close.ts';
import { ErrorScope } from '../../engine/operator/error-scope.ts';
import { Filter } from '../../engine/operator/filter.ts';
import { Join } from '../../engine/operator/join.ts';
import { NotIn } from '../../engine/operator/not-in.ts';
import { ProjectSet } from '../../engine/operator/project-set.ts';
import { Project } from '../../engine/operator/project.ts';
import { SessionWindow } from '../../engine/operator/session-window.ts';
import { SetOperation } from '../../engine/operator/set-operation.ts';
import { TemporalFilter } from '../../engine/operator/temporal-filter.ts';
import { TemporalJoin } from '../../engine/operator/temporal-join.ts';
import { TopK } from '../../engine/operator/top-k.ts';
import { Union } from '../../engine/operator/union.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { RangeLookup } from '../../engine/state/key-range.ts';
import { probeIn } from '../optimizer/index-join.ts';
import { unifiedKey } from '../optimizer/written-calls.ts';
import type { LogicalPlan, ScanLookup, TableCall } from '../plan/logical-plan.ts';
import { width } from '../plan/make.ts';
import { compileAggregate } from './aggregate.ts';
import { isAppendOnly } from './append-only.ts';
import { rowsOf } from './constant-rows.ts';
import { compileRecursive } from './recursive.ts';
import type { StepSources } from './recursive.ts';
import { intervalOf, windowsOf } from './time-window.ts';
import { compileWindow } from './window.ts';

export interface CompileContext {
  /** For constants: limits, window sizes, VALUES, look-up keys. */
  readonly evaluation: EvalContext;
  /** The circuit runs once over a snapshot; otherwise it is a view's. */
  readonly once: boolean;
  /** Milliseconds, where operators are to be timed. */
  readonly timer?: (() => number) | null;
}

type Of<K extends LogicalPlan['kind']> = LogicalPlan & { readonly kind: K };

/** Requires: no apply nodes, no parameters, no holes. */
export function compile(plan: LogicalPlan, context: CompileContext): Circuit {
  const compiler = new Compiler(context);
  const root = compiler.node(plan);
  return compiler.builder.finish(root, context.timer ?? null);
}

export class Compiler {
  readonly builder = new CircuitBuilder();
  readonly context: CompileContext;
  readonly #shared = new Map<number, NodeId>();
  readonly #sources: StepSources | null;
  /** By scan: the node whose rows are the keys it is looked up by. */
  readonly #probes = new Map<LogicalPlan, NodeId>();

  /** `sources`: of a step of WITH RECURSIVE. */
  constructor(context: CompileContext, sources: StepSources | null = null) {
    this.context = context;
    this.#sources = sources;
  }

  node(plan: LogicalPlan): NodeId {
    const { builder } = this;
    const source = this.#sources?.plans.get(plan);
    if (source !== undefined) return source;
    switch (plan.kind) {
      case 'scan': return this.#scan(plan);
      case 'constant': {
        const rows = (): Batch => plan.rows().select(plan.columns);
        return builder.source({ kind: 'constant', rows, schema: plan.schema }, plan.name);
      }
      case 'values': {
        const rows = (): Batch => rowsOf(plan.rows, plan.schema, this.context.evaluation);
        return builder.source({ kind: 'constant', rows, schema: plan.schema }, 'values');
      }
      case 'single-row':
        return builder.source({ kind: 'constant', rows: () => new Batch([], 1), schema: plan.schema }, 'one row');
      case 'filter': return builder.add(new Filter(plan.schema, plan.condition), [this.node(plan.input)]);
      case 'project': {
        const [input, predicate] = plan.input.kind === 'filter' ? [plan.input.input, plan.input.condition] : [plan.input, null];
        return builder.add(new Project(plan.schema, plan.expressions, predicate), [this.node(input)]);
      }
      case 'join': return this.#join(plan);
      case 'asof-join':
        return builder.add(new AsofJoin({ ...plan, left: plan.left.schema, right: plan.right.schema }),
          [this.node(plan.left), this.node(plan.right)]);
      case 'aggregate': return compileAggregate(plan, this);
      case 'distinct': return this.#distinct(plan);
      case 'set-operation': return this.#setOperation(plan);
      case 'limit': return this.#limit(plan);
      case 'assign-window':
        return builder.add(new AssignWindowOperator(plan.input.schema, plan.time, windowsOf(plan, this.context.evaluation)),
          [this.node(plan.input)]);
      case 'session-window': {
        const { time, keys, closing } = plan;
        const gap = intervalOf(plan.gap, this.context.evaluation);
        return builder.add(new SessionWindow({ input: plan.input.schema, time, keys, gap, closing }), [this.node(plan.input)]);
      }
      case 'project-set': return this.#projectSet(plan);
      case 'window': return compileWindow(plan, this);
      case 'shared': {
        const known = this.#shared.get(plan.id);
        if (known !== undefined) return builder.reuse(known);
        const made = this.node(plan.input);
        this.#shared.set(plan.id, made);
        return made;
      }
      case 'emit-on-close': return builder.add(new EmitOnCloseOperator(plan.schema, plan.column), [this.node(plan.input)]);
      case 'temporal-filter': return builder.add(new TemporalFilter(plan.schema, plan.bounds), [this.node(plan.input)]);
      case 'recursive':
        // A step runs many times, whatever the whole circuit does.
        return compileRecursive(plan, this, (sources) => new Compiler({ ...this.context, once: false }, sources));
      case 'working-table': {
        const working = this.#sources?.working.get(plan.id);
        assert(working !== undefined, 'a working table is read in its own step');
        return working;
      }
      case 'apply': throw new DatabaseError('XX000', 'a subquery was not decorrelated');
      default: return unreachable(plan);
    }
  }

  /** A call of several columns that stands in a select list gives them as one record. */
  #projectSet(plan: Of<'project-set'>): NodeId {
    const { outer, ordinality, enough } = plan;
    const calls = plan.calls.map((c) => (packs(c) ? { ...c, types: fieldTypes(c.types[0]) } : c));
    const inputs = plan.input.schema.columns;
    const types = [...calls.flatMap((c) => c.types), ...(ordinality ? [INT8] : [])];
    const schema: Schema = { columns: [...inputs, ...types.map((type, i) => ({ name: `c${i + 1}`, type }))] };
    const node = this.builder.add(new ProjectSet({ calls, outer, ordinality, enough, schema }), [this.node(plan.input)]);
    if (!plan.calls.some(packs)) return node;
    let at = inputs.length;
    const take = (type: LogicalType): Expression => ({ kind: 'column', index: at++, type });
    const packed = plan.calls.flatMap((c, i): Expression[] => {
      const fields = calls[i].types.map(take);
      return packs(c) ? [{ kind: 'row', fields, type: c.types[0] }] : fields;
    });
    const all = [...inputs.map((c, i): Expression => ({ kind: 'column', index: i, type: c.type })), ...packed,
      ...(ordinality ? [take(INT8)] : [])];
    return this.builder.add(new Project(plan.schema, all), [node]);
  }

  #scan(plan: Of<'scan'>): NodeId {
    const { relation, columns, late, schema } = plan;
    if (plan.lookup?.kind === 'ranges') {
      const label = `${plan.name} by ${plan.lookup.path.name}`;
      return this.builder.source({
        kind: 'relation', relation, columns, lookup: null, late, schema, range: rangeOf(plan.lookup, this.context.evaluation),
      }, label);
    }
    if (plan.lookup?.kind === 'probe') {
      const node = this.#probes.get(plan);
      assert(node !== undefined, 'the other side of the join is there before');
      const label = `${plan.name} by ${plan.lookup.path.name}`;
      const probe = { node, columns: plan.lookup.path.columns };
      return this.builder.source({ kind: 'relation', relation, columns, lookup: null, late, schema, probe }, label);
    }
    const lookup = plan.lookup === null ? null : {
      columns: plan.lookup.path.columns,
      keys: rowsOf(plan.lookup.keys, {
        columns: plan.lookup.path.columns.map((_, i) => ({ name: 'key', type: keyType(plan, i) })),
      }, this.context.evaluation),
    };
    const label = plan.lookup === null ? plan.name : `${plan.name} by ${plan.lookup.path.name}`;
    return this.builder.source({ kind: 'relation', relation, columns, lookup, late, schema }, label);
  }

  #join(plan: Of<'join'>): NodeId {
    // Sources are filled in their order: the right side of a temporal join has to be there first.
    const early = plan.join === 'temporal' || plan.join === 'temporal-left' ? this.node(plan.right) : null;
    const inputs = plan.lazy === true ? this.#lazyInputs(plan)
      : this.#probingInputs(plan) ?? [this.node(plan.left), early ?? this.node(plan.right)];
    const [left, right] = [plan.left.schema, plan.right.schema];
    const { join, condition, schema } = plan;
    const keys = plan.keys.map(unifiedKey);
    if (join === 'not-in') {
      const operand = keys[keys.length - 1];
      assert(condition === null, 'NOT IN has no further condition');
      return this.builder.add(new NotIn({ left, right, keys: keys.slice(0, -1), operand }), inputs);
    }
    if (join === 'temporal' || join === 'temporal-left') {
      const outer = join === 'temporal-left';
      // Once, the moment is now.
      if (this.context.once) {
        return this.builder.add(new Join({ kind: outer ? 'left' : 'inner', left, right, keys, condition, schema }), inputs);
      }
      checkTemporal([...keys.flatMap((k) => [k.left, k.right]), ...(condition === null ? [] : [condition])]);
      return this.builder.add(new TemporalJoin({ left, right, keys, condition, outer }), inputs);
    }
    return this.builder.add(new Join({ kind: join, left, right, keys, condition, schema }), inputs);
  }

  /** A side that is looked up comes after the keys that the other side has for it. */
  #probingInputs(plan: Of<'join'>): readonly NodeId[] | null {
    const right = probeIn(plan.right);
    const probed = right ?? probeIn(plan.left);
    if (probed?.lookup?.kind !== 'probe') return null;
    const other = this.node(right === null ? plan.right : plan.left);
    const { keys } = probed.lookup;
    const schema = { columns: keys.map((k, i) => ({ name: `key${i + 1}`, type: k.type })) };
    this.#probes.set(probed, this.builder.add(new Project(schema, keys), [other]));
    return right === null ? [this.node(plan.left), other] : [other, this.node(plan.right)];
  }

  #lazyInputs(plan: Of<'join'>): readonly NodeId[] {
    const left = this.node(plan.left);
    const scope = new ErrorScope();
    const right = this.builder.scoped(scope, () => this.node(plan.right));
    const count = width(plan.left);
    const asked = plan.condition === null ? null
      : conjunction(conjuncts(plan.condition).filter((c) => columnsOf(c).every((i) => i < count)));
    return [this.builder.addListening(new Asked(plan.left.schema, asked, scope), [left], scope), right];
  }

  #distinct(plan: Of<'distinct'>): NodeId {
    const input = this.node(plan.input);
    if (plan.on === null) return this.builder.add(new Distinct(plan.schema), [input]);
    return this.builder.add(new TopK({
      schema: plan.schema, partition: plan.on.columns, order: plan.on.order, limit: 1, offset: 0, withTies: false,
      appendOnly: isAppendOnly(plan.input, this.context.once),
    }), [input]);
  }

  #setOperation(plan: Of<'set-operation'>): NodeId {
    const inputs = plan.inputs.map((i) => this.node(i));
    const { schema, operation, all } = plan;
    if (operation === 'union') {
      const sum = this.builder.add(new Union(schema), inputs);
      return all ? sum : this.builder.add(new Distinct(schema), [sum]);
    }
    const aligned = inputs.map((i) => this.builder.add(new Union(schema), [i]));
    return this.builder.add(new SetOperation(schema, all ? `${operation} all` : operation), aligned);
  }

  #limit(plan: Of<'limit'>): NodeId {
    const input = this.node(plan.input);
    const limit = plan.limit === null ? null : this.count(plan.limit, 'LIMIT');
    const offset = plan.offset === null ? 0 : this.count(plan.offset, 'OFFSET') ?? 0;
    // The rows of a view have no order.
    if (limit === null && offset === 0 && (plan.order.length === 0 || !this.context.once)) return input;
    return this.builder.add(new TopK({
      schema: plan.schema, partition: plan.partition, order: plan.order, limit, offset, withTies: plan.withTies,
      appendOnly: isAppendOnly(plan.input, this.context.once),
    }), [input]);
  }

  /** NULL is no limit. */
  count(e: Expression, clause: 'LIMIT' | 'OFFSET'): number | null {
    return countOf(e, clause, this.context.evaluation);
  }
}

/** The ranges as the runtime reads them; a row on which the filter fails counts, for it is going to be an error. */
function rangeOf(
  { path, types, ranges, order }: Extract<ScanLookup, { readonly kind: 'ranges' }>, evaluation: EvalContext,
): RangeLookup {
  const { columns } = path;
  if (order === null) return { columns, types, ranges, order };
  const filter = order.filter === null ? null : compileExpression(order.filter);
  const passing = filter === null ? null : ({ batch, weights }: Delta): number => {
    let failed = 0;
    const hits = predicateOrReport(filter, batch, weights, { epoch: toEpoch(0), eval: evaluation, error: () => failed++ });
    return hits.length + failed;
  };
  const { descending, enough } = order;
  return { columns, types, ranges, order: { descending, enough, columns: order.columns, passing } };
}

/** What failed when a row came could not be told apart when it is taken back. */
function checkTemporal(expressions: readonly Expression[]): void {
  if (expressions.some((e) => canRaise(e))) throw notSupported('an expression that may fail in the condition of a temporal join');
}

function fieldTypes(type: LogicalType): readonly LogicalType[] {
  return type.kind === 'record' ? type.fields.map((f) => f.type) : [type];
}

function packs(call: TableCall): boolean {
  return call.types.length === 1 && call.types[0].kind === 'record' && ((call.function?.columns?.length ?? 0) > 1
    || call.function?.fields === true);
}

function keyType(plan: Of<'scan'>, i: number): Expression['type'] {
  const first = plan.lookup?.kind === 'keys' ? plan.lookup.keys[0]?.[i] : undefined;
  return first === undefined ? { kind: 'text' } : first.type;
}

/** The value of LIMIT or OFFSET; null for NULL. */
export function countOf(e: Expression, clause: 'LIMIT' | 'OFFSET', evaluation: EvalContext): number | null {
  const { value } = evaluateConstant(e, evaluation);
  if (value === null) return null;
  const count = Number(value);
  if (count < 0) {
    throw new DatabaseError(clause === 'LIMIT' ? '2201W' : '2201X', `${clause} must not be negative`);
  }
  return count;
}
