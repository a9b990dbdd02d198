// TableRules: a table's defaults, generated columns and checks, compiled once for each version of its entry.
import { stretches } from '../../engine/data/stretches.ts';
import { Batch, concatBatches } from '../../engine/data/batch.ts';
import { datumAt, vectorFromDatums } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { formatText } from '../../engine/data/text-format.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { sameType } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import { nullVector } from '../../engine/data/vector.ts';
import type { Vector } from '../../engine/data/vector.ts';
import { compileExpression } from '../../engine/expression/evaluate.ts';
import type { CompiledExpression } from '../../engine/expression/compiled.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { ColumnEntry, SequenceEntry, TableEntry } from '../catalog/entry.ts';
import { checksOf, firstFailure } from '../binder/domain-check.ts';
import type { Demand } from '../binder/domain-check.ts';
import { parseExpression } from '../parser/parse.ts';
import { bindAssignment, bindPredicate, rowScopeItem, rowSite, sessionEnvironment } from '../planner.ts';
import { conversion } from '../row-fill.ts';
import { relationConstant } from './stored-expression.ts';
import type { SessionState } from '../session-state.ts';
import type { Work } from '../turns.ts';

type Default =
  | { readonly kind: 'null' }
  | { readonly kind: 'sequence'; readonly sequence: number }
  /** `remembers`: it says what nextval has given last; `reads`: OIDs of what it names, sequences first of all. */
  | { readonly kind: 'expression'; readonly compiled: CompiledExpression; readonly remembers: boolean;
      readonly reads: readonly number[] };

interface Check {
  readonly name: string;
  readonly compiled: CompiledExpression;
  readonly message: (name: string) => DatabaseError;
}

const ONE_ROW = new Batch([], 1);

export class TableRules {
  readonly table: TableEntry;
  /** Of the stored rows: dropped columns included. */
  readonly schema: Schema;
  readonly #defaults: readonly Default[];
  /** A default looks at what another one of the row has done, or they take turns at one sequence. */
  readonly defaultsInTurn: boolean;
  readonly #generated: readonly { readonly index: number; readonly compiled: CompiledExpression }[];
  readonly #hidden: readonly { readonly index: number; readonly compute: (rows: Batch) => Vector }[];
  readonly #checks: readonly Check[];
  readonly #typeChecks: readonly { readonly column: ColumnEntry; readonly checks: readonly Demand[] }[];

