// kill -9 of the real server under load from real connections, over one data folder, with an acknowledgement log.
//   node dist/test/crash/server.js [--kills 100] [--seed 1]
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Answer } from '../support/protocol-client.ts';
import { Random } from '../support/random.ts';

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } });
const KILLS = Number(values.kills ?? 100);
const random = new Random(Number(values.seed ?? 1));
const MAIN = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'wire', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const COPY_ROWS = 300;
const ACCOUNTS = 20;

const VIEWS: readonly (readonly [string, string])[] = [
  ['singles_by_worker', 'SELECT worker, count(*) AS n, max(id) AS last FROM singles GROUP BY worker'],
  ['loads_by_load', 'SELECT load, count(*) AS n, sum(row) AS s FROM loads GROUP BY load'],
  ['moves', 'SELECT a.id, a.balance, count(e.id) AS entries, coalesce(sum(e.amount), 0) AS s FROM accounts a LEFT JOIN entries e ON e.account = a.id GROUP BY a.id, a.balance'],
  ['richest', 'SELECT id, balance FROM accounts ORDER BY balance DESC, id LIMIT 3'],
];

const SCHEMA = [
  'CREATE TABLE singles (id int8 PRIMARY KEY, worker int4, note text)',
  'CREATE TABLE loads (load int8, row int8)',
  'CREATE TABLE accounts (id int4 PRIMARY KEY, balance int8 NOT NULL)',
  'CREATE TABLE entries (id int8, account int4, amount int8)',
  `INSERT INTO accounts SELECT g, 0 FROM generate_series(1, ${ACCOUNTS}) g`,
  ...VIEWS.map(([name, query]) => `CREATE MATERIALIZED VIEW ${name} AS ${query}`),
];

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
  readonly readyMs: number;
}

