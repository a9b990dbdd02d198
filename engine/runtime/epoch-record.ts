// What the journal holds of an epoch: its time and its transactions, each with catalog changes, offsets and deltas.
import { decodeDelta, encodeDelta, skipFrame } from '../data/batch-codec.ts';
import { ByteReader, PieceWriter, corrupt } from '../data/bytes.ts';
import type { Delta } from '../data/delta.ts';
import type { LogicalType } from '../data/types.ts';
import type { Transaction } from './contract.ts';

/*
 * Format: as PieceWriter writes.
 *   u8 version, 1; i64 time of the epoch, µs since 1970 UTC; u32 transactions; each:
 *     u8 1 = block with catalog changes follows, 0 = none
 *     u32 offsets; each: u32 relation, block
 *     u32 changes; each: u32 relation, delta frame (batch-codec.ts)
 */
const VERSION = 1;

export interface RecordedChange {
  readonly relation: number;
  readonly delta: Delta;
}

/** The part of a transaction that is state; how it was acknowledged is not. */
export type RecordedTransaction = Omit<Transaction, 'sync' | 'writer' | 'durable' | 'counted'>;

export function encodeEpochRecord(time: bigint, transactions: readonly RecordedTransaction[]): readonly Uint8Array[] {
  const out = new PieceWriter();
  out.u8(VERSION);
  out.i64(time);
  out.u32(transactions.length);
  for (const { catalog, offsets, changes } of transactions) {
    out.u8(catalog === null ? 0 : 1);
    if (catalog !== null) out.block(catalog);
    out.u32(offsets.length);
    for (const { relation, offset } of offsets) {
      out.u32(relation);
      out.block(offset);
    }
    out.u32(changes.length);
    for (const { relation, delta } of changes) {
      out.u32(relation);
      encodeDelta(delta, out);
    }
  }
  return out.finish();
}

/** Reads a record step by step, since a transaction's catalog changes decide how its deltas are read. */
export class EpochRecordReader {
  readonly time: bigint;
  readonly transactions: number;
  readonly #from: ByteReader;

  constructor(bytes: Uint8Array) {
    this.#from = new ByteReader(bytes);
    const version = this.#from.u8();
    if (version !== VERSION) throw corrupt(`epoch record version ${version}`);
    this.time = this.#from.i64();
    this.transactions = this.#from.u32();
  }

  catalog(): Uint8Array | null {
    return this.#from.u8() === 0 ? null : this.#from.block();
  }

  offsets(): readonly { readonly relation: number; readonly offset: Uint8Array }[] {
    const out = [];
    for (let n = this.#from.u32(); n > 0; n--) out.push({ relation: this.#from.u32(), offset: this.#from.block().slice() });
    return out;
  }

  /** `typesOf` null: the relation is gone, its rows with it. */
  changes(typesOf: (relation: number) => readonly LogicalType[] | null): readonly RecordedChange[] {
    const out: RecordedChange[] = [];
    for (let n = this.#from.u32(); n > 0; n--) {
      const relation = this.#from.u32();
      const types = typesOf(relation);
      if (types === null) skipFrame(this.#from);
      else out.push({ relation, delta: decodeDelta(this.#from, types) });
    }
    return out;
  }

  end(): void {
    if (this.#from.remaining !== 0) throw corrupt(`${this.#from.remaining} bytes after the end of an epoch record`);
  }
}
