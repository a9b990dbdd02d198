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

/** Memory of state, of which pages can be evicted and the rest is fixed; evicted_bytes: written for that since the start. */
function* memory(context: SystemContext): Iterable<SystemRow> {
  const m = context.memory();
  yield {
    limit_bytes: Number.isFinite(m.limit) ? BigInt(m.limit) : null,
    pages: BigInt(m.pages), page_bytes: BigInt(m.pageBytes), fixed_bytes: BigInt(m.fixedBytes),
    pages_read: BigInt(m.reads), pages_evicted: BigInt(m.evictions), evicted_bytes: BigInt(m.writtenBytes),
    page_file_bytes: BigInt(m.fileBytes),
  };
}

/** What was written since the start; the amplification is all of it for each byte that commits brought. */
function* storage(context: SystemContext): Iterable<SystemRow> {
  const { journalBytes, checkpoints, checkpointBytes } = context.storage();
  const { writtenBytes } = context.memory();
  yield {
    journal_bytes: BigInt(journalBytes), checkpoints: BigInt(checkpoints), checkpoint_bytes: BigInt(checkpointBytes),
    evicted_bytes: BigInt(writtenBytes),
    write_amplification: journalBytes === 0 ? null : (journalBytes + checkpointBytes + writtenBytes) / journalBytes,
  };
}

/** No row for a database in memory. lag_bytes: journaled since the last checkpoint; failing: why commits are not taken. */
function* journal(context: SystemContext): Iterable<SystemRow> {
  const status = context.journal();
  if (status === null) return;
  yield {
    epoch: BigInt(status.epoch), segments: status.segments, spare_files: status.spares, bytes: BigInt(status.bytes),
    lag_bytes: BigInt(status.lagBytes), syncs: BigInt(status.syncs.reduce((sum, { count }) => sum + count, 0)),
    failures: status.failures, failing: status.failing,
  };
}

/** How many appends since the start took up to so many milliseconds to be on disk, and more than the row before says. */
function* journalSyncs(context: SystemContext): Iterable<SystemRow> {
  for (const { upTo, count } of context.journal()?.syncs ?? []) yield { up_to_ms: upTo, syncs: BigInt(count) };
}

/** The newest epoch, and the oldest that AS OF can read; NULL when no past moments are kept. */
function* epoch(context: SystemContext): Iterable<SystemRow> {
  const { newest, oldest } = context.epochs();
  yield { epoch: BigInt(newest), oldest: oldest === null ? null : BigInt(oldest) };
}

export const OWN: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'millrace_view_errors', { now: viewErrors }),
  systemRelation('pg_catalog', 'millrace_memory', { now: memory }),
  systemRelation('pg_catalog', 'millrace_storage', { now: storage }),
  systemRelation('pg_catalog', 'millrace_journal', { now: journal }),
  systemRelation('pg_catalog', 'millrace_journal_syncs', { now: journalSyncs }),
  systemRelation('pg_catalog', 'millrace_epoch', { now: epoch }),
];
