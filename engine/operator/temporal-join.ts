// TemporalJoin: FOR SYSTEM_TIME AS OF PROCTIME(): each left row with the right rows of its key as they stand when it comes.
//
// Not a function of what the inputs are now: later changes of the right side change nothing. Of one epoch the right side
// comes first. What a left row was shown with is remembered, so that it can be taken back; of equal left rows the one that
// came last goes first. Deterministic in the order of epochs, which the journal keeps.
// Requires: the inputs sum to multisets.
import { constantVector, datumAt, vectorFromDatums } from '../data/access.ts';
import { Batch } from '../data/batch.ts';
import { Delta, concatDeltas } from '../data/delta.ts';
import { BOOLEAN, INT4, INT8 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { nullVector } from '../data/vector.ts';
import { compileExpression, predicateOrReport } from '../expression/evaluate.ts';
import type { CompiledExpression } from '../expression/compiled.ts';
import type { Expression } from '../expression/expression.ts';
import { Arrangement } from '../state/arrangement.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { consolidate } from '../state/consolidate.ts';
import { JoinSide } from './join-side.ts';
import type { PreparedDelta } from './join-side.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';

export interface TemporalJoinSpec {
  readonly left: Schema;
  readonly right: Schema;
  readonly keys: readonly { readonly left: Expression; readonly right: Expression; readonly nullSafe: boolean }[];
  /** Over left, then right columns; null: true. */
  readonly condition: Expression | null;
  /** Left rows without a match are shown, padded with NULLs. */
  readonly outer: boolean;
}

/** `rows`: the left row of each pair. */
interface Pairs { readonly delta: Delta; readonly rows: readonly number[]; readonly times: readonly number[] }

export class TemporalJoin implements Operator {
  readonly name: string;
  /** Left, then right columns. */
  readonly schema: Schema;
  readonly #outer: boolean;
  readonly #left: JoinSide;
  readonly #right: JoinSide;
  readonly #condition: CompiledExpression | null;
  /** The output's columns, when they came (epoch), how many equal right rows there were, and whether there was one. */
  readonly #shown: Arrangement;
  readonly #width: number;

  constructor({ left, right, keys, condition, outer }: TemporalJoinSpec) {
    this.name = `temporal ${outer ? 'left' : 'inner'} join`;
    this.schema = { columns: [...left.columns, ...right.columns] };
    this.#outer = outer;
    this.#left = new JoinSide(left, keys.map((k) => ({ expression: k.left, nullSafe: k.nullSafe })), 'none');
    this.#right = new JoinSide(right, keys.map((k) => ({ expression: k.right, nullSafe: k.nullSafe })), 'none');
    this.#condition = condition === null ? null : compileExpression(condition);
    this.#width = this.schema.columns.length;
    this.#shown = new Arrangement({
      columns: [
        ...this.schema.columns, { name: 'epoch', type: INT8 }, { name: 'times', type: INT4 }, { name: 'matched', type: BOOLEAN },
      ],
    }, left.columns.map((_, c) => c));
  }

  step([left, right]: readonly Delta[], context: StepContext): Delta {
    if (right.length > 0) {
      const { keyed } = this.#right.prepare(right, context);
      if (keyed.length > 0) this.#right.arrangement.apply(keyed);
    }
    if (left.length === 0) return Delta.empty(this.schema);
    const signs = (positive: boolean): Delta =>
      left.take(Int32Array.from(left.weights.keys()).filter((i) => (positive ? left.weights[i] > 0 : left.weights[i] < 0)));
    const parts = [this.#insert(signs(true), context), this.#retract(signs(false))].filter((d) => d.length > 0);
    return parts.length === 0 ? Delta.empty(this.schema) : concatDeltas(parts);
  }

  #insert(delta: Delta, context: StepContext): Delta {
    if (delta.length === 0) return Delta.empty(this.schema);
    const prepared = this.#left.prepare(delta, context);
    const pairs = this.#pairs(prepared, context);
    const own = this.#left.schema.columns.length;
    const alone: number[] = [];
    const matched = new Set(pairs.rows);
    for (let i = 0; i < prepared.keyed.length; i++) if (!matched.has(i)) alone.push(i);
    const rest = concatDeltas([prepared.keyed.take(Int32Array.from(alone)), prepared.unkeyed]);
    const padded = this.#right.schema.columns.map((c) => nullVector(c.type, rest.length));
    const unmatched = rest.with(new Batch([...rest.batch.columns.slice(0, own), ...padded], rest.length));
    const epoch = BigInt(context.epoch);
    const noted = concatDeltas([
      this.#noted(pairs.delta, pairs.times, true, epoch),
      this.#noted(unmatched, Array.from({ length: unmatched.length }, () => 1), false, epoch),
    ]);
    this.#shown.apply(noted);
    return this.#visible(noted);
  }

  /** Pairs with the left row's weight, and how often the right row is there. */
  #pairs({ keyed, keys }: PreparedDelta, context: StepContext): Pairs {
    const probe = this.#right.arrangement.probe(keys, keyed.length);
    const own = this.#left.schema.columns.length;
    const theirs = this.#right.schema.columns.map((_, c) => c);
    const left = keyed.take(probe.probeRows);
    const right = this.#right.arrangement.pages.gather(probe.rowIds, theirs);
    const all = left.with(new Batch([...left.batch.columns.slice(0, own), ...right.columns], left.length));
    const hits = this.#condition === null ? Int32Array.from(left.weights.keys())
      : predicateOrReport(this.#condition, all.batch, all.weights, context);
    // Equal right rows may be held as several.
    const { pages } = this.#right.arrangement;
    const numbers = vectorFromDatums(INT4, Array.from(hits, (h) => probe.probeRows[h]));
    const found = consolidate(new Delta(new Batch([...all.batch.take(hits).columns, numbers], hits.length),
      hits.map((h) => pages.weight(probe.rowIds[h]))));
    const rows = Array.from(found.weights, (_, i) => Number(datumAt(found.batch.columns[this.#width], i)));
    const delta = new Delta(new Batch(found.batch.columns.slice(0, this.#width), found.length),
      Int32Array.from(rows, (row) => keyed.weights[row]));
    return { delta, rows, times: [...found.weights] };
  }

  #noted({ batch, weights, length }: Delta, times: readonly number[], matched: boolean, epoch: bigint): Delta {
    const notes = [
      constantVector(INT8, epoch, length), vectorFromDatums(INT4, times), constantVector(BOOLEAN, matched, length),
    ];
    return new Delta(new Batch([...batch.columns, ...notes], length), weights);
  }

  /** What is shown of remembered rows. */
  #visible(noted: Delta): Delta {
    const [, times, matched] = noted.batch.columns.slice(this.#width);
    const rows = Int32Array.from(noted.weights.keys()).filter((i) => this.#outer || datumAt(matched, i) === true);
    const shown = noted.take(rows);
    const weights = Int32Array.from(rows, (row) => noted.weights[row] * Number(datumAt(times, row)));
    return new Delta(new Batch(shown.batch.columns.slice(0, this.#width), rows.length), weights);
  }

  /** Each left row's last coming is taken back first. */
  #retract(delta: Delta): Delta {
    const own = this.#left.schema.columns.length;
    const gone: Delta[] = [];
    for (let i = 0; i < delta.length; i++) {
      const row = delta.batch.slice(i, i + 1);
      let left = -delta.weights[i];
      while (left > 0) {
        const held = consolidate(this.#shown.lookup(new Batch(row.columns.slice(0, own), 1)));
        const epochs = held.batch.columns[this.#width];
        const live = Int32Array.from(held.weights.keys()).filter((k) => held.weights[k] > 0);
        if (live.length === 0) break;
        const last = live.reduce((a, b) => (Number(datumAt(epochs, b)) > Number(datumAt(epochs, a)) ? b : a));
        const group = live.filter((k) => datumAt(epochs, k) === datumAt(epochs, last));
        const count = Math.min(left, held.weights[last]);
        const part = new Delta(held.batch.take(group), new Int32Array(group.length).fill(-count));
        this.#shown.apply(part);
        gone.push(this.#visible(part));
        left -= count;
      }
    }
    return gone.length === 0 ? Delta.empty(this.schema) : concatDeltas(gone);
  }

  advance(): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#right.arrangement.save('right', out);
    this.#shown.save('shown', out);
  }

  restore(from: StateReader): void {
    this.#right.arrangement.restore('right', from);
    this.#shown.restore('shown', from);
  }

  stateSize(): StateSize {
    const right = this.#right.arrangement.size();
    const shown = this.#shown.size();
    return { rows: right.rows + shown.rows, bytes: right.bytes + shown.bytes };
  }
}
