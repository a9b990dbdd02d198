// Which locks definitions take on tables, as PostgreSQL does (manual 13.3.1).
import type { AlterAction } from '../parser/ast-definition.ts';
import type { ColumnDefinition, Constraint } from '../parser/ast.ts';
import type { LockMode } from '../lock-table.ts';
import { LOCK_MODES } from '../lock-table.ts';
import type { SessionState } from '../session-state.ts';
import { qualified } from './naming.ts';

function modeOf(action: AlterAction): LockMode {
  switch (action.kind) {
    case 'addConstraint': return action.constraint.kind === 'foreignKey' ? 'share row exclusive' : 'access exclusive';
    case 'validateConstraint': case 'setOptions': case 'resetOptions': return 'share update exclusive';
    default: return 'access exclusive';
  }
}

/** The strongest that one of the actions needs. */
export function strongestMode(actions: readonly AlterAction[]): LockMode {
  return LOCK_MODES[Math.max(...actions.map((a) => LOCK_MODES.indexOf(modeOf(a))))];
}

/** Nothing that a new foreign key refers to may go until it holds. */
export async function lockReferenced(
  state: SessionState, columns: readonly ColumnDefinition[], constraints: readonly Constraint[],
): Promise<void> {
  for (const constraint of [...columns.flatMap((c) => c.constraints), ...constraints]) {
    if (constraint.kind !== 'foreignKey') continue;
    const target = state.catalog.findRelation(qualified(constraint.references), state.searchPath);
    if (target?.kind === 'table') await state.current.lock(target.oid, 'share row exclusive', state.lockWait);
  }
}
