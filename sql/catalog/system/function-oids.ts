// OIDs of functions and operators: PostgreSQL's own for the types' input and output functions, counted ones for the rest.
import { BUILTIN_TYPES, DOMAIN_FUNCTIONS, ENUM_FUNCTIONS } from '../../../engine/data/type-info.ts';
import type { TypeFunction } from '../../../engine/data/type-info.ts';
import { BYTEA, INT4, OID, simpleType } from '../../../engine/data/types.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import type { AggregateFunction } from '../../../engine/function/aggregate/aggregate.ts';
import type { ScalarFunction, TableFunction } from '../../../engine/function/function.ts';
import { byName } from '../../../engine/function/registry.ts';
import type { FunctionRegistry } from '../../../engine/function/registry.ts';

export interface FunctionEntry {
  readonly oid: number;
  readonly name: string;
  readonly args: readonly LogicalType[];
  readonly returns: LogicalType;
  readonly variadic: LogicalType | null;
  readonly optional: number;
  /** As pg_proc.prokind: function or aggregate. */
  readonly kind: 'f' | 'a';
  readonly strict: boolean;
  readonly returnsSet: boolean;
  readonly volatility: 'i' | 's' | 'v';
  readonly description: string;
}

export interface OperatorEntry {
  readonly oid: number;
  readonly name: string;
  /** null: a prefix operator. */
  readonly left: LogicalType | null;
  readonly right: LogicalType;
  readonly result: LogicalType;
  readonly description: string;
}

/** Where PostgreSQL's initdb hands out OIDs; the order of the lists decides, so they stay put across restarts. */
const FIRST_FUNCTION = 8600;
const FIRST_OPERATOR = 14_000;

type Listed = ScalarFunction | TableFunction | AggregateFunction;

function returnType(f: Listed): LogicalType {
  return typeof f.returns === 'function' ? f.returns(f.args) : f.returns;
}

function describe(f: Listed, oid: number): FunctionEntry {
  const volatility = f.kind === 'aggregate' ? 'i' : f.volatility === 'immutable' ? 'i' : f.volatility === 'stable' ? 's' : 'v';
  return {
    oid, name: f.name, args: f.args, returns: returnType(f), variadic: f.variadic ?? null, optional: f.optional ?? 0,
    kind: f.kind === 'aggregate' ? 'a' : 'f', strict: f.kind === 'scalar' ? f.strict : f.kind === 'table', returnsSet: f.kind === 'table',
    volatility, description: f.description,
  };
}

function* inputOutput(): Iterable<FunctionEntry> {
  const seen = new Set<number>();
  const cstring = simpleType('cstring');
  const internal = simpleType('internal');
  for (const row of BUILTIN_TYPES) {
    const all: readonly (readonly [TypeFunction, LogicalType])[] = [
      [row.subscript, internal], [row.input, internal], [row.output, cstring], [row.receive, internal],
      [row.send, simpleType('bytea')], [row.modifierInput, internal], [row.modifierOutput, cstring], [row.analyze, internal],
    ];
    for (const [f, returns] of all) {
      if (f === null || seen.has(f.oid)) continue;
      seen.add(f.oid);
      yield ioFunction(f, [internal], returns);
    }
  }
  const { input, output, receive, send } = ENUM_FUNCTIONS;
  const [anyEnum, any] = [simpleType('anyenum'), simpleType('any')];
  yield ioFunction(input, [cstring, OID], anyEnum);
  yield ioFunction(output, [anyEnum], cstring);
  yield ioFunction(receive, [internal, OID], anyEnum);
  yield ioFunction(send, [anyEnum], BYTEA);
  yield ioFunction(DOMAIN_FUNCTIONS.input, [cstring, OID, INT4], any);
  yield ioFunction(DOMAIN_FUNCTIONS.receive, [internal, OID, INT4], any);
}

function ioFunction(
  { name, oid }: { readonly name: string; readonly oid: number }, args: readonly LogicalType[], returns: LogicalType,
): FunctionEntry {
  return { oid, name, args, returns, variadic: null, optional: 0, kind: 'f', strict: true, returnsSet: false, volatility: 'i',
    description: 'I/O' };
}

export class FunctionOids {
  readonly functions: readonly FunctionEntry[];
  readonly operators: readonly OperatorEntry[];
  readonly #byOid: ReadonlyMap<number, FunctionEntry>;
  readonly #byName: ReadonlyMap<string, readonly FunctionEntry[]>;
  readonly #operatorsByName: ReadonlyMap<string, readonly OperatorEntry[]>;

  private constructor(registry: FunctionRegistry) {
    const { scalar, table, aggregate } = registry.lists;
    const named = scalar.filter((f) => f.operator !== true);
    this.functions = [...inputOutput(), ...[...named, ...table, ...aggregate].map((f, i) => describe(f, FIRST_FUNCTION + i))];
    this.operators = scalar.filter((f) => f.operator === true).map((f, i) => ({
      oid: FIRST_OPERATOR + i, name: f.name, left: f.args.length === 1 ? null : f.args[0], right: f.args[f.args.length - 1],
      result: returnType(f), description: f.description,
    }));
    this.#byOid = new Map(this.functions.map((f) => [f.oid, f]));
    this.#byName = byName(this.functions);
    this.#operatorsByName = byName(this.operators);
  }

  static readonly #made = new WeakMap<FunctionRegistry, FunctionOids>();

  static of(registry: FunctionRegistry): FunctionOids {
    const known = FunctionOids.#made.get(registry);
    if (known !== undefined) return known;
    const made = new FunctionOids(registry);
    FunctionOids.#made.set(registry, made);
    return made;
  }

  byOid(oid: number): FunctionEntry | null {
    return this.#byOid.get(oid) ?? null;
  }

  byName(name: string): readonly FunctionEntry[] {
    return this.#byName.get(name) ?? [];
  }

  operatorByOid(oid: number): OperatorEntry | null {
    return this.operators[oid - FIRST_OPERATOR] ?? null;
  }

  operatorsNamed(name: string): readonly OperatorEntry[] {
    return this.#operatorsByName.get(name) ?? [];
  }
}
