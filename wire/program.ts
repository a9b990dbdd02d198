// The program's parts: configuration → database → server → signals; main.ts and demo.ts put them together.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase, safeConnections } from '../sql/index.ts';
import type { Database } from '../sql/index.ts';
import { CONNECTORS } from './connector/index.ts';
import { Server } from './server.ts';
import { VERSION } from './version.ts';

const USAGE = `usage: npm start -- [options]
  --data DIR|:memory:   where the database lives (default ./millrace-data, or MILLRACE_DATA)
  --port PORT           PostgreSQL protocol (default 7432, or MILLRACE_PORT; 0: any free port)
  --host ADDRESS        address to listen on (default 127.0.0.1, or MILLRACE_HOST)
  --max-connections N   default 200
  --memory-limit SIZE   memory for state, as 512MB or 4GB (default half of the machine's, below about 1 GB what the process
                        leaves; or MILLRACE_MEMORY_LIMIT)
  --min-free SIZE       room kept free on the disk; below it what adds data gets 53100 (default 64MB, of a small disk a
                        sixteenth; or MILLRACE_MIN_FREE)
  --checkpoint-size S   journal after which a checkpoint is taken once nobody writes, or at four times that in any case
                        (default 64MB, or MILLRACE_CHECKPOINT_SIZE)
  --history TIME        past moments to keep for SELECT .. AS OF, as 90s, 10min, 2h, 1d (default none, or MILLRACE_HISTORY)
  --help, --version
or: npm start -- COMMAND
  check DIR             verifies every checksum of a data folder whose server is stopped; exit code 1: damage
  restore BACKUP DIR    makes a data folder of what BACKUP TO 'dir' wrote`;

export interface Config {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly maxConnections: number;
  /** Bytes; null or absent: the default. */
  readonly memoryBytes?: number | null;
  /** Bytes; null or absent: the default. */
  readonly minFreeBytes?: number | null;
  /** Bytes of journal; null or absent: the default. */
  readonly checkpointBytes?: number | null;
  /** µs; absent: none. */
  readonly history?: bigint;
}

/** Says what is wrong and how it is done right, exits with 2. */
export function usage(message: string): never {
  console.error(`millrace: ${message}\n${USAGE}`);
  process.exit(2);
}

function integer(name: string, text: string, max: number): number {
  if (!/^\d+$/.test(text) || Number(text) > max) usage(`${name} takes a number from 0 to ${max}, not "${text}"`);
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { kB: 1 << 10, MB: 1 << 20, GB: 1 << 30, TB: 2 ** 40 };

function size(name: string, text: string, least: number): number | null {
  if (text === '') return null;
  const [, digits, unit] = /^(\d+)\s*(kB|MB|GB|TB)$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) < least) usage(`${name} takes a size such as 512MB, not "${text}"`);
  return Number(digits) * UNITS[unit];
}

const SPANS: Readonly<Record<string, bigint>> = { s: 1n, min: 60n, h: 3600n, d: 86_400n };

function timeSpan(text: string): bigint {
  if (text === '') return 0n;
  const [, digits, unit] = /^(\d{1,9})\s*(s|min|h|d)$/.exec(text) ?? [];
  if (digits === undefined) usage(`history takes a time such as 10min, not "${text}"`);
  return BigInt(digits) * SPANS[unit] * 1_000_000n;
}

