// Schedules: statements of several sessions in a fixed order, played against any server; who waits for whom is recorded.
//
// A schedule is a name (`== name`), statements of a session (`a: SQL`) and, indented below each, what came of it: result
// rows and tag, an error, or `(waits)`; a statement that had to wait answers (`b -> UPDATE 1`) below the one that let it go
// on. Session `s` sets up. Where millrace is stricter than PostgreSQL its own record follows `-- millrace`.
import { ProtocolClient } from '../../support/protocol-client.ts';
import type { Address, Answer } from '../../support/protocol-client.ts';

export interface Step {
  readonly session: string;
  readonly sql: string;
  /** Its record so far: the lines below it; empty in a schedule that was never played. */
  readonly record: readonly string[];
}

export interface Schedule {
  readonly name: string;
  readonly steps: readonly Step[];
  /** As PostgreSQL 15 plays it. */
  readonly expected: string;
  /** As millrace does, where it is stricter. */
  readonly stricter: string | null;
}

export function parseSchedules(text: string): readonly Schedule[] {
  return text.split(/^== /m).slice(1).map((part) => {
    const [head, ...lines] = part.trimEnd().split('\n');
    const at = lines.indexOf('-- millrace');
    const record = at < 0 ? lines : lines.slice(0, at);
    return {
      name: head.trim(), expected: record.join('\n').trim(), stricter: at < 0 ? null : lines.slice(at + 1).join('\n').trim(),
      steps: stepsOf(at < 0 ? record : lines.slice(at + 1)),
    };
  });
}

function stepsOf(lines: readonly string[]): readonly Step[] {
  const steps: (Step & { readonly record: string[] })[] = [];
  for (const line of lines) {
    const found = /^(\w+): (.*)$/.exec(line);
    if (found !== null) steps.push({ session: found[1], sql: found[2], record: [] });
    else if (line.trim() !== '') steps.at(-1)?.record.push(line.trim());
  }
  return steps;
}

/** How long a statement may take before it counts as waiting, ms; and one of which the record has an answer. */
const PATIENCE = 150;
const LONG_PATIENCE = 10_000;

class Player {
  readonly client: ProtocolClient;
  waiting: Promise<string> | null = null;

  constructor(client: ProtocolClient) {
    this.client = client;
  }

  run(sql: string): Promise<string> {
    this.client.send({ Query: { q: sql } });
    return this.client.untilReady().then(shown);
  }
}

/** The record of a schedule in an empty database or schema. */
export async function play(schedule: Schedule, open: () => Promise<ProtocolClient>): Promise<string> {
  const players = new Map<string, Player>();
  const lines: string[] = [];
  try {
    for (const { session, sql, record } of schedule.steps) {
      const player = players.get(session) ?? new Player(await open());
      players.set(session, player);
      lines.push(`${session}: ${sql}`);
      const answer = player.run(sql);
      const done = await within(answer, record.length > 0 && record[0] !== '(waits)' ? LONG_PATIENCE : PATIENCE);
      if (done === null) player.waiting = answer;
      lines.push(...indented(done ?? '(waits)'), ...await released(players, record));
    }
    return lines.join('\n');
  } finally {
    for (const player of players.values()) player.client.close();
  }
}

/** What those that waited answer now. */
async function released(
  players: ReadonlyMap<string, Player>, record: readonly string[],
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [session, player] of [...players].toSorted(([x], [y]) => (x < y ? -1 : 1))) {
    if (player.waiting === null) continue;
    const answers = record.some((line) => line.startsWith(`${session} -> `));
    const done = await within(player.waiting, answers ? LONG_PATIENCE : PATIENCE);
    if (done === null) continue;
    player.waiting = null;
    lines.push(...indented(`${session} -> ${done}`));
  }
  return lines;
}

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `   ${line}`);
}

async function within(answer: Promise<string>, milliseconds: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function shown(answers: readonly Answer[]): string {
  const error = answers.find((a) => a.msg === 'ErrorResponse');
  if (error !== undefined) return `ERROR ${String(error['C'])}: ${String(error['M'])}`;
  return answers.flatMap((a) => {
    switch (a.msg) {
      case 'DataRow': return [Array.isArray(a['values']) ? a['values'].map((v) => v ?? 'null').join('|') : ''];
      case 'CommandComplete': return [String(a['tag'])];
      default: return [];
    }
  }).join(', ');
}

/** A connection that works in the schema `schema`. */
export async function connection(address: Address, database: string, schema: string): Promise<ProtocolClient> {
  const client = await ProtocolClient.open(address);
  await client.startup({ user: 'postgres', database, TimeZone: 'UTC' });
  client.send({ Query: { q: `SET search_path = ${schema}; SET deadlock_timeout = '20ms'` } });
  await client.untilReady();
  return client;
}
