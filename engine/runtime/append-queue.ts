// AppendQueue: transactions waiting for an epoch; cut into epochs of bounded size.
import type { Epoch } from '../data/time.ts';
import type { Transaction } from './contract.ts';

export interface Waiting {
  readonly transaction: Transaction;
  readonly rows: number;
  readonly bytes: number;
  resolve(epoch: Epoch): void;
  reject(error: Error): void;
}

/** An epoch takes at least one transaction, and no more once it holds this much. */
const EPOCH_ROWS = 65_536;
const EPOCH_BYTES = 8 << 20;

export class AppendQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Who wrote the only transaction that waits; -1: there are several, or none. */
  get writer(): number {
    return this.#waiting.length === 1 ? this.#waiting[0].transaction.writer || -1 : -1;
  }

  /** `bytes`: of its rows. */
  push(transaction: Transaction, bytes: number): Promise<Epoch> {
    const rows = transaction.changes.reduce((sum, { delta }) => sum + delta.length, 0);
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transaction, rows, bytes, resolve, reject });
    });
  }

  /** The next epoch's transactions. One with catalog changes is alone: what comes after must be read with them. */
  seal(): readonly Waiting[] {
    let count = 0;
    let rows = 0;
    let bytes = 0;
    for (const next of this.#waiting) {
      if (count > 0 && (next.transaction.catalog !== null || rows + next.rows > EPOCH_ROWS || bytes > EPOCH_BYTES)) break;
      count++;
      rows += next.rows;
      bytes += next.bytes;
      if (next.transaction.catalog !== null) break;
    }
    const sealed = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#bytes -= bytes;
    return sealed;
  }

  /** Takes everything out. */
  drain(): readonly Waiting[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }
}
