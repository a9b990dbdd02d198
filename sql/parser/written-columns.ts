// The column references in an expression as it is written, for positions of errors and for what binding has dissolved.
import type { Expr, Position } from './ast.ts';

interface WrittenColumn {
  readonly name: readonly string[];
  readonly position: Position;
}

export function writtenColumns(e: Expr): readonly WrittenColumn[] {
  const out: WrittenColumn[] = [];
  collect(e, out);
  return out;
}

function collect(node: unknown, out: WrittenColumn[]): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const item of node) collect(item, out);
    return;
  }
  if ('kind' in node && node.kind === 'column' && 'name' in node && Array.isArray(node.name)) {
    const position = 'position' in node && typeof node.position === 'number' ? node.position : undefined;
    out.push({ name: node.name.map(String), position });
    return;
  }
  for (const value of Object.values(node)) collect(value, out);
}

/** Where the row of the relation as a whole is named; null: nowhere. */
export function wholeRowReference(e: Expr, relation: string, columns: ReadonlySet<string>): WrittenColumn | null {
  return writtenColumns(e).find(({ name }) => name.length === 1 && name[0] === relation && !columns.has(relation)) ?? null;
}
