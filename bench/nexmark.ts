// The Nexmark stream as epochs of deltas, for benches: made once, the same in every run.
import { Batch } from '../engine/data/batch.ts';
import { Delta } from '../engine/data/delta.ts';
import { assert } from '../engine/data/error.ts';
import { INT8 } from '../engine/data/types.ts';
import { Int64Vector } from '../engine/data/vector.ts';
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import { toEpoch } from '../engine/data/time.ts';
import type { StepContext } from '../engine/operator/operator.ts';
import { DEFAULT_NEXMARK, nexmarkBatch, nexmarkCount, nexmarkEventAfter } from '../wire/connector/nexmark-generator.ts';
import type { NexmarkKind, NexmarkOptions } from '../wire/connector/nexmark-generator.ts';

export const EPOCH_ROWS = 1000;

/** Enough auctions are open at the start for bids to spread over this many of them, evenly. */
export const KEYS = 65_536;
export const SPREAD: NexmarkOptions = { ...DEFAULT_NEXMARK, activeAuctions: KEYS, hotPercent: 0 };
/** The first event with KEYS auctions behind it. */
export const SPREAD_FROM = nexmarkEventAfter('auction', KEYS) + 10;

/** `rows` rows of one kind from event `from` on, in epochs of 1,000, only the given columns. */
export function epochsOf(
  kind: NexmarkKind, rows: number, from: number, options: NexmarkOptions, columns: readonly number[],
): readonly Delta[] {
  const out: Delta[] = [];
  const before = nexmarkCount(kind, 0, from);
  let at = from;
  for (let made = 0; made < rows; made += EPOCH_ROWS) {
    const to = nexmarkEventAfter(kind, before + made + EPOCH_ROWS);
    out.push(Delta.insert(nexmarkBatch(kind, at, to, options).select(columns)));
    at = to;
  }
  return out;
}

/** Column 0 reduced to its lowest bits: a fixed number of keys, however long the stream. */
export function maskKeys(epochs: readonly Delta[], keys: number): readonly Delta[] {
  return epochs.map(({ batch, weights }) => {
    const [key, ...rest] = batch.columns;
    assert(key.layout === 'int64', 'int8 key');
    const values = new BigInt64Array(key.length);
    const words = new Int32Array(values.buffer);
    for (let i = 0; i < key.length; i++) words[2 * i] = key.words[2 * i] & (keys - 1);
    return new Delta(new Batch([new Int64Vector(INT8, key.length, values), ...rest], key.length), weights);
  });
}

export const CONTEXT: StepContext = {
  epoch: toEpoch(1),
  eval: {
    format: DEFAULT_FORMAT, transactionTime: 0n, statementTime: 0n, clock: () => 0n, random: () => 0,
    catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
  },
  error: (error) => { throw error; },
};

/** Keeps results from being optimised away. */
export let sink = 0;
export function consume(delta: Delta): void {
  sink += delta.length;
}

/** Bids (auction, bidder, price) and auctions (id, seller, category) as they come, about 1,000 rows an epoch. */
export function joinEpochs(rows: number): readonly { readonly bids: Delta; readonly auctions: Delta }[] {
  const out: { readonly bids: Delta; readonly auctions: Delta }[] = [];
  let at = 0;
  for (let made = 0; made < rows;) {
    const to = at + EPOCH_ROWS;
    const bids = Delta.insert(nexmarkBatch('bid', at, to, DEFAULT_NEXMARK).select([0, 1, 2]));
    const auctions = Delta.insert(nexmarkBatch('auction', at, to, DEFAULT_NEXMARK).select([0, 7, 8]));
    out.push({ bids, auctions });
    made += bids.length + auctions.length;
    at = to;
  }
  return out;
}
