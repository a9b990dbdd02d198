// COPY: tables from the client, tables and queries to the client; the text and csv forms are wire's affair.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Batch } from '../../engine/data/batch.ts';
import { datumAt } from '../../engine/data/access.ts';
import { baseType } from '../../engine/data/types.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf } from '../../engine/expression/walk.ts';
import { isTemporary, liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { Copy } from '../parser/ast-statement.ts';
import type { Expr, Query } from '../parser/ast.ts';
import { bindPredicate, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { CopyInSink, ResultColumn } from '../session-api.ts';
import type { SessionState } from '../session-state.ts';
import { requireColumn } from './assignment.ts';
import type { BoundStatement } from './bound.ts';
import { copyFormat } from './copy-options.ts';
import { qualified, requireTable } from './naming.ts';
import { unlessRedefined } from './redefined.ts';
import { runAtOnce } from '../turns.ts';
import { TableWriter } from './table-writer.ts';

type Bind = (query: NonNullable<Copy['query']>) => BoundStatement;

export function copy(statement: Copy, state: SessionState, bind: Bind): BoundStatement {
  if (statement.source.kind !== 'client') {
    const word = statement.direction === 'in' ? 'FROM' : 'TO';
    throw notSupported(`COPY ${word} a ${statement.source.kind} of the server`, {
      hint: "Use psql's \\copy, or STDIN and STDOUT.",
    });
  }
  return statement.direction === 'in' ? copyIn(statement, state) : copyOut(statement, state, bind);
}

function resultColumns(table: { readonly oid: number }, columns: readonly ColumnEntry[]): readonly ResultColumn[] {
  return columns.map((c) => ({ name: c.name, type: c.type, table: table.oid, attribute: c.attnum }));
}

function namedColumns(table: TableEntry, names: readonly string[],
  all: readonly ColumnEntry[]): readonly ColumnEntry[] {
  if (names.length === 0) return all;
  return names.map((name, i) => {
    if (names.indexOf(name) !== i) throw new DatabaseError('42701', `column "${name}" specified more than once`);
    const column = requireColumn(table, name, undefined);
    if (column.generated) {
      throw new DatabaseError('42P10', `column "${name}" is a generated column`, {
        detail: 'Generated columns cannot be used in COPY.',
      });
    }
    return column;
  });
}

function copyIn(statement: Copy, state: SessionState): BoundStatement {
  if (statement.relation === undefined) throw new DatabaseError('42601', 'COPY FROM needs a table');
  const table = requireTable(state, { ...statement.relation, position: undefined }, 'copy to');
  const columns = namedColumns(table, statement.columns, liveColumns(table.columns).filter((c) => !c.generated));
  const format = copyFormat(statement, {
    copied: columns.map((c) => c.name), known: { relation: table.name, names: liveColumns(table.columns).map((c) => c.name) },
  });
  const where = statement.where === undefined ? null : compileExpression(bindWhere(state, table, statement.where));
  return {
    parameters: [], columns: null, cacheable: true,
    run: (session) => unlessRedefined(async () => {
      if (!isTemporary(table.schema)) session.current.checkWritable('COPY FROM');
      // A COPY by itself leaves its keys to the commit, which has them in typed arrays.
      const alone = session.current.kind === 'implicit' && session.current.writes.length === 0;
      const writer = new TableWriter(session, table, { keysAtCommit: alone });
      await writer.lock('insert');
      let rows = 0;
      const mark = session.current.writes.length;
      const sink: CopyInSink = {
        format, columns: resultColumns(table, columns), table: table.name,
        write: async (batch) => {
          session.checkInterrupt();
          checkLabels(session, columns, batch);
          rows += await writer.run(() => {
            const complete = writer.complete(batch, columns.map((c) => c.attnum));
            const kept = where === null ? complete : passing(session, complete, where);
            runAtOnce(writer.insert(kept), () => session.checkInterrupt());
            return kept.length;
          });
          session.current.endStatement();
        },
        finish: async () => ({ tag: `COPY ${rows}` }),
        abort: async () => {
          session.transaction?.writes.truncate(mark);
        },
      };
      return { kind: 'copyIn', sink };
    }, () => copyIn(statement, session).run(session, [])),
  };
}

function bindWhere(state: SessionState, table: TableEntry, where: Expr): Expression {
  const bound = bindPredicate(rowSite(sessionEnvironment(state), [rowScopeItem(table)], {
    phrase: 'COPY FROM WHERE conditions', noSubquery: 'COPY FROM WHERE condition',
  }), where, 'WHERE');
  const read = new Set(columnsOf(bound));
  const generated = table.columns.find((c) => c.generated && !c.dropped && read.has(c.attnum - 1));
  if (generated === undefined) return bound;
  throw new DatabaseError('42P10', 'generated columns are not supported in COPY FROM WHERE conditions', {
    detail: `Column "${generated.name}" is a generated column.`,
  });
}

/** What COPY has read knows nothing of the transaction: 55P04 for labels that it has added. */
function checkLabels({ catalog, names }: SessionState, columns: readonly ColumnEntry[], rows: Batch): void {
  columns.forEach(({ type }, c) => {
    const base = baseType(type);
    if (base.kind !== 'enum' || !catalog.hasNewLabels(base.oid)) return;
    for (let row = 0; row < rows.length; row++) {
      const label = datumAt(rows.columns[c], row);
      if (typeof label === 'string') names.checkLabel(base, label);
    }
  });
}

function passing(state: SessionState, rows: Batch, where: ReturnType<typeof compileExpression>): Batch {
  const verdict = where.evaluate(rows, state.evalContext());
  const kept: number[] = [];
  for (let row = 0; row < rows.length; row++) if (datumAt(verdict, row) === true) kept.push(row);
  return rows.take(Int32Array.from(kept));
}

function copyOut(statement: Copy, state: SessionState, bind: Bind): BoundStatement {
  const { query = tableQuery(statement, state), relation } = statement;
  if (query.kind === 'merge') throw new DatabaseError('0A000', 'MERGE not supported in COPY');
  if (query.kind === 'query' && query.body.kind === 'select' && query.body.into !== undefined) {
    throw new DatabaseError('0A000', 'COPY (SELECT INTO) is not supported');
  }
  const bound = bind(query);
  const { columns } = bound;
  if (columns === null) throw new DatabaseError('0A000', 'COPY query must have a RETURNING clause');
  const all = relation === undefined ? null : state.catalog.findRelation(qualified(relation), state.searchPath);
  const names = all !== null && 'columns' in all && all.kind !== 'index' && all.kind !== 'system'
    ? liveColumns(all.columns).map((c) => c.name) : null;
  const format = copyFormat(statement, {
    copied: columns.map((c) => c.name), known: all === null || names === null ? null : { relation: all.name, names },
  });
  return {
    parameters: [], columns: null, cacheable: false,
    run: async (session) => {
      const result = await bound.run(session, []);
      if (result.kind !== 'rows') throw new DatabaseError('0A000', 'COPY query must have a RETURNING clause');
      return { kind: 'copyOut', format, columns: result.columns, batches: result.batches, tag: (n) => `COPY ${n}` };
    },
  };
}

/** COPY t (a, b) TO: SELECT a, b FROM t. */
function tableQuery(statement: Copy, state: SessionState): Query {
  const { relation } = statement;
  if (relation === undefined) throw new DatabaseError('42601', 'COPY TO needs a table or a query');
  const found = state.catalog.requireRelation(qualified(relation), state.searchPath);
  if (found.kind === 'view') {
    throw new DatabaseError('42809', `cannot copy from view "${found.name}"`,
      { hint: 'Try the COPY (SELECT ...) TO variant.' });
  }
  if (found.kind === 'sequence') throw new DatabaseError('42809', `cannot copy from sequence "${found.name}"`);
  const all = found.kind === 'table' || found.kind === 'source'
    ? liveColumns(found.columns).filter((c) => !c.generated) : [];
  const names = statement.columns.length > 0 ? statement.columns : all.map((c) => c.name);
  if (found.kind === 'table') namedColumns(found, statement.columns, []);
  const star = { expression: { kind: 'star', qualifier: [], exclude: [], position: undefined }, alias: undefined,
    position: undefined } as const;
  const targets = names.length === 0 ? [star] : names.map((name) => ({
    expression: { kind: 'column', name: [name], position: undefined } as const, alias: undefined, position: undefined,
  }));
  return {
    kind: 'query', position: undefined, with: undefined, orderBy: [], limit: undefined, withTies: false,
      offset: undefined,
    locking: [], range: undefined,
    body: {
      kind: 'select', position: undefined, distinct: undefined, targets, where: undefined, groupBy: [],
        groupDistinct: false,
      from: [{ kind: 'table', relation, only: false, alias: undefined, asOf: undefined, position: relation.position }],
      groupByAll: false, having: undefined, windows: [], qualify: undefined, into: undefined,
    },
  };
}

