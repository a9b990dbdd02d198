// Row-wise access to columns: a datum out of a vector, a vector from datums, batches from and to rows.
import { Batch } from './batch.ts';
import {
  BoolColumn, BytesColumn, Fixed16Column, Float32Column, Float64Column, Int16Column, Int32Column, Int64Column,
} from './column-builder.ts';
import { decodeVariable, isOidLike, readFixed16 } from './composite.ts';
import { layoutOf } from './types.ts';
import { isValid, nullVector, takeVector } from './vector.ts';
import type { ColumnBuilder } from './column-builder.ts';
import type { Datum } from './datum.ts';
import type { LogicalType, Schema } from './types.ts';
import type { Vector } from './vector.ts';

/** The value in one row, as datum.ts says; null for SQL NULL. */
export function datumAt(vector: Vector, row: number): Datum {
  if (!isValid(vector.validity, row)) return null;
  switch (vector.layout) {
    case 'bool': return vector.values[row] !== 0;
    case 'int16': return vector.values[row];
    case 'int32': return vector.values[row];
    case 'int64': return isOidLike(vector.type) ? Number(vector.values[row]) : vector.values[row];
    case 'float32': return vector.values[row];
    case 'float64': return vector.values[row];
    case 'fixed16': return readFixed16(vector.type, vector.values, row * 16);
    case 'bytes': return decodeVariable(vector.type, vector.bytes, vector.offsets[row], vector.offsets[row + 1]);
  }
}

/** An empty growable column of the layout of `type`. */
export function columnBuilder(type: LogicalType, capacity = 64): ColumnBuilder {
  switch (layoutOf(type)) {
    case 'bool': return new BoolColumn(type, capacity);
    case 'int16': return new Int16Column(type, capacity);
    case 'int32': return new Int32Column(type, capacity);
    case 'int64': return new Int64Column(type, capacity);
    case 'float32': return new Float32Column(type, capacity);
    case 'float64': return new Float64Column(type, capacity);
    case 'fixed16': return new Fixed16Column(type, capacity);
    case 'bytes': return new BytesColumn(type, capacity);
  }
}

/** Builds a vector datum by datum; `column` is there for those who can append faster than that. */
export class VectorBuilder {
  readonly column: ColumnBuilder;

  constructor(type: LogicalType, capacity = 64) {
    this.column = columnBuilder(type, capacity);
  }

  get type(): LogicalType { return this.column.type; }
  get length(): number { return this.column.length; }

  append(datum: Datum): void { this.column.append(datum); }
  appendNull(): void { this.column.appendNull(); }

  /** The rows so far. Requires: nothing is appended afterwards. */
  finish(): Vector { return this.column.finish(); }
}

export function vectorFromDatums(type: LogicalType, datums: readonly Datum[]): Vector {
  const column = columnBuilder(type, datums.length);
  for (const datum of datums) column.append(datum);
  return column.finish();
}

/** The same value in every row. */
export function constantVector(type: LogicalType, datum: Datum, length: number): Vector {
  if (datum === null) return nullVector(type, length);
  const one = vectorFromDatums(type, [datum]);
  return length === 1 ? one : takeVector(one, new Int32Array(length));
}

/** Requires: every row has a datum a column. */
export function batchFromRows(schema: Schema, rows: readonly (readonly Datum[])[]): Batch {
  const columns = schema.columns.map(({ type }, c) => {
    const column = columnBuilder(type, rows.length);
    for (const row of rows) column.append(row[c]);
    return column.finish();
  });
  return new Batch(columns, rows.length);
}

export function batchToRows(batch: Batch): Datum[][] {
  const rows: Datum[][] = [];
  for (let row = 0; row < batch.length; row++) rows.push(batch.columns.map((c) => datumAt(c, row)));
  return rows;
}
