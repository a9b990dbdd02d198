// Which unique keys ON CONFLICT speaks of: those over just the columns and expressions it names, or the one it names.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Environment } from '../binder/environment.ts';
import { conjuncts } from '../binder/functions.ts';
import type { Site } from '../binder/level.ts';
import type { ScopeItem } from '../binder/scope.ts';
import type { TableEntry } from '../catalog/entry.ts';
import type { OnConflict } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { impliesCondition } from '../optimizer/implication.ts';
import { sameComputation } from '../plan/same-expression.ts';
import { bindPredicate, bindValue, rowSite } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { bindIndexExpression, bindIndexPredicate } from './index-expression.ts';
import { keysOf } from './unique-check.ts';
import type { TableKey } from './unique-check.ts';

interface Inference {
  readonly table: TableEntry;
  readonly clause: OnConflict;
  /** The table, and behind it what else the clause can name. */
  readonly items: readonly ScopeItem[];
}

/** What is wrong with the columns is said at once; that no key has them, when asked for the keys. */
export function inferArbiters(env: Environment, state: SessionState, insert: Inference): () => readonly TableKey[] {
  const { table, clause } = insert;
  const keys = keysOf(state, table);
  const { target } = clause;
  if (target === undefined) {
    if (clause.action === 'nothing') return () => keys;
    throw new DatabaseError('42601', 'ON CONFLICT DO UPDATE requires inference specification or constraint name', {
      position: clause.position, hint: 'For example, ON CONFLICT (column_name).',
    });
  }
  if (target.constraint !== undefined) {
    const named = table.constraints.find((c) => c.name === target.constraint);
    const key = keys.find((k) => k.name === target.constraint);
    if (named === undefined || key === undefined) {
      throw new DatabaseError('42704', `constraint "${target.constraint}" for table "${table.name}" does not exist`);
    }
    return () => [key];
  }
  const found = matchingKeys(env, state, insert, target);
  return () => {
    if (found.length > 0) return found;
    throw new DatabaseError('42P10',
      'there is no unique or exclusion constraint matching the ON CONFLICT specification');
  };
}

/** Unique keys over just these columns and expressions, whose rows are all among those of the WHERE clause. */
function matchingKeys(env: Environment, state: SessionState, { table, items }: Inference,
  target: NonNullable<OnConflict['target']>): readonly TableKey[] {
  const [own, ...others] = items;
  const site = (phrase: string, noSubquery: string): Site => {
    const made = rowSite(env, [own], { phrase, noSubquery });
    made.scope.hiddenItems = others;
    return made;
  };
  const named = target.elements.map((e) => bindValue(site('index expressions', 'index expression'), e.expression ?? {
    kind: 'column', name: [e.column ?? ''], position: target.position,
  }));
  const columns = new Set(named.flatMap((e) => (e.kind === 'column' ? [e.index + 1] : [])));
  const expressions = named.filter((e) => e.kind !== 'column');
  const given = target.where === undefined ? []
    : conjuncts(bindPredicate(site('index predicates', 'index predicate'), target.where, 'WHERE'));
  const read = (text: string): Expression => bindIndexExpression(state, table, parseExpression(text));
  return keysOf(state, table).filter((key) => {
    const { definition } = key;
    const plain = definition === undefined ? key.columns.map((c) => c + 1) : definition.plain.filter((c) => c > 0);
    const texts = definition?.elements.filter((text) => text !== null) ?? [];
    const predicate = definition === undefined || definition.where === null ? []
      : conjuncts(bindIndexPredicate(state, table, parseExpression(definition.where)));
    return plain.length === columns.size && plain.every((c) => columns.has(c))
      && texts.every((text) => expressions.some((e) => sameComputation(e, read(text))))
      && expressions.every((e) => texts.some((text) => sameComputation(e, read(text))))
      && predicate.every((p) => impliesCondition(given, p));
  });
}
