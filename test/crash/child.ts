// The process that the crash test kills: commits transactions for ever, says on stdout which were acknowledged.
import { openStorage } from '../../storage/index.ts';
import { Random } from '../support/random.ts';
import { TestDatabase } from '../support/runtime-database.ts';

/*
 * Table 1 (account bigint primary key, balance bigint), table 2 (entry bigint, amount bigint): every transaction moves an
 * amount between accounts and enters it, so that the sum of balances is 0 and entries match. Table 3 (n, v): loads.
 * Views: 10 = totals of accounts, 11 = sums of table 3 by n, 12 = totals of entries.
 * Each acknowledged transaction prints `ack <kind> <number>`; a load about to be taken away `try unload <number>`.
 */
export const ACCOUNTS = 40;
export const LOAD_ROWS = 500;
export const CRASH_SCHEMA = [
  { op: 'table', id: 1, name: 'account', columns: [['id', 'int8'], ['balance', 'int8']], primary: [0] },
  { op: 'table', id: 2, name: 'entry', columns: [['id', 'int8'], ['amount', 'int8']], primary: [0] },
  { op: 'table', id: 3, name: 'load', columns: [['k', 'int8'], ['load', 'int8']] },
  { op: 'view', id: 10, name: 'balance', query: 'total', over: [1] },
  { op: 'view', id: 11, name: 'by_key', query: 'sum', over: [3] },
  { op: 'view', id: 12, name: 'entered', query: 'total', over: [2] },
] as const;

export async function openCrashDatabase(folder: string): Promise<TestDatabase> {
  const storage = await openStorage(folder, { log: () => {}, segmentBytes: 1 << 20 });
  return TestDatabase.open(storage, { checkpointBytes: 300_000 });
}

async function main(folder: string, seed: number): Promise<void> {
  const db = await openCrashDatabase(folder);
  if (db.host.entries.length === 0) {
    await db.ddl(...CRASH_SCHEMA);
    await db.commit({ 1: Array.from({ length: ACCOUNTS }, (_, i) => [1, BigInt(i), 0n] as const) });
  }
  process.stdout.write('ready\n');
  const random = new Random(seed);
  const balances = new Map<bigint, bigint>();
  for (const row of db.rows(1, 2)) {
    const [id, balance] = row.split(',').map(BigInt);
    balances.set(id, balance);
  }
  let number = BigInt(seed) * 1_000_000n;
  const acknowledge = (kind: string, n: bigint, done: Promise<number>): Promise<void> =>
    done.then(() => void process.stdout.write(`ack ${kind} ${n}\n`));
  const transfer = (): Promise<void> => {
    const n = ++number;
    const from = BigInt(random.int(0, ACCOUNTS - 1));
    const to = (from + BigInt(random.int(1, ACCOUNTS - 1))) % BigInt(ACCOUNTS);
    const amount = BigInt(random.int(1, 100));
    const a = balances.get(from) ?? 0n;
    const b = balances.get(to) ?? 0n;
    balances.set(from, a - amount);
    balances.set(to, b + amount);
    return acknowledge('transfer', n, db.commit({
      1: [[-1, from, a], [1, from, a - amount], [-1, to, b], [1, to, b + amount]],
      2: [[1, n, amount]],
    }));
  };
  const loaded: bigint[] = [];
  const rowsOfLoad = (n: bigint, weight: number): (readonly [number, bigint, bigint])[] =>
    Array.from({ length: LOAD_ROWS }, (_, i) => [weight, n, BigInt(i)] as const);
  const load = (): Promise<void> => {
    const n = ++number;
    loaded.push(n);
    return acknowledge('load', n, db.commit({ 3: rowsOfLoad(n, 1) }));
  };
  /** Takes a load away again, so that pages empty and fill. */
  const unload = (): Promise<void> => {
    const n = loaded.shift();
    if (n === undefined) return Promise.resolve();
    process.stdout.write(`try unload ${n}\n`);
    return acknowledge('unload', n, db.commit({ 3: rowsOfLoad(n, -1) }));
  };
  for (;;) {
    const work = Array.from({ length: random.int(1, 8) }, () => {
      const dice = random.float();
      return dice < 0.8 ? transfer() : dice < 0.95 ? load() : unload();
    });
    await Promise.all(work);
  }
}

const [, script, folder, seed] = process.argv;
if (script.endsWith('child.ts') || script.endsWith('child.js')) await main(folder, Number(seed));
