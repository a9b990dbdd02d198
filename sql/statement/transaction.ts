// BEGIN, COMMIT, ROLLBACK, savepoints, SET TRANSACTION.
import { isDeferrable } from '../catalog/entry.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { RelationName } from '../parser/ast.ts';
import type { TransactionModes, TransactionStatement } from '../parser/ast-statement.ts';
import type { SessionState } from '../session-state.ts';
import { closePortals, failTransaction, finishTransaction } from '../session-transaction.ts';
import { whenFree } from '../write-conflict.ts';
import type { BoundStatement, StatementResult } from './bound.ts';
import { command, done } from './bound.ts';

export function transactionStatement(statement: TransactionStatement): BoundStatement {
  return command((state) => run(state, statement));
}

function run(state: SessionState, statement: TransactionStatement): StatementResult | Promise<StatementResult> {
  switch (statement.kind) {
    case 'begin': return begin(state, statement);
    case 'commit': return commit(state, statement.chain);
    case 'rollback': return rollback(state, statement.chain);
    case 'savepoint':
      requireBlock(state, 'SAVEPOINT');
      state.current.savepoint(statement.name, state.lastPortal);
      return done('SAVEPOINT');
    case 'releaseSavepoint':
      requireBlock(state, 'RELEASE SAVEPOINT');
      state.current.release(statement.name);
      return done('RELEASE');
    case 'rollbackTo':
      requireBlock(state, 'ROLLBACK TO SAVEPOINT');
      closePortals(state, false, state.current.rollbackTo(statement.name));
      return done('ROLLBACK');
    case 'setTransaction': return setTransaction(state, statement);
    case 'setConstraints': return setConstraints(state, statement);
    case 'prepareTransaction': return prepareTransaction(state);
    case 'commitPrepared': case 'rollbackPrepared':
      throw new DatabaseError('42704', `prepared transaction with identifier "${statement.id}" does not exist`);
  }
}

/** As PostgreSQL where max_prepared_transactions is 0: the transaction is over. */
function prepareTransaction(state: SessionState): StatementResult {
  const { kind, failed } = state.current;
  if (kind === 'implicit') state.warn('25P01', 'there is no transaction in progress');
  failTransaction(state, 'any');
  if (kind === 'implicit' || failed) return done('ROLLBACK');
  throw new DatabaseError('55000', 'prepared transactions are disabled', {
    hint: 'Set max_prepared_transactions to a nonzero value.',
  });
}

function begin(state: SessionState, statement: TransactionStatement & { kind: 'begin' }): StatementResult {
  const tag = statement.start ? 'START TRANSACTION' : 'BEGIN';
  const { current } = state;
  if (current.kind === 'block') state.warn('25001', 'there is already a transaction in progress');
  else current.kind = 'block';
  setModes(state, statement.modes);
  return done(tag);
}

async function commit(state: SessionState, chain: boolean): Promise<StatementResult> {
  const { current } = state;
  const { kind, failed } = current;
  if (kind === 'implicit') {
    if (chain) throw new DatabaseError('25P01', 'COMMIT AND CHAIN can only be used in transaction blocks');
    state.warn('25P01', 'there is no transaction in progress');
  }
  const modes = modesOf(state);
  try {
    await finishTransaction(state, 'any');
  } catch (error) {
    failTransaction(state, 'any');
    throw error;
  }
  if (chain) chainOn(state, modes);
  return done(failed ? 'ROLLBACK' : 'COMMIT');
}

function rollback(state: SessionState, chain: boolean): StatementResult {
  const { kind } = state.current;
  if (kind === 'implicit') {
    if (chain) throw new DatabaseError('25P01', 'ROLLBACK AND CHAIN can only be used in transaction blocks');
    state.warn('25P01', 'there is no transaction in progress');
  }
  const modes = modesOf(state);
  failTransaction(state, 'any');
  if (chain) chainOn(state, modes);
  return done('ROLLBACK');
}

