// Golden scripts: their format, and running one against a database.
//
// A script is a sequence of blocks, separated by blank lines: SQL, `---`, expected output. Lines starting with `#` are
// comments. A block that starts with `[plan]` shows the plan of its query. A script with the line `[session]` keeps
// something in its session (settings, prepared statements, cursors) and is not reopened between its statements. One with
// the line `[postgres]` holds nothing but PostgreSQL's own, and PostgreSQL 15 must print the same.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Client, QueryResult } from '../support/client.ts';

export interface Block {
  readonly sql: string;
  readonly plan: boolean;
  readonly expected: string;
  /** 1-based line of the statement. */
  readonly line: number;
}

export interface Script {
  readonly blocks: readonly Block[];
  readonly keepsSession: boolean;
  readonly postgres: boolean;
}

export function parseScript(text: string): Script {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let keepsSession = false;
  let postgres = false;
  for (let i = 0; i < lines.length;) {
    const line = lines[i];
    if (line === '[session]') keepsSession = true;
    if (line === '[postgres]') postgres = true;
    if (line.trim() === '' || line.startsWith('#') || line === '[session]' || line === '[postgres]') {
      i++;
      continue;
    }
    const start = i;
    const sql: string[] = [];
    while (i < lines.length && lines[i] !== '---') sql.push(lines[i++]);
    i++;
    const expected: string[] = [];
    while (i < lines.length && lines[i] !== '') expected.push(lines[i++]);
    const plan = sql[0].startsWith('[plan]');
    const statement = sql.join('\n');
    blocks.push({ sql: plan ? statement.slice(6).trim() : statement, plan, expected: expected.join('\n'),
      line: start + 1 });
  }
  return { blocks, keepsSession, postgres };
}

/** What a block prints: as psql -A does, with SQLSTATEs. */
export async function runBlock(client: Client, block: Block): Promise<string> {
  const out: string[] = [];
  const notices = (): void => {
    for (const n of client.notices.splice(0)) out.push(`${n.severity ?? 'NOTICE'}:  ${n.message}`, ...details(n));
  };
  try {
    const results = await client.query(block.plan ? `EXPLAIN ${block.sql}` : block.sql);
    notices();
    for (const result of results) out.push(...(block.plan ? result.rows.map((r) => r[0] ?? '') : printed(result)));
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    notices();
    out.push(`ERROR:  ${error.code}: ${error.message}`, ...details(error));
  }
  return out.join('\n');
}

function details(error: DatabaseError): readonly string[] {
  const { detail, hint } = error.fields;
  return [...(detail === undefined ? [] : [`DETAIL:  ${detail}`]), ...(hint === undefined ? [] : [`HINT:  ${hint}`])];
}

/** Empty lines end a block, so an empty row is shown as (empty). */
function printed(result: QueryResult): readonly string[] {
  if (result.columns.length === 0 && result.rows.length === 0) return [result.tag];
  const rows = result.rows.map((row) => row.map((v) => v ?? '').join('|'));
  return [result.columns.map((c) => c.name).join('|'), ...rows.map((r) => (r === '' ? '(empty)' : r)), result.tag];
}

/** The script with new expectations, comments kept. */
export function rewritten(text: string, outputs: readonly string[]): string {
  const lines = text.split('\n');
  const out: string[] = [];
  let block = 0;
  for (let i = 0; i < lines.length;) {
    if (lines[i] !== '---') {
      out.push(lines[i++]);
      continue;
    }
    out.push('---', ...outputs[block++].split('\n'));
    i++;
    while (i < lines.length && lines[i] !== '') i++;
  }
  return out.join('\n');
}
