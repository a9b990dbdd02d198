// Every view that the golden scripts make: its definition, printed and read again, is the same query and prints the same.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { bindQuery } from '../../sql/binder/bind-query.ts';
import type { CatalogEntry, MaterializedViewEntry, ViewEntry } from '../../sql/catalog/entry.ts';
import { openDatabase } from '../../sql/index.ts';
import type { LogicalPlan } from '../../sql/plan/logical-plan.ts';
import { samePlan } from '../../sql/plan/same-plan.ts';
import { parseQuery, sessionEnvironment } from '../../sql/planner.ts';
import { SessionState } from '../../sql/session-state.ts';
import { keptQuery } from '../../sql/statement/follow-rename.ts';
import { printedQuery, viewText } from '../../sql/statement/view-text.ts';
import type { ViewTextOptions } from '../../sql/statement/view-text.ts';
import { parseScript, runBlock } from '../script/script.ts';
import { Client } from '../support/client.ts';

type View = ViewEntry | MaterializedViewEntry;

const folder = join(import.meta.dirname, '..', 'script');
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.test')).toSorted()
  .map((file) => ({ file, script: parseScript(readFileSync(join(folder, file), 'utf8')) }))
  .filter(({ script }) => script.blocks.some((b) => /^create .*view/i.test(b.sql)));

const FORMS: readonly ViewTextOptions[] = [{ pretty: false, wrap: 0 }, { pretty: true, wrap: 0 }, { pretty: true, wrap: 79 }];
/** What PostgreSQL has no words for. */
const OURS = /\basof\b|\b(tumble|hop|session|cumulate)\s*\(|group by all|\bqualify\b|for system_time|\b(search|cycle)\b/i;
/** PostgreSQL shows them in other words: x = ANY (..), x < 1 OR x > 2, '101'::"bit" of no length. */
const OTHER_WORDS = /\b(not )?in \(\d|not between|\bb'/i;
/** Made again, PostgreSQL converts each element by itself: the array of x IN ('a', 'b') over varchar. */
const CONVERTED_ARRAY = /ARRAY\[[^\]]*\]\)?::text\[\]/;

/** PostgreSQL's grammar takes no cast there, though it shows one. */
const UNREADABLE = /\bSET \w+ TO '[^']*'::/;

let latest: SessionState | null = null;
const original = SessionState.prototype.systemContext;
vi.spyOn(SessionState.prototype, 'systemContext').mockImplementation(function (this: SessionState) {
  latest = this;
  return original.call(this);
});

const isView = (e: CatalogEntry): e is View => e.kind === 'view' || e.kind === 'materialized-view';

function planOf(state: SessionState, { query, settings }: View): LogicalPlan {
  const env = { ...sessionEnvironment(state), searchPath: settings.searchPath, format: settings.format };
  return bindQuery(parseQuery(query, settings.dialect), { env, parent: null, commonTables: null }).plan;
}

/** The view as somebody makes it again from a text that the session shows. */
function remade(state: SessionState, view: View, text: string): View {
  const settings = { ...view.settings, searchPath: state.searchPath, format: state.settings.format };
  return { ...view, query: text.replace(/;$/, ''), settings };
}

function check(state: SessionState, view: View, written: string): void {
  const kept = keptQuery(state, view);
  expect(kept, 'as it is kept').not.toBeNull();
  for (const form of FORMS) {
    const text = viewText(state, view, form);
    const again = remade(state, view, text);
    expect(viewText(state, { ...view, query: kept ?? '' }, form), 'of what is kept').toBe(text);
    if (CONVERTED_ARRAY.test(text) || UNREADABLE.test(text)) continue;
    expect(viewText(state, again, form), 'printed again').toBe(text);
    if (!OTHER_WORDS.test(written)) expect(samePlan(planOf(state, view), planOf(state, again)), text).toBe(true);
  }
}

let views = 0;
let refused = 0;

describe.each(scripts)('$file', ({ script }) => {
  test('its views', async () => {
    const database = await openDatabase({ data: ':memory:', now: () => 1_700_000_000_000_000n, random: () => 0.5 });
    const client = new Client(database);
    const known = new Map<number, string>();
    for (const block of script.blocks) {
      await runBlock(client, block);
      const state = latest;
      if (state === null || client.session.transactionStatus === 'E') continue;
      for (const view of [...state.catalog.entries()].filter(isView)) {
        if (known.get(view.oid) === view.query) continue;
        const written = known.has(view.oid) ? view.query : block.sql;
        known.set(view.oid, view.query);
        const printed = printedQuery(state, view, state.catalog, {
          catalog: state.catalog, searchPath: state.searchPath, qualified: false, pretty: false, wrap: 0,
          format: state.settings.format, names: { names: state.names, now: 0n },
        });
        views++;
        if (printed !== null) check(state, view, written);
        else {
          refused++;
          if (view.settings.dialect === undefined) expect(view.query).toMatch(OURS);
        }
      }
    }
    await client.close();
    await database.close();
    latest = null;
  });
});

test('most views were printed', () => {
  expect(views).toBeGreaterThan(180);
  expect(refused).toBeLessThan(views / 8);
});
