// Portal: a statement with its parameters, ready to run or under way; protocol portals and SQL cursors alike.
import { Batch, concatBatches } from '../engine/data/batch.ts';
import type { Datum } from '../engine/data/datum.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { rowBytes } from './kept-memory.ts';
import type { KeptMemory } from './kept-memory.ts';
import type { PreparedStatement } from './prepared-statement.ts';
import type { ResultColumn } from './session-api.ts';
import type { BoundStatement, StatementResult } from './statement/bound.ts';
import type { CursorRows } from './statement/current-of.ts';

export interface PortalOptions {
  readonly name: string;
  readonly text: string;
  readonly creationTime: bigint;
  /** Portals of a session are numbered as they are opened. */
  readonly number: number;
  /** What its client asked for; none: all text. */
  readonly resultFormats?: readonly number[];
}

interface Info {
  readonly name: string;
  readonly statement: string;
  readonly holdable: boolean;
  readonly scrollable: boolean;
  readonly creationTime: bigint;
}

/** What Bind made. */
export class StatementPortal {
  readonly kind = 'statement';
  readonly options: PortalOptions;
  readonly prepared: PreparedStatement;
  readonly bound: BoundStatement | null;
  readonly parameters: readonly Datum[];
  /** Rows not yet asked for, once it runs. */
  rows: RowReader | null = null;
  tag: ((rows: number) => string) | null = null;
  done = false;
  started = false;
  holdable = false;

  constructor(
    options: PortalOptions, prepared: PreparedStatement, bound: BoundStatement | null, parameters: readonly Datum[],
  ) {
    this.options = options;
    this.prepared = prepared;
    this.bound = bound;
    this.parameters = parameters;
  }

  get columns(): readonly ResultColumn[] | null {
    return this.bound?.columns ?? null;
  }

  close(): void {
    this.rows?.close();
  }

  info(): Info {
    const { name, text, creationTime } = this.options;
    return { name, statement: text, holdable: false, scrollable: false, creationTime };
  }
}

/** DECLARE: all rows in hand, a position to move. Rows are counted from 1; 0 is before the first. */
export class CursorPortal {
  readonly kind = 'cursor';
  readonly options: PortalOptions;
  readonly columns: readonly ResultColumn[];
  readonly scroll: boolean;
  readonly holdable: boolean;
  readonly rows: Batch;
  position = 0;
  /** What its query came to instead of rows: said when they are first asked for; then it cannot be run any more. */
  readonly error: unknown;
  broken = false;
  /** Where its rows come from, for WHERE CURRENT OF; null: not from rows of a table. */
  readonly source: CursorRows | null;
  /** WITH HOLD: its transaction has committed. */
  committed = false;
  readonly #kept: KeptMemory;
  #keptBytes: number;

  constructor(options: PortalOptions, result: {
    readonly columns: readonly ResultColumn[]; readonly rows: Batch;
    readonly scroll: boolean; readonly holdable: boolean; readonly error: unknown;
    readonly source: CursorRows | null; readonly kept: KeptMemory;
    /** All that is kept for it: its rows, and what finds them again. */
    readonly all: Batch;
  }) {
    this.#kept = result.kept;
    this.#keptBytes = rowBytes(result.all);
    this.#kept.keep(this.#keptBytes);
    this.options = options;
    this.columns = result.columns;
    this.rows = result.rows;
    this.scroll = result.scroll;
    this.holdable = result.holdable;
    this.error = result.error;
    this.source = result.source;
  }

  close(): void {
    this.#kept.giveBack(this.#keptBytes);
    this.#keptBytes = 0;
  }

  info(): Info {
    const { name, text, creationTime } = this.options;
    return { name, statement: text, holdable: this.holdable, scrollable: this.scroll, creationTime };
  }
}

/** DECLARE .. CURSOR FOR SUBSCRIBE: forward only, no end. */
export class SubscriptionPortal {
  readonly kind = 'subscription';
  readonly options: PortalOptions;
  readonly columns: readonly ResultColumn[];
  readonly holdable = false;
  readonly rows: RowReader;

  constructor(options: PortalOptions, result: StatementResult & { readonly kind: 'rows' }) {
    this.options = options;
    this.columns = result.columns;
    this.rows = new RowReader(result.batches);
  }

