// A view's definition for people to read: as PostgreSQL prints it, under the names things have now.
import { Trace } from '../binder/trace.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { liveColumns } from '../catalog/entry.ts';
import { Unprintable } from '../deparse/printer.ts';
import type { PrintOptions } from '../deparse/printer.ts';
import { queryText } from '../deparse/query-text.ts';
import type { SessionState } from '../session-state.ts';
import { boundView, writtenQuery } from './kept-view.ts';
import type { AnyView } from './kept-view.ts';

export interface ViewTextOptions {
  readonly pretty: boolean;
  /** Lists are broken where lines become longer. */
  readonly wrap: number;
}

/** As pg_get_viewdef() gives it. What has no words of PostgreSQL's is shown as it was written. */
export function viewText(state: SessionState, entry: AnyView, options: ViewTextOptions): string {
  const printed = printedQuery(state, entry, state.catalog, {
    catalog: state.catalog, searchPath: state.searchPath, qualified: false, ...options, format: state.settings.format,
    names: { names: state.names, now: 0n },
  });
  const query = printed ?? ` ${entry.query.trim().replace(/;+\s*$/, '')}`;
  const closing = entry.kind === 'materialized-view' && entry.emit === 'window-close' ? '\n  EMIT ON WINDOW CLOSE' : '';
  return `${query}${closing};`;
}

/** The view's query, bound in `catalog`, as SQL; null where it has no words of PostgreSQL's. */
export function printedQuery(
  state: SessionState, entry: AnyView, catalog: Catalog, options: PrintOptions,
): string | null {
  const { settings } = entry;
  if (settings.dialect !== undefined && settings.dialect !== 'postgres') return null;
  const trace = new Trace();
  try {
    const query = writtenQuery(entry);
    boundView(state, entry, { query, catalog, trace });
    return queryText(trace, query, liveColumns(entry.columns).map((c) => c.name), options);
  } catch (error) {
    if (error instanceof Unprintable || error instanceof DatabaseError) return null;
    throw error;
  }
}
