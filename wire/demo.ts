// `npm run demo`: the server with live data and ready views; the terminal shows the views as they change.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseError } from '../engine/data/error.ts';
import { isValid } from '../engine/data/vector.ts';
import type { ExecuteResult, ResultColumn, Session } from '../sql/index.ts';
import { textWriter } from './cell-writer.ts';
import { Page } from './page.ts';
import { readConfig, start, stopOnSignals } from './program.ts';
import { VERSION } from './version.ts';

const REFRESH_MS = 1000;

const PANELS: readonly { readonly title: string; readonly query: string }[] = [
  { title: 'this machine, 10 s windows (running)', query: 'SELECT * FROM host_10s ORDER BY window_start DESC LIMIT 3' },
  { title: 'bids, 5 s windows (emitted on close)', query: 'SELECT * FROM bids_5s ORDER BY window_start DESC LIMIT 3' },
  { title: 'hot auctions, 20 s windows every 5 s',
    query: 'SELECT * FROM hot_auctions ORDER BY window_end DESC, bids DESC, auction' },
  { title: 'bids joined with their auctions', query: 'SELECT * FROM categories ORDER BY category' },
  { title: 'flights of 2001, a day a second (emitted on close)', query: 'SELECT * FROM flights_daily ORDER BY day DESC LIMIT 3' },
  { title: 'worst airports so far', query: 'SELECT * FROM worst_airports ORDER BY average_delay DESC, origin' },
];

/** package.json's folder, from dist/wire or from wire. */
function rootFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

async function textRows(session: Session, result: ExecuteResult & { readonly kind: 'rows' }): Promise<string[][]> {
  const rows: string[][] = [];
  const page = new Page(256);
  for await (const batch of result.batches) {
    const writers = result.columns.map((c, i) => textWriter(batch.columns[i], c.type, session));
    for (let row = 0; row < batch.length; row++) {
      rows.push(writers.map((write, i) => {
        if (!isValid(batch.columns[i].validity, row)) return '';
        page.at = 0;
        write(page, row);
        return page.bytes.toString('utf8', 0, page.at);
      }));
    }
  }
  return rows;
}

function table(columns: readonly ResultColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((c, i) => Math.max(c.name.length, ...rows.map((r) => r[i].length)));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, i) => cell.padStart(widths[i])).join('  ')}`;
  return [line(columns.map((c) => c.name)), ...rows.map(line)];
}

async function panel(session: Session, { title, query }: (typeof PANELS)[number]): Promise<string[]> {
  const lines = [`── ${title}`];
  for await (const result of session.simple(query)) {
    if (result.kind === 'rows') lines.push(...table(result.columns, await textRows(session, result)));
  }
  return lines;
}

/** In a terminal the picture is drawn over; in a pipe a new one follows. */
function draw(lines: readonly string[]): void {
  const clear = process.stdout.isTTY ? '\x1b[H\x1b[2J' : '';
  process.stdout.write(`${clear}${lines.join('\n')}\n`);
}

async function prepare(session: Session, root: string): Promise<void> {
  const sql = readFileSync(join(root, 'examples', 'demo.sql'), 'utf8')
    .replaceAll('node_modules/', `${join(root, 'node_modules').replaceAll('\'', '\'\'')}/`);
  try {
    for await (const result of session.simple(sql)) {
      if (result.kind === 'rows') for await (const batch of result.batches) void batch;
    }
  } catch (error) {
    // A data folder of an earlier demo goes on where it was.
    if (!(error instanceof DatabaseError && error.code === '42P07')) throw error;
  }
}

const config = readConfig(
  process.argv.slice(2), { MILLRACE_DATA: ':memory:', ...process.env });
const running = await start(config);
stopOnSignals(running);
const session = running.database.connect({
  user: 'millrace', database: 'millrace', parameters: new Map([['application_name', 'demo']]), processId: 1, remote: null,
  onNotice: () => undefined, onParameterStatus: () => undefined, onNotification: () => undefined,
});
await prepare(session, rootFolder());
const connect = `psql -h ${config.host} -p ${running.server.port} -U millrace millrace`;
for (;;) {
  const lines = [`millrace ${VERSION} demo · ${new Date().toISOString()} · ${connect} · Ctrl-C stops`];
  for (const one of PANELS) lines.push(...await panel(session, one));
  draw(lines);
  await new Promise((resolve) => { setTimeout(resolve, REFRESH_MS); });
}
