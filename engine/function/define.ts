// Short forms for writing function records, and narrowing of datums to the JavaScript type a signature promises.
import { assert } from '../data/error.ts';
import type { Datum } from '../data/datum.ts';
import { Interval } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import type { LogicalType } from '../data/types.ts';
import type { FunctionExample, ScalarFunction, Signature, TableFunction } from './function.ts';

type ScalarSpec = Signature & Pick<ScalarFunction, 'row'>
  & Partial<Pick<ScalarFunction, 'strict' | 'volatility' | 'operator' | 'total' | 'kernel'>>;

/** A scalar function: strict and immutable unless it says otherwise. */
export function scalar(spec: ScalarSpec): ScalarFunction {
  return { kind: 'scalar', strict: true, volatility: 'immutable', ...spec };
}

/** An operator: as scalar(), called by symbol. */
export function operator(spec: ScalarSpec): ScalarFunction {
  return scalar({ ...spec, operator: true });
}

type TableSpec = Signature & Pick<TableFunction, 'rows'> & Partial<Pick<TableFunction,
'volatility' | 'columns' | 'strict'>>;

export function table(spec: TableSpec): TableFunction {
  return { kind: 'table', volatility: 'immutable', ...spec };
}

/** An example: a statement without FROM and what psql -At prints. */
export function example(sql: string, result: string): FunctionExample {
  return { sql, result };
}

export function bool(d: Datum): boolean {
  assert(typeof d === 'boolean', 'boolean datum');
  return d;
}
export function num(d: Datum): number {
  assert(typeof d === 'number', 'number datum');
  return d;
}
export function big(d: Datum): bigint {
  assert(typeof d === 'bigint', 'bigint datum');
  return d;
}
export function str(d: Datum): string {
  assert(typeof d === 'string', 'string datum');
  return d;
}
export function bytes(d: Datum): Uint8Array {
  assert(d instanceof Uint8Array, 'bytea datum');
  return d;
}
export function numeric(d: Datum): Numeric {
  assert(d instanceof Numeric, 'numeric datum');
  return d;
}
export function interval(d: Datum): Interval {
  assert(d instanceof Interval, 'interval datum');
  return d;
}

/** The type of array elements; the type itself when it is no array. */
export function elementType(type: LogicalType): LogicalType {
  return type.kind === 'array' ? type.element : type;
}
