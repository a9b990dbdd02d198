// ARRAY[..], ROW(..), array subscripts and slices, record fields.
import { datumAt, VectorBuilder } from '../data/access.ts';
import { arrayFrom, asArray, asRecord, EMPTY_ARRAY } from '../data/composite.ts';
import type { Batch } from '../data/batch.ts';
import type { Datum, SqlArray } from '../data/datum.ts';
import { assert, DatabaseError } from '../data/error.ts';
import { hasDimensions } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { CompiledExpression } from './compiled.ts';
import type { EvalContext } from './context.ts';

/** Arrays of one shape → one array with a dimension more. */
function stackArrays(parts: readonly Datum[]): SqlArray {
  const arrays = parts.filter((p) => p !== null).map(asArray).filter((a) => a.dimensions.length > 0);
  if (arrays.length === 0) return EMPTY_ARRAY;
  const [first] = arrays;
  const matches = (a: SqlArray): boolean => a.dimensions.length === first.dimensions.length
    && a.dimensions.every((n, i) => n === first.dimensions[i] && a.lowerBounds[i] === first.lowerBounds[i]);
  if (arrays.length !== parts.length || !arrays.every(matches)) {
    throw new DatabaseError(
      '2202E', 'multidimensional arrays must have array expressions with matching dimensions',
    );
  }
  return {
    dimensions: [arrays.length, ...first.dimensions],
    lowerBounds: [1, ...first.lowerBounds],
    values: arrays.flatMap((a) => a.values),
  };
}

abstract class RowWise extends CompiledExpression {
  readonly #inputs: readonly CompiledExpression[];

  constructor(type: LogicalType, inputs: readonly CompiledExpression[]) {
    super(type);
    this.#inputs = inputs;
  }

  protected abstract row(inputs: readonly Datum[]): Datum;

  evaluate(batch: Batch, context: EvalContext): Vector {
    const vectors = this.#inputs.map((e) => e.evaluate(batch, context));
    const builder = new VectorBuilder(this.type, batch.length);
    for (let i = 0; i < batch.length; i++) builder.append(this.row(vectors.map((v) => datumAt(v, i))));
    return builder.finish();
  }
}

export class ArrayValue extends RowWise {
  readonly #nested: boolean;
  constructor(type: LogicalType, elements: readonly CompiledExpression[]) {
    super(type, elements);
    this.#nested = elements.some((e) => hasDimensions(e.type));
  }
  protected row(inputs: readonly Datum[]): Datum {
    return this.#nested ? stackArrays(inputs) : arrayFrom(inputs.slice());
  }
}

export class RowValue extends RowWise {
  protected row(inputs: readonly Datum[]): Datum {
    return { fields: inputs.slice() };
  }
}

export class FieldValue extends RowWise {
  readonly #index: number;
  constructor(type: LogicalType, input: CompiledExpression, index: number) {
    super(type, [input]);
    this.#index = index;
  }
  protected row([record]: readonly Datum[]): Datum {
    if (record === null) return null;
    return asRecord(record).fields[this.#index];
  }
}

/** Bounds of one subscript: positions in the row's inputs, −1 where left out (the array's own bound). */
export interface SubscriptPlan {
  readonly lower: number;
  readonly upper: number;
}

function subscriptNumber(d: Datum): number {
  assert(typeof d === 'number', 'integer subscript');
  return d;
}

/** array[i][j]: NULL outside the bounds and when the number of subscripts is not that of the dimensions. */
export class ElementValue extends RowWise {
  protected row([value, ...subscripts]: readonly Datum[]): Datum {
    if (value === null || subscripts.includes(null)) return null;
    const array = asArray(value);
    if (subscripts.length !== array.dimensions.length) return null;
    let at = 0;
    for (let d = 0; d < subscripts.length; d++) {
      const index = subscriptNumber(subscripts[d]) - array.lowerBounds[d];
      if (index < 0 || index >= array.dimensions[d]) return null;
      at = at * array.dimensions[d] + index;
    }
    return array.values[at];
  }
}

/** array[i:j]..: the part within the bounds; a plain subscript among slices means 1:i. */
export class SliceValue extends RowWise {
  readonly #plan: readonly SubscriptPlan[];
  constructor(type: LogicalType, inputs: readonly CompiledExpression[], plan: readonly SubscriptPlan[]) {
    super(type, inputs);
    this.#plan = plan;
  }

  protected row(inputs: readonly Datum[]): Datum {
    if (inputs.includes(null)) return null;
    const array = asArray(inputs[0]);
    const { dimensions, lowerBounds } = array;
    if (dimensions.length === 0 || dimensions.length < this.#plan.length) return EMPTY_ARRAY;
    const from: number[] = [];
    const count: number[] = [];
    for (let d = 0; d < dimensions.length; d++) {
      const first = lowerBounds[d];
      const last = first + dimensions[d] - 1;
      const plan = this.#plan[d];
      const bound = (at: number, otherwise: number): number => (at < 0 ? otherwise : subscriptNumber(inputs[at]));
      const low = plan === undefined ? first : Math.max(first, bound(plan.lower, first));
      const high = plan === undefined ? last : Math.min(last, bound(plan.upper, last));
      if (low > high) return EMPTY_ARRAY;
      from.push(low - first);
      count.push(high - low + 1);
    }
    return { dimensions: count, lowerBounds: count.map(() => 1), values: cut(array, from, count) };
  }
}

function cut(array: SqlArray, from: readonly number[], count: readonly number[]): Datum[] {
  const out: Datum[] = [];
  const visit = (d: number, at: number): void => {
    if (d === count.length) {
      out.push(array.values[at]);
      return;
    }
    for (let i = 0; i < count[d]; i++) visit(d + 1, at * array.dimensions[d] + from[d] + i);
  };
  visit(0, 0);
  return out;
}
