// ALTER COLUMN .. ADD, SET and DROP IDENTITY: what becomes of the column and of its sequence.
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import type { ColumnEntry, SequenceEntry, TableEntry } from '../catalog/entry.ts';
import type { AlterAction } from '../parser/ast-definition.ts';
import type { Option } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { ownSequence } from './column-definition.ts';
import type { TableContext } from './column-definition.ts';
import { optionText } from './options.ts';
import { alteredSequence, restartOption, restartSequence } from './sequence-options.ts';

export type IdentityAction = AlterAction & { readonly kind: 'addIdentity' | 'setIdentity' | 'dropIdentity' };

/** What is to change; null: nothing is. */
export interface IdentityChange {
  readonly column: Partial<ColumnEntry>;
  readonly more: readonly CatalogChange[];
}

export function changeIdentity(
  context: TableContext, table: TableEntry, column: ColumnEntry, action: IdentityAction,
): IdentityChange | null {
  const of = `column "${column.name}" of relation "${table.name}"`;
  switch (action.kind) {
    case 'addIdentity': {
      const sequence = ownSequence(context, column, { options: action.options, identity: true });
      if (!column.notNull) throw wrong(`${of} must be declared NOT NULL before identity can be added`);
      if (column.identity !== null) throw wrong(`${of} is already an identity column`);
      if (column.defaultText !== null) throw wrong(`${of} already has a default value`);
      return {
        column: { identity: action.always ? 'always' : 'by default', sequence: sequence.oid },
        more: [{ kind: 'put', entry: sequence }],
      };
    }
    case 'setIdentity': {
      const sequence = identitySequence(context.state, column);
      if (sequence === null) throw wrong(`${of} is not an identity column`);
      return setIdentity(context.state, column, sequence, action.options);
    }
    case 'dropIdentity': {
      const sequence = identitySequence(context.state, column);
      if (sequence !== null) {
        return { column: { identity: null, sequence: null }, more: [{ kind: 'remove', oid: sequence.oid }] };
      }
      if (!action.ifExists) throw wrong(`${of} is not an identity column`);
      context.state.notice('NOTICE', new DatabaseError('00000', `${of} is not an identity column, skipping`));
      return null;
    }
  }
}

const wrong = (message: string): DatabaseError => new DatabaseError('55000', message);

function setIdentity(
  state: SessionState, column: ColumnEntry, sequence: SequenceEntry, options: readonly Option[],
): IdentityChange {
  const generated = options.filter((o) => o.name === 'generated');
  if (generated.length > 1) {
    throw new DatabaseError('42601', 'conflicting or redundant options', { position: generated[1].position });
  }
  const own = options.filter((o) => o.name !== 'generated');
  const restart = restartOption(own);
  const altered = alteredSequence(sequence, own, state.services.sequences.current(sequence).last);
  if (restart !== undefined) restartSequence(state, altered, restart);
  const [how] = generated;
  // As PostgreSQL's grammar has it: the code of 'a' for ALWAYS, of 'd' for BY DEFAULT.
  const identity = how === undefined ? column.identity : optionText(how) === '97' ? 'always' : 'by default';
  return { column: { identity }, more: [{ kind: 'put', entry: altered }] };
}

function identitySequence(state: SessionState, column: ColumnEntry): SequenceEntry | null {
  if (column.identity === null || column.sequence === null) return null;
  const entry = state.catalog.get(column.sequence);
  return entry?.kind === 'sequence' ? entry : null;
}

/** The sequence of an identity column follows the column's type. */
export function retypedSequence(state: SessionState, column: ColumnEntry, type: LogicalType): readonly CatalogChange[] {
  const sequence = identitySequence(state, column);
  if (sequence === null) return [];
  const as: Option = { name: 'as', value: { kind: 'name', text: type.kind }, position: undefined };
  return [{ kind: 'put', entry: alteredSequence(sequence, [as], state.services.sequences.current(sequence).last) }];
}
