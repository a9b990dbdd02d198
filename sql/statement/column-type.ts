// ALTER COLUMN TYPE: a column's definition with its new type, and what stands in the way of it.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionFullType, mentionType, oidOf, typeRow } from '../../engine/data/type-info.ts';
import { sameType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, someExpression } from '../../engine/expression/walk.ts';
import { locationOf } from '../binder/location.ts';
import { coerceAssignment } from '../binder/coercion.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import { describeEntry, quoteIdentifier } from '../catalog/dependency.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import type { AlterAction } from '../parser/ast-definition.ts';
import { parseExpression } from '../parser/parse.ts';
import { deparse } from '../plan/deparse.ts';
import { viewsOver } from './kept-view.ts';
import { keptForm } from './stored-expression.ts';
import { bindAssignment, bindRowExpression, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import { ViewColumns } from './view-columns.ts';

/** 42P16 for what no column can be of, though an expression can. */
export function refusePseudoType(name: string, type: LogicalType): void {
  const plain = type.kind === 'array' ? type.element : type;
  // What is of unknown type becomes text.
  const fits = plain.kind === 'record' ? plain.oid !== undefined : typeRow(oidOf(plain))?.type !== 'p';
  if (fits || plain.kind === 'unknown') return;
  throw new DatabaseError('42P16', `column "${name}" has pseudo-type ${mentionType(type)}`);
}

export function retypedColumn(
  state: SessionState, table: TableEntry, column: ColumnEntry, action: AlterAction & { kind: 'setType' },
): ColumnEntry {
  const type = resolveTypeName(state.typeSite(), { ...action.type, position: undefined });
  if (type.kind === 'unknown' || type.kind === 'void' || (type.kind === 'record' && type.oid === undefined)) {
    throw new DatabaseError('42P16', `column "${column.name}" has pseudo-type ${type.kind}`);
  }
  const { collation: _, ...plain } = column;
  const collated: ColumnEntry = { ...plain, ...clauseCollation(action.collation, type) };
  if (column.generated && action.using !== undefined) {
    throw new DatabaseError('42611', 'cannot specify USING when altering type of generated column',
      { detail: `Column "${column.name}" is a generated column.` });
  }
  refuseUsed(state, table, column);
  const expression = conversionText(state, table, { column, type, using: action.using });
  if (sameType(type, column.type) && action.using === undefined) {
    return collated.collation === column.collation ? column : collated;
  }
  if (column.sequence !== null && !['int2', 'int4', 'int8'].includes(type.kind)) {
    throw column.identity === null ? notSupported('a serial column of another than an integer type')
      : new DatabaseError('22023', 'identity column type must be smallint, integer, or bigint');
  }
  if (openConversion(state, table, column) !== null) throw convertedTwice(column);
  const serial = (column.conversion?.serial ?? 0) + 1;
  return {
    ...collated, type, missing: null, defaultText: checkDefault(state, table, column, type),
    conversion: {
      serial, time: state.current.startTime, expression, format: state.settings.format, searchPath: [...state.searchPath],
    },
  };
}

/**
 * The conversion that this transaction has told the column's rows, which are still as they were before it; null: none.
 * Only labels can be changed on top of it, and only where it changed labels itself.
 */
export function openConversion(state: SessionState, table: TableEntry, column: ColumnEntry): ColumnEntry['conversion'] | null {
  const stored = state.services.catalog.get(table.oid);
  const before = stored?.kind === 'table' ? stored.columns.at(column.attnum - 1) : undefined;
  const { conversion } = column;
  if (before === undefined || conversion === undefined || conversion.serial === before.conversion?.serial) return null;
  if (conversion.labels === undefined) throw convertedTwice(column);
  return conversion;
}

function convertedTwice({ name }: ColumnEntry): DatabaseError {
  return notSupported(`changing the type of column "${name}" again in the same transaction`);
}

function refuseUsed(state: SessionState, table: TableEntry, column: ColumnEntry): void {
  const columns = new ViewColumns(state);
  for (const view of viewsOver(state.catalog, table.oid)) {
    if (!columns.columns(view, table.oid).has(column.attnum)) continue;
    throw new DatabaseError('0A000', 'cannot alter type of a column used by a view or rule', {
      detail: `rule _RETURN on ${describeEntry(state.catalog, view, state.searchPath)} depends on column "${column.name}"`,
    });
  }
  const site = rowSite(sessionEnvironment(state), [rowScopeItem(table)], { phrase: 'column generation expressions' });
  for (const other of table.columns) {
    if (!other.generated || other.dropped || other.defaultText === null) continue;
    const used = columnsOf(bindRowExpression(site, parseExpression(other.defaultText)));
    if (![...used].includes(column.attnum - 1)) continue;
    throw new DatabaseError('0A000', 'cannot alter type of a column used by a generated column', {
      detail: `Column "${column.name}" is used by generated column "${other.name}".`,
    });
  }
  const indexed = state.catalog.indexesOf(table.oid).some(({ definition }) => definition?.reads.includes(column.attnum) === true
    || definition?.plain.includes(column.attnum) === true);
  if (indexed) throw notSupported('changing the type of a column of an index on an expression or over part of the table');
  if (table.watermark !== null) throw notSupported('changing a column of a table with a watermark');
}

/** The expression that gives the new values, as text; 42804 when no assignment makes the new type of it. */
function conversionText(state: SessionState, table: TableEntry, change: {
  readonly column: ColumnEntry; readonly type: LogicalType; readonly using: (AlterAction & { kind: 'setType' })['using'];
}): string {
  const { column, type, using } = change;
  const env = sessionEnvironment(state);
  const site = rowSite(env, [rowScopeItem(table)], { phrase: 'transform expressions', noSubquery: 'transform expression' });
  const own: Expression = { kind: 'column', index: column.attnum - 1, type: column.type };
  const bound = using === undefined ? own : bindRowExpression(site, using);
  try {
    coerceAssignment(env, bound, { name: column.name, type }, using === undefined ? undefined : locationOf(using));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42804') throw error;
    const shown = mentionType(type);
    throw using === undefined
      ? new DatabaseError('42804', `column "${column.name}" cannot be cast automatically to type ${shown}`,
        column.generated ? {} : {
          hint: `You might need to specify "USING ${quoteIdentifier(column.name)}::${mentionFullType(type)}".`,
        })
      : new DatabaseError('42804',
        `result of USING clause for column "${column.name}" cannot be cast automatically to type ${shown}`,
        { hint: 'You might need to add an explicit cast.' });
  }
  // Replay must come to the same values.
  if (someExpression(bound, (e) => e.kind === 'call' && e.function.volatility === 'volatile')) {
    throw notSupported('USING with a volatile function');
  }
  return deparse(bound, keptForm(state, (i) => table.columns[i].name));
}

/** A default of the old type must be one of the new. */
function checkDefault(state: SessionState, table: TableEntry, column: ColumnEntry, type: LogicalType): string | null {
  if (column.defaultText === null) return null;
  const clause = { phrase: 'DEFAULT expressions', noSubquery: 'DEFAULT expression' };
  const site = rowSite(sessionEnvironment(state), column.generated ? [rowScopeItem(table)] : [], clause);
  const expression = parseExpression(column.defaultText);
  try {
    const bound = bindAssignment(site, expression, column);
    const converted = coerceAssignment(site.env, bound, { name: column.name, type }, undefined);
    return deparse(converted, keptForm(state, (i) => table.columns[i].name));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '42804') throw error;
    const what = column.generated ? 'generation expression' : 'default';
    throw new DatabaseError('42804',
      `${what} for column "${column.name}" cannot be cast automatically to type ${mentionType(type)}`);
  }
}
