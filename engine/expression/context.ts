// EvalContext: everything outside its arguments that an expression may depend on, handed in (the engine has no clock).
import { notSupported } from '../data/error.ts';
import type { FormatSettings } from '../data/settings.ts';
import type { EnumType } from '../data/types.ts';

/** Names ⇄ OIDs for regclass and its kin, and other catalog look-ups; implemented by sql/catalog. */
export interface CatalogAccess {
  /** Text form of an oid alias type (`public.t` only when not on the search path), or null when unknown. */
  nameOf(kind: RegKind, oid: number): string | null;
  /** Throws 42P01, 42704, 42883 ... as PostgreSQL's input functions do. */
  oidOf(kind: RegKind, name: string): number;
  /** 55P04 for a label that an enum type has been given and not committed yet; absent where none are seen. */
  checkLabel?(type: EnumType, label: string): void;
}

export type RegKind =
  'regclass' | 'regtype' | 'regproc' | 'regprocedure' | 'regnamespace' | 'regrole' | 'regoper'
  | 'regoperator' | 'regcollation';

export interface EvalContext {
  readonly format: FormatSettings;
  /** now(): start of the transaction, µs since 1970 UTC; null in a view, whose rows must not age. */
  readonly transactionTime: bigint | null;
  readonly statementTime: bigint | null;
  /** What 'now' and 'today' in a text being read are, as transactionTime; absent in a view. */
  readonly relativeTo?: bigint;
  /** clock_timestamp(); only for ad-hoc statements. */
  clock(): bigint;
  /** random(): [0, 1); only for ad-hoc statements. */
  random(): number;
  readonly catalog: CatalogAccess;
  /** Throws where the statement is to end; what may take long calls it now and then. Absent in a view. */
  readonly checkInterrupt?: () => void;
  /** Host object for functions that sql/ defines (current_setting, nextval, pg_get_viewdef ...); they narrow it themselves. */
  readonly host: unknown;
}

/** A time of the context that a view does not have. */
export function timeOf(time: bigint | null): bigint {
  if (time === null) throw notSupported('the current time in a materialized view');
  return time;
}
