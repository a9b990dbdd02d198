// SourceRunner: keeps a reader going for every source of the catalog: each batch is committed with its offset.
import { Delta } from '../engine/data/delta.ts';
import type { SourceReader } from '../engine/runtime/connector.ts';
import type { Runtime } from '../engine/runtime/contract.ts';
import type { Catalog } from './catalog/catalog.ts';
import { liveColumns } from './catalog/entry.ts';
import type { SourceEntry } from './catalog/entry.ts';
import type { DatabaseServices } from './database-services.ts';
import { connectorOptions } from './retention.ts';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export class SourceRunner {
  readonly #services: DatabaseServices;
  readonly #runtime: Runtime;
  readonly #log: (message: string) => void;
  readonly #later: (milliseconds: number, task: () => void) => void;
  readonly #running = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>();
  #stopped = false;

  constructor(parts: {
    readonly services: DatabaseServices; readonly runtime: Runtime; log(message: string): void;
    later(milliseconds: number, task: () => void): void;
  }) {
    this.#services = parts.services;
    this.#runtime = parts.runtime;
    this.#log = parts.log;
    this.#later = parts.later;
  }

  /** Starts what is new in the catalog and stops what is gone. */
  follow(catalog: Catalog): void {
    if (this.#stopped) return;
    for (const [oid, { abort }] of this.#running) {
      if (catalog.get(oid) !== null) continue;
      abort.abort();
      this.#running.delete(oid);
    }
    for (const entry of catalog.entries()) {
      if (entry.kind !== 'source' || this.#running.has(entry.oid)) continue;
      const abort = new AbortController();
      this.#running.set(entry.oid, { abort, done: this.#run(entry, abort.signal) });
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const all = [...this.#running.values()];
    for (const { abort } of all) abort.abort();
    await Promise.all(all.map((r) => r.done));
  }

  /** Never rejects: an error of the connector is logged and tried again, later each time. */
  async #run(source: SourceEntry, signal: AbortSignal): Promise<void> {
    let delay = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        const reader = this.#open(source);
        for await (const batch of reader.read(signal)) {
          if (signal.aborted) return;
          const done = this.#runtime.commit({
            changes: [{ relation: source.oid, delta: Delta.insert(batch.rows) }], catalog: null,
            offsets: [{ relation: source.oid, offset: batch.offset }], sync: true,
          });
          this.#services.noteSource(source.oid, done);
          await done;
          delay = FIRST_RETRY_MS;
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        this.#log(`source "${source.name}": ${message}; trying again in ${delay / 1000} s`);
        await this.#pause(delay, signal);
        delay = Math.min(delay * 2, LAST_RETRY_MS);
      }
    }
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#later(milliseconds, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #open(source: SourceEntry): SourceReader {
    const connector = this.#services.connectors.find((c) => c.name === source.connector);
    if (connector === undefined) throw new Error(`there is no connector "${source.connector}" in this server`);
    return connector.open({
      options: connectorOptions(source.options),
      schema: { columns: liveColumns(source.columns).map((c) => ({ name: c.name, type: c.type })) },
      offset: this.#runtime.offset(source.oid),
    });
  }
}
