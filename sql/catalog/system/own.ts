// System relations that PostgreSQL does not have: what only a database of kept views can tell.
import type { SystemContext, SystemRelation } from '../entry.ts';
import { systemRelation } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

/** Each error on which rows of a view fail, as of the last epoch; reads of the view answer with the first. */
function* viewErrors(context: SystemContext): Iterable<SystemRow> {
  for (const entry of context.catalog.entries()) {
    if (entry.kind !== 'materialized-view') continue;
    for (const { error, weight } of context.viewErrors(entry.oid)) {
      yield {
        view_oid: entry.oid, schema_name: entry.schema, view_name: entry.name, code: error.code, message: error.message,
        detail: error.fields.detail ?? null, failing_rows: BigInt(weight),
      };
    }
  }
}

export const OWN: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'millrace_view_errors', { now: viewErrors }),
];