/** Flags win over environment variables, those over defaults. Exits with 2 and the usage for what it does not know. */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): Config {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        'data': { type: 'string' }, 'port': { type: 'string' }, 'host': { type: 'string' },
        'max-connections': { type: 'string' }, 'memory-limit': { type: 'string' }, 'min-free': { type: 'string' },
        'history': { type: 'string' }, 'checkpoint-size': { type: 'string' },
        'help': { type: 'boolean' }, 'version': { type: 'boolean' },
      },
    }));
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
  }
  if (values['help'] === true) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values['version'] === true) {
    console.log(`millrace ${VERSION}`);
    process.exit(0);
  }
  const text = (flag: string, variable: string, otherwise: string): string => {
    const given = values[flag] ?? env[variable] ?? otherwise;
    return typeof given === 'string' ? given : otherwise;
  };
  return {
    data: text('data', 'MILLRACE_DATA', './millrace-data'),
    host: text('host', 'MILLRACE_HOST', '127.0.0.1'),
    port: integer('port', text('port', 'MILLRACE_PORT', '7432'), 65535),
    maxConnections: integer('max-connections', text('max-connections', 'MILLRACE_MAX_CONNECTIONS', '200'), 100_000),
    history: timeSpan(text('history', 'MILLRACE_HISTORY', '')),
    memoryBytes: size('memory-limit', text('memory-limit', 'MILLRACE_MEMORY_LIMIT', ''), 1),
    checkpointBytes: size('checkpoint-size', text('checkpoint-size', 'MILLRACE_CHECKPOINT_SIZE', ''), 1),
    minFreeBytes: size('min-free', text('min-free', 'MILLRACE_MIN_FREE', ''), 0),
  };
}

/** Database and server, running. Shared with the demo. */
export interface Running {
  readonly database: Database;
  readonly server: Server;
  readonly config: Config;
  /** Ends sessions, checkpoints, closes. Safe to call twice. */
  stop(): Promise<void>;
}

export const log = (message: string): void => console.error(`millrace: ${message}`);

/** What is asked for, or as many as there are files for. */
function connectionLimit(asked: number): number {
  const safe = safeConnections() ?? asked;
  if (safe < asked) log(`the limit of open files allows ${safe} connections, not ${asked}: raise it (ulimit -n)`);
  return Math.min(asked, safe);
}

export async function start(config: Config): Promise<Running> {
  let server: Server | null = null;
  const database = await openDatabase({
    data: config.data === ':memory:' ? ':memory:' : resolve(config.data),
    connectors: CONNECTORS,
    ...(typeof config.memoryBytes === 'number' ? { memoryBytes: config.memoryBytes } : {}),
    ...(typeof config.checkpointBytes === 'number' ? { checkpointBytes: config.checkpointBytes } : {}),
    ...(typeof config.minFreeBytes === 'number' ? { minFreeBytes: config.minFreeBytes } : {}),
    ...(config.history === undefined ? {} : { history: config.history }),
    log,
    terminate: (processId, error) => server?.terminate(processId, error) ?? false,
    fatal: (error) => {
      log(`stopped: ${error.stack ?? error.message}`);
      process.exit(70);
    },
  });
  const maxConnections = connectionLimit(config.maxConnections);
  try {
    server = await Server.listen(database, { host: config.host, port: config.port, maxConnections, log });
  } catch (error) {
    await database.close();
    throw error;
  }
  const listening = server;
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= listening.close().then(() => database.close());
    return stopping;
  };
  return { database, server, config, stop };
}

/** SIGINT and SIGTERM stop cleanly; a second one stops at once (the journal has what was acknowledged). */
export function stopOnSignals(running: Running): void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log(`${signal}: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      });
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** At most eight lines: where things are, how to connect, what to try, how to stop. */
export function greet(running: Running): void {
  const { config, server } = running;
  const { port } = server;
  const host = config.host === '0.0.0.0' ? '127.0.0.1' : config.host;
  console.log([
    `millrace ${VERSION} is ready, data in ${config.data === ':memory:' ? 'memory only' : resolve(config.data)}`,
    `  psql:  psql -h ${host} -p ${port} -U millrace millrace`,
    `  JDBC:  jdbc:postgresql://${host}:${port}/millrace?user=millrace`,
    '  paste: CREATE TABLE bids (item text, price int); INSERT INTO bids VALUES (\'lamp\', 12), (\'lamp\', 15);',
    '         CREATE MATERIALIZED VIEW top AS SELECT item, count(*), max(price) FROM bids GROUP BY item;',
    '         TABLE top;   -- INSERT more, and look again',
    '  stop:  Ctrl-C',
  ].join('\n'));
}
