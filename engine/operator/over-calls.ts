// The evaluation of window functions on rows in order.
import { constantVector } from '../data/access.ts';
import type { DatabaseError } from '../data/error.ts';
import type { Schema } from '../data/types.ts';
import { nullVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';
import type { AggregateFunction } from '../function/aggregate/aggregate.ts';
import { frameReach, runningReach } from '../function/ranking/frame-reach.ts';
import type {
  OverArgument, OverCallShape, RankingFunction, Reach, WindowSite, WindowValues,
} from '../function/ranking/window-function.ts';
import { NO_ERRORS, OWN_ROW } from '../function/ranking/window-function.ts';
import type { SortKey } from './operator.ts';
import { hasGroupReach } from './group-reach.ts';
import { FrameAggregate } from './over-aggregate.ts';
import type { Evaluated } from './over-changes.ts';
import { framesOf, offsetErrors } from './over-frame.ts';
import type { Frame, Frames } from './over-frame.ts';
import type { OverRows } from './over-rows.ts';
import { PartitionTotals } from './over-totals.ts';
import { hasRangeReach } from './range-reach.ts';

export interface OverCall extends OverCallShape {
  readonly function: RankingFunction | AggregateFunction;
  /** Of an aggregate: a boolean argument; rows where it is not true do not count. */
  readonly filter: OverArgument | null;
}

export interface OverSpec {
  readonly input: Schema;
  /** The first columns of the input, then the calls. */
  readonly schema: Schema;
  /** Columns of the input; none: one partition. NULLs are equal. */
  readonly partition: readonly number[];
  readonly order: readonly SortKey[];
  readonly calls: readonly OverCall[];
}

/** Aggregates over frames go in turns. */
type BoundCall = (site: WindowSite, context: EvalContext) => WindowValues | Generator<null, WindowValues>;

/** A call, and what it is of a partition's rows before a run of them. */
interface KnownCall {
  readonly call: OverCall;
  readonly totals: PartitionTotals | null;
}

/** The calls of an OVER. */
export class OverCalls {
  readonly #spec: OverSpec;
  readonly #bound: readonly BoundCall[];
  readonly #known: readonly KnownCall[];
  /** Of all of them but those whose reach is by `keyed`. */
  readonly reach: Reach;
  /** Frames whose reach is by the key. */
  readonly keyed: readonly Frame[];

  /** `kept`: totals of partitions are, and told of each change; rows before those that are loaded count by them. */
  constructor(spec: OverSpec, kept: boolean) {
    this.#spec = spec;
    this.#known = spec.calls.map((call) => ({ call, totals: kept ? totalsOf(call) : null }));
    this.#bound = this.#known.map(bindCall);
    const byKey = (call: OverCall): boolean => kept && isFramed(call)
      && (hasRangeReach(call.frame, spec.order) || hasGroupReach(call.frame, spec.order));
    this.reach = this.#known.filter(({ call }) => !byKey(call)).map(reachOf).reduce(joinReach, OWN_ROW);
    this.keyed = [...new Set(spec.calls.filter(byKey).map(({ frame }) => frame))];
  }

  /** There are totals to be told of changes. */
  get counts(): boolean {
    return this.#known.some(({ totals }) => totals !== null);
  }

  get bytes(): number {
    return this.#known.reduce((sum, { totals }) => sum + (totals?.bytes ?? 0), 0);
  }

  /** Rows that come to partitions and go. */
  change(rows: OverRows, partitions: Int32Array, weights: Int32Array): void {
    for (const { call: { args, filter }, totals } of this.#known) {
      totals?.change(partitions, {
        args: args.map((arg) => argumentOf(rows, arg)), filter: filter && argumentOf(rows, filter),
      }, weights);
    }
  }

  /** Room for that many partitions. */
  ensure(partitions: number): void {
    for (const { totals } of this.#known) totals?.ensure(partitions);
  }

  /** Partitions that are empty. */
  clear(partitions: Int32Array): void {
    for (const { totals } of this.#known) totals?.clear(partitions);
  }

  /** In turns. */
  *evaluate(rows: OverRows, context: EvalContext): Generator<null, Evaluated> {
    const { calls, order } = this.#spec;
    const errors = new Map<number, DatabaseError>();
    const site = siteOf(rows, context, order);
    const columns: Vector[] = [];
    for (const [c, evaluate] of this.#bound.entries()) {
      if (rows.evaluated.length === 0) {
        columns.push(nullVector(calls[c].type, 0));
        continue;
      }
      const { frame } = calls[c];
      const offsets = offsetErrors(rows, frame, order.length === 1 ? order[0] : null, context);
      const place = site(frame);
      const made = evaluate(place, context);
      const found = 'vector' in made ? made : yield* made;
      for (const failed of [offsets, place.frameErrors(), found.errors]) {
        for (const [row, error] of failed) if (!errors.has(row)) errors.set(row, error);
      }
      columns.push(found.vector);
      yield null;
    }
    return { rows, columns, errors };
  }
}

function isAggregate(fn: OverCall['function']): fn is AggregateFunction {
  return 'kind' in fn;
}

function isFramed({ function: fn }: OverCall): boolean {
  return isAggregate(fn) || fn.framed === true;
}

function totalsOf(call: OverCall): PartitionTotals | null {
  return isAggregate(call.function) ? PartitionTotals.of({ ...call, aggregate: call.function }) : null;
}

function bindCall({ call, totals }: KnownCall): BoundCall {
  const fn = call.function;
  if (!isAggregate(fn)) return (site) => fn.evaluate(call, site);
  const aggregate = new FrameAggregate({ ...call, aggregate: fn }, totals);
  return (site, context) => aggregate.evaluate(site, context);
}

function reachOf({ call, totals }: KnownCall): Reach {
  if (!isAggregate(call.function)) return call.function.reach(call);
  return totals === null ? frameReach(call.frame) : runningReach(call.frame);
}

function joinReach(a: Reach, b: Reach): Reach {
  return {
    before: Math.max(a.before, b.before), peers: a.peers || b.peers, after: Math.max(a.after, b.after),
    back: Math.max(a.back, b.back), ahead: Math.max(a.ahead, b.ahead),
  };
}

function argumentOf(rows: OverRows, arg: OverArgument): Vector {
  return arg.kind === 'column' ? rows.column(arg.column) : constantVector(arg.type, arg.value, rows.ids.length);
}

/** Calls with the same frame share its limits. */
function siteOf(rows: OverRows, context: EvalContext, order: readonly SortKey[]): (frame: Frame) => WindowSite {
  const known = new Map<Frame, Frames>();
  return (frame) => ({
    rows, argument: (arg) => argumentOf(rows, arg),
    frameErrors: () => known.get(frame)?.errors ?? NO_ERRORS,
    frames: () => {
      const found = known.get(frame) ?? framesOf(rows, frame, order.length === 1 ? order[0] : null, context);
      known.set(frame, found);
      return found;
    },
  });
}
