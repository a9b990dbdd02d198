// CompiledExpression, the runnable form of an Expression, and what its kinds share: constants, sub-batches, merging.
import { constantVector } from '../data/access.ts';
import { Batch } from '../data/batch.ts';
import type { Datum } from '../data/datum.ts';
import { assert } from '../data/error.ts';
import type { LogicalType } from '../data/types.ts';
import { concatVectors, sliceVector, takeVector } from '../data/vector.ts';
import type { BoolVector, Vector } from '../data/vector.ts';
import type { EvalContext } from './context.ts';

/** Compiled once, kept by the operator, run per batch. Not re-entrant: it caches buffers of constants. */
export abstract class CompiledExpression {
  readonly type: LogicalType;
  constructor(type: LogicalType) {
    this.type = type;
  }
  /** The value when it is the same for every row and known at compile time, else undefined. */
  get constant(): Datum | undefined {
    return undefined;
  }
  /** One value a row of the batch. Throws DatabaseError when any row fails. */
  abstract evaluate(batch: Batch, context: EvalContext): Vector;
}

/** A constant; its broadcast vector is kept and sliced, and grows as it must: one row of a constant may be large. */
export class ConstantValue extends CompiledExpression {
  readonly #value: Datum;
  #vector: Vector | null = null;

  constructor(type: LogicalType, value: Datum) {
    super(type);
    this.#value = value;
  }

  override get constant(): Datum {
    return this.#value;
  }

  evaluate(batch: Batch): Vector {
    const { length } = batch;
    const rows = this.#vector === null ? 0 : this.#vector.length;
    if (this.#vector === null || rows < length) {
      this.#vector = constantVector(this.type, this.#value, Math.max(length, 2 * rows));
    }
    return sliceVector(this.#vector, 0, length);
  }
}

export class ColumnValue extends CompiledExpression {
  readonly #index: number;
  constructor(type: LogicalType, index: number) {
    super(type);
    this.#index = index;
  }
  evaluate(batch: Batch): Vector {
    return batch.columns[this.#index];
  }
}

export function boolVector(vector: Vector): BoolVector {
  assert(vector.layout === 'bool', 'boolean vector');
  return vector;
}

/** A child that is evaluated on some rows only, with the columns it reads. */
export class LazyChild {
  readonly expression: CompiledExpression;
  /** Cannot raise and is cheap: may be run on all rows. */
  readonly eager: boolean;
  readonly #columns: readonly number[];

  constructor(expression: CompiledExpression, columns: readonly number[], eager: boolean) {
    this.expression = expression;
    this.#columns = columns;
    this.eager = eager;
  }

  /** Values for the given rows, in their order. */
  evaluateRows(batch: Batch, rows: Int32Array, context: EvalContext): Vector {
    if (rows.length === batch.length) return this.expression.evaluate(batch, context);
    const columns = batch.columns.slice();
    for (const c of this.#columns) columns[c] = takeVector(columns[c], rows);
    return this.expression.evaluate(new Batch(columns, rows.length), context);
  }
}

/** All row numbers of a batch; a shared, growing array whose content never changes. */
let rowNumbers = new Int32Array(0);
export function allRows(length: number): Int32Array {
  if (rowNumbers.length < length) {
    rowNumbers = new Int32Array(Math.max(4096, length));
    for (let i = 0; i < rowNumbers.length; i++) rowNumbers[i] = i;
  }
  return rowNumbers.subarray(0, length);
}

/** Collects values of disjoint sets of rows and puts them in row order. */
export class RowMerger {
  readonly #length: number;
  readonly #parts: Vector[] = [];
  readonly #from: Int32Array;
  #total = 0;

  constructor(length: number) {
    this.#length = length;
    this.#from = new Int32Array(length);
  }

  /** Requires: ascending rows not given before. */
  add(rows: Int32Array, values: Vector): void {
    if (rows.length === 0) return;
    for (let i = 0; i < rows.length; i++) this.#from[rows[i]] = this.#total + i;
    this.#parts.push(values);
    this.#total += rows.length;
  }

  /** Requires: every row was given. */
  finish(): Vector {
    assert(this.#total === this.#length && this.#parts.length > 0, 'rows missing in merge');
    if (this.#parts.length === 1) return this.#parts[0];
    return takeVector(concatVectors(this.#parts), this.#from);
  }
}
