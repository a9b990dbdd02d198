// Short forms for writing function records, and narrowing of datums to the JavaScript type a signature promises.
import { asRecord } from '../data/composite.ts';
import { assert } from '../data/error.ts';
import type { Datum } from '../data/datum.ts';
import { Interval } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import type { LogicalType, RecordType } from '../data/types.ts';
import type { FunctionExample, ScalarFunction, Signature, TableFunction } from './function.ts';

type ScalarSpec = Signature & Pick<ScalarFunction, 'row'>
  & Partial<Pick<ScalarFunction,
    'strict' | 'volatility' | 'casts' | 'clock' | 'operator' | 'total' | 'kernel' | 'manyDimensions'>>;

/** A scalar function: strict and immutable unless it says otherwise. */
export function scalar(spec: ScalarSpec): ScalarFunction {
  return { kind: 'scalar', strict: true, volatility: 'immutable', ...spec };
}

/** An operator: as scalar(), called by symbol. */
export function operator(spec: ScalarSpec): ScalarFunction {
  return scalar({ ...spec, operator: true });
}

type TableSpec = Signature & Pick<TableFunction, 'rows'> & Partial<Pick<TableFunction,
'volatility' | 'columns' | 'strict' | 'fields'>>;

export function table(spec: TableSpec): TableFunction {
  return { kind: 'table', volatility: 'immutable', ...spec };
}

/** A function whose columns are the fields of a row, for rows of this type. */
export function rowsOfType(fn: TableFunction, type: RecordType): TableFunction {
  return { ...fn, columns: type.fields, rows: (args, call) => fn.rows(args, { ...call, returnType: type }) };
}

/** A set of composite values as the fields of each. */
export function spreadRows(fn: TableFunction, type: RecordType): TableFunction {
  return {
    ...fn, columns: type.fields,
    *rows(args, call) {
      for (const [value] of fn.rows(args, call)) yield value === null ? [] : asRecord(value).fields;
    },
  };
}

/** A composite value as a set of one row: what a function in FROM that returns one stands for. */
export const EXPAND: TableFunction = table({
  name: 'row', args: [{ kind: 'record', fields: [] }], returns: { kind: 'record', fields: [] }, strict: false, fields: true,
  description: 'The fields of a row.',
  rows: ([row]) => [row === null ? [] : asRecord(row).fields],
});

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
