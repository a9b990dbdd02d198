// DECLARE, FETCH, MOVE, CLOSE.
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Datum } from '../../engine/data/datum.ts';
import type { CloseCursor, DeclareCursor, Fetch } from '../parser/ast-statement.ts';
import { CursorPortal, SubscriptionPortal, collect } from '../portal.ts';
import type { Portal, PortalOptions } from '../portal.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement, StatementResult } from './bound.ts';
import { command, done } from './bound.ts';
import { cursorRows } from './current-of.ts';
import type { TracedQuery } from './current-of.ts';
import { optionText } from './options.ts';

export function declareCursor(
  statement: DeclareCursor, text: string, how: { readonly query: BoundStatement; readonly traced: TracedQuery | null },
): BoundStatement {
  const { query } = how;
  if (statement.query.kind === 'query' && statement.query.with?.tables.some((t) => t.statement.kind !== 'query') === true) {
    throw new DatabaseError('0A000', 'DECLARE CURSOR must not contain data-modifying statements in WITH');
  }
  refuseLocking(statement);
  return {
    parameters: query.parameters, columns: null, cacheable: false,
    run: async (state, parameters) => {
      if (!state.current.inBlock && !statement.hold) {
        throw new DatabaseError('25P01', 'DECLARE CURSOR can only be used in transaction blocks');
      }
      if (statement.binary) throw notSupported('a binary cursor');
      if (state.portals.has(statement.name)) {
        throw new DatabaseError('42P03', `cursor "${statement.name}" already exists`);
      }
      const options = {
        name: statement.name, text, creationTime: state.services.now(), number: state.nextPortal(),
      };
      const portal = await opened(statement, how, { state, parameters, options });
      try {
        state.portals.set(statement.name, portal);
      } catch (error) {
        portal.close();
        throw error;
      }
      return done('DECLARE CURSOR');
    },
  };
}

/** A cursor that locks rows reads on, and ends with its transaction. */
function refuseLocking({ query, hold, scroll, insensitive }: DeclareCursor): void {
  if (query.kind !== 'query' || query.locking.length === 0) return;
  const what = `FOR ${query.locking[0].strength.toUpperCase()}`;
  const refused = hold ? [`DECLARE CURSOR WITH HOLD ... ${what} is not supported`, 'Holdable cursors must be READ ONLY.']
    : scroll === true ? [`DECLARE SCROLL CURSOR ... ${what} is not supported`, 'Scrollable cursors must be READ ONLY.']
      : insensitive ? [`DECLARE INSENSITIVE CURSOR ... ${what} is not valid`, 'Insensitive cursors must be READ ONLY.'] : null;
  if (refused === null) return;
  throw new DatabaseError(insensitive && !hold && scroll !== true ? '42P11' : '0A000', refused[0], { detail: refused[1] });
}

async function opened(
  statement: DeclareCursor, { query, traced }: { readonly query: BoundStatement; readonly traced: TracedQuery | null },
  how: { readonly state: SessionState; readonly parameters: readonly Datum[]; readonly options: PortalOptions },
): Promise<Portal> {
  const { state, parameters, options } = how;
  const locks = statement.query.kind === 'query' && statement.query.locking.length > 0;
  const kept = state.keptRows;
  const form = { kept, scroll: statement.scroll ?? (query.backward === true && !locks), holdable: statement.hold };
  try {
    const result = await query.run(state, parameters);
    if (result.kind !== 'rows') throw new DatabaseError('42601', 'a cursor needs a query');
    if (result.endless === true) return new SubscriptionPortal(options, result);
    const all = await collect(result);
    const visible = result.columns.length - (traced?.width ?? 0);
    const rows = new Batch(all.columns.slice(0, visible), all.length);
    const source = traced === null ? null : cursorRows(traced, all.columns);
    return new CursorPortal(options, { ...form, columns: result.columns.slice(0, visible), rows, all, error: null, source });
  } catch (error) {
    // PostgreSQL computes rows when they are fetched: so late comes what is wrong with their values.
    const columns = query.columns?.slice(0, query.columns.length - (traced?.width ?? 0)) ?? null;
    const late = !statement.hold && error instanceof DatabaseError && error.code.startsWith('22');
    if (!late || columns === null) throw error;
    const rows = Batch.empty({ columns: columns.map((c) => ({ name: c.name, type: c.type })) });
    return new CursorPortal(options, { ...form, columns, rows, all: rows, error, source: null });
  }
}

function requireCursor(state: SessionState, name: string): Portal {
  const portal = state.portals.get(name);
  if (portal === undefined) throw new DatabaseError('34000', `cursor "${name}" does not exist`);
  return portal;
}

