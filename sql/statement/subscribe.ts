// SUBSCRIBE TO a table, source or materialized view: its changes as rows, epoch by epoch, without end.
import { constantVector, vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { BOOLEAN, INT8 } from '../../engine/data/types.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { Subscription, SubscriptionEvent } from '../../engine/runtime/contract.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { StoredEntry } from '../catalog/entry.ts';
import type { Subscribe } from '../parser/ast-statement.ts';
import type { ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement } from './bound.ts';
import { resultColumn } from './bound.ts';
import { qualified } from './naming.ts';
import { optionFlag } from './options.ts';

export function subscribe(statement: Subscribe, state: SessionState): BoundStatement {
  if (statement.query !== undefined || statement.relation === undefined) throw notSupported('SUBSCRIBE TO a query');
  if (statement.upsertKey !== undefined) throw notSupported('ENVELOPE UPSERT', { position: statement.position });
  if (statement.asOf !== undefined) throw notSupported('SUBSCRIBE .. AS OF', { position: statement.position });
  const options = readOptions(statement);
  const { relation } = statement;
  const found = state.catalog.requireRelation(qualified(relation), state.searchPath, relation.position);
  if (found.kind !== 'table' && found.kind !== 'source' && found.kind !== 'materialized-view') {
    throw new DatabaseError('42809', `"${found.name}" is not a table, source or materialized view`, {
      hint: found.kind === 'view' ? 'Make it a materialized view to subscribe to it.' : undefined,
    });
  }
  const columns: readonly ResultColumn[] = [
    resultColumn('epoch', INT8), ...(options.progress ? [resultColumn('progressed', BOOLEAN)] : []),
    resultColumn('diff', INT8),
    ...liveColumns(found.columns).map((c) => ({ name: c.name, type: c.type, table: found.oid, attribute: c.attnum })),
  ];
  return {
    parameters: [], columns, cacheable: true,
    run: (session) => {
      if (session.current.isUncommitted(found.oid)) {
        throw new DatabaseError('55000', `"${found.name}" cannot be subscribed to before it is committed`);
      }
      const subscription = session.services.runtime.subscribe(found.oid, options);
      return {
        kind: 'rows', columns, endless: true, tag: (n) => `SUBSCRIBE ${n}`,
        batches: changes(session, subscription, { relation: found, progress: options.progress }),
      };
    },
  };
}

function readOptions(statement: Subscribe): { readonly snapshot: boolean; readonly progress: boolean } {
  let snapshot = true;
  let progress = false;
  for (const option of statement.options) {
    if (option.name === 'snapshot') snapshot = optionFlag(option);
    else if (option.name === 'progress') progress = optionFlag(option);
    else throw new DatabaseError('42601', `unrecognized SUBSCRIBE option "${option.name}"`,
      { position: option.position });
  }
  return { snapshot, progress };
}

interface Shape {
  readonly relation: StoredEntry;
  readonly progress: boolean;
}

async function* changes(state: SessionState, subscription: Subscription, shape: Shape): AsyncGenerator<Batch> {
  // The snapshot of the transaction must not be held for as long as the client listens.
  state.transaction?.endStatement();
  const { signal } = state;
  const onAbort = (): void => subscription.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const event of subscription) {
      if (signal.aborted) break;
      const batch = rowsOf(event, shape);
      if (batch.length > 0) yield batch;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    subscription.close();
  }
  if (signal.aborted) throw signal.reason;
}

function rowsOf(event: SubscriptionEvent, shape: Shape): Batch {
  const live = liveColumns(shape.relation.columns);
  const { delta } = event;
  const epoch = BigInt(event.epoch);
  if (delta.length === 0) {
    if (!shape.progress) return new Batch([], 0);
    const mark = [constantVector(INT8, epoch, 1), constantVector(BOOLEAN, true, 1), nullVector(INT8, 1)];
    return new Batch([...mark, ...live.map((c) => nullVector(c.type, 1))], 1);
  }
  const { length } = delta;
  const diffs = vectorFromDatums(INT8, Array.from(delta.weights, (w) => BigInt(w)));
  return new Batch([
    constantVector(INT8, epoch, length), ...(shape.progress ? [constantVector(BOOLEAN, false, length)] : []), diffs,
    ...live.map((c) => delta.batch.columns[c.attnum - 1]),
  ], length);
}
