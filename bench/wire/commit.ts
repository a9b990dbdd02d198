// Single-row commits through the wire, beside what the same disk takes for a raw write and fdatasync, and PostgreSQL for the same.
//
// The reference: 4 KB written and fdatasync'ed on one thread without a turn of the thread pool, over blocks that are there
// and written already. It is taken between the rounds of every bench, since a disk is not the same from one second to the
// next. The server is measured as it runs for hours: after commits that let its code be compiled and are not counted.
// pgbench is the client where it is installed, since a client in Node adds as much again as the server takes.
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { oracle } from '../oracle.ts';
import { findPgbench, runPgbench } from './pgbench.ts';
import type { Load, Measured } from './pgbench.ts';
import { startServer } from './processes.ts';
import type { Client } from './processes.ts';

export interface Latency {
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  /** Of all connections together. */
  readonly perSecond: number;
  /** p50 may be so many times the disk's. */
  readonly most?: number;
  /** The same asked of PostgreSQL, in the same minutes; null: there is none. */
  readonly peer?: Latency | null;
}

const BLOCK = 4096;
/** Between two rounds. */
const PROBES = 100;
const ROUNDS = 10;
/** In a round, of each connection. */
const COMMITS = 200;
const WARM_UP = 20_000;

function latency(name: string, seconds: readonly number[], elapsed: number): Latency {
  const sorted = [...seconds].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] * 1e3;
  return { name, p50: at(0.5), p99: at(0.99), perSecond: seconds.length / elapsed };
}

/** 4 KB written one after another into a file whose blocks are there already, as a journal does, each synced. */
function probeDisk(folder: string): number[] {
  const path = join(folder, 'probe');
  const file = openSync(path, 'w');
  const block = new Uint8Array(BLOCK).fill(7);
  writeSync(file, new Uint8Array(BLOCK * PROBES), 0, BLOCK * PROBES, 0);
  fsyncSync(file);
  const seconds: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const start = process.hrtime.bigint();
    writeSync(file, block, 0, BLOCK, i * BLOCK);
    fdatasyncSync(file);
    seconds.push(Number(process.hrtime.bigint() - start) / 1e9);
  }
  closeSync(file);
  rmSync(path);
  return seconds;
}

const INSERT = "INSERT INTO single VALUES (:id, 'a name', 12.50)";

interface Bench {
  readonly name: string;
  readonly connections: number;
  readonly prepared: boolean;
  readonly most?: number;
}

const BENCHES: readonly Bench[] = [
  { name: 'commit, simple query', connections: 1, prepared: false, most: 2 },
  { name: 'commit, prepared', connections: 1, prepared: true, most: 2 },
  { name: 'commit, prepared, 8 connections', connections: 8, prepared: true },
  { name: 'commit, prepared, 32 connections', connections: 32, prepared: true },
];

export async function commitBenches(client: Client): Promise<Latency[]> {
  const server = await startServer();
  const postgres = oracle("PostgreSQL's commits");
  const pgbench = findPgbench();
  if (pgbench === null) console.log('pgbench is not installed: the client is one in Node, whose own time is in every latency');
  const load = async (what: Load): Promise<Measured> => {
    if (pgbench !== null) return runPgbench(pgbench, INSERT, what);
    const start = process.hrtime.bigint();
    const { seconds } = await client.do({ kind: 'insert', ...what });
    return { seconds, elapsed: Number(process.hrtime.bigint() - start) / 1e9 };
  };
  const targets = [server.target, ...(postgres === null ? [] : [postgres])];
  try {
    for (const target of targets) {
      await client.do({ kind: 'run', target, statements: [
        'DROP TABLE IF EXISTS single', 'CREATE TABLE single (id bigint, name text, amount numeric)'] });
      for (const prepared of [false, true]) await load({ target, connections: 1, count: WARM_UP, prepared });
    }
    const disk: number[] = [];
    const results: Latency[] = [];
    for (const { name, connections, prepared, most } of BENCHES) {
      const all = targets.map(() => ({ seconds: [] as number[], elapsed: 0 }));
      for (let round = 0; round < ROUNDS; round++) {
        disk.push(...probeDisk(server.folder));
        for (const [t, target] of targets.entries()) {
          const { seconds, elapsed } = await load({ target, connections, count: COMMITS, prepared });
          all[t].seconds.push(...seconds);
          all[t].elapsed += elapsed;
        }
      }
      const [own, peer] = all.map(({ seconds, elapsed }) => latency(name, seconds, elapsed));
      results.push({ ...own, peer: peer ?? null, ...(most === undefined ? {} : { most }) });
    }
    return [latency('disk: write 4 KB, fdatasync', disk, disk.reduce((a, b) => a + b)), ...results];
  } finally {
    if (postgres !== null) await client.do({ kind: 'run', target: postgres, statements: ['DROP TABLE IF EXISTS single'] });
    await server.stop();
  }
}

/** The first is the disk's own. */
export function printLatencies(all: readonly Latency[]): void {
  const lines = [['latency', 'p50 ms', 'p99 ms', '1/s', 'p50 to disk', 'PostgreSQL p50 ms', 'p99 ms', '1/s', '']];
  for (const result of all) {
    const ratio = result.p50 / all[0].p50;
    lines.push([
      result.name, ...figures(result), result === all[0] ? '' : `${ratio.toFixed(2)} ×${result.most === undefined ? '' : ` (≤ ${result.most})`}`,
      ...(result.peer === undefined || result.peer === null ? ['', '', ''] : figures(result.peer)),
      result.most === undefined ? '' : ratio <= result.most ? 'holds' : 'ABOVE',
    ]);
  }
  const widths = lines[0].map((_, c) => Math.max(...lines.map((line) => line[c].length)));
  for (const line of lines) {
    const cells = line.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])));
    console.log(cells.join('  ').trimEnd());
  }
}

function figures({ p50, p99, perSecond }: Latency): string[] {
  return [p50.toFixed(3), p99.toFixed(3), perSecond.toFixed(0)];
}

export function latenciesHold(all: readonly Latency[]): boolean {
  return all.every((result) => result.most === undefined || result.p50 <= result.most * all[0].p50);
}
