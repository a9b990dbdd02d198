// Commands of libpg-query's tree as ours: transactions, settings, cursors, COPY, EXPLAIN and the rest.
import type { CopyStmt, FetchStmt, Node, TransactionStmt, VariableSetStmt } from 'libpg-query';
import { AssertionError } from '../../engine/data/error.ts';
import type { Copy, DeclareCursor, SettingValue, Statement, TableReference, TransactionModes } from './ast-statement.ts';
import type { Query } from './ast.ts';
import { expressions, optional } from './postgres-expression.ts';
import { constantOf, names, options, relation, typeName, untag } from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { explainedRange, parenthesisedRange, rangeAfter } from './statement-text.ts';

const nowhere = { start: 0, end: 0 };

export const commandReaders: Readers<Statement> = {
  TransactionStmt: transaction,
  VariableSetStmt: variableSet,
  AlterSystemStmt: ({ setstmt = {} }, context) => {
    const set = variableSet(setstmt, context);
    const { position } = set;
    if (set.kind === 'set') return { kind: 'alterSystem', name: set.name, values: set.values, position };
    return { kind: 'alterSystem', name: set.kind === 'reset' ? set.name : undefined, values: undefined, position };
  },
  VariableShowStmt: (node) => ({
    kind: 'show', name: node.name === 'all' ? undefined : node.name, position: undefined,
  }),
  CopyStmt: copy,
  ExplainStmt: (node, context) => {
    const range = context.span === undefined ? nowhere : explainedRange(context.span, context);
    const statement = context.inner(node.query, range);
    return { kind: 'explain', options: options(node.options, context), statement, range, position: undefined };
  },
  DeclareCursorStmt: (node, context) => {
    const bits = node.options ?? 0;
    const range = context.span === undefined ? undefined : rangeAfter('for', context.span, context);
    return {
      kind: 'declareCursor', name: node.portalname ?? '', query: cursorQuery(node.query, range, context),
      binary: (bits & 0x1) !== 0, scroll: (bits & 0x2) !== 0 ? true : (bits & 0x4) !== 0 ? false : undefined,
      insensitive: (bits & 0x8) !== 0, hold: (bits & 0x20) !== 0, position: undefined,
    };
  },
  FetchStmt: fetch,
  ClosePortalStmt: (node) => ({ kind: 'closeCursor', name: node.portalname, position: undefined }),
  PrepareStmt: (node, context) => {
    const range = (context.span === undefined ? undefined : rangeAfter('as', context.span, context)) ?? nowhere;
    return {
      kind: 'prepare', name: node.name ?? '', range, statement: context.inner(node.query, range), position: undefined,
      parameterTypes: (node.argtypes ?? []).map((type) => typeName(untag(type, 'TypeName'), context)),
    };
  },
  ExecuteStmt: (node, context) => ({
    kind: 'execute', name: node.name ?? '', arguments: expressions(node.params, context), position: undefined,
  }),
  DeallocateStmt: (node) => ({ kind: 'deallocate', name: node.name, position: undefined }),
  DiscardStmt: (node) => ({
    kind: 'discard', position: undefined,
    target: node.target === 'DISCARD_PLANS' ? 'plans' : node.target === 'DISCARD_SEQUENCES' ? 'sequences'
      : node.target === 'DISCARD_TEMP' ? 'temp' : 'all',
  }),
  ListenStmt: (node) => ({ kind: 'listen', channel: node.conditionname, position: undefined }),
  UnlistenStmt: (node) => ({ kind: 'unlisten', channel: node.conditionname, position: undefined }),
  NotifyStmt: (node) => ({
    kind: 'notify', channel: node.conditionname ?? '', payload: node.payload ?? '', position: undefined,
  }),
  ConstraintsSetStmt: (node, context) => ({
    kind: 'setConstraints', deferred: node.deferred ?? false, position: undefined,
    names: node.constraints?.map((one) => relation(untag(one, 'RangeVar'), context)),
  }),
  LockStmt: (node, context) => ({
    kind: 'lock', tables: tableReferences(node.relations, context), mode: lockModes[node.mode ?? 8] ?? '',
    nowait: node.nowait ?? false, position: undefined,
  }),
  VacuumStmt: (node, context) => ({
    kind: node.is_vacuumcmd === true ? 'vacuum' : 'analyze', options: options(node.options, context),
    tables: (node.rels ?? []).map((entry) => {
      const { relation: table, va_cols: columns } = untag(entry, 'VacuumRelation');
      return { relation: relation(table, context), columns: names(columns) };
    }),
    position: undefined,
  }),
  CheckPointStmt: () => ({ kind: 'checkpoint', position: undefined }),
  RefreshMatViewStmt: (node, context) => {
    const named = relation(node.relation, context);
    return {
      kind: 'refreshMaterializedView', relation: named, concurrently: node.concurrent ?? false,
      withData: node.skipData !== true, position: named.position,
    };
  },
  TruncateStmt: (node, context) => ({
    kind: 'truncate', tables: tableReferences(node.relations, context),
    restartIdentity: node.restart_seqs ?? false, cascade: node.behavior === 'DROP_CASCADE', position: undefined,
  }),
};

