// The functions there are: explicit lists, and overloads by name. Which overload a call means is the binder's.
import { AGGREGATES } from './aggregate/index.ts';
import type { AggregateFunction } from './aggregate/aggregate.ts';
import type { ScalarFunction, TableFunction } from './function.ts';
import { aliasesOf } from './scalar/aliases.ts';
import { ARITHMETIC } from './scalar/arithmetic.ts';
import { ARRAYS } from './scalar/array.ts';
import { BIT_STRINGS } from './scalar/bit-string.ts';
import { BINARY } from './scalar/binary.ts';
import { COMPARISON } from './scalar/comparison.ts';
import { CONDITIONAL } from './scalar/conditional.ts';
import { DATETIME_OPERATORS } from './scalar/datetime-operators.ts';
import { DATETIME } from './scalar/datetime.ts';
import { DECIMAL } from './scalar/decimal.ts';
import { ENCODINGS } from './scalar/encoding-functions.ts';
import { ENUM } from './scalar/enum.ts';
import { FORMATTING } from './scalar/formatting.ts';
import { HASHES } from './scalar/hash.ts';
import { IDENTIFIERS } from './scalar/identifiers.ts';
import { JSON_RECORDS, JSON_RECORDSETS } from './scalar/json-populate.ts';
import { JSON_FUNCTIONS } from './scalar/json.ts';
import { JSONPATH_FUNCTIONS, JSONPATH_TABLES } from './scalar/jsonpath.ts';
import { LSN_ARITHMETIC } from './scalar/lsn.ts';
import { MAC_ADDRESSES } from './scalar/mac-address.ts';
import { MATH } from './scalar/math.ts';
import { NETWORK } from './scalar/network.ts';
import { PATTERN } from './scalar/regex-functions.ts';
import { TEXTUAL } from './scalar/text.ts';
import { RANGES } from './scalar/range.ts';
import { RANGE_OPERATORS } from './scalar/range-operators.ts';
import { SIZE_TEXTS } from './scalar/size-text.ts';
import { JSON_TABLES } from './table/json-tables.ts';
import { RANGE_TABLES } from './table/ranges.ts';
import { SERIES_FUNCTIONS } from './table/series.ts';
import { STRING_TABLES } from './table/strings.ts';

const NAMED_ONCE: readonly ScalarFunction[] = [
  ...COMPARISON, ...ARITHMETIC, ...DECIMAL, ...MATH, ...TEXTUAL, ...PATTERN, ...BINARY, ...ENCODINGS, ...DATETIME_OPERATORS,
  ...DATETIME, ...FORMATTING,
  ...ARRAYS, ...JSON_FUNCTIONS, ...JSON_RECORDS, ...JSONPATH_FUNCTIONS, ...RANGES, ...RANGE_OPERATORS,
  ...BIT_STRINGS, ...HASHES, ...IDENTIFIERS, ...SIZE_TEXTS, ...LSN_ARITHMETIC, ...CONDITIONAL, ...ENUM,
  ...NETWORK, ...MAC_ADDRESSES,
];

export const SCALAR_FUNCTIONS: readonly ScalarFunction[] = [...NAMED_ONCE, ...aliasesOf(NAMED_ONCE)];

export const TABLE_FUNCTIONS: readonly TableFunction[] = [
  ...SERIES_FUNCTIONS, ...RANGE_TABLES, ...STRING_TABLES, ...JSON_TABLES, ...JSON_RECORDSETS, ...JSONPATH_TABLES,
];

/** What a registry is made of. Operators are scalar functions marked `operator`. */
export interface FunctionLists {
  readonly scalar: readonly ScalarFunction[];
  readonly table: readonly TableFunction[];
  readonly aggregate: readonly AggregateFunction[];
}

/** Those of one name together, in their order. */
export function byName<F extends { readonly name: string }>(list: readonly F[]): ReadonlyMap<string, readonly F[]> {
  const map = new Map<string, F[]>();
  for (const f of list) {
    const known = map.get(f.name);
    if (known === undefined) map.set(f.name, [f]);
    else known.push(f);
  }
  return map;
}

/** Immutable; `with` makes one that knows more. */
export class FunctionRegistry {
  readonly lists: FunctionLists;
  readonly #scalar: ReadonlyMap<string, readonly ScalarFunction[]>;
  readonly #operators: ReadonlyMap<string, readonly ScalarFunction[]>;
  readonly #table: ReadonlyMap<string, readonly TableFunction[]>;
  readonly #aggregate: ReadonlyMap<string, readonly AggregateFunction[]>;

  constructor(lists: FunctionLists) {
    this.lists = lists;
    this.#scalar = byName(lists.scalar.filter((f) => f.operator !== true));
    this.#operators = byName(lists.scalar.filter((f) => f.operator === true));
    this.#table = byName(lists.table);
    this.#aggregate = byName(lists.aggregate);
  }

  /** Host functions of sql/ and of users on top of these. */
  with(extra: Partial<FunctionLists>): FunctionRegistry {
    return new FunctionRegistry({
      scalar: [...this.lists.scalar, ...(extra.scalar ?? [])],
      table: [...this.lists.table, ...(extra.table ?? [])],
      aggregate: [...this.lists.aggregate, ...(extra.aggregate ?? [])],
    });
  }

  /** Overloads of a function by its SQL name in lower case. */
  scalarFunctions(name: string): readonly ScalarFunction[] {
    return this.#scalar.get(name) ?? [];
  }

  /** Overloads of an operator; those of one argument are prefix operators. */
  operators(symbol: string, arity?: 1 | 2): readonly ScalarFunction[] {
    const all = this.#operators.get(symbol) ?? [];
    return arity === undefined ? all : all.filter((f) => f.args.length === arity);
  }

  tableFunctions(name: string): readonly TableFunction[] {
    return this.#table.get(name) ?? [];
  }

  aggregateFunctions(name: string): readonly AggregateFunction[] {
    return this.#aggregate.get(name) ?? [];
  }
}

/** Everything the engine knows by itself. */
export const ENGINE_FUNCTIONS = new FunctionRegistry({
  scalar: SCALAR_FUNCTIONS, table: TABLE_FUNCTIONS, aggregate: AGGREGATES,
});
