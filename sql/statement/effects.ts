// Effects: parts of a statement that do more than read, run once before the rest of it: subqueries that lock rows.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { AssertionError, notSupported } from '../../engine/data/error.ts';
import { bindQuery } from '../binder/bind-query.ts';
import type { EffectBinder } from '../binder/environment.ts';
import type { BoundQuery, QuerySite } from '../binder/level.ts';
import type { Query } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { freeHoles } from '../plan/map-plan.ts';
import type { SessionState } from '../session-state.ts';
import { bindLockingQuery, lockRows, lockTables } from './select-locking.ts';

type Run = (session: SessionState, parameters: readonly Datum[]) => Batch;

interface Effect {
  /** Before any of them runs: locks that may have to be waited for. */
  readonly prepare: (session: SessionState) => Promise<void>;
  readonly run: Run;
  /** Of the last run. */
  rows: Batch | null;
}

export class Effects implements EffectBinder {
  readonly #state: SessionState;
  readonly #effects: Effect[] = [];

  constructor(state: SessionState) {
    this.#state = state;
  }

  dry(): EffectBinder {
    return new Effects(this.#state);
  }

  get any(): boolean {
    return this.#effects.length > 0;
  }

  /** A query with FOR UPDATE within another: its rows, found and locked when the statement begins. */
  bindLocking(query: Query, site: QuerySite): BoundQuery {
    const { keepUnknown: _, ...plain } = site;
    const locking = bindLockingQuery(this.#state, query, (inner, dry) => {
      const bound = bindQuery(inner, dry ? { ...plain, env: { ...plain.env, effects: this.dry() } } : plain);
      if (freeHoles(bound.plan).size > 0) {
        throw notSupported(`FOR ${query.locking[0].strength.toUpperCase()} in a subquery that refers to the query around it`);
      }
      return bound;
    });
    return this.#add(locking.bound.columns.slice(0, locking.shown), {
      prepare: (session) => lockTables(session, locking), run: (session, parameters) => lockRows(session, locking, parameters),
      rows: null,
    });
  }

  #add(columns: BoundQuery['columns'], effect: Effect): BoundQuery {
    this.#effects.push(effect);
    const schema = { columns: columns.map((c) => ({ name: c.name, type: c.type })) };
    const plan: LogicalPlan = {
      kind: 'constant', name: 'effect', alias: 'effect', columns: columns.map((_, i) => i), schema, rows: () => {
        if (effect.rows === null) throw new AssertionError('an effect was asked for its rows before it was run');
        return effect.rows;
      },
    };
    return { plan, columns, order: [], limit: null, offset: null, withTies: false, visible: columns.length };
  }

  async prepare(session: SessionState): Promise<void> {
    for (const effect of this.#effects) await effect.prepare(session);
  }

  /** Runs them in order. May throw Blocked. */
  run(session: SessionState, parameters: readonly Datum[]): void {
    for (const effect of this.#effects) effect.rows = effect.run(session, parameters);
  }
}
