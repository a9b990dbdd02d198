// Catalog entries as the runtime knows them: relations with their keys and indexes, views with their circuits.
import type { Batch } from '../engine/data/batch.ts';
import { datumAt } from '../engine/data/access.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import type { Watermark } from '../engine/data/time.ts';
import { compileExpression } from '../engine/expression/evaluate.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { RelationDefinition, ViewDefinition } from '../engine/runtime/contract.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { MaterializedViewEntry, SourceEntry, StoredEntry, TableEntry } from './catalog/entry.ts';
import { parseExpression } from './parser/parse.ts';
import { retentionOf } from './retention.ts';
import { bindAssignment, compileView, rowScopeItem, rowSite, storedEnvironment } from './planner.ts';

export interface DefinitionContext {
  readonly catalog: Catalog;
  readonly functions: FunctionRegistry;
  /** For watermark expressions, which see only the row. */
  readonly evalContext: EvalContext;
}

export function relationDefinition(context: DefinitionContext, entry: StoredEntry): RelationDefinition {
  const indexes = context.catalog.indexesOf(entry.oid);
  const places = (columns: readonly number[]): readonly number[] => columns.map((a) => a - 1);
  const watermark = entry.kind === 'materialized-view' ? null : entry.watermark;
  const retention = entry.kind === 'materialized-view' ? null : retentionOf(entry);
  return {
    id: entry.oid, name: entry.name, namespace: entry.schema,
    kind: entry.kind === 'materialized-view' ? 'view' : entry.kind,
    schema: { columns: entry.columns.map((c) => ({ name: c.name, type: c.type })) },
    keys: indexes.filter((i) => i.unique)
      .map((i) => ({
        id: i.oid, name: i.name, columns: places(i.columns), primary: i.primary,
        ...(i.nullsNotDistinct === true ? { nulls: 'group' as const } : {}),
      })),
    indexes: indexes.filter((i) => !i.unique).map((i) => ({ id: i.oid, name: i.name, columns: places(i.columns) })),
    appendOnly: entry.kind === 'table' && entry.appendOnly,
    watermark: entry.kind === 'materialized-view' || watermark === null ? null : watermarkFunction(context, entry),
    eventTime: watermark === null ? null : watermark.column - 1,
    ...(retention === null ? {} : { retention }),
  };
}

export function viewDefinition(context: DefinitionContext, entry: MaterializedViewEntry): ViewDefinition {
  const { circuit, eventTime } = compileView(context, entry);
  return { ...relationDefinition(context, entry), circuit, eventTime };
}

/** The greatest value of the declared expression over the rows. */
function watermarkFunction(context: DefinitionContext, entry: TableEntry | SourceEntry): (rows: Batch) => Watermark {
  const { watermark } = entry;
  if (watermark === null) throw new DatabaseError('XX000', 'no watermark');
  const env = storedEnvironment({
    catalog: context.catalog, searchPath: ['public'], functions: context.functions, format: DEFAULT_FORMAT,
      continuous: true,
  });
  const site = rowSite(env, [rowScopeItem(entry)], { phrase: 'watermark expressions' });
  const column = entry.columns[watermark.column - 1];
  const compiled = compileExpression(bindAssignment(site, parseExpression(watermark.expression), column));
  return (rows) => {
    let greatest: bigint | null = null;
    const values = compiled.evaluate(rows, context.evalContext);
    for (let row = 0; row < rows.length; row++) {
      const value = datumAt(values, row);
      if (typeof value === 'bigint' && (greatest === null || value > greatest)) greatest = value;
    }
    return greatest;
  };
}
