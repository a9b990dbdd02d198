// Kills a process with -9 at random moments over one data folder and checks that nothing acknowledged is lost or half done.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../support/compile.ts';
import { Random } from '../support/random.ts';
import type { TestDatabase } from '../support/runtime-database.ts';
import { ACCOUNTS, LOAD_ROWS, openCrashDatabase } from './child.ts';

export interface CrashTotals {
  kills: number;
  acknowledged: number;
  lost: number;
  half: number;
  viewsWrong: number;
}

interface Life { readonly acknowledged: readonly string[]; readonly unloads: readonly string[] }

/** One life of the process: until `milliseconds` after it is ready (or after its start, when negative). */
function live(program: string, args: readonly string[], milliseconds: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    let timer: NodeJS.Timeout | null = null;
    const kill = (): void => void child.kill('SIGKILL');
    if (milliseconds < 0) timer = setTimeout(kill, -milliseconds);
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (timer === null && output.includes('ready\n')) timer = setTimeout(kill, milliseconds);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') {
        reject(new Error(`the process ended by itself (${code}): ${errors}`));
        return;
      }
      const lines = output.slice(0, output.lastIndexOf('\n') + 1).split('\n');
      resolve({
        acknowledged: lines.filter((l) => l.startsWith('ack ')).map((l) => l.slice(4)),
        unloads: lines.filter((l) => l.startsWith('try unload ')).map((l) => l.slice(11)),
      });
    });
  });
}

/** What must hold over all lives so far. */
class Ledger {
  readonly #transfers = new Set<string>();
  /** Loads by number: acknowledged, and whether a removal was begun or acknowledged. */
  readonly #loads = new Map<string, 'loaded' | 'leaving' | 'gone'>();

  note({ acknowledged, unloads }: Life): void {
    for (const line of acknowledged) {
      const [kind, number] = line.split(' ');
      if (kind === 'transfer') this.#transfers.add(number);
      else if (kind === 'load') this.#loads.set(number, this.#loads.get(number) ?? 'loaded');
    }
    for (const number of unloads) this.#loads.set(number, 'leaving');
    for (const line of acknowledged) if (line.startsWith('unload ')) this.#loads.set(line.slice(7), 'gone');
  }

  check(db: TestDatabase, totals: CrashTotals): void {
    const accounts = db.rows(1, 2).map((row) => row.split(',').map(Number));
    const entries = new Set(db.rows(2, 1));
    for (const number of this.#transfers) if (!entries.has(number)) totals.lost++;
    const sum = accounts.reduce((total, [, balance]) => total + balance, 0);
    if (accounts.length !== ACCOUNTS || sum !== 0) totals.half++;
    const loads = new Map<string, number>();
    for (const row of db.rows(3, 2)) {
      const [n] = row.split(',');
      loads.set(n, (loads.get(n) ?? 0) + 1);
    }
    for (const rows of loads.values()) if (rows !== LOAD_ROWS) totals.half++;
    for (const [number, state] of this.#loads) {
      if (state === 'loaded' && !loads.has(number)) totals.lost++;
      if (state === 'gone' && loads.has(number)) totals.lost++;
    }
    this.#checkViews(db, { accounts, loads }, totals);
  }

  #checkViews(
    db: TestDatabase, found: { readonly accounts: number[][]; readonly loads: ReadonlyMap<string, number> }, totals: CrashTotals,
  ): void {
    const sumOfLoad = (LOAD_ROWS * (LOAD_ROWS - 1)) / 2;
    const byKey = [...found.loads.keys()].map((n) => `${n},${LOAD_ROWS},${sumOfLoad}`).toSorted();
    const amounts = db.rows(2, 2).map((row) => Number(row.split(',')[1]));
    const entered = `${amounts.length},${amounts.length === 0 ? 'null' : amounts.reduce((a, b) => a + b, 0)}`;
    if (db.rows(10, 2).join() !== `${found.accounts.length},0`) totals.viewsWrong++;
    if (db.rows(11, 3).join(' ') !== byKey.join(' ')) totals.viewsWrong++;
    if (db.rows(12, 2).join() !== entered) totals.viewsWrong++;
  }
}

export async function crashTest(kills: number, seed: number, log: (line: string) => void): Promise<CrashTotals> {
  const built = fileURLToPath(new URL('child.js', import.meta.url));
  const program = existsSync(built) ? built : compileProgram('test/crash/child.ts');
  const parent = mkdtempSync(join(tmpdir(), 'millrace-crash-'));
  const folder = join(parent, 'data');
  const random = new Random(seed);
  const totals: CrashTotals = { kills: 0, acknowledged: 0, lost: 0, half: 0, viewsWrong: 0 };
  const ledger = new Ledger();
  for (let k = 1; k <= kills; k++) {
    // Some lives end while the folder is opened and the journal replayed.
    const moment = random.bool(0.15) ? -random.int(20, 400) : random.int(0, 400);
    const life = await live(program, [folder, String(k)], moment);
    totals.kills++;
    totals.acknowledged += life.acknowledged.length;
    ledger.note(life);
    if (!existsSync(folder)) continue;
    const db = await openCrashDatabase(folder);
    if (db.host.entries.length > 0 && db.rows(1, 1).length > 0) ledger.check(db, totals);
    // Half of the time the next life begins with a replay of what this one left, else with a fresh checkpoint.
    await (random.bool() ? db.runtime.close() : db.abandon());
    if (k % 20 === 0) log(JSON.stringify(totals));
  }
  rmSync(parent, { recursive: true });
  return totals;
}

// node dist/test/crash/crash.js [kills] [seed]
if (process.argv[1]?.endsWith('crash.js') === true) {
  const totals = await crashTest(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1), console.log);
  console.log(`kills ${totals.kills}, acknowledged ${totals.acknowledged}, lost ${totals.lost}, half ${totals.half}, views wrong ${totals.viewsWrong}`);
  if (totals.lost + totals.half + totals.viewsWrong > 0) process.exitCode = 1;
}
