// The fast path of INSERT .. VALUES with literals: from text straight into columns, without a syntax tree.
import { VectorBuilder } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { parseText } from '../../engine/data/text-format.ts';
import { whenThere } from '../../engine/data/soon.ts';
import type { Soon } from '../../engine/data/soon.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { typmodOf } from '../../engine/data/types.ts';
import { withTypmod } from '../binder/type-rules.ts';
import { isTemporary, liveColumns } from '../catalog/entry.ts';
import type { ColumnEntry, TableEntry } from '../catalog/entry.ts';
import {
  DEFAULT_LITERAL, FALSE_LITERAL, NULL_LITERAL, NUMBER_LITERAL, STRING_LITERAL, TRUE_LITERAL, parseInsertValues,
} from '../parser/insert-values.ts';
import type { InsertValues } from '../parser/insert-values.ts';
import { parse } from '../parser/parse.ts';
import type { SessionState } from '../session-state.ts';
import type { BoundStatement, StatementResult } from './bound.ts';
import { qualified } from './naming.ts';
import { unlessRedefined } from './redefined.ts';
import { rulesOf } from './table-rules.ts';
import { runAtOnce } from '../turns.ts';
import { TableWriter } from './table-writer.ts';

/**
 * null: not such a statement, or one whose literals need the binder (or would be refused by it): then the grammar reads
 * it. What this path takes it treats as the grammar and the binder would.
 */
export function bindInsertLiterals(text: string, state: SessionState): BoundStatement | null {
  const values = parseInsertValues(text);
  if (values === null) return null;
  const table = state.catalog.findRelation(qualified(values.relation), state.searchPath);
  if (table?.kind !== 'table') return null;
  const columns = targets(table, values);
  if (columns === null || rulesOf(state, table).defaultsInTurn) return null;
  return {
    parameters: [], columns: null, cacheable: false,
    run: (session) => unlessRedefined((): Soon<StatementResult> => {
      if (!isTemporary(table.schema)) session.current.checkWritable('INSERT');
      const writer = new TableWriter(session, table);
      const inserted = whenThere(writer.lock('insert'), () => {
        const rows = new LiteralReader(session, values, writer).read(columns);
        const complete = writer.complete(rows, columns.map((c) => c.attnum));
        return writer.run(() => runAtOnce(writer.insert(complete), () => session.checkInterrupt()));
      });
      return whenThere(inserted, () => ({ kind: 'command', tag: `INSERT 0 ${values.rowCount}` }));
    }, () => boundAnew(text, session).run(session, [])),
  };
}

function boundAnew(text: string, session: SessionState): BoundStatement {
  const [{ statement }] = parse(text);
  return session.bindStatement(statement, session, { text, declared: null });
}

/** The target columns; null when something about them is the binder's to say. */
function targets(table: TableEntry, values: InsertValues): readonly ColumnEntry[] | null {
  const live = liveColumns(table.columns);
  const named = values.columns.length === 0 ? live.slice(0, values.width)
    : values.columns.map((c) => live.find((l) => l.name === c.name));
  const columns = named.filter((c): c is ColumnEntry => c !== undefined);
  const distinct = new Set(columns).size === columns.length;
  if (!distinct || columns.length !== named.length || columns.length !== values.width) return null;
  for (const [c, column] of columns.entries()) {
    if (column.generated || column.identity === 'always' || !readable(column.type)) return null;
    for (let row = 0; row < values.rowCount; row++) {
      if (!fits(column.type, values, row * values.width + c)) return null;
    }
  }
  return columns;
}

/** Types whose input function gives the value itself, without looking anything up. */
function readable(type: LogicalType): boolean {
  switch (type.kind) {
    case 'boolean': case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': case 'numeric': case 'text':
    case 'varchar': case 'bpchar': case 'bytea': case 'uuid': case 'json': case 'jsonb': case 'date': case 'time':
    case 'timestamp': case 'timestamptz': case 'inet': case 'cidr': case 'macaddr': case 'macaddr8': return true;
    // `interval month` reads '2' otherwise than `interval` does.
    case 'interval': return typmodOf(type) === -1;
    default: return false;
  }
}

const INTEGER_LIMITS: Readonly<Record<string,
  bigint>> = { int2: 32767n, int4: 2147483647n, int8: 9223372036854775807n };

/** Is the literal's meaning for this type beyond doubt? */
function fits(type: LogicalType, values: InsertValues, literal: number): boolean {
  switch (values.kind(literal)) {
    case NULL_LITERAL: case DEFAULT_LITERAL: case STRING_LITERAL: return true;
    case TRUE_LITERAL: case FALSE_LITERAL: return type.kind === 'boolean';
    case NUMBER_LITERAL: {
      const text = values.text(literal);
      if (type.kind === 'numeric') return true;
      if (type.kind === 'float8') return Number.isFinite(Number(text));
      const limit = INTEGER_LIMITS[type.kind];
      if (limit === undefined || !/^-?\d+$/.test(text)) return false;
      if (text.length < 5) return true;
      const value = BigInt(text);
      return value <= limit && value >= -limit;
    }
  }
}

class LiteralReader {
  readonly #state: SessionState;
  readonly #values: InsertValues;
  readonly #writer: TableWriter;

  constructor(state: SessionState, values: InsertValues, writer: TableWriter) {
    this.#state = state;
    this.#values = values;
    this.#writer = writer;
  }

  /** Columns one by one: a column's literals are of one kind and its builder of one class. */
  read(columns: readonly ColumnEntry[]): Batch {
    const { rowCount, width } = this.#values;
    const vectors = columns.map((column, c) => {
      const plain = withTypmod(column.type, -1);
      const builder = new VectorBuilder(typmodOf(column.type) === -1 ? column.type : plain, rowCount);
      for (let row = 0; row < rowCount; row++) builder.append(this.#value(column, plain, row * width + c));
      return builder.finish();
    });
    return new Batch(vectors, rowCount);
  }

  #value(column: ColumnEntry, plain: LogicalType, literal: number): Datum {
    const values = this.#values;
    switch (values.kind(literal)) {
      case NULL_LITERAL: return null;
      case TRUE_LITERAL: return true;
      case FALSE_LITERAL: return false;
      case DEFAULT_LITERAL: return this.#writer.rules.defaultDatum(this.#state, column.attnum - 1);
      case NUMBER_LITERAL: return number(plain, values.text(literal));
      case STRING_LITERAL:
        if (plain.kind === 'text' || plain.kind === 'varchar') return values.text(literal);
        try {
          return parseText(plain, values.text(literal), this.#state.settings.format,
            { now: this.#state.transactionTime, names: this.#state.names });
        } catch (error) {
          throw error instanceof DatabaseError ? error.at(values.position(literal)) : error;
        }
    }
  }
}

function number(type: LogicalType, text: string): Datum {
  switch (type.kind) {
    case 'int8': return BigInt(text);
    case 'numeric': return Numeric.parse(text);
    // A number literal is a numeric, which has no negative zero.
    default: return Number(text) + 0;
  }
}