function modesOf(state: SessionState): TransactionModes {
  const { isolation, readOnly } = state.current;
  return { isolation, readOnly, deferrable: state.settings.get('transaction_deferrable') === 'on' };
}

function chainOn(state: SessionState, modes: TransactionModes): void {
  state.begin('block');
  setModes(state, modes);
}

function setModes(state: SessionState, modes: TransactionModes): void {
  const { current, settings } = state;
  if (modes.isolation !== undefined) settings.set('transaction_isolation', modes.isolation, true);
  if (modes.deferrable !== undefined) {
    if (current.started) throw new DatabaseError('25001', 'SET TRANSACTION [NOT] DEFERRABLE must be called before any query');
    settings.setLocalUnchecked('transaction_deferrable', modes.deferrable ? 'on' : 'off');
  }
  if (modes.readOnly === undefined) return;
  if (!modes.readOnly && current.readOnly && current.depth > 0) {
    throw new DatabaseError('25001', 'cannot set transaction read-write mode inside a read-only transaction');
  }
  if (!modes.readOnly && current.readOnly && current.started) {
    throw new DatabaseError('25001', 'transaction read-write mode must be set before any query');
  }
  settings.set('transaction_read_only', modes.readOnly ? 'on' : 'off', true);
}

function setTransaction(state: SessionState,
  statement: TransactionStatement & { kind: 'setTransaction' }): StatementResult {
  const { modes, scope, snapshot } = statement;
  if (snapshot !== undefined) throw notSupported('SET TRANSACTION SNAPSHOT');
  if (scope === 'session') {
    if (modes.isolation !== undefined) state.settings.set('default_transaction_isolation', modes.isolation, false);
    if (modes.readOnly !== undefined) {
      state.settings.set('default_transaction_read_only', modes.readOnly ? 'on' : 'off', false);
    }
    if (modes.deferrable !== undefined) {
      state.settings.set('default_transaction_deferrable', modes.deferrable ? 'on' : 'off', false);
    }
    return done('SET');
  }
  if (!state.current.inBlock) state.warn('25P01', 'SET TRANSACTION can only be used in transaction blocks');
  setModes(state, modes);
  return done('SET');
}

/** IMMEDIATE makes the checks that were put off until now, too. */
function setConstraints(
  state: SessionState, { names, deferred }: TransactionStatement & { kind: 'setConstraints' },
): StatementResult | Promise<StatementResult> {
  const { current } = state;
  if (!current.inBlock) state.warn('25P01', 'SET CONSTRAINTS can only be used in transaction blocks');
  const named = names === undefined ? null : names.flatMap((name) => deferrableNamed(state, name));
  current.deferral = current.deferral.with(named, deferred);
  if (deferred) return done('SET CONSTRAINTS');
  const checked = whenFree(current, state.lockWait, () => current.checkDeferred(named === null ? null : new Set(named)));
  return checked instanceof Promise ? checked.then(() => done('SET CONSTRAINTS')) : done('SET CONSTRAINTS');
}

/** OIDs of the constraints of that name, in its schema or the first of the search path that has one. */
function deferrableNamed(state: SessionState, name: RelationName): readonly number[] {
  const tables = [...state.catalog.entries()].flatMap((e) => (e.kind === 'table' ? [e] : []));
  const schemas = name.schema === undefined ? state.searchPath : [name.schema];
  const found = schemas.map((schema) => tables.filter((t) => t.schema === schema)
    .flatMap((t) => t.constraints.filter((c) => c.name === name.name))).find((list) => list.length > 0) ?? [];
  if (found.length === 0) throw new DatabaseError('42704', `constraint "${name.name}" does not exist`);
  const deferrable = found.filter(isDeferrable);
  if (deferrable.length === 0) throw new DatabaseError('42809', `constraint "${name.name}" is not deferrable`);
  return deferrable.map((c) => c.oid);
}

function requireBlock(state: SessionState, what: string): void {
  if (state.current.kind === 'block') return;
  throw new DatabaseError('25P01', `${what} can only be used in transaction blocks`);
}
