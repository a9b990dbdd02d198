// Single-row commits through the wire, beside what the same disk takes for a raw write and fdatasync.
//
// The reference: 4 KB written and fdatasync'ed on one thread without a turn of the thread pool, over blocks that are there
// and written already. It is taken between the rounds of every bench, since a disk is not the same from one second to the
// next. The server is measured as it runs for hours: after commits that let its code be compiled and are not counted.
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
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
}

const BLOCK = 4096;
/** Between two rounds. */
const PROBES = 100;
const ROUNDS = 10;
/** In a round, of each connection. */
const COMMITS = 200;
const WARM_UP = 4000;

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

export async function commitBenches(client: Client): Promise<Latency[]> {
  const server = await startServer();
  try {
    const { target, folder } = server;
    await client.do({ kind: 'run', target, statements: [
      'CREATE TABLE single (id bigint, name text, amount numeric)'] });
    for (const prepared of [false, true]) {
      await client.do({ kind: 'insert', target, connections: 1, count: WARM_UP, prepared });
    }
    const disk: number[] = [];
    const results: Latency[] = [];
    for (const { name, connections, prepared, most } of [
      { name: 'commit, simple query', connections: 1, prepared: false, most: 2 },
      { name: 'commit, prepared', connections: 1, prepared: true, most: 2 },
      { name: 'commit, prepared, 8 connections', connections: 8, prepared: true },
      { name: 'commit, prepared, 32 connections', connections: 32, prepared: true },
    ]) {
      const all: number[] = [];
      let elapsed = 0;
      for (let round = 0; round < ROUNDS; round++) {
        disk.push(...probeDisk(folder));
        const start = process.hrtime.bigint();
        const { seconds } = await client.do({ kind: 'insert', target, connections, count: COMMITS, prepared });
        elapsed += Number(process.hrtime.bigint() - start) / 1e9;
        all.push(...seconds);
      }
      const result = latency(name, all, elapsed);
      results.push(most === undefined ? result : { ...result, most });
    }
    return [latency('disk: write 4 KB, fdatasync', disk, disk.reduce((a, b) => a + b)), ...results];
  } finally {
    await server.stop();
  }
}

/** The first is the disk's own. */
export function printLatencies(all: readonly Latency[]): void {
  const lines = [['latency', 'p50 ms', 'p99 ms', '1/s', 'p50 to disk', '']];
  for (const result of all) {
    const ratio = result.p50 / all[0].p50;
    lines.push([
      result.name, result.p50.toFixed(3), result.p99.toFixed(3), result.perSecond.toFixed(0),
      result === all[0] ? '' : `${ratio.toFixed(2)} ×${result.most === undefined ? '' : ` (≤ ${result.most})`}`,
      result.most === undefined ? '' : ratio <= result.most ? 'holds' : 'ABOVE',
    ]);
  }
  const widths = lines[0].map((_, c) => Math.max(...lines.map((line) => line[c].length)));
  for (const line of lines) {
    const cells = line.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])));
    console.log(cells.join('  ').trimEnd());
  }
}

export function latenciesHold(all: readonly Latency[]): boolean {
  return all.every((result) => result.most === undefined || result.p50 <= result.most * all[0].p50);
}
