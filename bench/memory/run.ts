// State larger than its memory: group-by and join over Zipf keys with all, half and a tenth of it in memory; and what
// storing a page costs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Batch } from '../../engine/data/batch.ts';
import { Delta } from '../../engine/data/delta.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { datumAt } from '../../engine/data/access.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { INT8, TEXT } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { BytesVector, Int64Vector } from '../../engine/data/vector.ts';
import { PublishedState } from '../../engine/runtime/published-state.ts';
import type { RelationDefinition } from '../../engine/runtime/contract.ts';
import { PageCache } from '../../engine/state/page-cache.ts';
import { decodeBlock, encodeBlock } from '../../storage/block.ts';
import { DiskPageFile } from '../../storage/page-file.ts';
import { makeCircuit } from '../../test/support/runtime-database.ts';
import { Random } from '../../test/support/random.ts';
import { DEFAULT_NEXMARK } from '../../wire/connector/nexmark-generator.ts';
import type { BenchResult } from '../bench.ts';
import { CONTEXT, epochsOf } from '../nexmark.ts';

export const MEMORY_BENCHES: readonly string[] = ['memory'];

const EPOCH_ROWS = 5000;
const EPOCHS = 160;
const KEYS = 1_000_000;
/** Bytes of text beside the key and the value. */
const TEXT_BYTES = 48;

const SCHEMA: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 'v', type: INT8 }, { name: 't', type: TEXT }] };

/** Keys by Zipf's law with exponent 1, as far as it goes. */
function zipfRows(random: Random): Delta {
  const keys = new BigInt64Array(EPOCH_ROWS);
  const values = new BigInt64Array(EPOCH_ROWS);
  const offsets = Int32Array.from({ length: EPOCH_ROWS + 1 }, (_, i) => i * TEXT_BYTES);
  for (let i = 0; i < EPOCH_ROWS; i++) {
    keys[i] = BigInt(Math.floor(Math.exp(random.float() * Math.log(KEYS))));
    values[i] = BigInt(random.int(0, 1_000_000));
  }
  const text = new BytesVector(TEXT, EPOCH_ROWS, offsets, new Uint8Array(EPOCH_ROWS * TEXT_BYTES).fill(0x61));
  return Delta.insert(new Batch([new Int64Vector(INT8, EPOCH_ROWS, keys), new Int64Vector(INT8, EPOCH_ROWS, values), text],
    EPOCH_ROWS));
}

function relation(id: number, kind: RelationDefinition['kind'] = 'table', schema = SCHEMA): RelationDefinition {
  return {
    id, name: `r${id}`, namespace: 'public', kind, schema, keys: [], indexes: [], appendOnly: false, watermark: null,
    eventTime: null,
  };
}

type Query = 'sum' | 'join';

/** Rows a second of CPU over the second half of the stream, and the bytes of state at its end. */
function measure(query: Query, limit: number): { readonly rows: number; readonly bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const file = new DiskPageFile(join(folder, 'PAGES'));
  const cache = new PageCache(limit, file);
  const state = new PublishedState(toEpoch(0), {
    evalContext: () => CONTEXT.eval, applyCatalog: () => undefined, cache, beforeChange: () => undefined,
    dropped: () => undefined, log: (message) => console.error(message),
  });
  const over = query === 'join' ? [1, 2] : [1];
  for (const id of over) state.define(relation(id));
  const circuit = makeCircuit(query, over, over.map(() => SCHEMA));
  state.install({ ...relation(10, 'view', circuit.schema), circuit });
  const random = new Random(7);
  const seen = new Set<bigint>();
  let rows = 0;
  let cpu = 0;
  for (let n = 1; n <= EPOCHS; n++) {
    const delta = zipfRows(random);
    // The other side of the join has each key once, as it comes.
    const changes = [{ relation: 1, delta }, ...query === 'join' ? [{ relation: 2, delta: firsts(delta, seen) }] : []];
    const before = process.cpuUsage();
    const transactions = [{ catalog: null, offsets: [], changes: () => changes }];
    state.apply({ epoch: toEpoch(n), time: 0n, transactions });
    if (n <= EPOCHS / 2) continue;
    const { user, system } = process.cpuUsage(before);
    cpu += (user + system) / 1e6;
    rows += delta.length;
  }
  state.recount();
  const { pageBytes, fixedBytes } = cache.statistics();
  file.close();
  rmSync(folder, { recursive: true, force: true });
  return { rows: rows / cpu, bytes: pageBytes + fixedBytes };
}

function firsts(delta: Delta, seen: Set<bigint>): Delta {
  const [keys] = delta.batch.columns;
  const fresh: number[] = [];
  for (let i = 0; keys.layout === 'int64' && i < delta.length; i++) {
    if (seen.has(keys.values[i])) continue;
    seen.add(keys.values[i]);
    fresh.push(i);
  }
  return delta.take(Int32Array.from(fresh));
}

function budgets(query: Query, name: string): BenchResult[] {
  const all = measure(query, Infinity);
  const part = (share: number, least: number): BenchResult => {
    const limit = all.bytes / share;
    const { rows, bytes } = measure(query, limit);
    return {
      name: `${name}, state ${share} × its memory`, rowsPerSecond: rows,
      ratios: [
        { to: 'in memory', rowsPerSecond: all.rows, least },
        // Not a rate: what it may take for each byte that it takes; a join's chains stay in memory, whatever the budget.
        { to: 'budget / held', own: limit, rowsPerSecond: bytes, least: query === 'join' ? 0.8 : 0.9 },
      ],
    };
  };
  const megabytes = Math.round(all.bytes / 2 ** 20);
  return [{ name: `${name}, ${megabytes} MB in memory`, rowsPerSecond: all.rows }, part(2, 0.3), part(10, 0.05)];
}

/** Bids as COPY has them, and as blocks. */
async function blocks(): Promise<BenchResult[]> {
  const pages = epochsOf('bid', 100_000, 0, DEFAULT_NEXMARK, [0, 1, 2, 3, 4, 5, 6]).map((delta) => delta.batch);
  let text = 0;
  for (const { columns, length } of pages.slice(0, 10)) {
    for (const column of columns) {
      for (let i = 0; i < length; i++) text += 1 + formatText(column.type, datumAt(column, i), DEFAULT_FORMAT).length;
    }
  }
  const packed: Uint8Array[] = [];
  const seconds = async (work: () => Promise<void> | void): Promise<number> => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  const encode = await seconds(async () => {
    for (const page of pages) packed.push(await encodeBlock(page));
  });
  const decode = await seconds(() => {
    for (const block of packed) decodeBlock(block);
  });
  const bytes = packed.reduce((sum, block) => sum + block.length, 0);
  const share = bytes / (text * pages.length / 10);
  return [
    { name: 'bids to blocks', rowsPerSecond: 100_000 / encode },
    { name: `blocks to bids (${share.toFixed(2)} of the text)`, rowsPerSecond: 100_000 / decode,
      // Not a rate: the room that text takes for each byte on disk.
      ratios: [{ to: 'text / disk', own: 1 / share, rowsPerSecond: 1, least: 1 / 0.35 }] },
  ];
}

export async function runMemoryBenches(): Promise<BenchResult[]> {
  return [...await blocks(), ...budgets('sum', 'group-by'), ...budgets('join', 'join')];
}
