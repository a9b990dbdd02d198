// SELECT, VALUES, TABLE: bound once, compiled with its parameters, run over the transaction's snapshot.
import type { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { parseTimestampTz } from '../../engine/data/datetime-text.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import { bindQuery } from '../binder/bind-query.ts';
import type { DeclaredParameters } from '../binder/environment.ts';
import type { BoundQuery } from '../binder/level.ts';
import type { AsOf, Query } from '../parser/ast.ts';
import { compileBound, sessionEnvironment } from '../planner.ts';
import type { Pause } from '../../storage/pause.ts';
import { inBatches, runQuery, runQueryInTurns } from '../run-query.ts';
import type { QueryRun } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import { whenFree } from '../write-conflict.ts';
import { Effects } from './effects.ts';
import { readCatalog } from './read-catalog.ts';
import { relationsRead, requireSame, unlessRedefined } from './redefined.ts';
import type { BoundStatement, StatementResult } from './bound.ts';

export function bindSelectStatement(
  query: Query, state: SessionState, declared: DeclaredParameters,
): BoundStatement {
  const known = state.catalog;
  const catalog = readCatalog(state);
  const effects = new Effects(state, query.with);
  const env = sessionEnvironment(state, { declared, catalog, effects, atOnce: true });
  const bound = bindQuery(query, { env, parent: null, commonTables: null });
  const parameters = env.parameters.finish();
  const reads = relationsRead(catalog, env.used);
  return {
    parameters, columns: bound.columns, cacheable: catalog === known, backward: readsBackward(query, bound),
    run: (session, values) => unlessRedefined(async () => {
      if (query.asOf !== undefined) {
        if (effects.any || query.locking.length > 0) throw notSupported('AS OF in a query that locks or changes rows');
      } else {
        await session.current.whenReadable(reads, session.lockWait);
        requireSame(session, known, reads);
        session.current.noteRead(reads);
      }
      if (effects.any) return runWithEffects(session, bound, {
        effects, values, ready: () => requireSame(session, known, reads),
      });
      const compiled = compileBound(session, bound, values);
      const context = session.evalContext();
      // Nobody holds a past moment for as long as others go on.
      const rows = query.asOf === undefined
        ? await runQueryInTurns(compiled, { snapshot: session.current.snapshot(), context, ...turnsOf(session, reads) })
        : runQuery(compiled, {
          snapshot: snapshotAt(query.asOf, session), context, checkInterrupt: () => session.checkInterrupt(),
        });
      return {
        kind: 'rows', columns: bound.columns, batches: delivered(session, rows), tag: (n) => `SELECT ${n}`,
      };
    }, () => bindSelectStatement(query, session, parameters).run(session, values)),
  };
}

/** What is read stays what it is, from the first time on that others get their turn. */
export function turnsOf(
  session: SessionState, used: ReadonlySet<number>,
): Pick<QueryRun, 'checkInterrupt'> & { readonly pause: Pause } {
  const { signal, services, current } = session;
  const pause = services.startSlices();
  return {
    // Of this statement alone: the session's next one has a signal of its own.
    checkInterrupt: () => signal.throwIfAborted(),
    pause: () => {
      const turn = pause();
      if (turn !== undefined) current.keepReadable(used);
      return turn;
    },
  };
}

function snapshotAt({ kind, text, position }: AsOf, { services, settings }: SessionState): Snapshot {
  const { runtime } = services;
  if (kind === 'timestamp') {
    return runtime.snapshotAt({ kind: 'time', time: parseTimestampTz(text, settings.format, -1, services.now()) });
  }
  if (!/^\d{1,18}$/.test(text)) throw new DatabaseError('22023', `"${text}" is no epoch`, { position });
  return runtime.snapshotAt({ kind: 'epoch', epoch: BigInt(text) });
}

/** A query parts of which lock rows; it reads what a writer reads, so that the rows are the latest. */
async function runWithEffects(session: SessionState, bound: BoundQuery, how: {
  readonly effects: Effects; readonly values: readonly Datum[];
  /** Called before each attempt. */
  readonly ready: () => void;
}): Promise<StatementResult> {
  const { effects, values, ready } = how;
  if (effects.modifies) session.current.checkWritable('SELECT');
  await effects.prepare(session);
  const rows = await whenFree(session.current, session.lockWait, () => {
    ready();
    return effects.around(session, values, () => runQuery(compileBound(session, bound, values), {
      snapshot: session.current.writerSnapshot(), context: session.evalContext(),
      checkInterrupt: () => session.checkInterrupt(),
    }));
  });
  // What was read may be queued and not yet durable: nobody must be told of it before it is.
  if (!session.current.fixedSnapshot) await session.services.settled();
  return { kind: 'rows', columns: bound.columns, batches: delivered(session, rows), tag: (n) => `SELECT ${n}` };
}

/** As in PostgreSQL: sorted rows and those of one table, list or function; what it computes on the way only goes forward. */
function readsBackward(query: Query, bound: BoundQuery): boolean {
  if (query.body.kind === 'select' && query.body.from.length === 0) return false;
  let plan = bound.plan;
  while (plan.kind === 'project' || plan.kind === 'filter' || plan.kind === 'limit') plan = plan.input;
  switch (plan.kind) {
    case 'scan': case 'constant': case 'values': case 'shared': return true;
    case 'project-set': return plan.input.kind === 'single-row';
    default: return bound.order.length > 0;
  }
}

/** pg_sleep, pg_advisory_lock: rows come after the time, or the locks, that were asked for. */
async function* delivered(state: SessionState, rows: Batch): AsyncGenerator<Batch> {
  const milliseconds = state.sleepFor;
  state.sleepFor = 0;
  if (milliseconds > 0) await sleep(milliseconds, state.signal);
  if (state.advisory.isWaiting) await state.advisory.settle(state.lockWait);
  yield* inBatches(rows, state.keptRows);
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