export function fetchCursor(statement: Fetch, state: SessionState): BoundStatement {
  const columns = statement.move ? null : state.portals.get(statement.cursor)?.columns ?? null;
  return {
    parameters: [], columns, cacheable: false,
    run: (session) => {
      const portal = requireCursor(session, statement.cursor);
      switch (portal.kind) {
        case 'cursor': return fetchRows(portal, statement);
        case 'subscription': return fetchChanges(session, portal, statement);
        case 'statement': throw notSupported('FETCH from a portal of the extended protocol');
      }
    },
  };
}

function fetchRows(cursor: CursorPortal, statement: Fetch): StatementResult {
  if (cursor.broken) throw new DatabaseError('55000', `portal "${cursor.options.name}" cannot be run`);
  if (cursor.error !== null) {
    cursor.broken = true;
    throw cursor.error;
  }
  if (!cursor.scroll && goesBack(cursor.position, statement)) {
    throw new DatabaseError('55000', 'cursor can only scan forward', {
      hint: 'Declare it with SCROLL option to enable backward scan.',
    });
  }
  const rows = move(cursor, statement);
  if (statement.move) return done(`MOVE ${rows.length}`);
  const batch = pick(cursor.rows, rows);
  return { kind: 'rows', columns: cursor.columns, batches: [batch], tag: (n) => `FETCH ${n}` };
}

/** To the row it stands on counts: it would have to be read again. */
function goesBack(position: number, { direction, count }: Fetch): boolean {
  const n = count ?? (direction === 'absolute' || direction === 'relative' ? 1 : Infinity);
  const steps = direction === 'backward' ? -n : direction === 'absolute' && n >= 0 ? n - position : n;
  return steps < 0 || (steps === 0 && position > 0);
}

function pick(all: Batch, rows: readonly number[]): Batch {
  return all.take(Int32Array.from(rows));
}

/** Moves the cursor; gives the rows it passed over, 0-based. Position 0 is before the first row. */
function move(cursor: CursorPortal, { direction, count }: Fetch): readonly number[] {
  const total = cursor.rows.length;
  const at = (position: number): readonly number[] => {
    cursor.position = Math.max(0, Math.min(position, total + 1));
    return cursor.position >= 1 && cursor.position <= total ? [cursor.position - 1] : [];
  };
  switch (direction) {
    case 'absolute': {
      const n = count ?? 1;
      return at(n < 0 ? total + 1 + n : n);
    }
    case 'relative': return at(cursor.position + (count ?? 1));
    case 'forward': case 'backward': {
      const n = count ?? Infinity;
      const steps = direction === 'forward' ? n : -n;
      if (steps === 0) return at(cursor.position);
      return steps > 0 ? forward(cursor, steps) : backward(cursor, -steps);
    }
  }
}

function forward(cursor: CursorPortal, count: number): readonly number[] {
  const total = cursor.rows.length;
  const from = cursor.position;
  const to = Math.min(total, from + count);
  cursor.position = from + count > total ? total + 1 : to;
  return range(Math.min(from, total), to);
}

function backward(cursor: CursorPortal, count: number): readonly number[] {
  const from = Math.min(cursor.position, cursor.rows.length + 1);
  const to = Math.max(1, from - count);
  cursor.position = from - count < 1 ? 0 : to;
  return range(to - 1, from - 1).toReversed();
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** What has come, or, when nothing has, what comes next; not longer than the timeout. */
async function fetchChanges(state: SessionState, portal: SubscriptionPortal,
  statement: Fetch): Promise<StatementResult> {
  if (statement.direction !== 'forward') {
    throw new DatabaseError('55000', 'cursor can only scan forward', {
      hint: 'A subscription has no rows to go back to.',
    });
  }
  const option = statement.options.find((o) => o.name === 'timeout');
  const wait = option === undefined ? (statement.count === undefined ? 0 : null) : milliseconds(optionText(option));
  const parts = await portal.rows.within(statement.count ?? 0, wait, state.signal);
  if (statement.move) return done(`MOVE ${parts.reduce((n, b) => n + b.length, 0)}`);
  const batches = parts.length === 0 ? [] : [concatBatches(parts)];
  return { kind: 'rows', columns: portal.columns, batches, tag: (n) => `FETCH ${n}` };
}

function milliseconds(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|seconds?|minutes?|milliseconds?)?\s*$/.exec(text);
  if (match === null) throw new DatabaseError('22023', `invalid timeout: "${text}"`);
  const unit = match[2] ?? 's';
  const factor = unit.startsWith('ms') || unit.startsWith('milli') ? 1 : unit.startsWith('s') ? 1000
    : unit.startsWith('m') ? 60_000 : 3_600_000;
  return Number(match[1]) * factor;
}

export function closeCursor(statement: CloseCursor): BoundStatement {
  return command((state) => {
    if (statement.name === undefined) {
      for (const portal of state.portals.values()) portal.close();
      state.portals.clear();
      return done('CLOSE CURSOR ALL');
    }
    requireCursor(state, statement.name).close();
    state.portals.delete(statement.name);
    return done('CLOSE CURSOR');
  });
}
