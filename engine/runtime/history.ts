// History: the moments of the last while, for SELECT .. AS OF: now and then a snapshot, and what each epoch has changed since.
import { concatDeltas } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { RelationLookup, Snapshot } from './contract.ts';
import { OverlaySnapshot } from './snapshot.ts';
import type { RangeLookup } from '../state/key-range.ts';

/** Changes after which the next snapshot is taken: what a reader puts on top of one at most. */
const ROWS = 1 << 16;
const EPOCHS = 1024;

/** An epoch, or the last one that was published by a time, in µs since 1970 UTC. */
export type Moment = { readonly kind: 'epoch'; readonly epoch: bigint } | { readonly kind: 'time'; readonly time: bigint };

interface Step {
  readonly epoch: Epoch;
  readonly time: bigint;
  readonly changes: ReadonlyMap<number, Delta>;
  /** Errors that views carry. */
  readonly errors: ReadonlyMap<number, DatabaseError>;
}

/** A snapshot and the epochs that follow it, before the next one. The first step is its own epoch, without changes. */
interface Stretch {
  readonly snapshot: Snapshot;
  readonly steps: Step[];
  rows: number;
}

export interface HistoryHost {
  snapshot(): Snapshot;
  /** Errors that relations carry now. */
  errors(): ReadonlyMap<number, DatabaseError>;
  /** An error of the relation or of what it reads; `read` gives a relation's own. */
  errorOf(relation: number, read: (relation: number) => DatabaseError | null): DatabaseError | null;
  /** Rows leave the relation without a change being told. */
  ages(relation: number): boolean;
}

export class History {
  readonly #span: bigint;
  readonly #host: HistoryHost;
  readonly #stretches: Stretch[] = [];
  /** The epoch from which on a relation is what it is now, where that is not the beginning. */
  readonly #since = new Map<number, Epoch>();
  #changed = new Set<number>();

  /** `span`: µs that are kept at least. */
  constructor(span: bigint, host: HistoryHost) {
    this.#span = span;
    this.#host = host;
  }

  /** Relations that the coming epoch makes, removes or gives other columns. */
  redefined(relation: number): void {
    this.#changed.add(relation);
  }

  /** Requires: called for every epoch, when it is published; the first time for the one that all begins with. */
  published(epoch: Epoch, time: bigint, outputs: ReadonlyMap<number, readonly Delta[]>): void {
    const last = this.#stretches.at(-1);
    for (const relation of this.#changed) this.#since.set(relation, epoch);
    const reshaped = this.#changed.size > 0;
    this.#changed = new Set();
    const errors = this.#host.errors();
    if (last === undefined || reshaped || last.rows >= ROWS || last.steps.length >= EPOCHS) {
      const step = { epoch, time, changes: new Map(), errors };
      this.#stretches.push({ snapshot: this.#host.snapshot(), steps: [step], rows: 0 });
    } else {
      const changes = new Map<number, Delta>();
      for (const [relation, parts] of outputs) {
        const whole = concatDeltas(parts);
        last.rows += whole.length;
        changes.set(relation, whole);
      }
      last.steps.push({ epoch, time, changes, errors });
    }
    this.#forget(time - this.#span);
  }

  #forget(before: bigint): void {
    while (this.#stretches.length > 1 && this.#stretches[1].steps[0].time <= before) this.#stretches.shift()?.snapshot.release();
  }

  /** Throws 22023 for a moment that is not kept or has not come. What is returned need not be released. */
  at(moment: Moment): Snapshot {
    const before = ({ epoch, time }: Step): boolean =>
      (moment.kind === 'epoch' ? BigInt(epoch) <= moment.epoch : time <= moment.time);
    const stretch = this.#stretches.findLast(({ steps }) => before(steps[0]));
    const steps = stretch?.steps.filter((step) => before(step)) ?? [];
    const last = steps.at(-1);
    const newest = this.#stretches.at(-1)?.steps.at(-1);
    if (stretch === undefined || last === undefined) {
      throw outside(moment, 'is no longer available', this.#stretches[0]?.steps[0]);
    }
    if (moment.kind === 'epoch' && newest !== undefined && BigInt(newest.epoch) < moment.epoch) {
      throw outside(moment, 'has not been reached', newest);
    }
    return new HistorySnapshot(stretch.snapshot, steps, last, {
      host: this.#host, since: (relation) => this.#since.get(relation) ?? null,
    });
  }

  get oldest(): Epoch | null {
    return this.#stretches[0]?.steps[0]?.epoch ?? null;
  }
}

function outside(moment: Moment, what: string, bound: Step | undefined): DatabaseError {
  const name = moment.kind === 'epoch' ? `epoch ${moment.epoch}` : 'the time asked for';
  return new DatabaseError('22023', `${name} ${what}`, bound === undefined ? {} : {
    detail: `The ${what === 'has not been reached' ? 'newest' : 'oldest'} is epoch ${bound.epoch}.`,
  });
}

class HistorySnapshot implements Snapshot {
  readonly epoch: Epoch;
  readonly #over: OverlaySnapshot;
  readonly #base: Snapshot;
  readonly #last: Step;
  readonly #past: { readonly host: HistoryHost; since(relation: number): Epoch | null };

  constructor(base: Snapshot, steps: readonly Step[], last: Step, past: {
    readonly host: HistoryHost; since(relation: number): Epoch | null;
  }) {
    const changes = new Map<number, Delta[]>();
    for (const step of steps) {
      for (const [relation, delta] of step.changes) changes.set(relation, [...changes.get(relation) ?? [], delta]);
    }
    this.epoch = last.epoch;
    this.#base = base;
    this.#over = new OverlaySnapshot(base, changes, false);
    this.#last = last;
    this.#past = past;
  }

  #check(relation: number): void {
    const since = this.#past.since(relation);
    if (since !== null && since > this.epoch) {
      throw new DatabaseError('55000', `a relation was created or changed after epoch ${this.epoch}`, {
        detail: `What it is now it is since epoch ${since}.`,
      });
    }
    if (this.#past.host.ages(relation)) throw new DatabaseError('0A000', 'AS OF on a table with retention is not supported');
  }

  scan(relation: number, columns: readonly number[]): Iterable<Delta> {
    this.#check(relation);
    return this.#over.scan(relation, columns);
  }

  lookup(relation: number, columns: readonly number[], lookup: RelationLookup): Delta {
    this.#check(relation);
    return this.#over.lookup(relation, columns, lookup);
  }

  range(relation: number, columns: readonly number[], lookup: RangeLookup): Delta {
    this.#check(relation);
    return this.#over.range(relation, columns, lookup);
  }

  error(relation: number): DatabaseError | null {
    return this.#past.host.errorOf(relation, (id) => this.#last.errors.get(id) ?? null);
  }

  rowCount(relation: number): number {
    return this.#over.rowCount(relation);
  }

  watermark(relation: number): Watermark {
    return this.#base.watermark(relation);
  }

  release(): void {
    // The history holds what it reads.
  }
}
