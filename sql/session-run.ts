// Execute of the extended protocol: a portal is run, or goes on where it was suspended.
import type { Batch } from '../engine/data/batch.ts';
import type { Datum } from '../engine/data/datum.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { whenThere } from '../engine/data/soon.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { Expr } from './parser/ast.ts';
import type { Statement } from './parser/ast-statement.ts';
import { RowReader } from './portal.ts';
import type { CursorPortal, Portal, StatementPortal } from './portal.ts';
import { requireSameColumns } from './prepared-statement.ts';
import type { ExecuteResult } from './session-api.ts';
import { interruptible } from './session-transaction.ts';
import type { BoundStatement, StatementResult } from './statement/bound.ts';
import type { SessionState } from './session-state.ts';

export interface RunOptions {
  readonly maxRows: number;
  /** Called when the rows of this Execute have been taken. */
  readonly end: () => void;
}

export function runPortal(state: SessionState, portal: Portal, options: RunOptions): Soon<ExecuteResult> {
  switch (portal.kind) {
    case 'statement': return runStatement(state, portal, options);
    case 'cursor': return runCursor(portal, options);
    case 'subscription':
      return rows(portal, portal.rows, { ...options, tag: (n) => `FETCH ${n}`, done: () => {} });
  }
}

/** What has come or gone with time until now is seen by the statement, if it looks at anything. */
export function runBound(state: SessionState, bound: BoundStatement, parameters: readonly Datum[]): Soon<StatementResult> {
  const { services: { runtime }, current } = state;
  const { statement } = current;
  const passing = runtime.timeIsDue && (statement === null || readsRelations(statement)) ? runtime.passTime() : null;
  const run = (): Soon<StatementResult> => {
    if (statement === null || !MOMENTLESS.has(statement.kind)) current.start();
    return bound.run(state, parameters);
  };
  const work = passing === null ? run() : passing.then(run);
  // How a transaction ends is for COMMIT to say: it looks for interrupts itself, where it may still be given up.
  return statement?.kind === 'commit' ? work : interruptible(state, work);
}

/** Statements that a transaction may begin with before its snapshot is fixed. */
const MOMENTLESS: ReadonlySet<Statement['kind']> = new Set([
  'begin', 'commit', 'rollback', 'savepoint', 'releaseSavepoint', 'rollbackTo', 'prepareTransaction', 'commitPrepared',
  'rollbackPrepared', 'set', 'setTransaction', 'setConstraints', 'reset', 'show', 'lock', 'fetch', 'listen', 'notify', 'unlisten',
  'checkpoint',
]);

const PLAIN_VALUES: ReadonlySet<Expr['kind']> = new Set(['parameter', 'string', 'number', 'boolean', 'null', 'default']);

/** false: certainly not. Why: an epoch of its own for each row that a stream of rows brings is as much work again. */
function readsRelations(statement: Statement): boolean {
  switch (statement.kind) {
    case 'begin': case 'commit': case 'rollback': case 'savepoint': case 'releaseSavepoint': case 'rollbackTo':
    case 'set': return false;
    case 'copy': return statement.direction === 'out';
    case 'insert': {
      const { source, with: common, returning } = statement;
      if (common !== undefined || returning.length > 0) return true;
      return source !== undefined && (source.body.kind !== 'values'
        || source.body.rows.some((row) => row.some((value) => !PLAIN_VALUES.has(value.kind))));
    }
    default: return true;
  }
}

function runStatement(state: SessionState, portal: StatementPortal, options: RunOptions): Soon<ExecuteResult> {
  if (portal.bound === null) {
    options.end();
    portal.done = true;
    return { kind: 'empty' };
  }
  if (portal.started) return goOn(portal, options);
  portal.started = true;
  state.current.statement = portal.prepared.parsed?.statement ?? null;
  const result = runBound(state, portal.bound, portal.parameters);
  return whenThere(result, (there) => (state.advisory.isWaiting
    ? state.advisory.settle(state.lockWait).then(() => deliver(state, portal, there, options))
    : deliver(state, portal, there, options)));
}

function deliver(
  state: SessionState, portal: StatementPortal, result: StatementResult, options: RunOptions,
): Soon<ExecuteResult> {
  switch (result.kind) {
    case 'command': {
      portal.done = true;
      return whenThere(result.lateTag?.() ?? result.tag, (tag): ExecuteResult => {
        options.end();
        return { kind: 'command', tag };
      });
    }
    case 'copyIn': {
      portal.done = true;
      const { sink } = result;
      return {
        kind: 'copyIn',
        sink: {
          ...sink, write: (batch) => sink.write(batch), abort: (error) => sink.abort(error),
          finish: () => sink.finish().finally(options.end),
        },
      };
    }
    case 'copyOut':
      portal.done = true;
      return { ...result, batches: withEnd(state, result.batches, options.end) };
    case 'rows':
      // It may have been bound anew.
      requireSameColumns(portal.columns, result.columns);
      portal.rows = new RowReader(guarded(state, result.batches));
      portal.tag = result.tag;
      return goOn(portal, options);
  }
}

function goOn(portal: StatementPortal, options: RunOptions): ExecuteResult {
  if (portal.rows === null || portal.tag === null) {
    throw new DatabaseError('55000', `portal "${portal.options.name}" cannot be run`);
  }
  return rows(portal, portal.rows, { ...options, tag: portal.tag, done: (isDone) => {
    portal.done = isDone;
  } });
}

function rows(
  portal: { readonly columns: StatementPortal['columns'] }, reader: RowReader,
  options: RunOptions & { readonly tag: (rows: number) => string; readonly done: (done: boolean) => void },
): ExecuteResult {
  const { maxRows, end, tag, done } = options;
  async function* batches(): AsyncGenerator<Batch> {
    let sent = 0;
    for await (const batch of reader.take(maxRows)) {
      sent += batch.length;
      yield batch;
    }
    // PostgreSQL stops at the limit without looking whether a row follows.
    done(maxRows === 0 || sent < maxRows);
    end();
  }
  return { kind: 'rows', columns: portal.columns ?? [], batches: batches(), tag };
}

function runCursor(cursor: CursorPortal, options: RunOptions): ExecuteResult {
  const { maxRows, end } = options;
  const from = Math.min(cursor.position, cursor.rows.length);
  const to = maxRows === 0 ? cursor.rows.length : Math.min(from + maxRows, cursor.rows.length);
  cursor.position = maxRows === 0 || to - from < maxRows ? cursor.rows.length + 1 : to;
  end();
  async function* batches(): AsyncGenerator<Batch> {
    yield cursor.rows.slice(from, to);
  }
  return { kind: 'rows', columns: cursor.columns, batches: batches(), tag: (n) => `SELECT ${n}` };
}

async function* guarded(state: SessionState, batches: Iterable<Batch> | AsyncIterable<Batch>): AsyncGenerator<Batch> {
  for await (const batch of batches) {
    state.checkInterrupt();
    yield batch;
  }
}

async function* withEnd(
  state: SessionState, batches: Iterable<Batch> | AsyncIterable<Batch>, end: () => void,
): AsyncGenerator<Batch> {
  yield* guarded(state, batches);
  end();
}
