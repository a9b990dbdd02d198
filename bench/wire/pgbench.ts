// pgbench, PostgreSQL's own load generator, where it is installed: a client that adds little of its own to a latency.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './client.ts';

/** Where Debian's package postgresql-N has it. */
const DEBIAN = '/usr/lib/postgresql';

/** Its path, or null. */
export function findPgbench(): string | null {
  const packaged = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...packaged];
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path)) ?? null;
}

export interface Load {
  readonly target: Target;
  readonly connections: number;
  /** Of each connection. */
  readonly count: number;
  readonly prepared: boolean;
}

/** Latencies in seconds, and the seconds from the first start to the last end. */
export interface Measured {
  readonly seconds: readonly number[];
  readonly elapsed: number;
}

/** Runs the statement as a transaction of its own, `count` times a connection; `:id` in it is a random number. */
export function runPgbench(pgbench: string, statement: string, { target, connections, count, prepared }: Load): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pgbench-'));
  try {
    const script = join(folder, 'script.sql');
    writeFileSync(script, `\\set id random(1, 1000000000)\n${statement};\n`);
    const { host, port, user, database } = target;
    const { status, stderr } = spawnSync(pgbench, [
      '--no-vacuum', `--host=${host}`, `--port=${port}`, `--username=${user}`, `--file=${script}`,
      `--protocol=${prepared ? 'prepared' : 'simple'}`, `--client=${connections}`, '--jobs=1', `--transactions=${count}`,
      '--log', `--log-prefix=${join(folder, 'log')}`, database,
    ], { encoding: 'utf8', env: { ...process.env, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' } });
    if (status !== 0) throw new Error(`pgbench: ${stderr}`);
    const log = readdirSync(folder).find((name) => name.startsWith('log'));
    return readLog(log === undefined ? '' : readFileSync(join(folder, log), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line a transaction: client, number, latency in µs, script, end as s and µs since 1970 (manual, pgbench, "Per-Transaction Logging"). */
function readLog(text: string): Measured {
  const seconds: number[] = [];
  let first = Infinity;
  let last = -Infinity;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, , micros, , epoch, part] = line.split(' ').map(Number);
    const end = epoch + part / 1e6;
    seconds.push(micros / 1e6);
    first = Math.min(first, end - micros / 1e6);
    last = Math.max(last, end);
  }
  return { seconds, elapsed: last - first };
}
