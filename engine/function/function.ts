// Functions, operators and aggregates as plain records: signature, behaviour, description and a runnable example.
import type { Datum } from '../data/datum.ts';
import type { LogicalType } from '../data/types.ts';
import type { Validity, Vector } from '../data/vector.ts';
import type { EvalContext } from '../expression/context.ts';

/** immutable: same arguments, same answer; stable: within a statement; volatile: never folded, never in a view. */
export type Volatility = 'immutable' | 'stable' | 'volatile';

/** A statement without FROM, such as `SELECT lower('ABC')`, and the text of its one value as psql -At prints it. */
export interface FunctionExample {
  readonly sql: string;
  readonly result: string;
}

/** What overload resolution (PostgreSQL manual chapter 10) looks at. Pseudo-types are allowed in args and returns. */
export interface Signature {
  /** SQL name in lower case, or the operator's symbol. */
  readonly name: string;
  /** Of a function that came with a user's type; absent: pg_catalog. */
  readonly schema?: string;
  readonly args: readonly LogicalType[];
  /** Type of each further argument: `concat(VARIADIC "any")`. */
  readonly variadic?: LogicalType;
  /** There need not be any such argument, as where PostgreSQL has a second function for that case. */
  readonly variadicOptional?: true;
  /** Trailing args that may be left out; the record's body then sees fewer arguments. */
  readonly optional?: number;
  /** Names of the args, for f(name => value). */
  readonly names?: readonly string[];
  /** What the optional args are when one behind them is given by name. */
  readonly defaults?: readonly Datum[];
  /** A fixed type, a pseudo-type resolved from the arguments, or a rule over the resolved argument types. */
  readonly returns: LogicalType | ((args: readonly LogicalType[]) => LogicalType);
  readonly description: string;
  readonly example?: FunctionExample;
}

/**
 * Whole-column body. Writes no argument. `validity` is the intersection of the arguments' for a strict function
 * (the result's validity unless the kernel makes more NULLs), null otherwise. May throw DatabaseError, but for a
 * strict function only on account of rows that are present in `validity`.
 */
export type Kernel = (
  args: readonly Vector[], length: number, validity: Validity, call: CallInfo,
) => Vector;

export interface CallInfo {
  readonly argTypes: readonly LogicalType[];
  readonly returnType: LogicalType;
  readonly context: EvalContext;
}

/** `operator: true`: called by symbol (`+`, `->>`), one argument = prefix operator. */
export interface ScalarFunction extends Signature {
  readonly kind: 'scalar';
  readonly operator?: true;
  /** Called as f(VARIADIC array): the last argument stands for all variadic ones. */
  readonly variadicArray?: true;
  /** What is told (21000) where that array has several dimensions; absent: its elements are taken one after another. */
  readonly manyDimensions?: string;
  /** true: any NULL argument gives NULL and the body is not called. */
  readonly strict: boolean;
  readonly volatility: Volatility;
  /** Its answer follows the time of day, whatever its arguments. */
  readonly clock?: true;
  /** It answers by the session or the catalog. */
  readonly host?: true;
  /** It casts its arguments to text, and reads of the session only what those casts do. */
  readonly casts?: true;
  /**
   * true: raises no error, whatever the arguments; a function: raises none with these constants (undefined: not
   * constant). Such calls may be evaluated on rows where SQL would not look at them, which is faster.
   */
  readonly total?: true | ((constants: readonly (Datum | undefined)[]) => boolean);
  /** Row-wise body; always there, so that every function runs before it is fast. */
  readonly row: (args: readonly Datum[], call: CallInfo) => Datum;
  /** Column-wise body for the hot ones; must agree with `row` (a property test compares them). */
  readonly kernel?: Kernel;
}

/** A set-returning function: FROM generate_series(..), unnest(..). One output column unless `columns` is given. */
export interface TableFunction extends Signature {
  readonly kind: 'table';
  readonly volatility: Volatility;
  readonly columns?: readonly { readonly name: string; readonly type: LogicalType }[];
  /** The columns are the fields of the rows it returns, whose type the call says: see rowsOfType. */
  readonly fields?: true;
  /** false: called for NULL arguments too; otherwise they give no rows and the body is not called. */
  readonly strict?: false;
  /** Rows for one call; each row has one datum a column. */
  readonly rows: (args: readonly Datum[], call: CallInfo) => Iterable<readonly Datum[]>;
}
