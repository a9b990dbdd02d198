// ALTER TABLE and its kin: columns, defaults, constraints, owner, options.
import { lockReferenced, strongestMode } from './ddl-locks.ts';
import { datumAt } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { formatText } from '../../engine/data/text-format.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { CatalogChange } from '../catalog/catalog.ts';
import { firstFailure } from '../binder/domain-check.ts';
import { withColumn } from '../catalog/dependency.ts';
import { isTemporary, liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, ConstraintEntry, TableEntry } from '../catalog/entry.ts';
import type { AlterAction, AlterTable } from '../parser/ast-definition.ts';
import type { Constraint } from '../parser/ast.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindAssignment, rowSite, sessionEnvironment } from '../planner.ts';
import { rowFill } from '../row-fill.ts';
import type { FillContext } from '../row-fill.ts';
import type { SessionState } from '../session-state.ts';
import { runAtOnce } from '../turns.ts';
import type { BoundStatement } from './bound.ts';
import { command, done } from './bound.ts';
import { checkColumnCount, columnDefault, defineColumn, withGenerated } from './column-definition.ts';
import type { TableContext } from './column-definition.ts';
import { defineConstraint } from './constraint-definition.ts';
import { COLUMN_PASS, LAST_PASS, inPasses, notOfTables, passOf, unplaced } from './alter-passes.ts';
import { checkNoDuplicates } from './duplicates.ts';
import { refuseRowTypeUsed } from './domain-use.ts';
import { fillAdded } from './added-columns.ts';
import { alterComposite, refuseMember } from './alter-composite.ts';
import { dropTargets } from './drop.ts';
import { allRows, checkReferences, foreignKeysOver } from './foreign-key.ts';
import { changeIdentity, retypedSequence } from './identity.ts';
import { TakenNames, qualified } from './naming.ts';
import { optionRecord } from './options.ts';
import { retypedColumn } from './column-type.ts';
import { reshapeRows, rowShape } from './row-shape.ts';
import { TableRules, domainDefault, typeChecks } from './table-rules.ts';
import { keyOf, keysOf } from './unique-check.ts';
import { refuseTimedReaders } from './view-columns.ts';

export function alterTable(statement: AlterTable, text: string): BoundStatement {
  return command(async (state) => {
    const tag = `ALTER ${statement.object.toUpperCase()}`;
    await state.current.lockCatalog(state.lockWait);
    const name = qualified(statement.relation);
    const found = state.catalog.findRelation(name, state.searchPath);
    if (found === null) {
      const type = state.catalog.findType(name, state.searchPath);
      if (type?.definition.kind === 'composite') {
        if (statement.object !== 'type') {
          throw new DatabaseError('42809', `"${name.name}" is a composite type`, { hint: 'Use ALTER TYPE instead.' });
        }
        for (const action of inPasses(statement.actions)) await alterComposite(state, type.oid, action);
        return done(tag);
      }
      if (!statement.ifExists) state.catalog.requireRelation(name, state.searchPath);
      state.notice('NOTICE', new DatabaseError('00000', `relation "${name.name}" does not exist, skipping`));
      return done(tag);
    }
    if (statement.object === 'type') throw new DatabaseError('42809', `"${name.name}" is not a composite type`);
    if (found.kind === 'system') {
      throw new DatabaseError('42501', `permission denied: "${found.name}" is a system catalog`);
    }
    const added = nothingAdded();
    const actions = inPasses(statement.actions);
    const types = actions.filter((a) => a.kind === 'setType');
    for (const action of actions) {
      if (action.kind === 'setOwner') {
        setOwner(state, found.oid, action.owner);
        continue;
      }
      const table = state.catalog.get(found.oid);
      if (table?.kind !== 'table') throw notOfTables(action, found);
      await state.current.lock(table.oid, strongestMode(statement.actions), state.lockWait);
      state.current.requireSettled(table.oid, 'ALTER TABLE', table.name);
      await lockReferenced(state, action.kind === 'addColumn' ? [action.column] : [],
        action.kind === 'addConstraint' ? [action.constraint] : []);
      if (passOf(action) > COLUMN_PASS) await completeAdded(state, table.oid, text, added, passOf(action) === LAST_PASS);
      if (action.kind !== 'setType') await new Alteration(state, table, text, added).run(action);
      else if (action === types[0]) await new Alteration(state, table, text, added).setTypes(types);
    }
    await completeAdded(state, found.oid, text, added, true);
    return done(tag);
  });
}

