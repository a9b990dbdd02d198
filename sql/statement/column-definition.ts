// Column definitions → ColumnEntry: types, defaults, identity, serial and generated columns.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { INT2, INT4, INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { ColumnEntry, SequenceEntry } from '../catalog/entry.ts';
import { plainColumn } from '../catalog/entry.ts';
import { quoteIdentifier } from '../catalog/dependency.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import type { ColumnDefinition, Constraint, Option } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindAssignment, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { TakenNames } from './naming.ts';
import { sequenceEntry } from './sequence-options.ts';
import { storedText } from './stored-expression.ts';

export interface TableContext {
  readonly state: SessionState;
  /** The whole text that ranges index into. */
  readonly text: string;
  readonly schema: string;
  readonly table: string;
  readonly tableOid: number;
  readonly names: TakenNames;
}

export interface DefinedColumn {
  readonly column: ColumnEntry;
  /** What the column owns, to be created with it. */
  readonly sequence: SequenceEntry | null;
  /** The column's constraints that are the table's affair. */
  readonly constraints: readonly Constraint[];
}

const SERIAL_TYPES: ReadonlyMap<string, LogicalType> = new Map<string, LogicalType>([
  ['smallserial', INT2], ['serial2', INT2], ['serial', INT4], ['serial4', INT4], ['bigserial', INT8], ['serial8', INT8],
]);

export function defineColumn(context: TableContext, definition: ColumnDefinition, attnum: number): DefinedColumn {
  const { state } = context;
  const serial = definition.type.name.length === 1 && definition.type.arrayDimensions === 0
    ? SERIAL_TYPES.get(definition.type.name[0]) : undefined;
  const type = serial ?? resolveTypeName({ catalog: state.catalog, searchPath: state.searchPath }, definition.type);
  if (type.kind === 'unknown' || type.kind === 'void' || type.kind.startsWith('any') || type.kind === 'cstring'
    || (type.kind === 'record' && type.oid === undefined)) {
    throw new DatabaseError('42P16', `column "${definition.name}" has pseudo-type ${type.kind}`);
  }
  const builder = new ColumnBuilder(context, definition, plainColumn(definition.name, attnum, type));
  if (serial !== undefined) builder.makeSerial();
  for (const constraint of definition.constraints) builder.add(constraint);
  return builder.finish();
}

class ColumnBuilder {
  readonly #context: TableContext;
  readonly #definition: ColumnDefinition;
  #column: ColumnEntry;
  #sequence: SequenceEntry | null = null;
  #nullability: 'null' | 'notNull' | null = null;
  readonly #constraints: Constraint[] = [];

  constructor(context: TableContext, definition: ColumnDefinition, column: ColumnEntry) {
    this.#context = context;
    this.#definition = definition;
    this.#column = column;
  }

