// EXPLAIN: the optimized plan as text or JSON; with ANALYZE the statement runs, too.
import { vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { TEXT, simpleType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { bindQuery } from '../binder/bind-query.ts';
import { planQuery } from '../compiler/compile-query.ts';
import type { Explain, Statement } from '../parser/ast-statement.ts';
import type { Query } from '../parser/ast.ts';
import { printPlan } from '../plan/print.ts';
import { compileBound, disabledRewrites, sessionEnvironment } from '../planner.ts';
import { runQuery } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement, StatementResult } from './bound.ts';
import { resultColumn } from './bound.ts';
import { optionFlag, optionText } from './options.ts';
import { readCatalog } from './read-catalog.ts';
import { printSortKey } from '../plan/print.ts';

interface Options {
  readonly analyze: boolean;
  readonly json: boolean;
}

const FLAGS: ReadonlySet<string> = new Set(['verbose', 'costs', 'settings', 'buffers', 'wal', 'timing', 'summary',
  'generic_plan']);

function readOptions(statement: Explain): Options {
  let analyze = false;
  let json = false;
  for (const option of statement.options) {
    if (option.name === 'analyze') analyze = optionFlag(option);
    else if (option.name === 'format') {
      const format = optionText(option).toLowerCase();
      if (format === 'yaml' || format === 'xml') throw notSupported(`EXPLAIN format ${format}`,
        { position: option.position });
      if (format !== 'text' && format !== 'json') {
        throw new DatabaseError('22023', `unrecognized value for EXPLAIN option "format": "${format}"`,
          { position: option.position });
      }
      json = format === 'json';
    } else if (!FLAGS.has(option.name)) {
      throw new DatabaseError('42601', `unrecognized EXPLAIN option "${option.name}"`, { position: option.position });
    }
  }
  return { analyze, json };
}

export function explain(statement: Explain, state: SessionState,
  declared: readonly (LogicalType | null)[]): BoundStatement {
  const options = readOptions(statement);
  const query = explainedQuery(statement.statement);
  if (query === null) throw notSupported(`EXPLAIN of this statement`, { position: statement.position });
  const env = sessionEnvironment(state, { declared, catalog: readCatalog(state) });
  const bound = bindQuery(query, { env, parent: null, commonTables: null });
  const parameters = env.parameters.finish();
  const columns = [resultColumn('QUERY PLAN', options.json ? simpleType('json') : TEXT)];
  return {
    parameters, columns, cacheable: false,
    run: (session, values): StatementResult => {
      const planned = planQuery(bound, {
        functions: session.services.functions, evaluation: session.evalContext(), parameters: values, mode: 'once',
        disabled: disabledRewrites(session),
      });
      let lines = [...printPlan(planned.plan)];
      const { schema } = planned.plan;
      if (planned.order.length > 0) {
        const keys = planned.order.map((k) => printSortKey(k, schema)).join(', ');
        lines = ['Sort', `  Sort Key: ${keys}`, ...nested(lines)];
      }
      if (planned.limit !== null || planned.offset !== null) lines = ['Limit', ...nested(lines)];
      if (options.analyze) lines.push(...analyzed(session, bound, values));
      const rows = options.json ? [JSON.stringify([{ Plan: lines }], null, 2)] : lines;
      const batch = new Batch([vectorFromDatums(columns[0].type, rows)], rows.length);
      return { kind: 'rows', columns, batches: [batch], tag: () => 'EXPLAIN' };
    },
  };
}

function nested(lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => (i === 0 ? `  ->  ${line}` : `      ${line}`));
}

/** The query of a statement that has one. */
function explainedQuery(statement: Statement): Query | null {
  switch (statement.kind) {
    case 'query': case 'createView': case 'createMaterializedView': case 'declareCursor':
      return statement.kind === 'query' ? statement : statement.query.kind === 'query' ? statement.query : null;
    case 'createTableAs': return statement.query.kind === 'query' ? statement.query : null;
    default: return null;
  }
}

function analyzed(
  state: SessionState, bound: Parameters<typeof compileBound>[1], values: Parameters<typeof compileBound>[2],
): readonly string[] {
  const start = performance.now();
  const compiled = compileBound(state, bound, values);
  const compiledAt = performance.now();
  const rows = runQuery(compiled, {
    snapshot: state.current.snapshot(), context: state.evalContext(), checkInterrupt: () => state.checkInterrupt(),
  });
  const end = performance.now();
  return [
    ...compiled.circuit.print({ state: true }).map((line) => `  ${line}`),
    `Rows: ${rows.length}`,
    `Planning Time: ${(compiledAt - start).toFixed(3)} ms`,
    `Execution Time: ${(end - compiledAt).toFixed(3)} ms`,
  ];
}
