// MERGE: the source joined with the target once, each pair given to the first WHEN clause that takes it, then written.
import { datumAt } from '../../engine/data/access.ts';
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Snapshot } from '../../engine/runtime/contract.ts';
import type { ScopeItem } from '../binder/scope.ts';
import type { TableEntry } from '../catalog/entry.ts';
import { liveColumns } from '../catalog/entry.ts';
import type { Merge } from '../parser/ast.ts';
import { rowScopeItem } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';
import { findRows, labelsOf, multiplicities, shownTarget } from './change-query.ts';
import { bindMergeClause, bindMergeQuery } from './merge-clause.ts';
import type { BoundClause } from './merge-clause.ts';
import { wholeRowKey } from './key-text.ts';
import type { Modification, ModificationSite } from './modification.ts';
import { qualified, requireTable } from './naming.ts';
import { TableWriter, prepareWrite } from './table-writer.ts';
import { emptyRows } from './unique-check.ts';
import { withNames } from './with-names.ts';

export function bindMerge(statement: Merge, { state, env, commonTables }: ModificationSite): Modification {
  checkReached(statement);
  const table = requireTarget(state, statement);
  checkNames(statement);
  const query = bindMergeQuery({ env, parent: null, commonTables }, table, statement);
  const clauses = bindClauses({ env, commonTables }, table, statement, query.others);
  return {
    columns: null, write: { title: `Merge on ${shownTarget(statement.table)}`, details: [], query: query.bound },
    changes: table.oid, prepare: (session) => prepareWrite(session, table, 'MERGE', 'change'),
    run: function* (session, values) {
      // Of the moment when it begins.
      const before = session.current.snapshot();
      const latest = session.current.latestOfStart();
      for (const { condition, action } of clauses) {
        for (const part of [condition, 'values' in action ? action.values : null]) part?.plan(session, values);
      }
      const found = yield* findRows(session, query, values);
      const [flag, ...others] = found.others.columns;
      const rows = new Batch([...found.old.columns, ...others], found.old.length);
      const pairs = Array.from({ length: rows.length }, (_, i) => i);
      const matched = pairs.map((i) => datumAt(flag, i) === true);
      const work = new MergeWork(session, new TableWriter(session, table), {
        rows, old: found.old, parameters: values, before, latest,
      });
      for (const match of ['matched', 'not matched'] as const) {
        const wanted = match === 'matched';
        yield* work.take(clauses.filter((c) => c.match === match), pairs.filter((i) => matched[i] === wanted));
      }
      return { count: yield* work.write(), returned: null };
    },
  };
}

/** 42601 for a clause that nothing reaches. */
function checkReached(statement: Merge): void {
  const closed = new Set<string>();
  for (const { match, condition } of statement.clauses) {
    if (closed.has(match)) {
      throw new DatabaseError('42601', 'unreachable WHEN clause specified after unconditional WHEN clause');
    }
    if (condition === undefined) closed.add(match);
  }
}

function requireTarget(state: SessionState, { table }: Merge): TableEntry {
  const found = state.catalog.requireRelation(qualified(table.relation), state.searchPath, table.relation.position);
  if (found.kind === 'view' || found.kind === 'materialized-view') {
    throw new DatabaseError('0A000', `cannot execute MERGE on relation "${found.name}"`, {
      detail: `This operation is not supported for ${found.kind.replace('-', ' ')}s.`,
    });
  }
  return requireTable(state, table.relation, 'merge into');
}

function checkNames(statement: Merge): void {
  const name = statement.table.alias?.name ?? statement.table.relation.name;
  if (!labelsOf(statement.source).includes(name)) return;
  throw new DatabaseError('42712', `name "${name}" specified more than once`, {
    detail: 'The name is used both as MERGE target table and data source.',
  });
}

function bindClauses(
  { env, commonTables: around }: Pick<ModificationSite, 'env' | 'commonTables'>, table: TableEntry, statement: Merge,
  source: readonly ScopeItem[],
): readonly BoundClause[] {
  const commonTables = withNames(env, around, statement.with);
  const target = rowScopeItem(table, { alias: statement.table.alias?.name });
  return statement.clauses.map((clause) => bindMergeClause(env, clause, { table, target, source, commonTables }));
}

