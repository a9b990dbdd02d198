// `npm run test:power -- [--cuts 100] [--seed 1] [--minutes 60]`: power cuts under a mixed load, on ext4 and xfs.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../support/random.ts';
import { checkMix, resetMix } from './mix-check.ts';
import type { Findings } from './mix-check.ts';
import { MixSources } from './mix-sources.ts';
import { newMix, work } from './mix.ts';
import type { MixState } from './mix.ts';
import { DISK_KINDS, PowerBench } from './power-disk.ts';
import type { DiskKind, PowerDisk } from './power-disk.ts';
import { Disconnected, Refused, ServerProcess, SqlClient } from './server-process.ts';

const { values } = parseArgs({
  options: { cuts: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
});
const CUTS = Number(values.cuts ?? 100);
const SEED = Number(values.seed ?? 1);
const MINUTES = Number(values.minutes ?? 60);
const WORKERS = 4;
/** A disk gets a new database after so many cuts. */
const RESET = 12;
/** Cuts of the control, with synchronous_commit = off, on each disk. */
const CONTROL = 5;
/** What a commit may be told when the disk is gone; whether it is done decides what is on disk. */
const GONE = new Set(['58030', '25006', '53100', '57P03']);

const random = new Random(SEED);
const log = (message: string): void => console.log(`seed ${SEED}: ${message}`);
const pause = (ms: number): Promise<void> => new Promise((done) => { setTimeout(done, ms); });

/** One disk with a database that lives through cuts. */
class Trial {
  readonly disk: PowerDisk;
  readonly findings: Findings = { lost: 0, half: 0, views: 0 };
  sourceFailures = 0;
  acknowledged = 0;
  cuts = 0;
  /** Cuts while the folder was made, or opened after a cut. */
  starts = 0;
  readonly #sources: MixSources;
  #mix: MixState = newMix();
  #data = '';
  /** Of the last round, still running. */
  #server: ServerProcess | null = null;
  /** Of the last start. */
  #readyMs = 500;

  constructor(disk: PowerDisk, place: string) {
    this.disk = disk;
    this.#sources = new MixSources(place);
  }

  get failures(): number {
    return this.findings.lost + this.findings.half + this.findings.views + this.sourceFailures;
  }

  async round(): Promise<void> {
    if (this.cuts % RESET === 0) await this.#begin();
    const before = this.failures;
    const server = this.#server ?? await ServerProcess.launch({ data: this.#data });
    const { port } = server;
    const mix = this.#mix;
    let over = false;
    const lives = Promise.all([...Array(WORKERS).keys()].map((worker) => (
      work(mix, port, worker, random, { unknown: GONE, until: () => over })))).then(() => null, (error: unknown) => error);
    const end = mix.ledger.acknowledged + random.int(0, 80);
    const begin = performance.now();
    while (mix.ledger.acknowledged < end && performance.now() - begin < 1500) await pause(1);
    await pause(random.int(0, 8));
    await this.disk.cut();
    // The server may go on for a while and must not believe that it can write.
    await pause(random.int(0, 100));
    over = true;
    await server.kill();
    const unexpected = await lives;
    if (unexpected !== null) throw new Error(`${String(unexpected)}\n${server.messages}`);
    await this.disk.restore();
    this.cuts++;
    const again = await this.#open();
    const client = await SqlClient.open(again.port);
    await checkMix(mix, client, this.findings, log);
    this.sourceFailures += await this.#sources.check(client, log);
    client.close();
    this.#server = again;
    this.#readyMs = again.readyMs;
    if (this.failures === before) return;
    log(`${this.disk.kind}, cut ${this.cuts}; before it: ${server.messages}\nafter it: ${again.messages}`);
  }

  /** A new database; sometimes power is cut while it is made. */
  async #begin(): Promise<void> {
    await this.end();
    this.#data = join(this.disk.folder, `data-${this.cuts}`);
    this.acknowledged += this.#mix.ledger.acknowledged;
    this.#mix = newMix();
    if (random.bool(0.7)) await this.#cutAtStart();
    const server = await ServerProcess.launch({ data: this.#data });
    const client = await SqlClient.open(server.port);
    await resetMix(this.#mix, client);
    await this.#sources.reset(client);
    client.close();
    this.#server = server;
  }

  async end(): Promise<void> {
    await this.#server?.kill();
    this.#server = null;
  }

  /** Sometimes power is cut once more while the folder is opened. */
  async #open(): Promise<ServerProcess> {
    if (random.bool(0.2)) await this.#cutAtStart();
    return ServerProcess.launch({ data: this.#data });
  }

  async #cutAtStart(): Promise<void> {
    const off = new AbortController();
    // Whether it gets as far as to be ready is not the question.
    const starting = ServerProcess.launch({ data: this.#data, signal: off.signal }).catch(() => null);
    await pause(this.#readyMs * (0.3 + random.float()));
    await this.disk.cut();
    this.starts++;
    await pause(random.int(0, 100));
    off.abort();
    await (await starting)?.ended;
    await this.disk.restore();
  }

  totals(): string {
    const { lost, half, views } = this.findings;
    const sources = `${this.sourceFailures} of ${2 * this.#sources.checked}`;
    return `power ${this.disk.kind}: seed ${SEED}, ${this.cuts} cuts under load and ${this.starts} at a start; `
      + `acknowledged ${this.acknowledged + this.#mix.ledger.acknowledged} transactions; lost ${lost}, half ${half}, `
      + `views that differ ${views}, sources not exactly once ${sources}`;
  }
}

interface ControlTotals { acknowledged: number; lost: number; holes: number }

/** One writer that does not wait for the disk: what is there after a cut is how it was at some moment. */
async function control(disk: PowerDisk, totals: ControlTotals): Promise<void> {
  const data = join(disk.folder, 'control');
  const server = await ServerProcess.launch({ data });
  const client = await SqlClient.open(server.port);
  await client.run('SET synchronous_commit = off');
  await client.run('CREATE TABLE IF NOT EXISTS rows (n int8 PRIMARY KEY)');
  await client.run('TRUNCATE rows');
  await client.run('CHECKPOINT');
  let acknowledged = 0;
  const writing = (async (): Promise<void> => {
    try {
      for (;;) {
        await client.run(`INSERT INTO rows VALUES (${acknowledged})`);
        acknowledged++;
      }
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Disconnected)) throw error;
    }
  })();
  const begin = performance.now();
  while (acknowledged < 50 && performance.now() - begin < 3000) await pause(1);
  await disk.cut();
  const written = acknowledged;
  await server.kill();
  await writing;
  await disk.restore();
  const again = await ServerProcess.launch({ data });
  const reader = await SqlClient.open(again.port);
  const [[rows, last]] = await reader.rows('SELECT count(*), coalesce(max(n), -1) FROM rows');
  reader.close();
  await again.kill();
  totals.acknowledged += written;
  totals.lost += Math.max(0, written - Number(rows));
  if (Number(rows) !== Number(last) + 1) totals.holes++;
}

async function trialOn(kind: DiskKind, bench: PowerBench): Promise<Trial | null> {
  try {
    return new Trial(await bench.disk(kind), bench.folder);
  } catch (error) {
    console.log(`power ${kind}: skipped, ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    return null;
  }
}

process.once('SIGTERM', () => process.exit(143));
const bench = new PowerBench();
let failed = 0;
let cuts = 0;
try {
  const trials = [];
  for (const kind of DISK_KINDS) trials.push(await trialOn(kind, bench));
  const ready = trials.filter((trial) => trial !== null);
  const begin = performance.now();
  while (ready.length > 0 && cuts < CUTS && performance.now() - begin < MINUTES * 60_000) {
    await ready[cuts % ready.length].round();
    if (++cuts % 20 === 0) log(`${cuts} cuts, ${Math.round((performance.now() - begin) / cuts)} ms each`);
  }
  const totals: ControlTotals = { acknowledged: 0, lost: 0, holes: 0 };
  for (const trial of ready) {
    console.log(trial.totals());
    failed += trial.failures;
    await trial.end();
    for (let i = 0; i < CONTROL; i++) await control(trial.disk, totals);
  }
  if (ready.length > 0) {
    console.log(`power control, synchronous_commit = off: ${ready.length * CONTROL} cuts, `
      + `${totals.acknowledged} acknowledged, ${totals.lost} lost, ${totals.holes} with holes`);
    // Where nothing is lost without syncs, the cuts cut nothing.
    if (totals.lost === 0) console.log('the control has lost nothing: these cuts prove nothing');
    failed += totals.holes + (totals.lost === 0 ? 1 : 0);
  }
} finally {
  bench.remove();
}
console.log(`${cuts - Math.min(failed, cuts)} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
