// More data than memory: COPY from several connections and views over them, in a control group that kills who takes too much.
//   node dist/test/crash/memory.js [--megabytes 160] [--group 512]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MemoryGroup } from './memory-group.ts';
import { Disconnected, Refused, ServerProcess, SqlClient } from './server-process.ts';

const CONNECTIONS = 6;
const ROWS = 10_000;
const FILLER = 'the quick brown fox jumps over the lazy dog, '.repeat(4);

/** `wide` has about as many groups as there are rows. */
const VIEWS = [
  'CREATE MATERIALIZED VIEW narrow AS SELECT load % 10 AS k, count(*) AS n, sum(row) AS s FROM rows GROUP BY load % 10',
  'CREATE MATERIALIZED VIEW wide AS SELECT k, count(*) AS n, max(filler) AS last FROM rows GROUP BY k',
];

export interface MemoryTotals {
  /** COPY statements of 10,000 rows. */
  acknowledged: number;
  /** .. that were told 53200. */
  refused: number;
  lost: number;
  half: number;
  /** Wrong views. */
  views: number;
  /** How the server ended by itself, which it must not. */
  ended: string | null;
  peakBytes: number;
}

function copyText(load: number): string {
  const lines: string[] = [];
  for (let row = 0; row < ROWS; row++) lines.push(`${load}\t${row}\t${(load * ROWS + row) * 7919}\t${row % 100} ${FILLER}`);
  return `${lines.join('\n')}\n`;
}

export interface OverloadOptions {
  /** Of text. */
  readonly megabytes: number;
  /** Megabytes of memory of the control group. */
  readonly group: number;
}

/** Loads so many bytes of text, as far as they are taken; then looks at what is there, before and after a kill -9. */
export async function overload({ megabytes, group: groupMegabytes }: OverloadOptions, log: (message: string) => void): Promise<MemoryTotals> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-memory-'));
  const group = MemoryGroup.make(`millrace-test-${process.pid}`, groupMegabytes * 2 ** 20);
  const totals: MemoryTotals = { acknowledged: 0, refused: 0, lost: 0, half: 0, views: 0, ended: null, peakBytes: 0 };
  const launch = (): Promise<ServerProcess> => ServerProcess.launch({ data: join(folder, 'data'), under: group.command });
  let server = await launch();
  try {
    void server.ended.then(({ code, signal }) => {
      totals.ended ??= `${signal ?? code}: ${server.messages}`;
    });
    const client = await SqlClient.open(server.port);
    await client.run('CREATE TABLE rows (load int8, row int8, k int8, filler text)');
    for (const view of VIEWS) await client.run(view);
    const loads = Math.ceil((megabytes << 20) / Buffer.byteLength(copyText(0)));
    const acknowledged = new Set<number>();
    let next = 1;
    const work = async (): Promise<void> => {
      const own = await SqlClient.open(server.port);
      while (next <= loads) {
        const load = next++;
        try {
          await own.copy('COPY rows FROM STDIN', copyText(load));
          acknowledged.add(load);
          if (acknowledged.size % 50 === 0) log(`${acknowledged.size} of ${loads} loads, ${totals.refused} refused`);
        } catch (error) {
          if (error instanceof Disconnected) return;
          if (!(error instanceof Refused) || error.code !== '53200') throw error;
          totals.refused++;
        }
      }
      own.close();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
    totals.acknowledged = acknowledged.size;
    totals.peakBytes = group.peakBytes;
    // Of one that was killed the connections end first.
    await new Promise((done) => { setTimeout(done, 500); });
    if (totals.ended !== null) return totals;
    await check(client, acknowledged, totals);
    // From here on it ends because it is told to.
    const ended = totals.ended;
    totals.ended = ended ?? '';
    await server.kill();
    server = await launch();
    totals.ended = ended;
    await check(await SqlClient.open(server.port), acknowledged, totals);
    return totals;
  } finally {
    await server.kill();
    group.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function check(client: SqlClient, acknowledged: ReadonlySet<number>, totals: MemoryTotals): Promise<void> {
  const counts = await client.rows('SELECT load, count(*) FROM rows GROUP BY load');
  const found = new Map(counts.map(([load, n]) => [Number(load), Number(n)]));
  for (const load of acknowledged) if (!found.has(load)) totals.lost++;
  for (const [load, rows] of found) if (rows !== ROWS || !acknowledged.has(load)) totals.half++;
  const [[rows, sum]] = await client.rows('SELECT sum(n), sum(s) FROM narrow');
  const [[groups, most]] = await client.rows('SELECT count(*), sum(n) FROM wide');
  const all = acknowledged.size * ROWS;
  const right = [all, acknowledged.size * (ROWS * (ROWS - 1)) / 2, all, all].map(String);
  if ([rows, sum, groups, most].join() !== right.join()) totals.views++;
}

if (process.argv[1]?.endsWith('memory.js') === true) {
  process.once('SIGTERM', () => process.exit(143));
  const { values } = parseArgs({ options: { megabytes: { type: 'string' }, group: { type: 'string' } } });
  const sizes = { megabytes: Number(values.megabytes ?? 160), group: Number(values.group ?? 512) };
  const refusal = MemoryGroup.refusal();
  if (refusal !== null) {
    console.log(`a control group is not tried: ${refusal}`);
    process.exit(0);
  }
  const totals = await overload(sizes, console.log);
  console.log(JSON.stringify(totals));
  process.exitCode = totals.lost + totals.half + totals.views > 0 || totals.ended !== null ? 1 : 0;
}
