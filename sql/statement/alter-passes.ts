// The actions of one ALTER TABLE: the order in which they are done, where their errors are, what they are called in them.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Relation } from '../catalog/catalog.ts';
import type { AlterAction } from '../parser/ast-definition.ts';

/** PostgreSQL drops first, then gives other types, then adds columns, then constraints. */
const PASSES: readonly (readonly AlterAction['kind'][])[] = [
  ['dropColumn', 'dropConstraint', 'dropNotNull', 'dropIdentity', 'dropExpression'], ['setType'], ['addColumn'],
  ['setNotNull'], ['addConstraint'],
];

export const COLUMN_PASS = 2;
/** What may refer to keys that are added. */
export const LAST_PASS = PASSES.length;

export function passOf(action: AlterAction): number {
  const at = PASSES.findIndex((kinds) => kinds.includes(action.kind));
  if (action.kind === 'setDefault') return action.value === undefined ? 0 : LAST_PASS;
  if (action.kind === 'addConstraint' && action.constraint.kind === 'foreignKey') return LAST_PASS;
  return at < 0 ? LAST_PASS : at;
}

export function inPasses(actions: readonly AlterAction[]): readonly AlterAction[] {
  return actions.toSorted((a, b) => passOf(a) - passOf(b));
}

/** PostgreSQL does not say where in a default or a constraint that ALTER TABLE adds an error is. */
export function unplaced<T>(define: () => T): T {
  try {
    return define();
  } catch (error) {
    throw error instanceof DatabaseError && error.code !== '0A000' ? error.with({ position: undefined }) : error;
  }
}

const WORDS: { readonly [kind in AlterAction['kind']]?: string } = {
  addColumn: 'ADD COLUMN', dropColumn: 'DROP COLUMN', setType: 'ALTER COLUMN ... SET DATA TYPE',
  setNotNull: 'ALTER COLUMN ... SET NOT NULL', dropNotNull: 'ALTER COLUMN ... DROP NOT NULL',
  dropExpression: 'ALTER COLUMN ... DROP EXPRESSION',
  addIdentity: 'ALTER COLUMN ... ADD IDENTITY', setIdentity: 'ALTER COLUMN ... SET',
  dropIdentity: 'ALTER COLUMN ... DROP IDENTITY',
  addConstraint: 'ADD CONSTRAINT', dropConstraint: 'DROP CONSTRAINT', alterConstraint: 'ALTER CONSTRAINT',
  validateConstraint: 'VALIDATE CONSTRAINT', setLogged: 'SET LOGGED', setUnlogged: 'SET UNLOGGED',
};

const PLURALS: { readonly [kind in Relation['kind']]?: string } = {
  'view': 'views', 'materialized-view': 'materialized views', 'index': 'indexes', 'sequence': 'sequences',
};

/** 42809 for what is done to tables alone. */
export function notOfTables(action: AlterAction, relation: Relation): DatabaseError {
  const words = WORDS[action.kind];
  const plural = PLURALS[relation.kind];
  const what = words === undefined ? 'ALTER action' : `ALTER action ${words}`;
  return new DatabaseError('42809', `${what} cannot be performed on relation "${relation.name}"`, {
    detail: plural === undefined ? 'This operation is only supported for tables.'
      : `This operation is not supported for ${plural}.`,
  });
}
