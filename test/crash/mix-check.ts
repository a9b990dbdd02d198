// What must hold of the mixed load after a crash: nothing acknowledged lost, no half transaction, views as their queries.
import { ACCOUNTS, PASSING_VIEWS, SCHEMA, VIEWS } from './mix.ts';
import type { MixState } from './mix.ts';
import type { SqlClient } from './server-process.ts';

export interface Findings {
  lost: number;
  half: number;
  /** Views and indexes that do not say what their query, or the table, says. */
  views: number;
}

type Log = (message: string) => void;

/** Everything that the mix makes is dropped and made anew. */
export async function resetMix(state: MixState, client: SqlClient): Promise<void> {
  const names = await client.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND (relname LIKE 'own%'"
    + " OR relname IN ('singles', 'loads', 'accounts', 'entries', 'counters'))");
  for (const [name] of names) await client.run(`DROP TABLE ${name} CASCADE`);
  for (const sql of SCHEMA) await client.run(sql);
  state.ledger.check(new Map(), () => undefined);
  state.added = 0;
  state.adding = 0;
}

export async function checkMix(state: MixState, client: SqlClient, findings: Findings, log: Log): Promise<void> {
  const found = new Map<string, string>();
  for (const [worker, id, note] of await client.rows('SELECT worker, id, note FROM singles')) {
    found.set(`s/${worker}/${id}`, String(note));
  }
  for (const [worker, load, n] of await client.rows('SELECT worker, load, count(*) FROM loads GROUP BY worker, load')) {
    found.set(`l/${worker}/${load}`, String(n));
  }
  for (const [id, n] of await client.rows('SELECT id, count(*) FROM entries GROUP BY id')) {
    found.set(`e/${id}`, String(n));
  }
  const relations = await client.rows("SELECT relname, relkind FROM pg_class WHERE relname LIKE 'own%'");
  for (const [name, kind] of relations) found.set(`d/${/^own(\d+)_/.exec(String(name))?.[1]}/${name}`, String(kind));
  const { lost, half } = state.ledger.check(found, log);
  findings.lost += lost;
  findings.half += half;
  await checkSums(client, findings, log);
  await checkCounters(state, client, findings, log);
  for (const [name, query] of VIEWS) await compare(client, { kept: `SELECT * FROM ${name}`, query }, findings, log);
  for (const [name, kind] of relations) if (kind === 'm') await checkPassing(client, String(name), findings, log);
  await checkIndexes(client, findings, log);
}

async function checkSums(client: SqlClient, findings: Findings, log: Log): Promise<void> {
  const wrong = [
    await client.rows('SELECT id FROM entries GROUP BY id HAVING count(*) <> 2 OR sum(amount) <> 0'),
    await client.rows(`SELECT 1 FROM accounts HAVING sum(balance) <> 0 OR count(*) <> ${ACCOUNTS}`),
    await client.rows('SELECT a.id FROM accounts a'
      + ' WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM entries e WHERE e.account = a.id)'),
  ].reduce((sum, rows) => sum + rows.length, 0);
  findings.half += wrong;
  if (wrong > 0) log(`accounts and entries do not agree: ${wrong}`);
}

async function checkCounters(state: MixState, client: SqlClient, findings: Findings, log: Log): Promise<void> {
  const sum = Number(await client.value('SELECT coalesce(sum(n), 0) FROM counters'));
  if (sum < state.added) {
    findings.lost++;
    log(`lost: counters sum to ${sum}, acknowledged ${state.added}`);
  } else if (sum > state.added + state.adding) {
    findings.half++;
    log(`counted twice: counters sum to ${sum}, at most ${state.added + state.adding} were added`);
  }
  state.added = sum;
  state.adding = 0;
}

async function sorted(client: SqlClient, sql: string): Promise<string> {
  return (await client.rows(sql)).map((row) => JSON.stringify(row)).toSorted().join('\n');
}

interface Pair { readonly kept: string; readonly query: string }

async function compare(client: SqlClient, pair: Pair, findings: Findings, log: Log): Promise<void> {
  const kept = await sorted(client, pair.kept);
  const computed = await sorted(client, pair.query);
  if (kept === computed) return;
  findings.views++;
  log(`differs: ${pair.kept}\n${kept.slice(0, 500)}\n-- from ${pair.query}\n${computed.slice(0, 500)}`);
}

/** Which query a worker's view has is told by its columns. */
async function checkPassing(client: SqlClient, name: string, findings: Findings, log: Log): Promise<void> {
  const columns = (await client.rows(
    `SELECT attname FROM pg_attribute WHERE attrelid = '${name}'::regclass AND attnum > 0 ORDER BY attnum`)).join();
  const query = columns === 'k,n,s' ? `SELECT k, count(*) AS n, sum(row) AS s FROM ${name.slice(0, -1)}t GROUP BY k`
    : columns === 'note' ? PASSING_VIEWS[2] : columns === 'load,n,last' ? PASSING_VIEWS[0] : PASSING_VIEWS[1];
  await compare(client, { kept: `SELECT * FROM ${name}`, query }, findings, log);
}

/** What is found by key is what is found by looking at all rows. */
async function checkIndexes(client: SqlClient, findings: Findings, log: Log): Promise<void> {
  for (const worker of [0, 1, 2, 3]) {
    await compare(client, {
      kept: `SELECT count(*), min(id), max(id) FROM singles WHERE worker = ${worker}`,
      query: `SELECT count(*), min(id), max(id) FROM singles WHERE worker + 0 = ${worker}`,
    }, findings, log);
  }
  const some = await client.rows('SELECT load FROM loads GROUP BY load ORDER BY load LIMIT 3');
  for (const [load] of some) {
    await compare(client, {
      kept: `SELECT count(*), sum(row) FROM loads WHERE load = ${load}`,
      query: `SELECT count(*), sum(row) FROM loads WHERE load + 0 = ${load}`,
    }, findings, log);
  }
}
