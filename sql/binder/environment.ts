// Environment: what a whole statement is bound against, and what its parts share: parameters, holes, positions.
import { DatabaseError } from '../../engine/data/error.ts';
import type { FormatSettings } from '../../engine/data/settings.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import type { Column, LogicalType, RecordType } from '../../engine/data/types.ts';
import { sameKind, UNKNOWN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SystemContext, ViewEntry } from '../catalog/entry.ts';
import type { CommonTable, Query } from '../parser/ast.ts';
import type { ColumnUse } from './column-use.ts';
import type { BoundQuery, QuerySite } from './level.ts';
import type { Scope } from './scope.ts';
import type { Trace } from './trace.ts';

/** now() and its like: what stands for it, and where. */
export interface ClockUse {
  readonly written: string;
  readonly position: number | undefined;
}

export interface Environment {
  readonly catalog: Catalog;
  readonly searchPath: readonly string[];
  readonly functions: FunctionRegistry;
  readonly parameters: ParameterTypes;
  readonly format: FormatSettings;
  /** What 'now' and 'today' in a literal are, µs since 1970 UTC; null where what is bound is kept: they are 0A000. */
  readonly now: bigint | null;
  /** For the rows of system relations; null where no session is (a stored definition). */
  readonly system: SystemContext | null;
  /** The query a view stores as text. */
  readonly parseQuery: (text: string, dialect?: string) => Query;
  /** A materialized view's query: what it says must not change by itself. */
  readonly continuous: boolean;
  /** The definition is there already: what an older version allowed is bound, and fails where it is asked. */
  readonly kept?: true;
  /** Relations that are read, by OID; and primary keys that make columns grouped ones. */
  readonly used: Set<number>;
  readonly shared: Shared;
  /** For what a query does beside reading; null where it only is looked at (a stored definition). */
  readonly effects: EffectBinder | null;
  /** Tells the client of something odd in what it has written; absent where what is bound is stored. */
  readonly warn?: ((warning: DatabaseError) => void) | undefined;
  /** Where a view's query speaks of the current time; absent: it must not. */
  readonly clocks?: ClockUse[] | undefined;
  /** Only where what is bound is to be printed. */
  readonly trace?: Trace | undefined;
  /** Only where somebody asks. */
  readonly columns?: ColumnUse | undefined;
  /** Of relations, the columns that there were when the view was made: `*` is these, and no others are merged. */
  readonly known?: ReadonlyMap<number, readonly number[]> | undefined;
  /** Of row types, how many fields there were then: as many become columns. */
  readonly rowWidths?: ReadonlyMap<number, number> | undefined;
}

/** How the query of a view is read. */
export function readingOf({ settings, dependencies }: Pick<ViewEntry, 'settings' | 'dependencies'>): Reading {
  const { searchPath, format, rowWidths = [] } = settings;
  return {
    searchPath, format, known: new Map(dependencies.map((d) => [d.oid, d.columns])),
    rowWidths: new Map(rowWidths.map((w) => [w.type, w.fields])),
  };
}

export type Reading = Pick<Environment, 'searchPath' | 'format' | 'known' | 'rowWidths'>;

/** The fields of a row that are made columns of. */
export function spreadFields({ rowWidths, columns }: Environment, { oid, fields }: RecordType): readonly Column[] {
  if (oid === undefined) return fields;
  const shown = fields.slice(0, rowWidths?.get(oid));
  columns?.noteWidth(oid, shown.length);
  return shown;
}

/** Binds the parts of a query that do something when the statement runs; gives their rows as a query. */
export interface EffectBinder {
  bindLocking(query: Query, site: QuerySite): BoundQuery;
  /** A modification in WITH; null: it returns no rows. */
  bindModifying(table: CommonTable, site: QuerySite): BoundQuery | null;
  /** Whether a modification in WITH is bound already: to bind it again is to read the same rows. */
  knows(table: CommonTable): boolean;
  /** One for a binding that is only looked at: what it is given is never run. */
  dry(): EffectBinder;
}

/** Running numbers and side tables of one statement. */
export class Shared {
  #next = 0;
  /** 1-based characters at which columns and aggregates stand, for errors found after they were bound. */
  readonly positions = new WeakMap<Expression, number>();
  /** Which scope an outer reference's hole belongs to. */
  readonly outerScopes = new Map<number, Scope>();

  /** A number no hole or shared plan of the statement has. */
  fresh(): number {
    return this.#next++;
  }
}

/** The types of $1, $2 ..., null where nobody said; null: what is bound has no parameters. */
export type DeclaredParameters = readonly (LogicalType | null)[] | null;

/** The types of $1, $2 ...: declared ones win, others are what the first use that wants a type makes of them. */
export class ParameterTypes {
  readonly #types: (LogicalType | null)[];
  readonly #allowed: boolean;

  constructor(declared: DeclaredParameters) {
    this.#types = [...declared ?? []];
    this.#allowed = declared !== null;
  }

  /** Type of $(index + 1), unknown so far or seen for the first time. */
  typeOf(index: number, position: number | undefined): LogicalType {
    if (!this.#allowed) throw new DatabaseError('42P02', `there is no parameter $${index + 1}`, { position });
    while (this.#types.length <= index) this.#types.push(null);
    return this.#types[index] ?? UNKNOWN;
  }

  /** $(index + 1) is used as `type`. */
  settle(index: number, type: LogicalType, position: number | undefined): void {
    const known = this.#types[index] ?? null;
    if (known === null) {
      this.#types[index] = type;
    } else if (!sameKind(known, type)) {
      throw new DatabaseError('42P08', `inconsistent types deduced for parameter $${index + 1}`, {
        detail: `${mentionType(known)} versus ${mentionType(type)}`, position,
      });
    }
  }

  /** All types; 42P18 when one was never settled. */
  finish(): readonly LogicalType[] {
    return this.#types.map((t, i) => {
      if (t === null) throw new DatabaseError('42P18', `could not determine data type of parameter $${i + 1}`);
      return t;
    });
  }
}
