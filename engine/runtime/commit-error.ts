// Why a transaction is refused: PostgreSQL's errors for keys, conflicts and a database that cannot be written.
import { datumAt } from '../data/access.ts';
import type { Batch } from '../data/batch.ts';
import { DatabaseError } from '../data/error.ts';
import { DEFAULT_FORMAT } from '../data/settings.ts';
import { formatText } from '../data/text-format.ts';
import type { RelationDefinition, UniqueKey } from './contract.ts';
import { isDiskFull } from './journal-repair.ts';

/** 23505 with PostgreSQL's words: `Key (id)=(1) already exists.` */
export function keyViolation(relation: RelationDefinition, key: UniqueKey, batch: Batch, row: number): DatabaseError {
  const names = key.columns.map((c) => relation.schema.columns[c].name);
  const values = key.columns.map((c) => {
    const datum = datumAt(batch.columns[c], row);
    return datum === null ? 'null' : formatText(batch.columns[c].type, datum, DEFAULT_FORMAT);
  });
  return new DatabaseError('23505', `duplicate key value violates unique constraint "${key.name}"`, {
    detail: `Key (${names.join(', ')})=(${values.join(', ')}) already exists.`,
    schema: relation.namespace,
    table: relation.name,
    constraint: key.name,
  });
}

export function updateConflict(): DatabaseError {
  return new DatabaseError('40001', 'could not serialize access due to concurrent update');
}

/** DDL went between a statement and its commit. */
export function definitionConflict(): DatabaseError {
  return new DatabaseError('40001', 'could not serialize access due to concurrent update', {
    detail: 'A relation that the transaction writes was altered or dropped in the meantime.',
  });
}

/** Commits are not taken: 53100 while the disk is full, else 25006. */
export function readOnly(cause: Error): DatabaseError {
  if (isDiskFull(cause)) {
    return new DatabaseError('53100', cause.message, {
      hint: 'The database is read-only until there is room again.', cause,
    });
  }
  return new DatabaseError('25006', 'the database is read-only since its journal could not be written', {
    detail: cause.message, hint: 'It is tried again from time to time, without a restart.', cause,
  });
}

/** The journal's failure, as told to those whose commit was being written. */
export function commitFailed(cause: DatabaseError): DatabaseError {
  return new DatabaseError(cause.code, cause.message, {
    detail: 'The transaction is not committed, unless the server stops before its journal is in order again: '
      + 'then what is on disk decides.',
    cause,
  });
}

export function shuttingDown(): DatabaseError {
  return new DatabaseError('57P03', 'the database system is shutting down');
}
