// Recursive: WITH RECURSIVE, by semi-naive iteration over a circuit of its own, the step.
//
// Law: the output is the least fixed point over what the inputs sum to. Where the step is monotone, or of UNION ALL linear, an
// epoch goes on from where the last one stopped: with UNION, what it takes away is deleted with all that hangs on it, and
// what is derived otherwise comes back (derived-rows.ts). Any other is computed anew from the inputs held, and the difference
// to the output held is what comes out. A recursion that does not end has an error instead of rows, as long as it does not.
import { atOnce } from '../data/at-once.ts';
import { Delta, concatDeltas, deltaBytes } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import { Arrangement } from '../state/arrangement.ts';
import { cancel, consolidate } from '../state/consolidate.ts';
import { rowNumbers } from '../state/scratch.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { DerivedRows } from './derived-rows.ts';
import { Distinct } from './distinct.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { collect } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { RowErrors } from './row-errors.ts';

export interface RecursionLimits {
  readonly iterations: number;
  readonly rows: number;
}

export const RECURSION_LIMITS: RecursionLimits = { iterations: 100_000, rows: 5_000_000 };

/** The step; its sources are the working table and then what else it reads. */
export interface StepCircuit {
  step(inputs: readonly Delta[], context: StepContext): Delta;
  stateSize(): StateSize;
}

export interface RecursiveSpec {
  readonly name: string;
  /** Of the base, the working table, the step's result and the output. */
  readonly schema: Schema;
  /** UNION ALL. */
  readonly all: boolean;
  readonly reads: readonly Schema[];
  /** A new circuit without state. */
  readonly step: () => StepCircuit;
  /**
   * linear: the step of a sum of working tables is the sum of the steps. monotone: and more rows in any input never
   * take a row away. general: neither is known.
   */
  readonly shape: 'general' | 'linear' | 'monotone';
  /** It runs once, over a snapshot: nothing is kept for later. */
  readonly once: boolean;
  /** The reader takes no more rows than these. */
  readonly enough: number | null;
  readonly limits: RecursionLimits;
}

/** A fixed point that further changes can go on from. */
interface Live {
  readonly circuit: StepCircuit;
  /** null: UNION ALL. */
  readonly seen: Distinct | DerivedRows | null;
}

export class Recursive implements Operator {
  readonly name: string;
  readonly schema: Schema;
  readonly #spec: RecursiveSpec;
  readonly #inputs: readonly Arrangement[];
  readonly #output: Arrangement;
  #errors = new RowErrors();
  #live: Live | null = null;
  /** Inputs are held whose errors and fixed point are not known again yet. */
  #restored = false;

  /** Inputs: the base, then what the step reads. */
  constructor(spec: RecursiveSpec) {
    this.name = `recursive union${spec.all ? ' all' : ''}`;
    this.schema = spec.schema;
    this.#spec = spec;
    this.#inputs = [spec.schema, ...spec.reads].map((s) => new Arrangement(s, null));
    this.#output = new Arrangement(spec.schema, null);
  }

  step(inputs: readonly Delta[], context: StepContext): Delta {
    if (this.#spec.once) return atOnce(this.#compute(inputs.map(cancel), context, this.#errors, context));
    const before = this.#restored ? this.#recover(context) : null;
    const deltas = inputs.map(cancel);
    const { shape, all } = this.#spec;
    const change = this.#live !== null && (shape === 'monotone' || (shape === 'linear' && all))
      ? this.#extend(this.#live, deltas, context) : this.#recompute(deltas, context);
    return before === null ? change : concatDeltas([before, change]);
  }

  *pieces(inputs: readonly Pieces[], context: PieceContext): Pieces {
    const deltas: Delta[] = [];
    let bytes = 0;
    for (const input of inputs) {
      const delta = yield* collect(input, context);
      bytes += deltaBytes(delta);
      deltas.push(cancel(delta));
    }
    yield yield* this.#compute(deltas, context, this.#errors, context);
    context.hold(-bytes);
  }

  /** After a restore: the errors readers know of, and rows that equal the held ones but are written otherwise. */
  #recover(context: StepContext): Delta {
    this.#restored = false;
    return this.#replace(atOnce(this.#compute(this.#held(), context, this.#errors, null)));
  }

