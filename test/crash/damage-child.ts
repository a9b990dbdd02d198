// The process of the damage test: prepares data folders, damages copies of them, opens and reads those, says what came of it.
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError } from '../../engine/data/error.ts';
import { checkDatabase, openDatabase } from '../../sql/index.ts';
import type { Database } from '../../sql/index.ts';
import { Client } from '../support/client.ts';
import { Random } from '../support/random.ts';

/*
 * A prepared place holds `closed/`, a folder whose server was stopped, `killed/`, one whose server was killed, and
 * `answers.json`: what all queries answered, by folder; for `killed` after each of the last commits, the last one last.
 */
export const FOLDERS = ['closed', 'killed'] as const;
export type Folder = (typeof FOLDERS)[number];
type Answers = Readonly<Record<Folder, readonly string[]>>;

const LIVES = 6;
const LAST_COMMITS = 24;
const SEGMENT_BYTES = 60_000;

const SCHEMA = `
  CREATE TABLE item (id int8 PRIMARY KEY, name text NOT NULL, price numeric, at timestamp);
  CREATE TABLE sale (id serial PRIMARY KEY, item int8, amount int4, note text);
  CREATE INDEX sale_item ON sale (item);
  CREATE MATERIALIZED VIEW by_item AS SELECT item, count(*) AS n, sum(amount) AS total, max(note) AS last FROM sale GROUP BY item;
  CREATE MATERIALIZED VIEW named AS SELECT i.name, s.amount FROM sale s JOIN item i ON i.id = s.item WHERE s.amount > 30;
  CREATE MATERIALIZED VIEW top AS SELECT name, amount FROM named ORDER BY amount DESC, name LIMIT 7;`;

