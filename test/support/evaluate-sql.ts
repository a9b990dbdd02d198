// One statement over no tables, from text to values, without storage or session: for tests of functions.
import { batchToRows } from '../../engine/data/access.ts';
import { formatType, typeFromOid } from '../../engine/data/type-info.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta } from '../../engine/data/delta.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { toEpoch } from '../../engine/data/time.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import { ENGINE_FUNCTIONS } from '../../engine/function/registry.ts';
import { bindQuery } from '../../sql/binder/bind-query.ts';
import { Catalog } from '../../sql/catalog/catalog.ts';
import { compileQuery } from '../../sql/compiler/compile-query.ts';
import { loadParser, parse } from '../../sql/parser/parse.ts';
import { storedEnvironment } from '../../sql/planner.ts';

/** 2024-02-29 12:34:56.789 UTC. */
export const NOW = 1709210096789000n;

export const TEST_CONTEXT: EvalContext = {
  format: DEFAULT_FORMAT,
  transactionTime: NOW,
  statementTime: NOW,
  clock: () => NOW,
  random: () => 0.5,
  catalog: {
    nameOf: (kind, oid) => {
      const type = kind === 'regtype' ? typeFromOid(oid) : null;
      return type === null ? null : formatType(type);
    },
    oidOf: () => 0,
  },
  host: null,
};

export interface SqlResult {
  readonly types: readonly LogicalType[];
  readonly rows: readonly (readonly Datum[])[];
}

/** Throws DatabaseError as the statement would. */
export async function evaluateSql(text: string, context: EvalContext = TEST_CONTEXT): Promise<SqlResult> {
  await loadParser();
  const [{ statement }] = parse(text);
  if (statement.kind !== 'query') throw new Error(`no query: ${text}`);
  const env = storedEnvironment({
    catalog: Catalog.initial([]), searchPath: ['pg_catalog', 'public'], functions: ENGINE_FUNCTIONS,
    format: context.format, continuous: false,
  });
  const bound = bindQuery(statement, { env, parent: null, commonTables: null });
  const query = compileQuery(bound, { functions: ENGINE_FUNCTIONS, evaluation: context, mode: 'once' });
  const inputs = query.circuit.sources.map((s) => {
    if (s.kind !== 'constant') throw new Error('only constants');
    return Delta.insert(s.rows());
  });
  const result = query.circuit.step(inputs, {
    epoch: toEpoch(1),
    eval: context,
    error: (error) => { throw error; },
  });
  return { types: bound.columns.map((c) => c.type),
    rows: batchToRows(result.batch).map((r) => r.slice(0, query.visible)) };
}

/** As psql -At prints it: rows by line feeds, columns by |, NULL as nothing; errors as `ERROR code message`. */
export async function sqlText(text: string, context: EvalContext = TEST_CONTEXT): Promise<string> {
  try {
    const { types, rows } = await evaluateSql(text, context);
    const cell = (d: Datum, i: number): string =>
      (d === null ? '' : formatText(types[i], d, context.format, { names: context.catalog }));
    return rows.map((r) => r.map(cell).join('|')).join('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `ERROR ${String(error.code)} ${error.message}`;
    throw error;
  }
}