  makeSerial(): void {
    const sequence = this.#ownSequence([], false);
    this.#column = {
      ...this.#column, notNull: true, sequence: sequence.oid,
      defaultText: `nextval('${quoteIdentifier(sequence.name).replaceAll("'", "''")}'::regclass)`,
    };
  }

  add(constraint: Constraint): void {
    const { name } = this.#definition;
    const of = `column "${name}" of table "${this.#context.table}"`;
    switch (constraint.kind) {
      case 'null': case 'notNull':
        if (this.#nullability !== null && this.#nullability !== constraint.kind) {
          throw new DatabaseError('42601', `conflicting NULL/NOT NULL declarations for ${of}`, {
            position: constraint.position,
          });
        }
        this.#nullability = constraint.kind;
        if (constraint.kind === 'notNull') this.#column = { ...this.#column, notNull: true };
        return;
      case 'default':
        if (this.#column.defaultText !== null) {
          throw new DatabaseError('42601', `multiple default values specified for ${of}`, {
            position: constraint.position,
          });
        }
        this.#column = { ...this.#column, defaultText: defaultText(this.#context, this.#column, constraint) };
        return;
      case 'generated':
        if (this.#column.defaultText !== null) {
          throw new DatabaseError('42601', `both default and generation expression specified for ${of}`, {
            position: constraint.position,
          });
        }
        this.#column = { ...this.#column, generated: true, defaultText: rangeText(this.#context, constraint.range) };
        return;
      case 'identity': {
        if (this.#column.identity !== null) {
          throw new DatabaseError('42601', `multiple identity specifications for ${of}`,
            { position: constraint.position });
        }
        const sequence = this.#ownSequence(constraint.options, true);
        this.#column = {
          ...this.#column, notNull: true, sequence: sequence.oid, identity: constraint.always ? 'always' : 'by default',
        };
        return;
      }
      case 'check': case 'primaryKey': case 'unique': case 'foreignKey':
        this.#constraints.push(constraint);
    }
  }

  #ownSequence(options: readonly Option[], identity: boolean): SequenceEntry {
    const { state, schema, table, tableOid, names } = this.#context;
    const { type, attnum, name } = this.#column;
    if (type.kind !== 'int2' && type.kind !== 'int4' && type.kind !== 'int8') {
      throw new DatabaseError('22023', 'identity column type must be smallint, integer, or bigint');
    }
    const sequence = sequenceEntry(options, {
      oid: state.services.allocateOid(), schema, name: names.choose(table, name, 'seq'), owner: state.role.oid,
      type, ownedBy: { table: tableOid, column: attnum, identity },
    });
    this.#sequence = sequence;
    return sequence;
  }

  finish(): DefinedColumn {
    if (this.#nullability === 'null' && this.#column.notNull) {
      throw new DatabaseError('42601', `conflicting NULL/NOT NULL declarations for column "${this.#definition.name}" `
        + `of table "${this.#context.table}"`);
    }
    return { column: this.#column, sequence: this.#sequence, constraints: this.#constraints };
  }
}

export function rangeText(
  context: { readonly text: string }, range: { readonly start: number; readonly end: number } | undefined,
): string {
  if (range === undefined) throw notSupported('this expression');
  return context.text.slice(range.start, range.end);
}

/** Checks a DEFAULT against its column and gives its text. */
export function defaultText(
  context: { readonly state: SessionState; readonly text: string }, column: ColumnEntry,
  constraint: Constraint & { readonly kind: 'default' },
): string | null {
  const { expression, range } = constraint;
  const env = sessionEnvironment(context.state);
  if (expression.kind === 'column') {
    throw new DatabaseError('0A000', 'cannot use column reference in DEFAULT expression', {
      position: expression.position,
    });
  }
  const site = rowSite(env, [], { phrase: 'DEFAULT expressions', noSubquery: 'DEFAULT expression' });
  const bound = bindAssignment(site, expression, column);
  if (expression.kind === 'null') return null;
  return storedText(context.state, {
    bound, original: rangeText(context, range), columns: [],
    rebind: (text) => bindAssignment(site, parseExpression(text), column),
  });
}

/** Checks the generation expressions of a table, whose columns are all known by now. */
export function checkGenerated(context: TableContext, columns: readonly ColumnEntry[],
  definitions: readonly ColumnDefinition[]): void {
  for (const definition of definitions) {
    const constraint = definition.constraints.find((c) => c.kind === 'generated');
    const column = columns.find((c) => c.name === definition.name);
    if (constraint === undefined || constraint.kind !== 'generated' || column === undefined) continue;
    const env = sessionEnvironment(context.state);
    const item = rowScopeItem({ name: context.table, columns, oid: context.tableOid });
    const site = rowSite(env, [item], {
      phrase: 'column generation expressions', noSubquery: 'column generation expression',
    });
    const bound = bindAssignment(site, constraint.expression, column);
    for (const other of columns) {
      if (!other.generated) continue;
      if (someExpression(bound, (e) => e.kind === 'column' && e.index === other.attnum - 1)) {
        throw new DatabaseError('42P17',
          `cannot use generated column "${other.name}" in column generation expression`, {
          detail: 'A generated column cannot reference another generated column.',
        });
      }
    }
    if (someExpression(bound, (e) => e.kind === 'call' && e.function.volatility !== 'immutable')) {
      throw new DatabaseError('42P17', 'generation expression is not immutable');
    }
  }
}