  #held(): readonly Delta[] {
    return this.#inputs.map(rowsOf);
  }

  #extend(live: Live, deltas: readonly Delta[], context: StepContext): Delta {
    const errors = new RowErrors();
    const change = this.#orNull(() => new Iteration(this.#spec, live, errors.collecting(context), this.#output.netRows())
      .change(deltas[0], deltas.slice(1)));
    if (change === null) return this.#recompute(deltas, context);
    this.#hold(deltas);
    this.#output.apply(change);
    this.#errors.addAll(errors);
    errors.report(context, 1);
    return change;
  }

  /** null where a limit was met, or computing anew is less work. */
  #orNull(run: () => Delta): Delta | null {
    try {
      return run();
    } catch (error) {
      if (error instanceof RecursionLimitError || error instanceof MuchLostError) return null;
      throw error;
    }
  }

  #hold(deltas: readonly Delta[]): void {
    for (const [i, delta] of deltas.entries()) this.#inputs[i].apply(delta);
  }

  #recompute(deltas: readonly Delta[], context: StepContext): Delta {
    this.#hold(deltas);
    const errors = new RowErrors();
    const change = this.#replace(atOnce(this.#compute(this.#held(), context, errors, null)));
    this.#errors.report(context, -1);
    errors.report(context, 1);
    this.#errors = errors;
    return change;
  }

  #replace(rows: Delta): Delta {
    const old = rowsOf(this.#output);
    const change = consolidate(concatDeltas([rows, old.negate()]));
    this.#output.apply(change);
    return change;
  }

  /** The fixed point over whole inputs. `into`: where errors go besides `errors`. */
  *#compute(
    inputs: readonly Delta[], context: StepContext, errors: RowErrors, into: StepContext | null,
  ): Generator<null, Delta> {
    const { all, shape } = this.#spec;
    const seen = all ? null : shape === 'monotone' && !this.#spec.once ? new DerivedRows(this.schema) : new Distinct(this.schema);
    const live: Live = { circuit: this.#spec.step(), seen };
    const run = new Iteration(this.#spec, live, errors.collecting(context), 0);
    this.#live = null;
    let rows: Delta;
    try {
      rows = yield* this.#spec.shape === 'general' ? run.general(inputs[0], inputs.slice(1), errors)
        : run.linear(inputs[0], inputs.slice(1));
      if (!this.#spec.once) this.#live = live;
    } catch (error) {
      if (!(error instanceof RecursionLimitError)) throw error;
      errors.clear();
      errors.add(error.cause, 1);
      rows = Delta.empty(this.schema);
    }
    if (into !== null) errors.report(into, 1);
    return rows;
  }

  /** Nothing closes in a recursion: its rows have no event time of their own. */
  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    for (const [i, input] of this.#inputs.entries()) input.save(`input${i}`, out);
    this.#output.save('output', out);
  }

  restore(from: StateReader): void {
    for (const [i, input] of this.#inputs.entries()) input.restore(`input${i}`, from);
    this.#output.restore('output', from);
    this.#restored = true;
  }

  stateSize(): StateSize {
    const live = this.#live;
    const sizes = [...this.#inputs.map((i) => i.size()), this.#output.size(),
      ...(live === null ? [] : [live.circuit.stateSize()]),
      ...(live === null || live.seen === null ? [] : [live.seen.stateSize()])];
    return { rows: sizes.reduce((n, s) => n + s.rows, 0), bytes: sizes.reduce((n, s) => n + s.bytes, 0) };
  }
}

/** All rows, in memory of their own. */
function rowsOf(held: Arrangement): Delta {
  const all = concatDeltas([Delta.empty(held.schema), ...held.scan()]);
  return all.take(Int32Array.from(rowNumbers(all.length)));
}

/** Iterations of the step until nothing new comes; they yield between any two rounds. */
class Iteration {
  readonly #spec: RecursiveSpec;
  readonly #live: Live;
  readonly #context: StepContext;
  readonly #parts: Delta[] = [];
  readonly #nothing: readonly Delta[];
  #rows: number;
  #count = 0;

  constructor(spec: RecursiveSpec, live: Live, context: StepContext, rows: number) {
    this.#spec = spec;
    this.#live = live;
    this.#context = context;
    this.#rows = rows;
    this.#nothing = spec.reads.map((s) => Delta.empty(s));
  }

  /** As linear, from a fixed point on; of UNION deletions first. Requires: the step is monotone, or it is UNION ALL. */
  change(base: Delta, reads: readonly Delta[]): Delta {
    const { seen } = this.#live;
    if (!(seen instanceof DerivedRows)) return atOnce(this.linear(base, reads));
    const most = this.#rows * MUCH + FEW;
    let lost = 0;
    let inputs = reads.map(negative);
    let front = this.#counted(seen.lose(negative(base)));
    if (front.length > 0 || inputs.some((d) => d.length > 0)) {
      do {
        front = this.#counted(seen.lose(consolidate(this.#live.circuit.step([front, ...inputs], this.#context))));
        inputs = this.#nothing.slice();
        lost += front.length;
        if (lost > most) throw new MuchLostError();
      } while (front.length > 0);
    }
    const back = this.#counted(seen.restored());
    return atOnce(this.linear(positive(base), reads.map(positive), back));
  }

  /** Each round takes the rows the last one added. */
  *linear(base: Delta, reads: readonly Delta[], back: Delta | null = null): Generator<null, Delta> {
    let inputs = reads;
    const first = this.#fresh(base);
    let front = back === null || back.length === 0 ? first : concatDeltas([first, back]);
    do {
      front = this.#fresh(this.#live.circuit.step([front, ...inputs], this.#context));
      inputs = this.#nothing;
      yield null;
    } while (front.length > 0 && !this.#enough());
    return this.#result();
  }

  /**
   * The working table is exchanged for the next one, so that whatever the step does sees that one alone. Errors of
   * each round stay, though the rows they belong to go.
   */
  *general(base: Delta, reads: readonly Delta[], errors: RowErrors): Generator<null, Delta> {
    const lasting = new RowErrors();
    let inputs = reads;
    let previous = Delta.empty(this.#spec.schema);
    let front = this.#fresh(base);
    let all = Delta.empty(this.#spec.schema);
    while (front.length > 0 && !this.#enough()) {
      const change = consolidate(concatDeltas([front, previous.negate()]));
      const out = this.#live.circuit.step([change, ...inputs], this.#context);
      inputs = this.#nothing;
      all = consolidate(concatDeltas([all, out]));
      lasting.addAll(errors);
      previous = front;
      front = this.#fresh(all);
      yield null;
    }
    errors.clear();
    errors.addAll(lasting);
    return this.#result();
  }

  /** What of these rows goes on: UNION takes each row once. */
  #fresh(rows: Delta): Delta {
    const { name, limits } = this.#spec;
    const { seen } = this.#live;
    const front = this.#counted(seen === null ? consolidate(rows)
      : seen instanceof Distinct ? seen.step([rows], this.#context) : seen.gain(rows));
    if (this.#rows > limits.rows) {
      throw new RecursionLimitError(new DatabaseError('53400', `recursive query "${name}" has more than ${limits.rows} rows`));
    }
    if (this.#count++ > limits.iterations) {
      throw new RecursionLimitError(new DatabaseError('54001',
        `recursive query "${name}" did not end within ${limits.iterations} iterations`));
    }
    return front;
  }

  /** Part of the result. */
  #counted(front: Delta): Delta {
    for (let i = 0; i < front.length; i++) this.#rows += front.weights[i];
    this.#parts.push(front);
    return front;
  }

  #enough(): boolean {
    const { enough } = this.#spec;
    return enough !== null && this.#rows >= enough;
  }

  #result(): Delta {
    return concatDeltas([Delta.empty(this.#spec.schema), ...this.#parts]);
  }
}

function negative(delta: Delta): Delta {
  return delta.take(Int32Array.from(rowNumbers(delta.length)).filter((i) => delta.weights[i] < 0));
}

function positive(delta: Delta): Delta {
  return delta.take(Int32Array.from(rowNumbers(delta.length)).filter((i) => delta.weights[i] > 0));
}

/** More of the rows that go, and may come back, than this share: computing all of them anew is not more work. */
const MUCH = 0.5;
const FEW = 256;

class MuchLostError extends Error {}

class RecursionLimitError extends Error {
  override readonly cause: DatabaseError;

  constructor(cause: DatabaseError) {
    super(cause.message);
    this.cause = cause;
  }
}
