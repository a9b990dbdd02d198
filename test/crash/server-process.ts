// ServerProcess: a millrace server as a process of its own, and SQL clients of it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileProgram } from '../support/compile.ts';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Answer } from '../support/protocol-client.ts';

export interface LaunchOptions {
  readonly data: string;
  /** More arguments of the server. */
  readonly args?: readonly string[];
  /** Of node, before the program. */
  readonly nodeArgs?: readonly string[];
  /** A command that starts the rest of its arguments, such as `prlimit --nofile=64`. */
  readonly under?: readonly string[];
  /** Kills it with -9, ready or not. */
  readonly signal?: AbortSignal;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  readonly messages: { text: string };
}

let serverPath: string | null = null;

/** None outlives the test, however that ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The built server beside this file, or one compiled for the occasion. */
function serverProgram(): string {
  const built = fileURLToPath(new URL('../../wire/main.js', import.meta.url));
  serverPath ??= existsSync(built) ? built : compileProgram('wire/main.ts');
  return serverPath;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  /** How it ended. */
  readonly ended: Promise<Ending>;
  readonly port: number;
  /** From start to the first line. */
  readonly readyMs: number;
  readonly #messages: { text: string };

  private constructor(
    { child, ended, messages }: Started, { port, readyMs }: Pick<ServerProcess, 'port' | 'readyMs'>,
  ) {
    this.#child = child;
    this.ended = ended;
    this.port = port;
    this.readyMs = readyMs;
    this.#messages = messages;
  }

  /** Listening on return. Throws with its messages when it ends before. */
  static async launch({ data, args = [], nodeArgs = [], under = [], signal }: LaunchOptions): Promise<ServerProcess> {
    const begin = performance.now();
    const program = [process.execPath, ...nodeArgs, serverProgram()];
    const [command, ...rest] = [...under, ...program, '--data', data, '--port', '0', ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    signal?.addEventListener('abort', () => child.kill('SIGKILL'));
    const messages = { text: '' };
    let out = '';
    child.stderr.on('data', (chunk: Buffer) => {
      messages.text = (messages.text + chunk.toString()).slice(-20_000);
    });
    const ended = new Promise<Ending>((done) => {
      child.once('close', (code, signal) => {
        running.delete(child);
        done({ code, signal });
      });
    });
    const port = await new Promise<number>((done, fail) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        const match = / -p (\d+) /.exec(out);
        if (match !== null) done(Number(match[1]));
      });
      void ended.then(({ code, signal }) => fail(new Error(`the server ended with ${signal ?? code}: ${messages.text}`)));
    });
    return new ServerProcess({ child, ended, messages }, { port, readyMs: Math.round(performance.now() - begin) });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it wrote to stderr, the end of it. */
  get messages(): string {
    return this.#messages.text;
  }

  /** With -9; gone on return. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** As its user would; gone on return. */
  stop(): Promise<Ending> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}

/** The server is gone, or has hung up: whether the statement was done is not known. */
export class Disconnected extends Error {}

/** The server's ErrorResponse: the statement was not done. */
export class Refused extends Error {
  readonly code: string;
  constructor(answer: Answer, sql: string) {
    super(`${String(answer['C'])} ${String(answer['M'])}: ${sql.slice(0, 200)}`);
    this.code = String(answer['C']);
  }
}

/** One connection: throws Refused and Disconnected. */
export class SqlClient {
  readonly #client: ProtocolClient;

  private constructor(client: ProtocolClient) {
    this.#client = client;
  }

  static async open(port: number): Promise<SqlClient> {
    const client = await ProtocolClient.open({ host: '127.0.0.1', port }).catch((error: unknown) => {
      throw new Disconnected(String(error));
    });
    checked(await client.startup({ user: 'millrace', database: 'millrace' }), 'startup');
    return new SqlClient(client);
  }

  async run(sql: string): Promise<readonly Answer[]> {
    this.#client.send({ Query: { q: sql } });
    return checked(await this.#client.untilReady(), sql);
  }

  async copy(sql: string, data: string): Promise<void> {
    await this.run(sql);
    this.#client.send({ CopyData: { data } }, 'CopyDone');
    checked(await this.#client.untilReady(), sql);
  }

  /** Values as text, in the order in which they came. */
  async rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const answers = await this.run(sql);
    return answers.filter((a) => a.msg === 'DataRow')
      .map(({ values }) => (Array.isArray(values) ? values.map((v: unknown) => (v === null ? null : String(v))) : []));
  }

  /** The only value. */
  async value(sql: string): Promise<string> {
    return String((await this.rows(sql))[0]?.[0]);
  }

  close(): void {
    this.#client.close();
  }
}

function checked(answers: readonly Answer[], sql: string): readonly Answer[] {
  const error = answers.find((a) => a.msg === 'ErrorResponse');
  if (error !== undefined) throw new Refused(error, sql);
  if (answers.at(-1)?.msg === '<connection closed by server>') throw new Disconnected(sql);
  return answers;
}
