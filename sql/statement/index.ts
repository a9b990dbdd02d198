// The one switch from a parsed statement to what binds and runs it.
import { DatabaseError, notSupported, unreachable } from '../../engine/data/error.ts';
import type { DeclaredParameters } from '../binder/environment.ts';
import type { DeclareCursor, Statement } from '../parser/ast-statement.ts';
import type { IntoClause, Query } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { alterEnum } from './alter-enum.ts';
import { alterSystem } from './alter-system.ts';
import { alterTable } from './alter-table.ts';
import type { BoundStatement } from './bound.ts';
import { backup } from './backup.ts';
import { copy } from './copy.ts';
import { createIndex } from './create-index.ts';
import { createSource } from './create-source.ts';
import { createTable, createTableAs } from './create-table.ts';
import { tracedQuery } from './current-of.ts';
import type { TracedQuery } from './current-of.ts';
import { closeCursor, declareCursor, fetchCursor } from './cursor.ts';
import { createRange } from './create-range.ts';
import {
  alterSequence, createCompositeType, createEnum, createSchema, createSequence,
} from './define.ts';
import { bindDelete, truncate } from './delete.ts';
import { alterDomain, createDomain } from './domain.ts';
import { drop } from './drop.ts';
import { explain } from './explain.ts';
import { bindInsert } from './insert.ts';
import {
  createDatabase, createExtension, listen, lockTable, maintain, notify, plain, refreshView,
} from './maintain.ts';
import { bindMerge } from './merge.ts';
import { modifyingStatement } from './modification.ts';
import { deallocate, execute, prepare } from './prepare.ts';
import { changeOwner, comment, rename, setSchema, swap } from './rename.ts';
import { createRole, grant } from './role.ts';
import { bindSelectStatement } from './select.ts';
import { bindShow, discard, resetSetting, setSetting } from './setting.ts';
import { subscribe } from './subscribe.ts';
import { transactionStatement } from './transaction.ts';
import { bindUpdate } from './update.ts';
import { createMaterializedView, createView } from './view-definition.ts';

export interface StatementSite {
  /** The whole text that ranges index into. */
  readonly text: string;
  /** Types of parameters the client named. */
  readonly declared: DeclaredParameters;
}

export function bindStatement(statement: Statement, state: SessionState, site: StatementSite): BoundStatement {
  const { text, declared } = site;
  switch (statement.kind) {
    case 'query': return bindQueryStatement(statement, state, site);
    case 'insert': return modifyingStatement(state, declared, {
      names: statement.with, tag: 'INSERT 0', bind: (at) => bindInsert(statement, at),
    });
    case 'update': return modifyingStatement(state, declared, {
      names: statement.with, tag: 'UPDATE', bind: (at) => bindUpdate(statement, at),
    });
    case 'delete': return modifyingStatement(state, declared, {
      names: statement.with, tag: 'DELETE', bind: (at) => bindDelete(statement, at),
    });
    case 'merge': return modifyingStatement(state, declared, {
      names: statement.with, tag: 'MERGE', bind: (at) => bindMerge(statement, at),
    });
    case 'truncate': return truncate(statement);
    case 'copy': return copy(statement, state, (query) => bindStatement(query, state, { ...site, declared: null }));
    case 'createTable': return createTable(statement, text);
    case 'createTableAs': return createTableAs(statement, bindStatement(statement.query, state, site));
    case 'createSource': return createSource(statement, text);
    case 'createSink': throw notSupported('CREATE SINK', { position: statement.position });
    case 'createView': return createView(statement, text);
    case 'createMaterializedView': return createMaterializedView(statement, text);
    case 'createIndex': return createIndex(statement);
    default: return bindDefinition(statement, state, site);
  }
}

/** SELECT .. INTO t is CREATE TABLE t AS. */
function bindQueryStatement(query: Query, state: SessionState, site: StatementSite): BoundStatement {
  const into = intoOf(query);
  if (into === null) return bindSelectStatement(query, state, site.declared);
  const { clause, rest } = into;
  return createTableAs({
    kind: 'createTableAs', relation: clause.relation, persistence: clause.persistence, ifNotExists: false,
    columnNames: clause.columns, options: [], onCommit: 'preserve', query: rest, withData: true,
    position: clause.relation.position,
  }, bindSelectStatement(rest, state, site.declared));
}

/** The INTO clause, which the first SELECT of several may have, and the query without it. */
function intoOf(query: Query): { readonly clause: IntoClause; readonly rest: Query } | null {
  const { body } = query;
  if (body.kind === 'values') return null;
  if (body.kind === 'select') {
    return body.into === undefined ? null : { clause: body.into, rest: { ...query, body: { ...body, into: undefined } } };
  }
  const left = intoOf(body.left);
  return left === null ? null : { clause: left.clause, rest: { ...query, body: { ...body, left: left.rest } } };
}

