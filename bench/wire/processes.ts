// The processes of the wire benches: the real server on a fresh data folder, and the client.
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Answer, Order, Target } from './client.ts';
import { STRETCHES_FILE } from './stretches.ts';

const beside = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface RunningServer {
  readonly target: Target;
  readonly pid: number;
  readonly folder: string;
  /** Stops it and removes the data. */
  stop(): Promise<void>;
  /** kill -9; the data stays. */
  crash(): Promise<void>;
  /** The longest stretch of its thread during the work, milliseconds of CPU; null where the system does not tell. */
  longestStretch(work: () => Promise<void>): Promise<number | null>;
}

/** What `npm start` gives node for the server: collections of garbage that fit a process whose state is in array buffers. */
const NODE_OPTIONS: readonly string[] = /"start": "([^"]*)"/.exec(readFileSync(beside('../../../package.json'), 'utf8'))?.[1]
  .match(/--[a-z-]+=\d+/g) ?? [];

/**
 * dist/wire/main.js with default settings, on a new folder or on one of before. MILLRACE_BENCH_NODE: options for its node,
 * such as --cpu-prof. `args`: more options of the server.
 */
export async function startServer(before: string | null = null, args: readonly string[] = []): Promise<RunningServer> {
  const folder = before ?? mkdtempSync(join(process.env['MILLRACE_BENCH_DIR'] ?? tmpdir(), 'millrace-bench-'));
  const options = [...NODE_OPTIONS, ...(process.env['MILLRACE_BENCH_NODE'] ?? '').split(' ').filter((o) => o !== '')];
  const main = beside('../../wire/main.js');
  const stretches = join(folder, 'stretches');
  const watched = ['--import', beside('./stretches.js')];
  const child = spawn(process.execPath, [...options, ...watched, main, '--data', join(folder, 'data'), '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, [STRETCHES_FILE]: stretches },
  });
  const port = await listening(child);
  const ended = new Promise<void>((resolve) => { child.once('exit', () => resolve()); });
  return {
    target: { host: '127.0.0.1', port, user: 'millrace', database: 'millrace' },
    pid: child.pid ?? 0,
    folder,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
    crash: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    longestStretch: async (work) => {
      const told = process.platform === 'linux';
      rmSync(stretches, { force: true });
      if (told) child.kill('SIGUSR2');
      await work();
      if (!told) return null;
      child.kill('SIGUSR2');
      while (!existsSync(stretches)) await new Promise((resolve) => { setTimeout(resolve, 5); });
      return Number(readFileSync(stretches, 'utf8'));
    },
  };
}

function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /psql .*-p (\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}

/** The client process: one order at a time. */
export class Client {
  readonly #child = fork(beside('./client.js'), { execArgv: [] });

  async do(order: Order): Promise<Answer & { readonly kind: 'done' }> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#child.once('message', (message) => {
        if (isAnswer(message)) resolve(message);
        else reject(new Error('the client said something else'));
      });
      this.#child.send(order);
    });
    if (answer.kind === 'failed') throw new Error(answer.message);
    return answer;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