/** What is still to be done for columns that are new or of other types. */
interface Added {
  /** The table as what has its rows for values knows it; null: as it is. */
  followed: TableEntry | null;
  /** Columns of which each row has a value of its own. */
  computed: number[];
  constraints: { readonly attnum: number; readonly constraint: Constraint }[];
}

function nothingAdded(): Added {
  return { followed: null, computed: [], constraints: [] };
}

/** `last`: foreign keys, too. */
async function completeAdded(state: SessionState, oid: number, text: string, added: Added, last: boolean): Promise<void> {
  const { followed, computed, constraints } = added;
  added.followed = null;
  const shape = rowShape(followed, state.catalog.get(oid));
  if (shape !== null) await reshapeRows(state, shape);
  const due = constraints.filter(({ constraint }) => last || constraint.kind !== 'foreignKey');
  added.computed = [];
  added.constraints = constraints.filter((c) => !due.includes(c));
  const now = (): Alteration | null => {
    const table = state.catalog.get(oid);
    return table?.kind === 'table' ? new Alteration(state, table, text, added) : null;
  };
  if (computed.length > 0) now()?.fill(computed);
  for (const { attnum, constraint } of due) now()?.constrain(constraint, attnum);
}

export function ownerOid(state: SessionState, name: string): number {
  const actual = name === 'current_user' || name === 'current_role' ? state.currentUser
    : name === 'session_user' ? state.sessionUser : name;
  const role = state.catalog.role(actual);
  if (role === null) throw new DatabaseError('42704', `role "${actual}" does not exist`);
  return role.oid;
}

export function setOwner(state: SessionState, oid: number, name: string): void {
  const entry = state.catalog.get(oid);
  if (entry === null) throw new DatabaseError('42501',
    'permission denied: system catalog modifications are disallowed');
  state.current.changeCatalog([{ kind: 'put', entry: { ...entry, owner: ownerOid(state, name) } }]);
}

class Alteration {
  readonly #state: SessionState;
  readonly #table: TableEntry;
  readonly #text: string;
  readonly #added: Added;

  constructor(state: SessionState, table: TableEntry, text: string, added = nothingAdded()) {
    this.#added = added;
    this.#state = state;
    this.#table = table;
    this.#text = text;
  }

