// WATERMARK FOR column AS expression: checked, and kept as text.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { isVolatile, someExpression } from '../../engine/expression/walk.ts';
import { locationOf } from '../binder/location.ts';
import type { ColumnEntry, WatermarkEntry } from '../catalog/entry.ts';
import type { WatermarkDefinition } from '../parser/ast-definition.ts';
import { bindAssignment, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { TableContext } from './column-definition.ts';
import { rangeText } from './column-definition.ts';

export function watermarkEntry(
  context: TableContext, columns: readonly ColumnEntry[], definition: WatermarkDefinition,
): WatermarkEntry {
  const { position } = definition;
  const column = columns.find((c) => c.name === definition.column && !c.dropped);
  if (column === undefined) {
    throw new DatabaseError('42703', `column "${definition.column}" named in WATERMARK does not exist`, { position });
  }
  if (column.type.kind !== 'timestamp' && column.type.kind !== 'timestamptz') {
    throw new DatabaseError('42804', `watermark column "${column.name}" must be of type timestamp, not `
      + mentionType(column.type), { position });
  }
  const env = sessionEnvironment(context.state);
  const item = rowScopeItem({ name: context.table, columns, oid: context.tableOid });
  const site = rowSite(env, [item], { phrase: 'watermark expressions', noSubquery: 'watermark expression' });
  const bound = bindAssignment(site, definition.expression, column);
  const asksMore = someExpression(bound, (e) => e.kind === 'call' && (e.function.clock === true || e.function.host === true));
  if (asksMore || isVolatile(bound)) {
    throw notSupported('a watermark that changes without any row changing', { position: locationOf(definition.expression) });
  }
  return { column: column.attnum, expression: definition.text ?? rangeText(context, definition.range) };
}
