// Effects: parts of a statement that do more than read, run once before the rest of it: subqueries that lock rows, and
// modifications in its WITH clause. All of a statement sees what was there before it began.
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { AssertionError, DatabaseError, notSupported, unreachable } from '../../engine/data/error.ts';
import type { Soon } from '../../engine/data/soon.ts';
import { bindQuery } from '../binder/bind-query.ts';
import type { EffectBinder } from '../binder/environment.ts';
import type { BoundQuery, QuerySite } from '../binder/level.ts';
import type { CommonTable, Query, WithClause } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import { freeHoles } from '../plan/map-plan.ts';
import type { SessionState } from '../session-state.ts';
import { runAtOnce } from '../turns.ts';
import { bindDelete } from './delete.ts';
import { bindInsert } from './insert.ts';
import { bindMerge } from './merge.ts';
import type { Modification, ModificationSite } from './modification.ts';
import { bindLockingQuery, lockRows, lockTables } from './select-locking.ts';
import { bindUpdate } from './update.ts';

interface Effect {
  /** Before any of them runs: locks that may have to be waited for. */
  readonly prepare: (session: SessionState) => Soon<void>;
  readonly run: (session: SessionState, parameters: readonly Datum[]) => Batch;
  /** Whether it is run even if nothing reads its rows. */
  readonly always: boolean;
  /** Of the run that goes on. */
  rows: Batch | null;
}

export class Effects implements EffectBinder {
  readonly #state: SessionState;
  /** The statement's own WITH clause: modifications may stand in no other. */
  readonly #names: WithClause | undefined;
  readonly #effects: Effect[] = [];
  /** What modifications give, null: nothing; of a dry binding those of the statement. */
  readonly #modified: Map<CommonTable, BoundQuery | null>;
  #running: { readonly session: SessionState; readonly parameters: readonly Datum[] } | null = null;

  constructor(
    state: SessionState, names: WithClause | undefined, modified: ReadonlyMap<CommonTable, BoundQuery | null> = new Map(),
  ) {
    this.#state = state;
    this.#names = names;
    this.#modified = new Map(modified);
  }

  dry(): EffectBinder {
    return new Effects(this.#state, this.#names, this.#modified);
  }

  knows(table: CommonTable): boolean {
    return this.#modified.has(table);
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
      always: false, rows: null,
    });
  }

  /** WITH t AS (INSERT .. RETURNING ..): what it returns; null: it returns nothing. */
  bindModifying(table: CommonTable, site: QuerySite): BoundQuery | null {
    const known = this.#modified.get(table);
    if (known !== undefined) return known;
    if (this.#names?.tables.includes(table) !== true) {
      throw new DatabaseError('0A000', 'WITH clause containing a data-modifying statement must be at the top level', {
        position: table.position,
      });
    }
    const bound = bindModification(table, { state: this.#state, env: site.env, commonTables: site.commonTables });
    const rows = this.#add(bound.columns ?? [], {
      prepare: bound.prepare, always: true, rows: null,
      run: (session, parameters) => (
        runAtOnce(bound.run(session, parameters), () => session.checkInterrupt()).returned ?? new Batch([], 0)),
    });
    const given = bound.columns === null ? null : rows;
    this.#modified.set(table, given);
    return given;
  }

  #add(columns: BoundQuery['columns'], effect: Effect): BoundQuery {
    this.#effects.push(effect);
    const schema = { columns: columns.map((c) => ({ name: c.name, type: c.type })) };
    const plan: LogicalPlan = {
      kind: 'constant', name: 'effect', alias: 'effect', columns: columns.map((_, i) => i), schema,
      rows: () => this.#rowsOf(effect),
    };
    return { plan, columns, order: [], limit: null, offset: null, withTies: false, visible: columns.length };
  }

  /** Run when its rows are first asked for. */
  #rowsOf(effect: Effect): Batch {
    if (this.#running === null) throw new AssertionError('an effect was asked for its rows outside its statement');
    effect.rows ??= effect.run(this.#running.session, this.#running.parameters);
    return effect.rows;
  }

  /** Does the statement write anything? */
  get modifies(): boolean {
    return this.#effects.some((e) => e.always);
  }

  async prepare(session: SessionState): Promise<void> {
    for (const effect of this.#effects) await effect.prepare(session);
  }

  /**
   * Runs the statement, its parts as they are read and those that nothing reads behind it, none seeing what the others
   * write; then what foreign keys ask for. May throw Blocked.
   */
  around<T>(session: SessionState, parameters: readonly Datum[], rest: () => T): T {
    const { current } = session;
    current.hideWrites();
    try {
      this.#running = { session, parameters };
      for (const effect of this.#effects) effect.rows = null;
      const result = rest();
      for (const effect of this.#effects) if (effect.always) this.#rowsOf(effect);
      current.runAfterwards();
      return result;
    } finally {
      this.#running = null;
      current.showWrites();
    }
  }
}

function bindModification({ statement, position }: CommonTable, site: ModificationSite): Modification {
  switch (statement.kind) {
    case 'insert': return bindInsert(statement, site);
    case 'update': return bindUpdate(statement, site);
    case 'delete': return bindDelete(statement, site);
    case 'merge':
      bindMerge(statement, site);
      throw new DatabaseError('0A000', 'MERGE not supported in WITH query', { position });
    case 'query': throw new AssertionError('a query modifies nothing');
    default: return unreachable(statement);
  }
}