  async run(action: AlterAction): Promise<void> {
    switch (action.kind) {
      case 'addColumn': this.#addColumn(action); return;
      case 'dropColumn': await this.#dropColumn(action); return;
      case 'setDefault': this.#setDefault(action); return;
      case 'setNotNull': this.#setNotNull(this.#column(action.column)); return;
      case 'dropNotNull': this.#dropNotNull(this.#column(action.column)); return;
      case 'dropExpression': {
        const column = this.#column(action.column);
        if (!column.generated) {
          throw new DatabaseError('55000', `column "${column.name}" of relation "${this.#table.name}" is not a stored `
            + 'generated column');
        }
        this.#change(column, { generated: false, defaultText: null });
        return;
      }
      case 'addConstraint': this.#addConstraint(action.constraint); return;
      case 'dropConstraint': await this.#dropConstraint(action); return;
      case 'validateConstraint': this.#validateConstraint(action.name); return;
      case 'alterConstraint': this.#alterConstraint(action); return;
      case 'setOptions':
        this.#put({ ...this.#table, options: { ...this.#table.options, ...optionRecord(action.options) } });
        return;
      case 'resetOptions': {
        const gone = new Set(action.options.map((o) => o.name));
        const left = Object.entries(this.#table.options).filter(([name]) => !gone.has(name));
        this.#put({ ...this.#table, options: Object.fromEntries(left) });
        return;
      }
      case 'setOwner': setOwner(this.#state, this.#table.oid, action.owner); return;
      case 'setType': await this.setTypes([action]); return;
      case 'setLogged': case 'setUnlogged':
        // Rows are in the journal in any case, as those of CREATE UNLOGGED TABLE are.
        if (!isTemporary(this.#table.schema)) return;
        throw new DatabaseError('42P16', `cannot change logged status of table "${this.#table.name}" because it is temporary`);
      case 'addIdentity': case 'setIdentity': case 'dropIdentity': {
        const column = this.#column(action.column);
        const change = changeIdentity(this.#context(), this.#table, column, action);
        if (change !== null) {
          this.#put({ ...this.#table, columns: withColumn(this.#table.columns, column.attnum, change.column) }, change.more);
        }
        return;
      }
      case 'other': throw notSupported(`ALTER TABLE ${action.name}`, { position: action.position });
    }
  }

  #context(): TableContext {
    const { schema, name, oid, constraints } = this.#table;
    const names = new TakenNames(this.#state.catalog, schema, constraints);
    return { state: this.#state, text: this.#text, schema, table: name, tableOid: oid, names };
  }

  #fillContext(): FillContext {
    return { catalog: this.#state.catalog, functions: this.#state.services.functions };
  }

  #column(name: string): ColumnEntry {
    const column = this.#table.columns.find((c) => c.name === name && !c.dropped);
    if (column !== undefined) return column;
    throw new DatabaseError('42703', `column "${name}" of relation "${this.#table.name}" does not exist`);
  }

  #put(entry: TableEntry, more: readonly CatalogChange[] = []): void {
    this.#state.current.changeCatalog([...more, { kind: 'put', entry }]);
  }

  #change(column: ColumnEntry, change: Partial<ColumnEntry>): void {
    this.#put({ ...this.#table, columns: withColumn(this.#table.columns, column.attnum, change) });
  }

  #addColumn(action: AlterAction & { kind: 'addColumn' }): void {
    const { definition } = { definition: action.column };
    const taken = this.#table.columns.some((c) => c.name === definition.name && !c.dropped);
    if (taken) {
      const message = `column "${definition.name}" of relation "${this.#table.name}" already exists`;
      if (!action.ifNotExists) throw new DatabaseError('42701', message);
      this.#state.notice('NOTICE', new DatabaseError('42701', `${message}, skipping`));
      return;
    }
    const context = this.#context();
    checkColumnCount(liveColumns(this.#table.columns).length + 1);
    const defined = defineColumn(context, definition, this.#table.columns.length + 1);
    refuseMember(defined.column.type, this.#table.rowType, this.#table.name);
    const rows = this.#isEmpty() ? 0 : 1;
    const known = rows === 0 ? null : defined.sequence !== null ? undefined : this.#missing(defined.column);
    const missing = known ?? null;
    if (known === undefined) this.#added.computed.push(defined.column.attnum);
    else if (rows > 0 && missing === null && defined.column.notNull) throw this.#containsNulls(defined.column);
    const valued = defined.sequence !== null || defined.column.defaultText !== null
      || domainDefault(this.#state, defined.column.type) !== null;
    if (valued) refuseRowTypeUsed(this.#state, this.#table);
    const column = { ...defined.column, missing };
    const columns = withGenerated(context, [...this.#table.columns, column], [definition]);
    const after: TableEntry = { ...this.#table, columns };
    const changes: CatalogChange[] = defined.sequence === null ? [] : [{ kind: 'put', entry: defined.sequence }];
    this.#added.followed ??= this.#table;
    this.#reshape(after, changes);
    for (const constraint of defined.constraints) this.#added.constraints.push({ attnum: column.attnum, constraint });
  }

  /** Gives columns that were added the values that are each row's own. */
  fill(attnums: readonly number[]): void {
    fillAdded(this.#state, this.#table, attnums);
    for (const attnum of attnums) {
      const column = this.#table.columns[attnum - 1];
      if (column.notNull) this.#checkNoNulls(column);
    }
  }

  /** Adds a constraint that came with a column. */
  constrain(constraint: Constraint, attnum: number): void {
    this.#addConstraint(constraint, this.#table.columns[attnum - 1]);
  }

  #isEmpty(): boolean {
    return allRows(this.#state, this.#table).length === 0;
  }

  /** What rows that are there get for a new column, as text: its default; undefined: each has a value of its own. */
  #missing(column: ColumnEntry): string | null | undefined {
    if (column.generated) return undefined;
    const text = column.defaultText ?? domainDefault(this.#state, column.type);
    const site = rowSite(sessionEnvironment(this.#state), [], { phrase: 'DEFAULT expressions' });
    const bound = bindAssignment(site, parseExpression(text ?? 'NULL'), column);
    if (someExpression(bound, (e) => e.kind === 'call' && e.function.volatility === 'volatile')) return undefined;
    const context = this.#state.evalContext();
    const values = compileExpression(bound).evaluate(new Batch([], 1), context);
    const failure = firstFailure(typeChecks(this.#state, column), values, context);
    if (failure !== null) throw failure.error();
    const value = datumAt(values, 0);
    return value === null ? null : formatText(column.type, value, DEFAULT_FORMAT);
  }

  /** A changed row layout: rows this transaction has written follow it. */
  #reshape(after: TableEntry, more: readonly CatalogChange[] = []): void {
    const { current } = this.#state;
    const written = current.writes.touches(this.#table.oid);
    if (written && !current.isUncommitted(this.#table.oid)) {
      throw notSupported('changing the columns of a table that this transaction has written');
    }
    const fill = rowFill(this.#table, after, this.#fillContext());
    if (written && fill !== null) current.writes.rewrite(this.#table.oid, fill);
    this.#put(after, more);
  }

  /** Adds hidden columns; what a row has no key of is said now. */
  hide(hidden: readonly ColumnEntry[]): void {
    const after: TableEntry = { ...this.#table, columns: [...this.#table.columns, ...hidden] };
    rowFill(this.#table, after, this.#fillContext())?.(allRows(this.#state, this.#table));
    this.#reshape(after);
  }

  /** All new values are made of the rows as they were. */
  async setTypes(actions: readonly (AlterAction & { kind: 'setType' })[]): Promise<void> {
    const retyped = new Map<ColumnEntry, ColumnEntry>();
    for (const action of actions) {
      const column = this.#column(action.column);
      if (retyped.has(column)) throw new DatabaseError('0A000', `cannot alter type of column "${column.name}" twice`);
      retyped.set(column, retypedColumn(this.#state, this.#table, column, action));
    }
    const changed = [...retyped].filter(([column, now]) => column !== now);
    if (changed.length === 0) return;
    const after: TableEntry = { ...this.#table, columns: this.#table.columns.map((c) => retyped.get(c) ?? c) };
    refuseRowTypeUsed(this.#state, this.#table);
    refuseTimedReaders(this.#state, after);
    const keys = foreignKeysOver(this.#state, after, changed.map(([, now]) => now.attnum));
    for (const { child } of keys) await this.#state.current.lock(child.oid, 'share row exclusive', this.#state.lockWait);
    const rows = allRows(this.#state, this.#table);
    // What a row cannot be converted to must be said now, not when the journal is applied.
    rowFill(this.#table, after, this.#fillContext())?.(rows);
    this.#added.followed ??= this.#table;
    this.#reshape(after, changed.flatMap(([column, now]) => retypedSequence(this.#state, column, now.type)));
    const altered = new Alteration(this.#state, after, this.#text);
    for (const [, now] of changed) if (now.notNull) altered.#checkNoNulls(now);
    for (const constraint of after.constraints) {
      if (constraint.kind === 'check' && constraint.notValid !== true) altered.#validateCheck(after, constraint.name);
    }
    for (const key of keysOf(this.#state, after)) {
      if (changed.some(([c]) => key.columns.includes(c.attnum - 1))) checkNoDuplicates(this.#state, after, key);
    }
    for (const { child, constraint } of keys) altered.#validate(child, constraint, child);
  }

  async #dropColumn(action: AlterAction & { kind: 'dropColumn' }): Promise<void> {
    const column = this.#table.columns.find((c) => c.name === action.column && !c.dropped);
    if (column === undefined) {
      if (!action.ifExists) this.#column(action.column);
      this.#state.notice('NOTICE', new DatabaseError('00000', `column "${action.column}" of relation `
        + `"${this.#table.name}" does not exist, skipping`));
      return;
    }
    const { current } = this.#state;
    const written = current.writes.touches(this.#table.oid);
    if (written && !current.isUncommitted(this.#table.oid)) {
      throw notSupported('changing the columns of a table that this transaction has written');
    }
    await dropTargets(this.#state, [{ kind: 'column', table: this.#table.oid, attnum: column.attnum }], action.cascade);
    const after = this.#state.catalog.get(this.#table.oid);
    const fill = after?.kind === 'table' ? rowFill(this.#table, after, this.#fillContext()) : null;
    if (written && fill !== null) current.writes.rewrite(this.#table.oid, fill);
  }

  #setDefault(action: AlterAction & { kind: 'setDefault' }): void {
    const column = this.#column(action.column);
    if (column.identity !== null) {
      throw new DatabaseError('42601',
        `column "${column.name}" of relation "${this.#table.name}" is an identity column`,
        action.value !== undefined ? {} : { hint: 'Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.' });
    }
    if (column.generated) {
      throw new DatabaseError('42601',
        `column "${column.name}" of relation "${this.#table.name}" is a generated column`,
        action.value !== undefined ? {} : { hint: 'Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.' });
    }
    if (action.value === undefined) {
      this.#change(column, { defaultText: null, defaultReads: [], sequence: null });
      return;
    }
    const { value: written } = action;
    const value = unplaced(() => columnDefault({ state: this.#state, text: this.#text }, column, written));
    this.#change(column, { defaultReads: [], ...value, sequence: null });
  }

  #containsNulls(column: ColumnEntry): DatabaseError {
    return new DatabaseError('23502',
      `column "${column.name}" of relation "${this.#table.name}" contains null values`, {
      schema: this.#table.schema, table: this.#table.name, column: column.name,
    });
  }

  #setNotNull(column: ColumnEntry): void {
    this.#checkNoNulls(column);
    this.#change(column, { notNull: true });
  }

  #checkNoNulls(column: ColumnEntry): void {
    const vector = allRows(this.#state, this.#table).columns[column.attnum - 1];
    for (let row = 0; row < vector.length; row++) if (datumAt(vector, row) === null) throw this.#containsNulls(column);
  }

  #dropNotNull(column: ColumnEntry): void {
    const inKey = this.#table.constraints.some((c) => c.kind === 'primary' && c.columns.includes(column.attnum));
    if (inKey) throw new DatabaseError('42P16', `column "${column.name}" is in a primary key`);
    if (column.identity !== null) {
      throw new DatabaseError('42601',
        `column "${column.name}" of relation "${this.#table.name}" is an identity column`);
    }
    this.#change(column, { notNull: false });
  }

  #addConstraint(constraint: Constraint, column: ColumnEntry | null = null): void {
    if (column === null && constraint.kind === 'primaryKey') for (const name of constraint.columns) this.#column(name);
    const defined = unplaced(() => defineConstraint(this.#context(), this.#table, constraint, column));
    let { columns } = this.#table;
    const added = withValidity(defined.constraint, constraint);
    if (added.kind === 'primary') {
      for (const attnum of added.columns) {
        this.#checkNoNulls(this.#table.columns[attnum - 1]);
        columns = withColumn(columns, attnum, { notNull: true });
      }
    }
    const after: TableEntry = { ...this.#table, columns, constraints: [...this.#table.constraints, added] };
    if (added.kind === 'primary' || added.kind === 'unique') {
      checkNoDuplicates(this.#state, this.#table, keyOf(added));
    }
    this.#put(after, defined.index === null ? [] : [{ kind: 'put', entry: defined.index }]);
    this.#validate(after, added);
  }

  /** `of`: whose constraint it is, where it is another table's. */
  #validate(after: TableEntry, constraint: ConstraintEntry, of: TableEntry = this.#table): void {
    if ((constraint.kind !== 'check' && constraint.kind !== 'foreign') || constraint.notValid === true) return;
    if (constraint.kind === 'check') this.#validateCheck(after, constraint.name);
    else checkReferences(this.#state, { ...after, constraints: [constraint] }, allRows(this.#state, of));
  }

  #validateConstraint(name: string): void {
    const found = this.#constraint(name);
    if (found.kind !== 'check' && found.kind !== 'foreign') {
      throw new DatabaseError('42809',
        `constraint "${name}" of relation "${this.#table.name}" is not a foreign key or check constraint`);
    }
    if (found.notValid !== true) return;
    const { notValid: _, ...valid } = found;
    const after = { ...this.#table, constraints: this.#table.constraints.map((c) => (c === found ? valid : c)) };
    this.#validate(after, valid);
    this.#put(after);
  }

  #validateCheck(after: TableEntry, name: string): void {
    const only = { ...after, constraints: after.constraints.filter((c) => c.name === name) };
    try {
      const checking = new TableRules(this.#state, only).check(this.#state, allRows(this.#state, this.#table));
      runAtOnce(checking, () => this.#state.checkInterrupt());
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== '23514') throw error;
      throw new DatabaseError('23514',
        `check constraint "${name}" of relation "${after.name}" is violated by some row`, {
        schema: after.schema, table: after.name, constraint: name,
      });
    }
  }

  #constraint(name: string): TableEntry['constraints'][number] {
    const found = this.#table.constraints.find((c) => c.name === name);
    if (found !== undefined) return found;
    throw new DatabaseError('42704', `constraint "${name}" of relation "${this.#table.name}" does not exist`);
  }

  #alterConstraint({ name, deferrable, initiallyDeferred }: AlterAction & { kind: 'alterConstraint' }): void {
    const found = this.#constraint(name);
    if (found.kind !== 'foreign') {
      throw new DatabaseError('42809',
        `constraint "${name}" of relation "${this.#table.name}" is not a foreign key constraint`);
    }
    const constraints = this.#table.constraints.map((c) => (c === found ? { ...found, deferrable, initiallyDeferred } : c));
    this.#put({ ...this.#table, constraints });
  }

  async #dropConstraint(action: AlterAction & { kind: 'dropConstraint' }): Promise<void> {
    if (action.ifExists && !this.#table.constraints.some((c) => c.name === action.name)) {
      this.#state.notice('NOTICE', new DatabaseError('00000', `constraint "${action.name}" of relation `
        + `"${this.#table.name}" does not exist, skipping`));
      return;
    }
    const { oid } = this.#constraint(action.name);
    await dropTargets(this.#state, [{ kind: 'constraint', table: this.#table.oid, oid }], action.cascade);
  }
}

/** NOT VALID: rows that are there need not keep to it. */
function withValidity(defined: ConstraintEntry, written: Constraint): ConstraintEntry {
  const skipped = (written.kind === 'check' || written.kind === 'foreignKey') && written.notValid;
  return skipped && (defined.kind === 'check' || defined.kind === 'foreign') ? { ...defined, notValid: true } : defined;
}

/** Columns behind those there are, for the keys of an index; rows get them at once. */
export async function addHiddenColumns(state: SessionState, table: TableEntry, hidden: readonly ColumnEntry[]): Promise<void> {
  if (hidden.length === 0) return;
  await state.current.lock(table.oid, 'access exclusive', state.lockWait);
  new Alteration(state, table, '').hide(hidden);
}
