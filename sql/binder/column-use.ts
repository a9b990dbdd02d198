// ColumnUse: which columns of relations a query names, of which it takes whole rows, and which fields of values it looks at.
import { baseType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScopeColumn, ScopeItem } from './scope.ts';

/** Notes while a query is bound, and tells when it has been. */
export class ColumnUse {
  readonly #columns = new Map<number, Set<number>>();
  readonly #rows = new Map<Expression, ScopeItem>();
  readonly #fields = new Map<number, Set<string>>();
  readonly #widths = new Map<number, number>();

  /** A name of the column is used. */
  note({ table, attribute, field }: Pick<ScopeColumn, 'table' | 'attribute' | 'field'>): void {
    if (table !== 0 && attribute > 0) add(this.#columns, table, attribute);
    if (field !== undefined) add(this.#fields, field.rowType, field.name);
  }

  /** The item's row is used as a value, which `row` is. */
  noteRow(row: Expression, item: ScopeItem): void {
    this.#rows.set(row, item);
  }

  /** Fields of the value are used, by number: of a relation's row they are columns by other names. */
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

  /** So many fields of the row type become columns. */
  noteWidth(rowType: number, fields: number): void {
    this.#widths.set(rowType, fields);
  }

  /** By row type, how many of its fields become columns. */
  get widths(): ReadonlyMap<number, number> {
    return this.#widths;
  }

  /** Attribute numbers of the relation's columns that are used. */
  columnsOf(relation: number): ReadonlySet<number> {
    return this.#columns.get(relation) ?? new Set();
  }

  /** Whether its row is used as a value, and not only for fields. */
  takesRowsOf(relation: number): boolean {
    return [...this.#rows.values()].some((item) => item.relation === relation);
  }

  /** Names of those fields of a row type's values that are used. */
  fieldsOf(rowType: number): ReadonlySet<string> {
    return this.#fields.get(rowType) ?? new Set();
  }
}

function add<T>(sets: Map<number, Set<T>>, key: number, value: T): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}
