// Column pruning: nothing is read, joined or carried along that nobody looks at.
import type { Expression } from '../../engine/expression/expression.ts';
import { BOOLEAN } from '../../engine/data/types.ts';
import { columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import type { LogicalPlan, ScanLookup } from '../plan/logical-plan.ts';
import { asofJoinOf, selectColumns, showsLeftOnly, width } from '../plan/make.ts';
import { expressionsOf, mapExpressions, mapInputs, visitPlan } from '../plan/map-plan.ts';
import { expressionMayFail, mayFail } from './may-fail.ts';
import type { Rewrite, RewriteContext } from './rewrite.ts';
import { mapColumnIndexes, range } from './unnest.ts';
import { truth } from './written-calls.ts';

export const pruneColumns: Rewrite = {
  name: 'prune-columns',
  apply: (plan, context) => new Pruner(context).prune(plan, range(0, width(plan))),
};

type Columns = readonly number[];
type Of<K extends LogicalPlan['kind']> = LogicalPlan & { readonly kind: K };

const ROWS: LogicalPlan['schema'] = { columns: [{ name: '?column?', type: BOOLEAN }] };

type Extension = Of<'assign-window' | 'session-window' | 'project-set' | 'window'>;

const sorted = (...parts: readonly Iterable<number>[]): Columns =>
  [...new Set(parts.flatMap((p) => [...p]))].sort((a, b) => a - b);

function hasVolatile(plan: LogicalPlan): boolean {
  let found = false;
  visitPlan(plan, (node) => {
    found ||= expressionsOf(node).some(isVolatile);
  });
  return found;
}

class Pruner {
  readonly #shared = new Map<number, LogicalPlan>();
  /** Rows without columns may be read. Why not for views: state is kept under what their circuits were compiled to before. */
  readonly #bare: boolean;
  readonly #context: RewriteContext;

  constructor(context: RewriteContext) {
    this.#context = context;
    this.#bare = context.once;
  }

  /** For who looks at no column, only at how many rows there are: those of a relation can be had without reading pages. */
  #counted(plan: LogicalPlan): LogicalPlan {
    const schema = { columns: [] };
    switch (plan.kind) {
      case 'scan': return plan.lookup === null ? { ...plan, columns: [], schema } : this.prune(plan, []);
      case 'project':
        return plan.expressions.some(isVolatile) ? this.prune(plan, [])
          : { ...plan, input: this.#counted(plan.input), expressions: [], schema };
      case 'set-operation': {
        if (plan.operation !== 'union' || !plan.all) return this.prune(plan, []);
        return { ...plan, inputs: plan.inputs.map((i) => selectColumns(this.#counted(i), [])), schema };
      }
      default: return this.prune(plan, []);
    }
  }

  /** The plan with exactly these of its columns, ascending. One is kept, or made, where none is wanted. */
  prune(plan: LogicalPlan, wanted: Columns): LogicalPlan {
    return wanted.length === 0 && width(plan) > 0 ? this.#unread(plan) : this.#node(plan, wanted);
  }

  /** Somebody looks at how many rows there are, and at none of their columns: what may fail is not computed for that. */
  #unread(plan: LogicalPlan): LogicalPlan {
    if (!mayFail(plan, this.#context)) return this.#node(plan, [0]);
    switch (plan.kind) {
      case 'filter': case 'limit': case 'join': case 'window': return this.#node(plan, []);
      case 'project': return plan.expressions.some(isVolatile) ? this.#node(plan, [0]) : this.#rowsOf(plan.input);
      case 'set-operation':
        if (plan.operation !== 'union' || !plan.all) return this.#node(plan, [0]);
        return { ...plan, inputs: plan.inputs.map((i) => this.#rowsOf(i)), schema: ROWS };
      case 'aggregate':
        return plan.keys.length === 0 && plan.sets === null
          ? { kind: 'values', rows: [[truth(true)]], schema: ROWS } : this.#node(plan, [0]);
      default: return this.#node(plan, [0]);
    }
  }

  /** A column of its own for as many rows as there are. */
  #rowsOf(plan: LogicalPlan): LogicalPlan {
    return { kind: 'project', input: this.prune(plan, []), expressions: [truth(true)], schema: ROWS };
  }

  /** Exactly these columns; where none is needed, whichever there are. */
  #node(plan: LogicalPlan, needed: Columns): LogicalPlan {
    const schema = { columns: needed.map((c) => plan.schema.columns[c]) };
    switch (plan.kind) {
      case 'scan': return { ...plan, columns: needed.map((c) => plan.columns[c]), schema, lookup: narrowed(plan.lookup, needed) };
      case 'constant': return { ...plan, columns: needed.map((c) => plan.columns[c]), schema };
      case 'values': return { ...plan, rows: plan.rows.map((r) => needed.map((c) => r[c])), schema };
      case 'single-row': return plan;
      case 'working-table': return selectColumns(plan, needed);
      case 'filter': case 'limit': case 'emit-on-close': case 'temporal-filter': return this.#same(plan, needed);
      case 'project': {
        const kept = needed.map((c) => plan.expressions[c]);
        const below = sorted(columnsOf(...kept));
        return { ...plan, input: this.prune(plan.input, below), expressions: kept.map((e) => renumber(e, below)), schema };
      }
      case 'join': return this.#join(plan, needed);
      case 'asof-join': return this.#asofJoin(plan, needed);
      case 'aggregate': return this.#aggregate(plan, needed);
      case 'distinct': {
        if (plan.on === null) return selectColumns(mapInputs(plan, (i) => this.prune(i, range(0, width(i)))), needed);
        return this.#same(plan, needed);
      }
      case 'set-operation': {
        if (plan.operation !== 'union' || !plan.all) {
          return selectColumns(mapInputs(plan, (i) => this.prune(i, range(0, width(i)))), needed);
        }
        return { ...plan, inputs: plan.inputs.map((i) => this.prune(i, needed)), schema };
      }
      case 'assign-window': case 'session-window': case 'project-set': return this.#extension(plan, needed);
      case 'window': return this.#window(plan, needed);
      case 'shared': return selectColumns({ ...plan, input: this.#sharedInput(plan) }, needed);
      case 'apply': case 'recursive':
        return selectColumns(mapInputs(plan, (i) => this.prune(i, range(0, width(i)))), needed);
    }
  }

  #sharedInput(plan: Of<'shared'>): LogicalPlan {
    const known = this.#shared.get(plan.id);
    if (known !== undefined) return known;
    const input = this.prune(plan.input, range(0, width(plan.input)));
    this.#shared.set(plan.id, input);
    return input;
  }

  /** Nodes that show their input's columns. */
  #same(plan: Of<'filter' | 'limit' | 'emit-on-close' | 'temporal-filter' | 'distinct'>, needed: Columns): LogicalPlan {
    const below = sorted(needed, ownColumns(plan));
    const input = this.prune(plan.input, below);
    const to = (c: number): number => below.indexOf(c);
    const schema = input.schema;
    let kept: LogicalPlan;
    switch (plan.kind) {
      case 'filter': kept = { ...plan, input, schema, condition: renumber(plan.condition, below) }; break;
      case 'limit':
        kept = {
          ...plan, input, schema, partition: plan.partition.map(to),
          order: plan.order.map((k) => ({ ...k, column: to(k.column) })),
        };
        break;
      case 'emit-on-close': kept = { ...plan, input, schema, column: to(plan.column) }; break;
      case 'temporal-filter':
        kept = { ...plan, input, schema, bounds: plan.bounds.map((b) => ({ ...b, column: to(b.column) })) };
        break;
      case 'distinct':
        kept = {
          ...plan, input, schema, on: plan.on === null ? null : {
            columns: plan.on.columns.map(to), order: plan.on.order.map((k) => ({ ...k, column: to(k.column) })),
          },
        };
    }
    return needed.length === 0 ? kept : selectColumns(kept, needed.map(to));
  }

  #join(plan: Of<'join'>, needed: Columns): LogicalPlan {
    const left = width(plan.left);
    // A subquery's value that nobody looks at: there is one for each row, so that the rows stay as they are.
    if (plan.join === 'single' && needed.every((c) => c < left) && !hasVolatile(plan.right)) return this.prune(plan.left, needed);
    const own = plan.condition === null ? [] : columnsOf(plan.condition);
    const all = sorted(needed, own);
    const fromLeft = sorted(all.filter((c) => c < left), columnsOf(...plan.keys.map((k) => k.left)));
    const exists = plan.join === 'semi' || plan.join === 'anti';
    const fromRight = exists && computesOutputs(plan.right) && mayFail(plan.right, this.#context) ? range(0, width(plan.right))
      : sorted(all.filter((c) => c >= left).map((c) => c - left), columnsOf(...plan.keys.map((k) => k.right)));
    const [l, r] = [this.prune(plan.left, fromLeft), this.prune(plan.right, fromRight)];
    const to = (c: number): number => (c < left ? fromLeft.indexOf(c) : width(l) + fromRight.indexOf(c - left));
    const one = showsLeftOnly(plan.join);
    const joined: LogicalPlan = {
      ...plan, left: l, right: r,
      keys: plan.keys.map((k) => ({ ...k, left: renumber(k.left, fromLeft), right: renumber(k.right, fromRight) })),
      condition: plan.condition === null ? null : mapColumnIndexes(plan.condition, to),
      schema: { columns: one ? l.schema.columns : [...l.schema.columns, ...r.schema.columns] },
    };
    return needed.length === 0 ? joined : selectColumns(joined, needed.map(to));
  }

  #asofJoin(plan: Of<'asof-join'>, needed: Columns): LogicalPlan {
    const left = width(plan.left);
    const fromLeft = sorted(needed.filter((c) => c < left), plan.keys.map((k) => k.left), [plan.time.left]);
    const fromRight = sorted(needed.filter((c) => c >= left).map((c) => c - left), plan.keys.map((k) => k.right),
      [plan.time.right]);
    const to = { left: (c: number): number => fromLeft.indexOf(c), right: (c: number): number => fromRight.indexOf(c) };
    const joined = asofJoinOf({
      ...plan, left: this.prune(plan.left, fromLeft), right: this.prune(plan.right, fromRight),
      keys: plan.keys.map((k) => ({ ...k, left: to.left(k.left), right: to.right(k.right) })),
      time: { left: to.left(plan.time.left), right: to.right(plan.time.right) },
    });
    return selectColumns(joined, needed.map((c) => (c < left ? to.left(c) : fromLeft.length + to.right(c - left))));
  }

  #aggregate(plan: Of<'aggregate'>, needed: Columns): LogicalPlan {
    const keys = plan.keys.length;
    const used = plan.aggregates.flatMap((_, i) => (needed.includes(keys + i) ? [i] : []));
    const none = used.length === 0 && keys === 0 && plan.groupings.length === 0;
    const calls = none ? range(0, Math.min(1, plan.aggregates.length)) : used;
    const kept: LogicalPlan = {
      ...plan, aggregates: calls.map((i) => plan.aggregates[i]),
      schema: {
        columns: [...plan.schema.columns.slice(0, keys), ...calls.map((i) => plan.schema.columns[keys + i]),
          ...plan.schema.columns.slice(keys + plan.aggregates.length)],
      },
    };
    const below = sorted(columnsOf(...expressionsOf(kept)));
    const input = this.#bare && below.length === 0 ? this.#counted(plan.input) : this.prune(plan.input, below);
    const renumbered = mapExpressions(kept, (e) => renumber(e, below));
    const to = (c: number): number => {
      if (c < keys) return c;
      const call = calls.indexOf(c - keys);
      return call >= 0 ? keys + call : c - (plan.aggregates.length - calls.length);
    };
    return selectColumns(mapInputs(renumbered, () => input), needed.map(to));
  }

  /** Nodes that add columns behind their input's. */
  #extension(plan: Extension, needed: Columns): LogicalPlan {
    const old = width(plan.input);
    const below = sorted(needed.filter((c) => c < old), ownColumns(plan));
    const input = this.prune(plan.input, below);
    const renumbered = mapExpressions(plan, (e) => renumber(e, below));
    const added = plan.schema.columns.slice(old);
    const schema = { columns: [...input.schema.columns, ...added] };
    const to = (c: number): number => below.indexOf(c);
    return selectColumns(extended(renumbered, { input, schema, to }),
      needed.map((c) => (c < old ? to(c) : c - old + width(input))));
  }

  /** Calls that nobody reads are left out; what they would have been over stays where it may fail. */
  #window(plan: Of<'window'>, needed: Columns): LogicalPlan {
    const old = width(plan.input);
    let used = plan.calls.flatMap((_, i) => (needed.includes(old + i) ? [i] : []));
    if (used.length === 0) {
      const over = [...plan.partition, ...plan.order.map((o) => o.expression)];
      if (!over.some((e) => expressionMayFail(e, this.#context))) return this.prune(plan.input, needed);
      used = [0];
    }
    const columns = [...range(0, old), ...used.map((i) => old + i)];
    const kept = {
      ...plan, calls: used.map((i) => plan.calls[i]), schema: { columns: columns.map((c) => plan.schema.columns[c]) },
    };
    return this.#extension(kept, needed.length === 0 ? [old] : needed.map((c) => columns.indexOf(c)));
  }
}

/** EXISTS looks at no outputs, but for those of a query like these (PostgreSQL: simplify_EXISTS_query). */
function computesOutputs(plan: LogicalPlan): boolean {
  switch (plan.kind) {
    case 'aggregate': case 'window': case 'project-set': case 'set-operation': return true;
    case 'project': case 'filter': return computesOutputs(plan.input);
    default: return false;
  }
}

/** What the filter of an ordered look-up reads, the filter above reads, too. */
function narrowed(lookup: ScanLookup | null, needed: Columns): ScanLookup | null {
  if (lookup?.kind !== 'ranges' || lookup.order === null || lookup.order.filter === null) return lookup;
  return { ...lookup, order: { ...lookup.order, filter: renumber(lookup.order.filter, needed) } };
}

interface Below { readonly input: LogicalPlan; readonly schema: LogicalPlan['schema']; readonly to: (column: number) => number }

function extended(plan: LogicalPlan, { input, schema, to }: Below): LogicalPlan {
  switch (plan.kind) {
    case 'assign-window': return { ...plan, input, schema, time: to(plan.time) };
    case 'session-window': return { ...plan, input, schema, time: to(plan.time), keys: plan.keys.map(to) };
    default: return { ...mapInputs(plan, () => input), schema };
  }
}

function renumber(e: Expression, kept: Columns): Expression {
  return mapColumnIndexes(e, (i) => kept.indexOf(i));
}

function ownColumns(plan: LogicalPlan): Columns {
  const own = columnsOf(...expressionsOf(plan));
  switch (plan.kind) {
    case 'limit': return sorted(own, plan.partition, plan.order.map((k) => k.column));
    case 'distinct': return plan.on === null ? own : sorted(own, plan.on.columns, plan.on.order.map((k) => k.column));
    case 'assign-window': return sorted(own, [plan.time]);
    case 'session-window': return sorted(own, [plan.time], plan.keys);
    case 'emit-on-close': return sorted(own, [plan.column]);
    case 'temporal-filter': return sorted(own, plan.bounds.map((b) => b.column));
    default: return own;
  }
}
