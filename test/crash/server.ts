// kill -9 of the real server under a mixed load from real connections, with an acknowledgement log.
//   node dist/test/crash/server.js [--kills 100] [--seed 1] [--minutes 60]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../support/random.ts';
import { checkMix, resetMix } from './mix-check.ts';
import { MixSources } from './mix-sources.ts';
import { newMix, work } from './mix.ts';
import { Disconnected, ServerProcess, SqlClient } from './server-process.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' } },
});
const KILLS = Number(values.kills ?? 100);
const SEED = Number(values.seed ?? 1);
/** No kill is begun later. */
const MINUTES = Number(values.minutes ?? 60);
const WORKERS = 4;
/** What has grown since so many kills is dropped, so that a life stays short. */
const RESET = 30;

const folder = mkdtempSync(join(tmpdir(), 'crash-'));
const data = join(folder, 'data');
const random = new Random(SEED);
const mix = newMix();
const sources = new MixSources(folder);
const findings = { lost: 0, half: 0, views: 0 };
let sourceFailures = 0;
let acknowledged = 0;
let early = 0;
const ready: number[] = [];
const failures = (): number => findings.lost + findings.half + findings.views + sourceFailures;
const log = (message: string): void => console.log(`seed ${SEED}: ${message}`);

/** Some are killed once before. */
async function start(): Promise<ServerProcess> {
  if (random.bool(0.1)) {
    // Killed while it opens the folder and replays.
    const off = new AbortController();
    const starting = ServerProcess.launch({ data, signal: off.signal }).catch(() => null);
    setTimeout(() => off.abort(), (ready.at(-1) ?? 500) * (0.3 + random.float()));
    await (await starting)?.ended;
    early++;
  }
  return ServerProcess.launch({ data });
}

async function look(port: number): Promise<void> {
  try {
    const client = await SqlClient.open(port);
    for (;;) {
      await sources.look(client);
      await new Promise((done) => { setTimeout(done, 10); });
    }
  } catch (error) {
    if (!(error instanceof Disconnected)) throw error;
  }
}

/** Some way into the next transaction after so many acknowledgements; on a slow machine sooner. */
async function moment(acknowledgements: number): Promise<void> {
  const begin = performance.now();
  while (mix.ledger.acknowledged < acknowledgements && performance.now() - begin < 1500) {
    await new Promise((done) => { setTimeout(done, 1); });
  }
  await new Promise((done) => { setTimeout(done, random.int(0, 8)); });
}

process.once('SIGTERM', () => process.exit(143));
let server = await ServerProcess.launch({ data });
const begin = performance.now();
let kills = 0;
while (kills < KILLS && performance.now() - begin < MINUTES * 60_000) {
  const kill = ++kills;
  if (kill % RESET === 1) {
    acknowledged += mix.ledger.acknowledged;
    mix.ledger.acknowledged = 0;
    const client = await SqlClient.open(server.port);
    await resetMix(mix, client);
    await sources.reset(client);
    client.close();
  }
  const { port } = server;
  const lives = Promise.all([...Array(WORKERS).keys()].map((worker) => work(mix, port, worker, random)).concat(look(port)));
  // What a worker does not expect ends the test, with what the server said.
  await Promise.race([moment(mix.ledger.acknowledged + random.int(0, 100)), lives.catch((error: unknown) => {
    throw new Error(`${String(error)}\n${server.messages}`);
  })]);
  await server.kill();
  await lives;
  server = await start();
  ready.push(server.readyMs);
  const client = await SqlClient.open(server.port);
  const before = failures();
  await checkMix(mix, client, findings, log);
  sourceFailures += await sources.check(client, log);
  client.close();
  if (failures() > before) {
    log(`at kill ${kill}, of ${mix.ledger.acknowledged} acknowledged; the server says: ${server.messages.slice(-2000)}`);
  }
  if (kill % 20 !== 0) continue;
  const each = Math.round((performance.now() - begin) / kill);
  log(`${kill} kills, ${acknowledged + mix.ledger.acknowledged} acknowledged, ${each} ms each`);
}
await server.kill();
acknowledged += mix.ledger.acknowledged;
rmSync(folder, { recursive: true, force: true });
const middle = ready.toSorted((a, b) => a - b)[ready.length >> 1];
console.log(`crash: seed ${SEED}, ${kills} kills under load and ${early} at the start; acknowledged ${acknowledged}`
  + ` transactions; lost ${findings.lost}, half ${findings.half}, views that differ ${findings.views}, sources not exactly once`
  + ` ${sourceFailures} of ${2 * sources.checked}; `
  + `ready again in ${middle} ms (median), at most ${Math.max(...ready)}`);
const failed = Math.min(failures(), kills);
console.log(`${kills - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
