// Subscription: a bounded queue of an epoch's deltas for one reader; a slow reader's are added up.
import { Delta, concatDeltas } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import type { Epoch } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import { consolidate } from '../state/consolidate.ts';
import type { Snapshot, Subscription, SubscriptionEvent } from './contract.ts';

export interface SubscriptionLimits {
  /** Rows waiting from which on deltas are added up into one. */
  readonly soft: number;
  /** Rows waiting after that at which the subscription ends. */
  readonly hard: number;
}

const LIMITS: SubscriptionLimits = { soft: 65_536, hard: 4_194_304 };

export interface SubscriptionOptions {
  readonly relation: number;
  readonly schema: Schema;
  readonly progress: boolean;
  /** Rows to begin with; released by the subscription. */
  readonly snapshot: Snapshot | null;
  readonly limits?: SubscriptionLimits;
  closed(subscription: DeltaSubscription): void;
}

export class DeltaSubscription implements Subscription {
  readonly relation: number;
  readonly #options: SubscriptionOptions;
  readonly #limits: SubscriptionLimits;
  readonly #empty: Delta;
  #waiting: SubscriptionEvent[] = [];
  #rows = 0;
  #wake: (() => void) | null = null;
  #ended = false;
  #error: DatabaseError | null = null;

  constructor(options: SubscriptionOptions) {
    this.relation = options.relation;
    this.#options = options;
    this.#limits = options.limits ?? LIMITS;
    this.#empty = Delta.empty(options.schema);
  }

  /** The relation's change in an epoch, consolidated; null when there is none. */
  offer(epoch: Epoch, delta: Delta | null): void {
    if (this.#ended) return;
    const last = this.#waiting.at(-1);
    if (delta === null || delta.length === 0) {
      if (!this.#options.progress) return;
      // Only the latest progress mark matters.
      if (last !== undefined && last.delta.length === 0) this.#waiting.pop();
      this.#waiting.push({ epoch, delta: this.#empty });
    } else {
      this.#waiting.push({ epoch, delta });
      this.#rows += delta.length;
      if (this.#rows > this.#limits.soft) this.#merge(epoch);
    }
    this.#notify();
  }

  #merge(epoch: Epoch): void {
    if (this.#waiting.length > 1) {
      const delta = consolidate(concatDeltas(this.#waiting.map((event) => event.delta)));
      this.#waiting = [{ epoch, delta }];
      this.#rows = delta.length;
    }
    if (this.#rows <= this.#limits.hard) return;
    this.end(new DatabaseError('53400', 'subscription was cancelled because its reader is too slow', {
      detail: `More than ${this.#limits.hard} changes were waiting.`,
    }));
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Ends the iteration, with an error if one is given. What was waiting is dropped then. */
  end(error: DatabaseError | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error !== null) this.#waiting = [];
    this.#options.closed(this);
    this.#notify();
  }

  close(): void {
    this.#waiting = [];
    this.#options.snapshot?.release();
    this.end(null);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SubscriptionEvent> {
    try {
      yield* this.#first();
      for (;;) {
        const event = this.#waiting.shift();
        if (event !== undefined) {
          this.#rows -= event.delta.length;
          yield event;
          continue;
        }
        if (this.#error !== null) throw this.#error;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
    }
  }

  *#first(): Generator<SubscriptionEvent> {
    const { snapshot, schema } = this.#options;
    if (snapshot === null) return;
    try {
      for (const delta of snapshot.scan(this.relation, schema.columns.map((_, c) => c))) {
        if (this.#ended) return;
        if (delta.length > 0) yield { epoch: snapshot.epoch, delta };
      }
      if (this.#options.progress) yield { epoch: snapshot.epoch, delta: this.#empty };
    } finally {
      snapshot.release();
    }
  }
}