interface Pairs {
  /** Columns of the target as they are stored (NULL where nothing matches), then the source's. */
  readonly rows: Batch;
  readonly old: Batch;
  readonly parameters: readonly Datum[];
  /** What subqueries see, and what is there of the target. */
  readonly before: Snapshot;
  readonly latest: () => Snapshot;
}

/** What the clauses make of the pairs, gathered before anything is written. */
class MergeWork {
  readonly #session: SessionState;
  readonly #writer: TableWriter;
  readonly #pairs: Pairs;
  readonly #deleted: number[] = [];
  readonly #updated: number[] = [];
  readonly #next: Batch[] = [];
  readonly #inserted: Batch[] = [];

  constructor(session: SessionState, writer: TableWriter, pairs: Pairs) {
    this.#session = session;
    this.#writer = writer;
    this.#pairs = pairs;
  }

  /** Gives each of these pairs to the first clause whose condition it passes. */
  *take(clauses: readonly BoundClause[], pairs: readonly number[]): Work<void> {
    let left = pairs;
    for (const clause of clauses) {
      if (left.length === 0) return;
      const passed = this.#passing(clause, left);
      left = left.filter((i) => !passed.has(i));
      yield true;
      if (passed.size > 0) this.#act(clause, [...passed]);
      yield true;
    }
  }

  #passing({ condition }: BoundClause, pairs: readonly number[]): ReadonlySet<number> {
    if (condition === null) return new Set(pairs);
    const [verdict] = this.#evaluate(condition, pairs);
    return new Set(pairs.filter((_, at) => datumAt(verdict, at) === true));
  }

  #evaluate(expressions: NonNullable<BoundClause['condition']>, pairs: readonly number[]): Batch['columns'] {
    const rows = this.#pairs.rows.take(Int32Array.from(pairs));
    return expressions.evaluate(this.#session, rows, { parameters: this.#pairs.parameters, snapshot: this.#pairs.before });
  }

  #act({ action }: BoundClause, pairs: readonly number[]): void {
    const { rules } = this.#writer;
    const session = this.#session;
    switch (action.kind) {
      case 'nothing': return;
      case 'delete': for (const pair of pairs) this.#deleted.push(pair); return;
      case 'update': {
        const values = this.#evaluate(action.values, pairs);
        const columns = [...this.#pairs.old.take(Int32Array.from(pairs)).columns];
        action.columns.forEach((column, i) => {
          columns[column.attnum - 1] = values[i];
        });
        for (const { attnum } of action.defaults) {
          columns[attnum - 1] = rules.defaultVector(session, attnum - 1, pairs.length);
        }
        for (const pair of pairs) this.#updated.push(pair);
        this.#next.push(rules.generate(session, new Batch(columns, pairs.length)));
        return;
      }
      case 'insert': {
        const values = new Batch(this.#evaluate(action.values, pairs), pairs.length);
        this.#inserted.push(this.#writer.complete(values, action.columns.map((c) => c.attnum)));
      }
    }
  }

  /** Writes it all; gives the number of rows. */
  *write(): Work<number> {
    yield* this.#checkOnce();
    const { old } = this.#pairs;
    const [next, inserted] = [this.#next, this.#inserted].map((list) => (
      list.length === 0 ? emptyRows(this.#writer.table) : concatBatches(list)));
    this.#writer.remove(old.take(Int32Array.from(this.#deleted)));
    yield* this.#writer.replace(old.take(Int32Array.from(this.#updated)), next);
    yield* this.#writer.insert(inserted);
    return this.#deleted.length + next.length + inserted.length;
  }

  /** 21000 for a row of the target that several pairs would change; equal rows of the target are as many rows. */
  *#checkOnce(): Work<void> {
    const live = liveColumns(this.#writer.table.columns).map((c) => c.attnum - 1);
    const rows = this.#pairs.old.select(live);
    const times = new Map<string, number>();
    for (const pair of [...this.#deleted, ...this.#updated]) {
      const key = wholeRowKey(rows, pair);
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    const several = [...times].filter(([, n]) => n > 1);
    if (several.length === 0) return;
    const copies = yield* multiplicities(this.#pairs.latest(), this.#writer.table, new Set(several.map(([key]) => key)));
    if (several.every(([key, n]) => n <= (copies.get(key) ?? 0))) return;
    throw new DatabaseError('21000', 'MERGE command cannot affect row a second time', {
      hint: 'Ensure that not more than one source row matches any one target row.',
    });
  }
}