/** PostgreSQL's lock mode numbers 1 to 8. */
const lockModes: readonly string[] = [
  '', 'access share', 'row share', 'row exclusive', 'share update exclusive', 'share', 'share row exclusive',
  'exclusive', 'access exclusive',
];

function tableReferences(nodes: readonly Node[] | undefined, context: ReaderContext): readonly TableReference[] {
  return (nodes ?? []).map((node) => {
    const table = untag(node, 'RangeVar');
    return { relation: relation(table, context), only: table.inh !== true };
  });
}

function cursorQuery(
  node: Node | undefined, range: Query['range'], context: ReaderContext,
): DeclareCursor['query'] {
  return context.marks?.statement.subscribe ?? { ...context.query(node), range };
}

function transaction(node: TransactionStmt, context: ReaderContext): Statement {
  const position = context.source.position(node.location);
  const name = node.savepoint_name ?? '';
  const id = node.gid ?? '';
  const chain = node.chain ?? false;
  switch (node.kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START': {
      const start = node.kind === 'TRANS_STMT_START';
      return { kind: 'begin', start, modes: transactionModes(node.options, context), position };
    }
    case 'TRANS_STMT_COMMIT': return { kind: 'commit', chain, position };
    case 'TRANS_STMT_ROLLBACK': return { kind: 'rollback', chain, position };
    case 'TRANS_STMT_SAVEPOINT': return { kind: 'savepoint', name, position };
    case 'TRANS_STMT_RELEASE': return { kind: 'releaseSavepoint', name, position };
    case 'TRANS_STMT_ROLLBACK_TO': return { kind: 'rollbackTo', name, position };
    case 'TRANS_STMT_PREPARE': return { kind: 'prepareTransaction', id, position };
    case 'TRANS_STMT_COMMIT_PREPARED': return { kind: 'commitPrepared', id, position };
    case 'TRANS_STMT_ROLLBACK_PREPARED': return { kind: 'rollbackPrepared', id, position };
    default: throw new AssertionError(`unknown transaction statement ${node.kind}`);
  }
}

function isolation(level: string): TransactionModes['isolation'] {
  switch (level) {
    case 'read uncommitted':
    case 'read committed':
    case 'repeatable read':
    case 'serializable': return level;
    default: throw new AssertionError(`unknown isolation level ${level}`);
  }
}

function transactionModes(nodes: readonly Node[] | undefined, context: ReaderContext): TransactionModes {
  let modes: TransactionModes = { isolation: undefined, readOnly: undefined, deferrable: undefined };
  for (const node of nodes ?? []) {
    const { defname, arg } = untag(node, 'DefElem');
    const value = constantOf(arg, context);
    const flag = (value.ival?.ival ?? 0) !== 0;
    if (defname === 'transaction_isolation') modes = { ...modes, isolation: isolation(value.sval?.sval ?? '') };
    else if (defname === 'transaction_read_only') modes = { ...modes, readOnly: flag };
    else if (defname === 'transaction_deferrable') modes = { ...modes, deferrable: flag };
  }
  return modes;
}