  close(): void {
    this.rows.close();
  }

  info(): Info {
    const { name, text, creationTime } = this.options;
    return { name, statement: text, holdable: false, scrollable: false, creationTime };
  }
}

export type Portal = StatementPortal | CursorPortal | SubscriptionPortal;

/** Batches cut to the number of rows asked for. */
export class RowReader {
  readonly #source: Iterator<Batch> | AsyncIterator<Batch>;
  #rest: Batch | null = null;
  #next: Promise<IteratorResult<Batch>> | null = null;
  #ended = false;

  constructor(batches: Iterable<Batch> | AsyncIterable<Batch>) {
    this.#source = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** At most `maxRows` rows (0: all), batch by batch. */
  async *take(maxRows: number): AsyncGenerator<Batch> {
    let left = maxRows === 0 ? Infinity : maxRows;
    while (left > 0) {
      const batch = await this.#pull();
      if (batch === null) return;
      if (batch.length <= left) {
        left -= batch.length;
        if (batch.length > 0) yield batch;
      } else {
        this.#rest = batch.slice(left, batch.length);
        const cut = batch.slice(0, left);
        left = 0;
        yield cut;
      }
    }
  }

  /** Whether another row is there, looking ahead if need be. */
  async hasMore(): Promise<boolean> {
    for (;;) {
      const batch = await this.#pull();
      if (batch === null) return false;
      if (batch.length === 0) continue;
      this.#rest = batch;
      return true;
    }
  }

  /** Rows that are there within `milliseconds`; null: wait as long as it takes for the first. */
  async within(maxRows: number, milliseconds: number | null, signal: AbortSignal): Promise<Batch[]> {
    const out: Batch[] = [];
    let left = maxRows === 0 ? Infinity : maxRows;
    const until = milliseconds === null ? null : Date.now() + milliseconds;
    while (left > 0) {
      const wait = out.length > 0 ? 0 : until === null ? null : Math.max(0, until - Date.now());
      const batch = await this.#pullWithin(wait, signal);
      if (batch === null) break;
      const cut = batch.length <= left ? batch : batch.slice(0, left);
      if (batch.length > left) this.#rest = batch.slice(left, batch.length);
      left -= cut.length;
      if (cut.length > 0) out.push(cut);
    }
    return out;
  }

  close(): void {
    this.#ended = true;
    const closing = this.#source.return?.();
    if (closing instanceof Promise) closing.catch(() => undefined);
  }

  async #pull(): Promise<Batch | null> {
    if (this.#rest !== null) {
      const rest = this.#rest;
      this.#rest = null;
      return rest;
    }
    if (this.#ended) return null;
    this.#next ??= Promise.resolve(this.#source.next());
    const { done, value } = await this.#next;
    this.#next = null;
    if (done !== true) return value;
    this.#ended = true;
    return null;
  }

  async #pullWithin(milliseconds: number | null, signal: AbortSignal): Promise<Batch | null> {
    if (this.#rest !== null || this.#ended) return this.#pull();
    this.#next ??= Promise.resolve(this.#source.next());
    const ready = await waitFor(this.#next, milliseconds, signal);
    return ready ? this.#pull() : null;
  }
}

/** true once the promise is settled, false when time is up; rejects when the signal aborts. */
async function waitFor(promise: Promise<unknown>, milliseconds: number | null, signal: AbortSignal): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  try {
    return await Promise.race([
      promise.then(() => true),
      new Promise<boolean>((resolve, reject) => {
        onAbort = () => reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        if (milliseconds !== null) timer = setTimeout(() => resolve(false), milliseconds);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** All rows of a result, as one batch; for cursors and statements that need them all. */
export async function collect(result: StatementResult & { readonly kind: 'rows' }): Promise<Batch> {
  if (result.endless === true) throw new DatabaseError('0A000', 'SUBSCRIBE cannot be used here');
  const parts: Batch[] = [];
  for await (const batch of result.batches) if (batch.length > 0) parts.push(batch);
  if (parts.length > 0) return concatBatches(parts);
  return Batch.empty({ columns: result.columns.map((c) => ({ name: c.name, type: c.type })) });
}
