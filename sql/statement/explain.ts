// EXPLAIN: the optimized plan as text or JSON; with ANALYZE the statement runs, too.
import { vectorFromDatums } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { TEXT, simpleType } from '../../engine/data/types.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { bindQuery } from '../binder/bind-query.ts';
import type { DeclaredParameters } from '../binder/environment.ts';
import type { BoundQuery } from '../binder/level.ts';
import { planQuery } from '../compiler/compile-query.ts';
import type { Explain, Statement } from '../parser/ast-statement.ts';
import type { Query } from '../parser/ast.ts';
import { printPlan, printSortKey } from '../plan/print.ts';
import { compileBound, milliseconds, optimizerSettings, planShape, sessionEnvironment } from '../planner.ts';
import { collect } from '../portal.ts';
import { runQueryInTurns } from '../run-query.ts';
import type { SessionState } from '../session-state.ts';
import { relationsRead } from './redefined.ts';
import { turnsOf } from './select.ts';
import type { BoundStatement, StatementResult } from './bound.ts';
import { resultColumn } from './bound.ts';
import { optionFlag, optionText } from './options.ts';
import { readCatalog } from './read-catalog.ts';

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
    } else if (FLAGS.has(option.name)) optionFlag(option);
    else throw new DatabaseError('42601', `unrecognized EXPLAIN option "${option.name}"`, { position: option.position });
  }
  return { analyze, json };
}

export function explain(
  statement: Explain, state: SessionState, declared: DeclaredParameters,
  bind: (statement: Statement) => BoundStatement,
): BoundStatement {
  const options = readOptions(statement);
  const columns = [resultColumn('QUERY PLAN', options.json ? simpleType('json') : TEXT)];
  const answer = (lines: readonly string[]): StatementResult => {
    const rows = options.json ? [JSON.stringify([{ Plan: lines }], null, 2)] : lines;
    const batch = new Batch([vectorFromDatums(columns[0].type, rows)], rows.length);
    return { kind: 'rows', columns, batches: [batch], tag: () => 'EXPLAIN' };
  };
  const query = explainedQuery(statement.statement);
  if (query === null) {
    return { columns, cacheable: false, ...explainWrite(statement, bind(statement.statement), options, answer) };
  }
  const env = sessionEnvironment(state, { declared, catalog: readCatalog(state), atOnce: true });
  const bound = bindQuery(query, { env, parent: null, commonTables: null });
  const parameters = env.parameters.finish();
  return {
    parameters, columns, cacheable: false,
    run: async (session, values): Promise<StatementResult> => {
      const lines = [...printQuery(session, bound, values)];
      if (options.analyze) lines.push(...await analyzed(session, bound, values, env.used), ...keptViews(session, env.used));
      return answer(lines);
    },
  };
}

/** INSERT, UPDATE, DELETE, MERGE; with ANALYZE they are carried out. */
function explainWrite(
  statement: Explain, bound: BoundStatement, options: Options, answer: (lines: readonly string[]) => StatementResult,
): Pick<BoundStatement, 'parameters' | 'run'> {
  const { write } = bound;
  if (write === undefined) throw notSupported('EXPLAIN of this statement', { position: statement.position });
  return {
    parameters: bound.parameters,
    run: async (session, values) => {
      const rows = write.query === null ? ['Result'] : printQuery(session, write.query, values);
      const lines = [write.title, ...write.details.map((d) => `  ${d}`), ...nested(rows)];
      if (!options.analyze) return answer(lines);
      const start = milliseconds();
      const result = await bound.run(session, values);
      const count = result.kind === 'rows' ? (await collect(result)).length : null;
      lines.push(...(count === null ? [] : [`Rows: ${count}`]), `Execution Time: ${(milliseconds() - start).toFixed(3)} ms`);
      return answer(lines);
    },
  };
}

function printQuery(session: SessionState, bound: BoundQuery, values: readonly Datum[]): readonly string[] {
  const planned = planQuery(bound, {
    functions: session.services.functions, evaluation: session.evalContext(), parameters: values, mode: 'once',
    ...planShape(optimizerSettings(session)),
  });
  let lines = printPlan(planned.plan);
  const { schema } = planned.plan;
  if (planned.order.length > 0) {
    const keys = planned.order.map((k) => printSortKey(k, schema)).join(', ');
    lines = ['Sort', `  Sort Key: ${keys}`, ...nested(lines)];
  }
  return planned.limit === null && planned.offset === null ? lines : ['Limit', ...nested(lines)];
}

/** The operators that keep each materialized view the query reads, with what went through them so far. */
function keptViews(session: SessionState, used: Iterable<number>): readonly string[] {
  return [...used].flatMap((oid) => {
    const entry = session.catalog.get(oid);
    if (entry?.kind !== 'materialized-view') return [];
    return [`Materialized View ${entry.name}:`, ...session.services.runtime.operators(oid).map((line) => `  ${line}`)];
  });
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

/** What went through each operator of the query, as it is run now. */
async function analyzed(
  session: SessionState, bound: BoundQuery, values: readonly Datum[], used: ReadonlySet<number>,
): Promise<readonly string[]> {
  const start = milliseconds();
  const compiled = compileBound(session, bound, values, milliseconds);
  const compiledAt = milliseconds();
  const rows = await runQueryInTurns(compiled, {
    snapshot: session.current.snapshot(), context: session.evalContext(),
    ...turnsOf(session, relationsRead(session.catalog, used)),
  });
  const end = milliseconds();
  return [
    'Operators:',
    ...compiled.circuit.print({ state: true }).map((line) => `  ${line}`),
    `Rows: ${rows.length}`,
    `Planning Time: ${(compiledAt - start).toFixed(3)} ms`,
    `Execution Time: ${(end - compiledAt).toFixed(3)} ms`,
  ];
}