function variableSet(node: VariableSetStmt, context: ReaderContext): Statement {
  const position = context.source.position(node.location);
  const name = node.name ?? '';
  const local = node.is_local ?? false;
  switch (node.kind) {
    case 'VAR_SET_VALUE': {
      const values = (node.args ?? []).map((value) => settingValue(value, context));
      return { kind: 'set', name, values, local, position };
    }
    case 'VAR_SET_DEFAULT': return { kind: 'set', name, values: undefined, local, position };
    case 'VAR_RESET': return { kind: 'reset', name, position };
    case 'VAR_RESET_ALL': return { kind: 'reset', name: undefined, position };
    case 'VAR_SET_MULTI': {
      const none = { isolation: undefined, readOnly: undefined, deferrable: undefined };
      if (name === 'TRANSACTION SNAPSHOT') {
        const snapshot = constantOf(node.args?.[0], context).sval?.sval ?? '';
        return { kind: 'setTransaction', scope: 'transaction', modes: none, snapshot, position };
      }
      const scope = name === 'TRANSACTION' ? 'transaction' : 'session';
      const modes = transactionModes(node.args, context);
      return { kind: 'setTransaction', scope, modes, snapshot: undefined, position };
    }
    default: return { kind: 'unsupported', name: 'SET FROM CURRENT', position };
  }
}

function settingValue(node: Node, context: ReaderContext): SettingValue {
  if ('TypeCast' in node) {
    return { kind: 'interval', text: constantOf(node.TypeCast.arg, context).sval?.sval ?? '' };
  }
  const { ival, fval, sval } = constantOf(node, context);
  if (ival !== undefined) return { kind: 'number', text: String(ival.ival ?? 0) };
  if (fval !== undefined) return { kind: 'number', text: fval.fval ?? '' };
  return { kind: 'string', text: sval?.sval ?? '' };
}

function copy(node: CopyStmt, context: ReaderContext): Copy {
  const { filename, query } = node;
  const range = context.span === undefined ? undefined : parenthesisedRange(context.span, context);
  const named = node.relation === undefined ? undefined : relation(node.relation, context);
  return {
    kind: 'copy', direction: node.is_from === true ? 'in' : 'out', relation: named, columns: names(node.attlist),
    query: query === undefined ? undefined : copyQuery(query, range, context),
    source: filename === undefined ? { kind: 'client' }
      : { kind: node.is_program === true ? 'program' : 'file', name: filename },
    options: options(node.options, context), where: optional(node.whereClause, context), position: named?.position,
  };
}

function copyQuery(node: Node, range: Query['range'], context: ReaderContext): Copy['query'] {
  const { subscribe } = context.marks?.statement ?? {};
  if (subscribe !== undefined) return subscribe;
  const statement = context.inner(node, range);
  switch (statement.kind) {
    case 'query':
    case 'insert':
    case 'update':
    case 'delete':
    case 'merge': return statement;
    default: throw new AssertionError(`COPY holds a statement of kind ${statement.kind}`);
  }
}

/** FETCH_ALL, the greatest long of the grammar's build. */
const ALL_ROWS = 2147483647;

function fetch(node: FetchStmt, context: ReaderContext): Statement {
  const count = Number(node.howMany ?? 0);
  const directions = {
    FETCH_FORWARD: 'forward', FETCH_BACKWARD: 'backward', FETCH_ABSOLUTE: 'absolute', FETCH_RELATIVE: 'relative',
  } as const;
  return {
    kind: 'fetch', move: node.ismove ?? false, cursor: node.portalname ?? '',
    direction: directions[node.direction ?? 'FETCH_FORWARD'], count: count === ALL_ROWS ? undefined : count,
    options: context.marks?.statement.fetchOptions ?? [], position: undefined,
  };
}