  constructor(state: SessionState, table: TableEntry) {
    this.table = table;
    this.schema = { columns: table.columns.map((c) => ({ name: c.name, type: c.type })) };
    this.#defaults = table.columns.map((c) => compileDefault(state, c));
    this.defaultsInTurn = areInTurn(this.#defaults);
    this.#generated = table.columns.filter((c) => c.generated && !c.dropped)
      .map((c) => ({ index: c.attnum - 1, compiled: compileGenerated(state, table, c) }));
    this.#hidden = table.columns.filter((c) => c.hidden === true)
      .map((c) => ({ index: c.attnum - 1, compute: keyColumn(state, table, c) }));
    this.#checks = tableChecks(state, table);
    this.#typeChecks = table.columns.filter((c) => !c.dropped).map((column) => ({ column, checks: typeChecks(state, column) }))
      .filter(({ checks }) => checks.length > 0);
  }

  /** The defaults of these columns for `length` rows, row by row where it makes a difference. */
  defaultVectors(state: SessionState, indexes: readonly number[], length: number): ReadonlyMap<number, Vector> {
    if (length < 2 || !this.defaultsInTurn) return new Map(indexes.map((i) => [i, this.defaultVector(state, i, length)]));
    const values = indexes.map((): Datum[] => []);
    for (let row = 0; row < length; row++) indexes.forEach((i, at) => values[at].push(this.defaultDatum(state, i)));
    return new Map(indexes.map((i, at) => [i, vectorFromDatums(this.table.columns[i].type, values[at])]));
  }

  /** `length` default values of a column. */
  defaultVector(state: SessionState, index: number, length: number): Vector {
    const { type } = this.table.columns[index];
    const rule = this.#defaults[index];
    switch (rule.kind) {
      case 'null': return nullVector(type, length);
      case 'sequence': return sequenceVector(state, rule.sequence, type, length);
      case 'expression': return rule.compiled.evaluate(new Batch([], length), state.evalContext());
    }
  }

  defaultDatum(state: SessionState, index: number): Datum {
    return datumAt(this.defaultVector(state, index, ONE_ROW.length), 0);
  }

  /** Some columns are made from others. */
  get computes(): boolean {
    return this.#generated.length + this.#hidden.length > 0;
  }

  /** The rows with their generated columns computed. */
  generate(state: SessionState, rows: Batch): Batch {
    if (this.#generated.length === 0) return this.withKeys(rows);
    const columns = [...rows.columns];
    for (const { index, compiled } of this.#generated) columns[index] = compiled.evaluate(rows, state.evalContext());
    return this.withKeys(new Batch(columns, rows.length));
  }

  /** The same of many, piece by piece. */
  *generated(state: SessionState, rows: Batch): Work<Batch> {
    return this.computes ? yield* inParts(rows, (part) => this.generate(state, part)) : rows;
  }

  /** The rows with the hidden keys of indexes computed. */
  withKeys(rows: Batch): Batch {
    if (this.#hidden.length === 0) return rows;
    const columns = [...rows.columns];
    for (const { index, compute } of this.#hidden) columns[index] = compute(rows);
    return new Batch(columns, rows.length);
  }

  /** 23502 and 23514 for the first row that breaks a rule. */
  *check(state: SessionState, rows: Batch): Work<void> {
    for (const [from, to] of stretches(rows.length)) {
      this.#checkPart(state, rows.slice(from, to));
      yield true;
    }
  }

  #checkPart(state: SessionState, rows: Batch): void {
    let first = rows.length;
    let error: (() => DatabaseError) | null = null;
    for (const { column, checks } of this.#typeChecks) {
      const failure = firstFailure(checks, rows.columns[column.attnum - 1], state.evalContext());
      if (failure === null || failure.row >= first) continue;
      ({ row: first, error } = failure);
    }
    for (const column of this.table.columns) {
      if (!column.notNull || column.dropped) continue;
      const row = firstNull(rows.columns[column.attnum - 1], first);
      if (row >= first) continue;
      first = row;
      error = () => this.#nullError(state, column, rows, row);
    }
    for (const check of this.#checks) {
      const verdict = check.compiled.evaluate(rows, state.evalContext());
      const row = firstFalse(verdict, first);
      if (row >= first) continue;
      first = row;
      error = () => {
        const base = check.message(check.name);
        return new DatabaseError(base.code, base.message,
          { ...base.fields, detail: failingRow(state, this.table, rows, row) });
      };
    }
    if (error !== null) throw error();
  }

  #nullError(state: SessionState, column: ColumnEntry, rows: Batch, row: number): DatabaseError {
    return new DatabaseError('23502', `null value in column "${column.name}" of relation "${this.table.name}" violates `
      + 'not-null constraint', {
      detail: failingRow(state, this.table, rows, row), schema: this.table.schema, table: this.table.name,
      column: column.name,
    });
  }
}

const cache = new WeakMap<TableEntry, TableRules>();

/** Entries are replaced, never changed, so they can stand for their version. */
export function rulesOf(state: SessionState, table: TableEntry): TableRules {
  let rules = cache.get(table);
  if (rules === undefined) {
    rules = new TableRules(state, table);
    cache.set(table, rules);
  }
  return rules;
}

/** What DEFAULT stands for, as text; null: NULL, or what generation makes of it. */
export function defaultExpression(state: SessionState, column: ColumnEntry): string | null {
  if (column.dropped || column.generated) return null;
  if (column.sequence !== null) return `pg_catalog.nextval(${relationConstant(column.sequence)})`;
  return column.defaultText ?? domainDefault(state, column.type);
}

/** Functions that say what nextval has given last. */
const REMEMBERING: ReadonlySet<string> = new Set(['currval', 'lastval']);

function compileDefault(state: SessionState, column: ColumnEntry): Default {
  if (column.sequence !== null && !column.dropped && !column.generated) return { kind: 'sequence', sequence: column.sequence };
  const text = defaultExpression(state, column);
  if (text === null) return { kind: 'null' };
  const site = rowSite(sessionEnvironment(state), [],
    { phrase: 'DEFAULT expressions', noSubquery: 'DEFAULT expression' });
  const bound = bindAssignment(site, parseExpression(text), column);
  return {
    kind: 'expression', compiled: compileExpression(bound),
    remembers: someExpression(bound, (e) => e.kind === 'call' && REMEMBERING.has(e.function.name)),
    reads: column.defaultReads ?? [],
  };
}

function areInTurn(defaults: readonly Default[]): boolean {
  const reads = defaults.flatMap((rule) => (
    rule.kind === 'sequence' ? [rule.sequence] : rule.kind === 'expression' ? [...new Set(rule.reads)] : []));
  return new Set(reads).size < reads.length || defaults.some((rule) => rule.kind === 'expression' && rule.remembers);
}

/** The default that a column without one of its own has. */
export function domainDefault(state: SessionState, type: LogicalType): string | null {
  if (type.kind !== 'domain') return null;
  const entry = state.catalog.get(type.oid);
  return entry?.kind === 'type' && entry.definition.kind === 'domain' ? entry.definition.defaultText : null;
}

function keyColumn(state: SessionState, table: TableEntry, column: ColumnEntry): (rows: Batch) => Vector {
  return conversion(table, column, { catalog: state.catalog, functions: state.services.functions });
}

function compileGenerated(state: SessionState, table: TableEntry, column: ColumnEntry): CompiledExpression {
  const site = rowSite(sessionEnvironment(state), [rowScopeItem(table)], { phrase: 'column generation expressions' });
  return compileExpression(bindAssignment(site, parseExpression(column.defaultText ?? 'NULL'), column));
}

function tableChecks(state: SessionState, table: TableEntry): readonly Check[] {
  // Of several that fail, the first by name is reported.
  return table.constraints.toSorted((a, b) => (a.name < b.name ? -1 : 1)).flatMap((c) => {
    if (c.kind !== 'check') return [];
    const site = rowSite(sessionEnvironment(state), [rowScopeItem(table)], { phrase: 'check constraints' });
    const compiled = compileExpression(bindPredicate(site, parseExpression(c.expression), 'CHECK'));
    const message = (name: string): DatabaseError =>
      new DatabaseError('23514', `new row for relation "${table.name}" violates check constraint "${name}"`, {
        schema: table.schema, table: table.name, constraint: name,
      });
    return [{ name: c.name, compiled, message }];
  });
}

/** What the type of a column demands, where it is a domain or an array of one. */
export function typeChecks(state: SessionState, column: ColumnEntry): readonly Demand[] {
  return checksOf(rowSite(sessionEnvironment(state), [], { phrase: 'domain check constraints' }), column.type);
}

function sequenceVector(state: SessionState, oid: number, type: LogicalType, length: number): Vector {
  const sequence = requireSequence(state, oid);
  const drawn = state.current.sequences.draw(oid, length) + length;
  const values: Datum[] = [];
  for (let i = 0; i < length; i++) {
    const value = state.services.sequences.next(sequence, drawn);
    state.sequenceValues.set(oid, value);
    values.push(value);
  }
  state.lastSequence = oid;
  state.current.sequences.note(oid);
  const wide = vectorFromDatums({ kind: 'int8' }, values);
  return type.kind === 'int8' ? wide : castVector(state, wide, type);
}

/** An assignment cast of a whole column. */
export function castVector(state: SessionState, vector: Vector, type: LogicalType): Vector {
  if (sameType(vector.type, type)) return vector;
  const input = { kind: 'column', index: 0, type: vector.type } as const;
  const compiled = compileExpression({ kind: 'cast', input, type, explicit: false });
  return compiled.evaluate(new Batch([vector], vector.length), state.evalContext());
}

function requireSequence(state: SessionState, oid: number): SequenceEntry {
  const entry = state.catalog.get(oid);
  if (entry?.kind !== 'sequence') throw new DatabaseError('XX000', `sequence ${oid} is missing`);
  return entry;
}

function firstNull(vector: Vector, limit: number): number {
  if (vector.validity === null) return limit;
  for (let i = 0; i < limit; i++) if ((vector.validity[i >> 3] & (1 << (i & 7))) === 0) return i;
  return limit;
}

/** A check holds unless it is false: NULL passes. */
function firstFalse(vector: Vector, limit: number): number {
  for (let i = 0; i < limit; i++) if (datumAt(vector, i) === false) return i;
  return limit;
}

/** Characters of a value that PostgreSQL shows in `Failing row contains (..).` */
const SHOWN = 64;

export function failingRow(state: SessionState, table: TableEntry, rows: Batch, row: number): string {
  const values = table.columns.filter((c) => !c.dropped).map((c) => {
    const vector = rows.columns[c.attnum - 1];
    const datum = datumAt(vector, row);
    if (datum === null) return 'null';
    const text = formatText(vector.type, datum, state.settings.format);
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
  });
  return `Failing row contains (${values.join(', ')}).`;
}

/** What `make` makes of each row, piece by piece. */
export function* inParts(rows: Batch, make: (part: Batch) => Batch): Work<Batch> {
  const parts: Batch[] = [];
  for (const [from, to] of stretches(rows.length)) {
    parts.push(make(rows.slice(from, to)));
    yield true;
  }
  return concatBatches(parts);
}

/** A batch of the stored layout out of some of its columns; `missing` makes the others. */
export function physicalBatch(
  schema: Schema, given: Batch, attnums: readonly number[], missing: (index: number) => Vector,
): Batch {
  const columns = schema.columns.map((_, i) => {
    const at = attnums.indexOf(i + 1);
    return at < 0 ? missing(i) : given.columns[at];
  });
  return new Batch(columns, given.length);
}

