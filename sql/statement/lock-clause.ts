// The tables that FOR UPDATE and its like name, and the queries in which nothing can be locked.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { BoundQuery } from '../binder/level.ts';
import type { TableEntry } from '../catalog/entry.ts';
import type { FromItem, LockingClause, Query, SubqueryItem, TableItem } from '../parser/ast.ts';
import type { LogicalPlan } from '../plan/logical-plan.ts';
import type { RowLockStrength } from '../row-locks.ts';
import type { SessionState } from '../session-state.ts';
import { qualified } from './naming.ts';

export interface LockedTable {
  readonly item: TableItem;
  readonly entry: TableEntry;
  readonly strength: RowLockStrength;
  readonly wait: LockingClause['wait'];
}

const STRENGTHS: readonly RowLockStrength[] = ['key share', 'share', 'no key update', 'update'];

function refusal(query: Query, what: string): DatabaseError {
  return new DatabaseError('0A000', `FOR ${query.locking[0].strength.toUpperCase()} is not allowed with ${what}`);
}

/** 0A000 where rows of the result are not rows of the tables; before the query is bound. */
export function checkLockedForm(query: Query): void {
  const clause = `FOR ${query.locking[0].strength.toUpperCase()}`;
  const refuse = (what: string): DatabaseError => refusal(query, what);
  const { body } = query;
  if (body.kind === 'setOperation') throw refuse('UNION/INTERSECT/EXCEPT');
  if (body.kind === 'values') throw new DatabaseError('0A000', `${clause} cannot be applied to VALUES`);
  if (body.distinct !== undefined) throw refuse('DISTINCT clause');
  if (body.groupBy.length > 0 || body.groupByAll) throw refuse('GROUP BY clause');
  if (body.having !== undefined) throw refuse('HAVING clause');
}

/** As checkLockedForm, for what only the bound query shows. */
export function checkLockedPlan(query: Query, bound: BoundQuery): void {
  const refuse = (what: string): DatabaseError => refusal(query, what);
  for (let plan: LogicalPlan | null = bound.plan; plan !== null; plan = below(plan)) {
    if (plan.kind === 'aggregate') throw refuse('aggregate functions');
    if (plan.kind === 'window') throw refuse('window functions');
    if (plan.kind === 'project-set' && plan.input.kind !== 'single-row') {
      throw refuse('set-returning functions in the target list');
    }
  }
}

function below(plan: LogicalPlan): LogicalPlan | null {
  switch (plan.kind) {
    case 'project': case 'filter': case 'limit': case 'project-set': return plan.input;
    case 'apply': return plan.apply === 'inner' || plan.apply === 'left' ? null : plan.left;
    default: return null;
  }
}

interface Found { readonly item: FromItem; readonly label: string | null; readonly nullable: boolean }

/** What the clauses of a query lock. */
export interface Locked {
  /** Each with the strongest of the clauses that mean it; also those in subqueries of FROM whose rows are rows of tables. */
  readonly tables: readonly LockedTable[];
  /** Subqueries of FROM that lock for themselves, with the clauses that mean them. */
  readonly pushed: ReadonlyMap<SubqueryItem, readonly LockingClause[]>;
}

/** `simple`: a subquery of FROM each row of which comes from a row of each of its tables. */
export function lockedTables(state: SessionState, query: Query, simple: (query: Query) => boolean): Locked {
  const { body } = query;
  const tables = new Map<FromItem, LockedTable>();
  const pushed = new Map<SubqueryItem, LockingClause[]>();
  const names = new Set(query.with?.tables.map((t) => t.name));
  const lock = (found: readonly Found[], clause: LockingClause, named: boolean): void => {
    for (const { item, label, nullable } of found) {
      if (nullable && (item.kind === 'subquery' || item.kind === 'table')) {
        throw new DatabaseError('0A000',
          `FOR ${clause.strength.toUpperCase()} cannot be applied to the nullable side of an outer join`);
      }
      if (item.kind === 'subquery') {
        const inner = item.query;
        const all: LockingClause = { ...clause, tables: [] };
        if (inner.body.kind === 'values') continue;
        checkLockedForm({ ...inner, locking: [all] });
        if (!simple(inner) || inner.body.kind !== 'select') pushed.set(item, [...pushed.get(item) ?? [], all]);
        else lock(inner.body.from.flatMap((i) => itemsOf(i, false)), all, false);
        continue;
      }
      const entry = tableOf(state, { item, label, named }, clause, names);
      if (entry === null || item.kind !== 'table') continue;
      tables.set(item, { item, entry, ...merged(tables.get(item), clause) });
    }
  };
  const found = body.kind === 'select' ? body.from.flatMap((item) => itemsOf(item, false)) : [];
  for (const clause of query.locking) lock(meant(clause, found), clause, clause.tables.length > 0);
  return { tables: [...tables.values()], pushed };
}

