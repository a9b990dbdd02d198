// Column definitions → ColumnEntry: types, defaults, identity, serial and generated columns.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { INT2, INT4, INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { isImmutable, someExpression } from '../../engine/expression/walk.ts';
import type { ColumnEntry, SequenceEntry } from '../catalog/entry.ts';
import { plainColumn } from '../catalog/entry.ts';
import { withColumn } from '../catalog/dependency.ts';
import { tryCoerce } from '../binder/coercion.ts';
import type { Site } from '../binder/level.ts';
import { locationOf } from '../binder/location.ts';
import { clauseCollation } from '../binder/bind-collate.ts';
import { resolveTypeName } from '../binder/type-name.ts';
import type { TypeSite } from '../binder/type-name.ts';
import type { ColumnDefinition, Constraint, DefaultConstraint, Expr, Option } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { wholeRowReference, writtenColumns } from '../parser/written-columns.ts';
import { bindAssignment, bindRowExpression, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import type { SessionState } from '../session-state.ts';
import type { TakenNames } from './naming.ts';
import { sequenceEntry } from './sequence-options.ts';
import { relationConstant, storedText, withRelations } from './stored-expression.ts';

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

export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** PostgreSQL's, which comes from how its rows are laid out. */
const MAX_COLUMNS = 1600;

/** 54011 for more than a relation or a composite type may have. */
export function checkColumnCount(count: number): void {
  if (count > MAX_COLUMNS) throw new DatabaseError('54011', `tables can have at most ${MAX_COLUMNS} columns`);
}

export function checkColumnName(name: string): void {
  if (SYSTEM_COLUMNS.has(name)) {
    throw new DatabaseError('42701', `column name "${name}" conflicts with a system column name`);
  }
}

export function defineColumn(context: TableContext, definition: ColumnDefinition, attnum: number): DefinedColumn {
  const { state } = context;
  const serial = definition.type.name.length === 1 && definition.type.arrayDimensions === 0
    ? SERIAL_TYPES.get(definition.type.name[0]) : undefined;
  const type = serial ?? resolveTypeName(columnSite(state), definition.type);
  if (type.kind === 'unknown' || type.kind === 'void' || type.kind.startsWith('any') || type.kind === 'cstring'
    || (type.kind === 'record' && type.oid === undefined)) {
    throw new DatabaseError('42P16', `column "${definition.name}" has pseudo-type ${type.kind}`);
  }
  const collation = clauseCollation(definition.collation?.name, type, definition.collation?.position);
  checkColumnName(definition.name);
  const builder = new ColumnBuilder(context, definition, { ...plainColumn(definition.name, attnum, type), ...collation });
  if (serial !== undefined) builder.makeSerial();
  for (const constraint of definition.constraints) builder.add(constraint);
  return builder.finish();
}

/** PostgreSQL looks at a column's type twice, the second time without knowing where it is written. */
function columnSite(state: SessionState): TypeSite {
  const site = state.typeSite();
  return { ...site, warn: (warning) => { site.warn?.(warning); site.warn?.(warning.with({ position: undefined })); } };
}

class ColumnBuilder {
  readonly #context: TableContext;
  readonly #definition: ColumnDefinition;
  #column: ColumnEntry;
  #sequence: SequenceEntry | null = null;
  #nullability: 'null' | 'notNull' | null = null;
  #serial = false;
  /** Where values are said to come from. */
  readonly #has = { default: false, identity: false, generated: false };
  readonly #constraints: Constraint[] = [];

  constructor(context: TableContext, definition: ColumnDefinition, column: ColumnEntry) {
    this.#context = context;
    this.#definition = definition;
    this.#column = column;
  }

  makeSerial(): void {
    const sequence = this.#ownSequence([], false);
    this.#serial = true;
    this.#column = {
      ...this.#column, notNull: true, sequence: sequence.oid,
      defaultText: `nextval(${relationConstant(sequence.oid)})`,
    };
  }

  add(constraint: Constraint): void {
    const of = this.#shown();
    switch (constraint.kind) {
      case 'null': case 'notNull':
        if (this.#nullability !== null && this.#nullability !== constraint.kind) {
          throw this.#conflictingNull(constraint.position);
        }
        this.#nullability = constraint.kind;
        if (constraint.kind === 'notNull') this.#column = { ...this.#column, notNull: true };
        return;
      case 'default':
        if (this.#has.default) {
          throw new DatabaseError('42601', `multiple default values specified for ${of}`, {
            position: constraint.position,
          });
        }
        this.#has.default = true;
        this.#checkSources(constraint.position);
        if (!this.#serial) this.#column = { ...this.#column, ...columnDefault(this.#context, this.#column, constraint) };
        return;
      case 'generated':
        if (this.#has.generated) {
          throw new DatabaseError('42601', `multiple generation clauses specified for ${of}`, {
            position: constraint.position,
          });
        }
        this.#has.generated = true;
        this.#checkSources(constraint.position);
        this.#column = { ...this.#column, generated: true, defaultText: rangeText(this.#context, constraint.range) };
        return;
      case 'identity': {
        if (this.#has.identity) {
          throw new DatabaseError('42601', `multiple identity specifications for ${of}`,
            { position: constraint.position });
        }
        this.#has.identity = true;
        if (this.#nullability === 'null') throw this.#conflictingNull(constraint.position);
        this.#nullability = 'notNull';
        this.#checkSources(constraint.position);
        if (this.#serial) return;
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
    const sequence = ownSequence(this.#context, this.#column, { options, identity });
    this.#sequence = sequence;
    return sequence;
  }

  #shown(): string {
    return `column "${this.#definition.name}" of table "${this.#context.table}"`;
  }

  #conflictingNull(position?: number): DatabaseError {
    return new DatabaseError('42601', `conflicting NULL/NOT NULL declarations for ${this.#shown()}`, { position });
  }

  /** A column's values come from one place. */
  #checkSources(position?: number): void {
    const { identity, generated } = this.#has;
    const two = this.#has.default && identity ? 'both default and identity'
      : this.#has.default && generated ? 'both default and generation expression'
        : identity && generated ? 'both identity and generation expression' : null;
    if (two !== null) throw new DatabaseError('42601', `${two} specified for ${this.#shown()}`, { position });
  }

  finish(): DefinedColumn {
    if (this.#serial) {
      // PostgreSQL puts DEFAULT and NOT NULL behind what was written.
      if (this.#has.default) throw new DatabaseError('42601', `multiple default values specified for ${this.#shown()}`);
      this.#has.default = true;
      this.#checkSources();
    }
    if (this.#nullability === 'null' && this.#column.notNull) throw this.#conflictingNull();
    return { column: this.#column, sequence: this.#sequence, constraints: this.#constraints };
  }
}

export function rangeText(
  context: { readonly text: string }, range: { readonly start: number; readonly end: number } | undefined,
): string {
  if (range === undefined) throw notSupported('this expression');
  return context.text.slice(range.start, range.end);
}

/** The sequence of a serial or identity column. */
export function ownSequence(context: TableContext, { type, attnum, name }: ColumnEntry, how: {
  readonly options: readonly Option[]; readonly identity: boolean;
}): SequenceEntry {
  const { state, schema, table, tableOid, names } = context;
  if (type.kind !== 'int2' && type.kind !== 'int4' && type.kind !== 'int8') {
    throw new DatabaseError('22023', 'identity column type must be smallint, integer, or bigint');
  }
  return sequenceEntry(how.options, {
    oid: state.services.allocateOid(), schema, name: names.choose(table, name, 'seq'), owner: state.role.oid,
    type, ownedBy: { table: tableOid, column: attnum, identity: how.identity },
  });
}

/** Checks a DEFAULT against its column and gives its text, and what it depends on. */
export function columnDefault(
  context: { readonly state: SessionState; readonly text: string }, column: ColumnEntry,
  constraint: DefaultConstraint,
): Pick<ColumnEntry, 'defaultText' | 'defaultReads'> {
  const { expression, range } = constraint;
  const env = sessionEnvironment(context.state, { written: true });
  if (expression.kind === 'column') {
    throw new DatabaseError('0A000', 'cannot use column reference in DEFAULT expression', {
      position: expression.position,
    });
  }
  const site = rowSite(env, [], { phrase: 'DEFAULT expressions', noSubquery: 'DEFAULT expression' });
  const written = bindDefault(site, expression, column);
  // Of a domain's default, NULL is another than none.
  if (expression.kind === 'null' && column.type.kind !== 'domain') return { defaultText: null };
  const { bound, reads } = withRelations(site, written);
  const text = storedText(context.state, {
    bound, original: rangeText(context, range), columns: [],
    rebind: (rebound) => bindAssignment(site, parseExpression(rebound), column),
  });
  return { defaultText: text, defaultReads: reads };
}

function bindDefault(site: Site, expression: Expr, column: ColumnEntry): Expression {
  const bound = bindRowExpression(site, expression);
  const fitting = tryCoerce(bound, column.type, { env: site.env, context: 'assignment', position: locationOf(expression) });
  if (fitting !== null) return fitting;
  const type = mentionType(column.type);
  throw new DatabaseError('42804', `column "${column.name}" is of type ${type} but default expression is of type `
    + mentionType(bound.type), { hint: 'You will need to rewrite or cast the expression.' });
}

/** The columns of a table, all known by now, with the generation expressions of `definitions` checked, in the words to keep. */
export function withGenerated(context: TableContext, columns: readonly ColumnEntry[],
  definitions: readonly ColumnDefinition[]): readonly ColumnEntry[] {
  let out = columns;
  for (const definition of definitions) {
    const constraint = definition.constraints.find((c) => c.kind === 'generated');
    const column = columns.find((c) => c.name === definition.name && !c.dropped);
    if (constraint === undefined || constraint.kind !== 'generated' || column === undefined) continue;
    const env = sessionEnvironment(context.state, { written: true });
    const item = rowScopeItem({ name: context.table, columns, oid: context.tableOid });
    const site = rowSite(env, [item], {
      phrase: 'column generation expressions', noSubquery: 'column generation expression',
    });
    const whole = wholeRowReference(constraint.expression, context.table, new Set(columns.map((c) => c.name)));
    if (whole !== null) {
      throw new DatabaseError('42P17', 'cannot use whole-row variable in column generation expression', {
        position: whole.position, detail: 'This would cause the generated column to depend on its own value.',
      });
    }
    const bound = bindDefault(site, constraint.expression, column);
    for (const other of columns) {
      if (!other.generated) continue;
      if (someExpression(bound, (e) => e.kind === 'column' && e.index === other.attnum - 1)) {
        throw new DatabaseError('42P17',
          `cannot use generated column "${other.name}" in column generation expression`, {
          detail: 'A generated column cannot reference another generated column.',
          position: writtenColumns(constraint.expression).find((c) => c.name.at(-1) === other.name)?.position,
        });
      }
    }
    if (!isImmutable(bound)) throw new DatabaseError('42P17', 'generation expression is not immutable');
    out = withColumn(out, column.attnum, {
      defaultText: storedText(context.state, {
        bound, original: rangeText(context, constraint.range), columns,
        rebind: (text) => bindDefault(site, parseExpression(text), column),
      }),
    });
  }
  return out;
}
