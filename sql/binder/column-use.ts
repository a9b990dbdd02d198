// ColumnUse: which columns of relations a query names, and of which it takes whole rows, noted while it is bound.
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export class ColumnUse {
  readonly #columns = new Map<number, Set<number>>();
  readonly #rows = new Map<Expression, ScopeItem>();

  note({ table, attribute }: Pick<ScopeColumn, 'table' | 'attribute'>): void {
    if (table === 0 || attribute <= 0) return;
    const known = this.#columns.get(table);
    if (known === undefined) this.#columns.set(table, new Set([attribute]));
    else known.add(attribute);
  }

  noteRow(row: Expression, item: ScopeItem): void {
    this.#rows.set(row, item);
  }

  /** Of a row only some fields are looked at: they are columns by other names. */
  noteFields(row: Expression, fields: readonly number[]): void {
    const item = this.#rows.get(row);
    if (item === undefined) return;
    for (const field of fields) this.note(item.columns[field]);
    // A hole stands for every use of its row.
    if (row.kind === 'row') this.#rows.delete(row);
  }

  /** Attribute numbers. */
  columnsOf(relation: number): ReadonlySet<number> {
    return this.#columns.get(relation) ?? new Set();
  }

  takesRowsOf(relation: number): boolean {
    return [...this.#rows.values()].some((item) => item.relation === relation);
  }
}