const QUERIES = [
  'SELECT * FROM item ORDER BY id', 'SELECT * FROM sale ORDER BY id', 'SELECT * FROM by_item ORDER BY item',
  'SELECT * FROM named ORDER BY name, amount', 'SELECT * FROM top ORDER BY amount DESC, name',
  'SELECT id, amount FROM sale WHERE item = 17 ORDER BY id', 'SELECT name FROM item WHERE id = 40',
  `SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
];

function open(folder: string, log: (line: string) => void = () => {}): Promise<Database> {
  return openDatabase({ data: folder, segmentBytes: SEGMENT_BYTES, log });
}

async function answersOf(client: Client): Promise<string> {
  const out: (readonly string[])[] = [];
  for (const query of QUERIES) out.push(await client.rows(query));
  return JSON.stringify(out);
}

function sale(random: Random, rows: number): string {
  const values = Array.from({ length: rows }, () =>
    `(${random.int(1, 300)}, ${random.int(1, 99)}, 'note ${random.int(1, 1e9).toString(36)} ${random.int(1, 1e9)}')`);
  return `INSERT INTO sale (item, amount, note) VALUES ${values.join(', ')}`;
}

/** Makes the place; `seed` decides what is in it. */
export async function prepare(place: string, seed: number): Promise<void> {
  const random = new Random(seed);
  const closed = join(place, 'closed');
  for (let life = 0; life < LIVES; life++) {
    const database = await open(closed);
    const client = new Client(database);
    if (life === 0) {
      await client.query(SCHEMA);
      await client.query(`INSERT INTO item SELECT g, 'item ' || g, g * 1.5, timestamp '2024-01-01' + g * interval '1 h' FROM generate_series(1, 300) g`);
    }
    for (let n = 0; n < 12; n++) await client.query(sale(random, random.int(1, 120)));
    await client.query(`DELETE FROM sale WHERE id % 11 = ${life}`);
    await client.query(`UPDATE item SET price = price + 1 WHERE id % 7 = ${life}`);
    await database.checkpoint();
    await client.query(sale(random, 40));
    await client.close();
    await database.close();
  }
  const working = join(place, 'working');
  cpSync(closed, working, { recursive: true });
  const database = await open(working);
  const client = new Client(database);
  const whole = await answersOf(client);
  for (let n = 0; n < 20; n++) await client.query(sale(random, 60));
  await client.query('DELETE FROM sale WHERE id % 13 = 1');
  await database.checkpoint();
  const states = [await answersOf(client)];
  for (let n = 0; n < LAST_COMMITS; n++) {
    await client.query(n % 5 === 4 ? `DELETE FROM sale WHERE id % 29 = ${n}` : sale(random, random.int(1, 60)));
    states.push(await answersOf(client));
  }
  // What is written by then is what a killed process leaves.
  cpSync(working, join(place, 'killed'), { recursive: true });
  await client.close();
  await database.close();
  rmSync(working, { recursive: true });
  const answers: Answers = { closed: [whole], killed: states };
  writeFileSync(join(place, 'answers.json'), JSON.stringify(answers));
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile()).toSorted();
}

/** Where the file's content ends: zeros written ahead do not count. */
function contentEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** Does one damage to the folder and says which. */
function damage(folder: string, random: Random): string {
  const parts = { journal: /journal/, level: /\.(ldb|log)$/, names: /MANIFEST|CURRENT|FORMAT/ };
  const files = filesOf(folder).filter((name) => !/LOCK$|LOG/.test(name));
  const part = random.pick([parts.journal, parts.level, parts.level, parts.names]);
  const name = random.pick(files.filter((file) => part.test(file)));
  const path = join(folder, name);
  const bytes = new Uint8Array(readFileSync(path));
  const end = contentEnd(bytes);
  const at = end === 0 ? 0 : random.int(0, end - 1);
  const kind = random.pick(['flip', 'flip', 'flip', 'burst', 'zeros', 'truncate', 'truncate', 'delete', 'swap']);
  if (kind === 'delete') rmSync(path);
  else if (kind === 'truncate') truncateSync(path, at);
  else {
    if (kind === 'flip' && bytes.length > 0) bytes[at] ^= 1 << random.int(0, 7);
    const length = Math.min(random.int(1, 600), end - at);
    if (kind === 'zeros') bytes.fill(0, at, at + length);
    if (kind === 'burst') for (let i = 0; i < length; i++) bytes[at + i] = random.int(0, 255);
    // A piece of the same file in another place, as a misdirected write leaves it.
    if (kind === 'swap') bytes.copyWithin(at, random.int(0, Math.max(0, end - 1)), end);
    writeFileSync(path, bytes);
  }
  return `${kind} ${name.replaceAll(' ', '_')}@${at}`;
}

type Outcome = 'detected' | 'harmless' | 'tail-told' | 'tail-silent' | 'WRONG';

/** Opens and reads, writes, closes, opens and reads again. */
async function outcomeOf(folder: string, states: readonly string[]): Promise<readonly [Outcome, string]> {
  const told: string[] = [];
  let ends = 0;
  try {
    const found: string[] = [];
    for (const again of [false, true]) {
      const database = await open(folder, (line) => told.push(line));
      const client = new Client(database);
      try {
        const state = await answersOf(client);
        if (!again) ends = states.indexOf(state);
        found.push(state);
        // A change that the queries do not show, so that a checkpoint is written over what is there.
        if (!again) await client.query(`INSERT INTO item VALUES (-1, 'new'); DELETE FROM item WHERE id = -1`);
      } finally {
        await client.close();
        await database.close().catch(() => {});
      }
    }
    if (ends < 0) return ['WRONG', 'no state that there ever was'];
    if (found[0] !== found[1]) return ['WRONG', 'another answer after a restart'];
    if (ends === states.length - 1) return ['harmless', told.join('; ')];
    const cut = told.some((line) => line.includes('cut '));
    return [cut ? 'tail-told' : 'tail-silent', `${states.length - 1 - ends} commits`];
  } catch (error) {
    const code = error instanceof DatabaseError ? error.code : 'none';
    const message = error instanceof Error ? error.message : String(error);
    const known = code !== 'none' || /XX001|58030|F0000/.test(message);
    return [known ? 'detected' : 'WRONG', `${code} ${message}`];
  }
}

/** Whether `millrace check` finds nothing. */
async function checkedClean(folder: string): Promise<boolean> {
  try {
    return !(await checkDatabase(folder)).damaged;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'F0000') return false;
    throw error;
  }
}

/** Runs cases `first` to `end`, not included; a line each on stdout. */
async function trials(place: string, seed: number, first: number, end: number): Promise<void> {
  const answers: Answers = JSON.parse(readFileSync(join(place, 'answers.json'), 'utf8'));
  for (let n = first; n < end; n++) {
    const random = new Random(seed * 1_000_003 + n);
    const which = random.pick(FOLDERS);
    const folder = join(place, 'trial');
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    cpSync(join(place, which), folder, { recursive: true });
    const what = damage(folder, random);
    const clean = await checkedClean(folder);
    process.stdout.write(`begin ${n} ${which} ${what} ${clean ? 'clean' : 'found'}\n`);
    const [outcome, detail] = await outcomeOf(folder, answers[which]);
    const missed = outcome === 'detected' && clean;
    process.stdout.write(`end ${missed ? 'WRONG check finds nothing:' : outcome} ${detail.replaceAll('\n', ' ')}\n`);
  }
}

const [, program, place, seed, first, end] = process.argv;
if (program?.endsWith('damage-child.js') === true) {
  if (first === undefined) await prepare(place, Number(seed));
  else await trials(place, Number(seed), Number(first), Number(end));
  process.exit(0);
}
