// Which columns a foreign key can compare.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { sameKind } from '../../engine/data/types.ts';
import type { ColumnEntry } from '../catalog/entry.ts';

/** 42804 when the columns of a foreign key cannot be compared with those that they refer to. */
export function checkImplementable(
  name: string, columns: readonly ColumnEntry[], targetColumns: readonly ColumnEntry[],
): void {
  columns.forEach((from, i) => {
    const to = targetColumns[i];
    if (comparable(from, to)) return;
    throw new DatabaseError('42804', `foreign key constraint "${name}" cannot be implemented`, {
      detail: `Key columns "${from.name}" and "${to.name}" are of incompatible types: ${mentionType(from.type)} and `
        + `${mentionType(to.type)}.`,
    });
  });
}

/** Look-ups in the other table compare stored values, so the types must be of one kind, or both integers. */
function comparable(a: ColumnEntry, b: ColumnEntry): boolean {
  const integer = (c: ColumnEntry): boolean => c.type.kind === 'int2' || c.type.kind === 'int4'
    || c.type.kind === 'int8';
  const textual = (c: ColumnEntry): boolean => c.type.kind === 'text' || c.type.kind === 'varchar';
  return sameKind(a.type, b.type) || (integer(a) && integer(b)) || (textual(a) && textual(b));
}