async function launch(): Promise<Server> {
  const begin = Date.now();
  const child = spawn(process.execPath, [MAIN, '--data', join(folder, 'data'), '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString(); });
  const port = await new Promise<number>((done, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const match = / -p (\d+) /.exec(out);
      if (match !== null) done(Number(match[1]));
    });
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}: ${err}`)));
  });
  return { process: child, port, readyMs: Date.now() - begin };
}

class Disconnected extends Error {}

class Client {
  readonly #client: ProtocolClient;
  private constructor(client: ProtocolClient) {
    this.#client = client;
  }
  static async open(port: number): Promise<Client> {
    const client = await ProtocolClient.open({ host: '127.0.0.1', port });
    await client.startup({ user: 'millrace', database: 'millrace' });
    return new Client(client);
  }
  async run(sql: string): Promise<readonly Answer[]> {
    this.#client.send({ Query: { q: sql } });
    return this.#answers(sql);
  }
  async copy(sql: string, data: string): Promise<readonly Answer[]> {
    await this.run(sql);
    this.#client.send({ CopyData: { data } }, 'CopyDone');
    return this.#answers(sql);
  }
  async rows(sql: string): Promise<readonly string[]> {
    const answers = await this.run(sql);
    return answers.filter((a) => a.msg === 'DataRow').map((a) => JSON.stringify(a['values'])).toSorted();
  }
  close(): void {
    this.#client.close();
  }
  async #answers(sql: string): Promise<readonly Answer[]> {
    const answers = await this.#client.untilReady();
    if (answers.at(-1)?.msg === '<connection closed by server>') throw new Disconnected();
    const error = answers.find((a) => a.msg === 'ErrorResponse');
    if (error !== undefined) throw new Error(`${String(error['C'])} ${String(error['M'])}: ${sql}`);
    return answers;
  }
}

/** What was acknowledged, by kind. */
const acknowledged = { singles: new Set<number>(), loads: new Set<number>(), entries: new Set<number>() };
let nextId = 1;
let transactions = 0;

async function single(client: Client, worker: number): Promise<void> {
  const id = nextId++;
  await client.run(`INSERT INTO singles VALUES (${id}, ${worker}, 'note ${id}')`);
  acknowledged.singles.add(id);
}

async function load(client: Client): Promise<void> {
  const id = nextId++;
  await client.copy('COPY loads FROM STDIN', Array.from({ length: COPY_ROWS }, (_, i) => `${id}\t${i}\n`).join(''));
  acknowledged.loads.add(id);
}

/** Money moves between two accounts and is entered twice: half a transaction would show in the sums. */
async function move(client: Client): Promise<void> {
  const id = nextId++;
  const from = random.int(1, ACCOUNTS);
  const to = 1 + (from % ACCOUNTS);
  const amount = random.int(1, 50);
  await client.run('BEGIN');
  await client.run(`UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}`);
  await client.run(`UPDATE accounts SET balance = balance + ${amount} WHERE id = ${to}`);
  await client.run(`INSERT INTO entries VALUES (${id}, ${from}, ${-amount}), (${id}, ${to}, ${amount})`);
  await client.run('COMMIT');
  acknowledged.entries.add(id);
  transactions++;
}

async function work(port: number, worker: number): Promise<void> {
  const client = await Client.open(port);
  try {
    for (;;) {
      const roll = random.int(0, 99);
      if (roll < 60) await single(client, worker);
      else if (roll < 70) await load(client);
      else if (roll < 96) await move(client);
      else if (roll < 98) await client.run('CHECKPOINT');
      else await client.run(`DROP MATERIALIZED VIEW IF EXISTS extra${worker}; CREATE MATERIALIZED VIEW extra${worker} AS SELECT count(*) FROM loads`);
    }
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error;
  } finally {
    client.close();
  }
}

interface Findings { lost: number; half: number; views: number }

async function verify(port: number, findings: Findings): Promise<void> {
  const client = await Client.open(port);
  const ids = async (sql: string): Promise<Set<number>> => new Set((await client.rows(sql)).map((r) => Number(JSON.parse(r)[0])));
  const singles = await ids('SELECT id FROM singles');
  const loads = await ids('SELECT DISTINCT load FROM loads');
  const entries = await ids('SELECT DISTINCT id FROM entries');
  for (const [have, want] of [[singles, acknowledged.singles], [loads, acknowledged.loads], [entries, acknowledged.entries]] as const) {
    for (const id of want) if (!have.has(id)) findings.lost++;
  }
  findings.half += (await client.rows(`SELECT load FROM loads GROUP BY load HAVING count(*) <> ${COPY_ROWS}`)).length
    + (await client.rows('SELECT id FROM entries GROUP BY id HAVING count(*) <> 2 OR sum(amount) <> 0')).length
    + (await client.rows('SELECT 1 FROM accounts HAVING sum(balance) <> 0')).length
    + (await client.rows('SELECT a.id FROM accounts a WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM entries e WHERE e.account = a.id)')).length;
  for (const [name, query] of VIEWS) {
    const kept = await client.rows(`SELECT * FROM ${name}`);
    const computed = await client.rows(query);
    if (JSON.stringify(kept) !== JSON.stringify(computed)) {
      findings.views++;
      console.log(`view ${name} differs from its query: ${kept.length} rows, ${computed.length} computed`);
    }
  }
  client.close();
}

const findings: Findings = { lost: 0, half: 0, views: 0 };
const ready: number[] = [];
let server = await launch();
const first = await Client.open(server.port);
for (const sql of SCHEMA) await first.run(sql);
first.close();
for (let kill = 1; kill <= KILLS; kill++) {
  const workers = Promise.all([0, 1, 2, 3].map((worker) => work(server.port, worker)));
  await new Promise((done) => { setTimeout(done, random.int(20, 700)); });
  const gone = new Promise((done) => { server.process.once('exit', done); });
  server.process.kill('SIGKILL');
  await gone;
  await workers;
  server = await launch();
  ready.push(server.readyMs);
  await verify(server.port, findings);
  if (kill % 20 === 0) console.log(`${kill} kills, ${acknowledged.singles.size + acknowledged.loads.size + transactions} acknowledged`);
}
server.process.kill('SIGKILL');
rmSync(folder, { recursive: true, force: true });
const middle = ready.toSorted((a, b) => a - b)[ready.length >> 1];
console.log(`crash: ${KILLS} kills; acknowledged ${acknowledged.singles.size} inserts, ${acknowledged.loads.size} COPYs of ${COPY_ROWS} rows, `
  + `${transactions} transactions; lost ${findings.lost}, half ${findings.half}, views that differ ${findings.views}; ready again in ${middle} ms (median)`);
const failures = findings.lost + findings.half + findings.views;
console.log(`${KILLS - Math.min(failures, KILLS)} passed, ${Math.min(failures, KILLS)} failed`);
process.exit(failures === 0 ? 0 : 1);
