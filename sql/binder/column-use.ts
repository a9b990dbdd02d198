// ColumnUse: which columns of relations a query names, of which it takes whole rows, and which fields of values it looks at.
import { baseType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

export class ColumnUse {
  readonly #columns = new Map<number, Set<number>>();
  readonly #rows = new Map<Expression, ScopeItem>();
  readonly #fields = new Map<number, Set<string>>();

  note({ table, attribute }: Pick<ScopeColumn, 'table' | 'attribute'>): void {
    if (table !== 0 && attribute > 0) add(this.#columns, table, attribute);
  }

  noteRow(row: Expression, item: ScopeItem): void {
    this.#rows.set(row, item);
  }

  /** Of a relation's row they are columns by other names. */
  noteFields(row: Expression, fields: readonly number[]): void {
    const item = this.#rows.get(row);
    if (item !== undefined) {
      // A row has columns that are younger than the view, too.
      for (const field of fields) if (field < item.columns.length) this.note(item.columns[field]);
      // A hole stands for every use of its row.
      if (row.kind === 'row') this.#rows.delete(row);
      return;
    }
    const type = baseType(row.type);
    if (type.kind !== 'record' || type.oid === undefined) return;
    for (const field of fields) add(this.#fields, type.oid, type.fields[field].name);
  }

  /** Attribute numbers. */
  columnsOf(relation: number): ReadonlySet<number> {
    return this.#columns.get(relation) ?? new Set();
  }

  takesRowsOf(relation: number): boolean {
    return [...this.#rows.values()].some((item) => item.relation === relation);
  }

  /** Names of fields of a row type's values. */
  fieldsOf(rowType: number): ReadonlySet<string> {
    return this.#fields.get(rowType) ?? new Set();
  }
}

function add<T>(sets: Map<number, Set<T>>, key: number, value: T): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}
