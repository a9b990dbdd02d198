// KeptMemory: what a session keeps from one statement to the next, counted, so that no client fills the process.
import type { Batch } from '../engine/data/batch.ts';
import { Delta, deltaBytes } from '../engine/data/delta.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { QueryMemory } from '../engine/runtime/contract.ts';
import { excess } from './memory-share.ts';

export class KeptMemory {
  readonly #memory: QueryMemory;
  #bytes = 0;

  /** `memory`: of all sessions. */
  constructor(memory: QueryMemory) {
    this.#memory = memory;
  }

  /** 53200, and nothing is counted, where the session or all together would keep too much. */
  keep(bytes: number): void {
    const memory = this.#memory;
    const own = this.#bytes + bytes;
    if (excess(memory, own, memory.held + bytes) !== null) {
      throw new DatabaseError('53200', 'out of memory', {
        detail: `The session keeps ${Math.round(this.#bytes / 2 ** 20)} MB for its cursors, portals and prepared statements.`,
        hint: 'Close those that are not needed.',
      });
    }
    this.#bytes = own;
    memory.held += bytes;
  }

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    this.#memory.held -= bytes;
  }
}

export const rowBytes = (rows: Batch): number => deltaBytes(Delta.insert(rows));

/** Things that a session keeps under names. */
export class KeptMap<V> extends Map<string, V> {
  readonly #kept: KeptMemory;
  /** The same each time it is asked. */
  readonly #size: (value: V) => number;

  constructor(kept: KeptMemory, size: (value: V) => number) {
    super();
    this.#kept = kept;
    this.#size = size;
  }

  /** 53200 as KeptMemory's. */
  override set(name: string, value: V): this {
    const before = this.get(name);
    this.#kept.keep(this.#size(value));
    if (before !== undefined) this.#kept.giveBack(this.#size(before));
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    const value = this.get(name);
    if (value !== undefined) this.#kept.giveBack(this.#size(value));
    return super.delete(name);
  }

  override clear(): void {
    for (const value of this.values()) this.#kept.giveBack(this.#size(value));
    super.clear();
  }
}
