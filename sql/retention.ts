// WITH (retention = '30 days'): what it takes to say so, and how long that is.
import { DatabaseError, notSupported } from '../engine/data/error.ts';
import { MICROS_PER_DAY } from '../engine/data/interval.ts';
import { parseInterval } from '../engine/data/interval-text.ts';
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import type { Catalog, CatalogChange } from './catalog/catalog.ts';
import type { CatalogEntry, SourceEntry, TableEntry } from './catalog/entry.ts';

const RETENTION = 'retention';

/** In µs, days of 24 hours; null: rows are kept. Throws 22007 and 22023. */
export function retentionOf({ options }: TableEntry | SourceEntry): bigint | null {
  const text = options[RETENTION];
  if (text === undefined) return null;
  const { months, days, micros } = parseInterval(text, DEFAULT_FORMAT);
  const span = BigInt(days) * MICROS_PER_DAY + micros;
  if (months === 0 && span > 0n) return span;
  throw new DatabaseError('22023', `retention takes a time above zero, in days or smaller units, not "${text}"`);
}

/** Those of a source's WITH options that are its connector's. */
export function connectorOptions(options: SourceEntry['options']): ReadonlyMap<string, string> {
  return new Map(Object.entries(options).filter(([name]) => name !== RETENTION));
}

/** Refuses changes after which rows that are gone could be seen, or missed. */
export function checkRetention(before: Catalog, after: Catalog, changes: readonly CatalogChange[]): void {
  for (const change of changes) {
    if (change.kind !== 'put') continue;
    const { entry } = change;
    if (entry.kind === 'index' && entry.unique && optionOf(after.get(entry.table)) !== undefined) {
      throw notSupported('a unique key on a table with retention');
    }
    if (entry.kind !== 'table' && entry.kind !== 'source') continue;
    const old = before.get(entry.oid);
    if (old !== null && optionOf(old) !== optionOf(entry)) throw notSupported('changing the retention of a table');
    if (retentionOf(entry) === null) continue;
    if (entry.watermark === null) {
      throw new DatabaseError('42P16', `retention needs a watermark on "${entry.name}"`, {
        hint: 'Say WATERMARK FOR column AS expression.',
      });
    }
    if (entry.kind === 'table' && !entry.appendOnly) {
      throw new DatabaseError('42P16', `retention needs "${entry.name}" to be append-only`, { hint: 'Say APPEND ONLY.' });
    }
  }
}

function optionOf(entry: CatalogEntry | null): string | undefined {
  return entry?.kind === 'table' || entry?.kind === 'source' ? entry.options[RETENTION] : undefined;
}
