// Commands around the data: LISTEN and NOTIFY, LOCK TABLE, CHECKPOINT, VACUUM, ANALYZE, REFRESH, and their like.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { LOCK_MODES } from '../lock-table.ts';
import type { CreateDatabase, CreateExtension } from '../parser/ast-definition.ts';
import type { Listen, Lock, Maintain, Notify, Plain, RefreshView } from '../parser/ast-statement.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { qualified } from './naming.ts';

export function listen(statement: Listen): BoundStatement {
  return command((state) => {
    const { channel } = statement;
    if (statement.kind === 'listen') {
      if (channel !== undefined) state.listening.set(channel, channel);
      return done('LISTEN');
    }
    if (channel === undefined) state.listening.clear();
    else state.listening.delete(channel);
    return done('UNLISTEN');
  });
}

export function notify(statement: Notify): BoundStatement {
  return command((state) => {
    state.current.notifications.add(statement.channel, statement.payload);
    return done('NOTIFY');
  });
}

export function lockTable(statement: Lock): BoundStatement {
  return command(async (state) => {
    if (!state.current.inBlock) {
      throw new DatabaseError('25P01', 'LOCK TABLE can only be used in transaction blocks');
    }
    const mode = LOCK_MODES.find((m) => m === statement.mode.toLowerCase()) ?? 'access exclusive';
    for (const { relation } of statement.tables) {
      const found = state.catalog.requireRelation(qualified(relation), state.searchPath);
      if (!statement.nowait) {
        await state.current.lock(found.oid, mode, state.lockWait);
      } else if (!state.services.locks.tryAcquire(state.current, found.oid, mode)) {
        throw new DatabaseError('55P03', `could not obtain lock on relation "${found.name}"`);
      }
    }
    return done('LOCK TABLE');
  });
}

export function plain(statement: Plain): BoundStatement {
  return command(async (state) => {
    if (statement.kind === 'flush') return done('FLUSH');
    await state.services.runtime.checkpoint();
    return done('CHECKPOINT');
  });
}

/** There is nothing to clean up and nothing to count: checked and answered. */
export function maintain(statement: Maintain): BoundStatement {
  return command((state) => {
    if (statement.kind === 'vacuum' && state.current.inBlock) {
      throw new DatabaseError('25001', 'VACUUM cannot run inside a transaction block');
    }
    for (const { relation } of statement.tables) {
      state.catalog.requireRelation(qualified(relation), state.searchPath);
    }
    return done(statement.kind.toUpperCase());
  });
}

/** A materialized view is always up to date. */
export function refreshView(statement: RefreshView): BoundStatement {
  return command((state) => {
    const { relation } = statement;
    const found = state.catalog.requireRelation(qualified(relation), state.searchPath);
    if (found.kind !== 'materialized-view') throw new DatabaseError('0A000',
      `"${found.name}" is not a materialized view`);
    if (!statement.withData) throw notSupported('REFRESH .. WITH NO DATA');
    return done('REFRESH MATERIALIZED VIEW');
  });
}

export function createDatabase(statement: CreateDatabase): BoundStatement {
  return command(() => {
    throw notSupported('CREATE DATABASE',
      { position: statement.position, hint: 'A server holds one database; use schemas.' });
  });
}

/** Extensions are C code; plpgsql is the one that tools take for granted. */
export function createExtension(statement: CreateExtension): BoundStatement {
  return command((state) => {
    const { name, ifNotExists } = statement;
    if (name !== 'plpgsql') {
      throw new DatabaseError('0A000', `extension "${name}" is not available`, {
        hint: 'The extension must first be installed on the system where PostgreSQL is running.',
      });
    }
    if (!ifNotExists) throw new DatabaseError('42710', `extension "${name}" already exists`);
    state.notice('NOTICE', new DatabaseError('42710', `extension "${name}" already exists, skipping`));
    return done('CREATE EXTENSION');
  });
}
