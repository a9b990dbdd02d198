// The order in which the actions of one ALTER TABLE are done, and where their errors are.
import { DatabaseError } from '../../engine/data/error.ts';
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