/** With the rows its rows come from, where that can be said. */
function boundCursor(
  statement: DeclareCursor, state: SessionState, site: StatementSite,
): { readonly query: BoundStatement; readonly traced: TracedQuery | null } {
  const traced = tracedQuery(state, statement);
  if (traced !== null) {
    try {
      return { query: bindStatement(traced.query, state, site), traced };
    } catch (error) {
      // Rows of a grouped query are not those of a table; other mistakes are found again.
      if (!(error instanceof DatabaseError)) throw error;
    }
  }
  return { query: bindStatement(statement.query, state, site), traced: null };
}

type Definition = Exclude<Statement, { readonly kind:
  | 'query' | 'insert' | 'update' | 'delete' | 'merge' | 'truncate' | 'copy' | 'createTable' | 'createTableAs'
  | 'createSource' | 'createSink' | 'createView' | 'createMaterializedView' | 'createIndex'; }>;

function bindDefinition(statement: Definition, state: SessionState, site: StatementSite): BoundStatement {
  switch (statement.kind) {
    case 'createSchema': return createSchema(statement, async (session, element) => {
      await bindStatement(element, session, { ...site, declared: null }).run(session, []);
    });
    case 'createSequence': return createSequence(statement);
    case 'createEnum': return createEnum(statement);
    case 'createRange': return createRange(statement);
    case 'createCompositeType': return createCompositeType(statement);
    case 'createDomain': return createDomain(statement, site.text);
    case 'createRole': case 'alterRole': return createRole(statement);
    case 'createDatabase': return createDatabase(statement);
    case 'createExtension': return createExtension(statement);
    case 'alterTable': return alterTable(statement, site.text);
    case 'alterSequence': return alterSequence(statement);
    case 'alterEnum': return alterEnum(statement);
    case 'alterDomain': return alterDomain(statement, site.text);
    case 'rename': return rename(statement);
    case 'setSchema': return setSchema(statement);
    case 'setOwner': return changeOwner(statement);
    case 'swap': return swap(statement);
    case 'applyReplacement': throw notSupported('APPLY REPLACEMENT', { position: statement.position });
    case 'comment': return comment(statement);
    case 'drop': return drop(statement);
    case 'grant': return grant(statement);
    default: return bindCommand(statement, state, site);
  }
}

type Command = Exclude<Definition, { readonly kind:
  | 'createSchema' | 'createSequence' | 'createEnum' | 'createRange' | 'createCompositeType' | 'createDomain' | 'createRole'
  | 'alterRole'
  | 'createDatabase' | 'createExtension' | 'alterTable' | 'alterSequence' | 'alterEnum' | 'alterDomain' | 'rename' | 'setSchema'
  | 'setOwner' | 'swap' | 'applyReplacement' | 'comment' | 'drop' | 'grant'; }>;

function bindCommand(statement: Command, state: SessionState, site: StatementSite): BoundStatement {
  switch (statement.kind) {
    case 'explain': return explain(statement, state, site.declared, (inner) => bindStatement(inner, state, site));
    case 'begin': case 'commit': case 'rollback': case 'savepoint': case 'releaseSavepoint': case 'rollbackTo':
    case 'prepareTransaction': case 'commitPrepared': case 'rollbackPrepared': case 'setTransaction': case 'setConstraints':
      return transactionStatement(statement);
    case 'set': return setSetting(statement);
    case 'alterSystem': return alterSystem(statement);
    case 'show': return bindShow(statement, state);
    case 'reset': return resetSetting(statement);
    case 'declareCursor': return declareCursor(statement, site.text, boundCursor(statement, state, site));
    case 'fetch': return fetchCursor(statement, state);
    case 'closeCursor': return closeCursor(statement);
    case 'deallocate': return deallocate(statement);
    case 'prepare': return prepare(statement, site.text);
    case 'execute': return execute(statement, state);
    case 'discard': return discard(statement);
    case 'listen': case 'unlisten': return listen(statement);
    case 'notify': return notify(statement);
    case 'lock': return lockTable(statement);
    case 'vacuum': case 'analyze': return maintain(statement);
    case 'checkpoint': case 'flush': return plain(statement);
    case 'backup': return backup(statement);
    case 'refreshMaterializedView': return refreshView(statement);
    case 'subscribe': return subscribe(statement, state);
    case 'unsupported': throw notSupported(statement.name, { position: statement.position });
    default: return unreachable(statement);
  }
}