/** As written: what only the bound query shows may stand against it. */
export function looksSimple({ body, with: names, orderBy, limit, offset, locking }: Query): boolean {
  return body.kind === 'select' && names === undefined && orderBy.length === 0 && limit === undefined && offset === undefined
    && locking.length === 0 && body.distinct === undefined && body.groupBy.length === 0 && !body.groupByAll
    && body.having === undefined;
}

function merged(before: LockedTable | undefined, clause: LockingClause): Pick<LockedTable, 'strength' | 'wait'> {
  if (before === undefined) return clause;
  const rank = Math.max(STRENGTHS.indexOf(before.strength), STRENGTHS.indexOf(clause.strength));
  const waits = [before.wait, clause.wait];
  return { strength: STRENGTHS[rank], wait: waits.includes('error') ? 'error' : waits.includes('skip') ? 'skip' : 'block' };
}

function itemsOf(item: FromItem, nullable: boolean): readonly Found[] {
  if (item.kind !== 'join') {
    const label = item.kind === 'table' ? item.alias?.name ?? item.relation.name : item.alias?.name ?? null;
    return [{ item, label, nullable }];
  }
  const left = itemsOf(item.left, nullable || item.join === 'right' || item.join === 'full');
  const right = itemsOf(item.right, nullable || item.join === 'left' || item.join === 'full');
  const label = item.alias?.name ?? item.usingAlias ?? null;
  return [...left, ...right, { item, label, nullable }];
}

/** All, or those that OF names. */
function meant(clause: LockingClause, found: readonly Found[]): readonly Found[] {
  if (clause.tables.length === 0) return found;
  return clause.tables.map(({ name, position, schema }) => {
    if (schema !== undefined) {
      const message = `FOR ${clause.strength.toUpperCase()} must specify unqualified relation names`;
      throw new DatabaseError('42601', message, { position });
    }
    const item = found.find((f) => f.label === name);
    if (item !== undefined) return item;
    throw new DatabaseError('42P01',
      `relation "${name}" in FOR ${clause.strength.toUpperCase()} clause not found in FROM clause`, { position });
  });
}

/** null: something whose rows need no lock, and that was not named. */
function tableOf(
  state: SessionState, found: { readonly item: FromItem; readonly label: string | null; readonly named: boolean },
  clause: LockingClause, names: ReadonlySet<string>,
): TableEntry | null {
  const { item, label, named } = found;
  const refuse = (what: string): null => {
    if (!named) return null;
    const position = clause.tables.find((t) => t.name === label)?.position;
    throw new DatabaseError('0A000', `FOR ${clause.strength.toUpperCase()} cannot be applied to ${what}`, { position });
  };
  if (item.kind === 'functions') return refuse('a function');
  if (item.kind === 'join') return refuse('a join');
  if (item.kind !== 'table') throw notSupported(`FOR ${clause.strength.toUpperCase()} of the rows of a subquery`);
  if (item.relation.schema === undefined && names.has(item.relation.name)) return refuse('a WITH query');
  const entry = state.catalog.requireRelation(qualified(item.relation), state.searchPath, item.relation.position);
  switch (entry.kind) {
    case 'table': return entry;
    case 'system': return null;
    default: throw new DatabaseError('42809', `cannot lock rows in ${entry.kind.replace('-', ' ')} "${entry.name}"`);
  }
}
