// Calls of functions: the kernel where there is one, the row body otherwise; GREATEST, LEAST and IS DISTINCT FROM.
import { constantVector, datumAt, VectorBuilder } from '../data/access.ts';
import type { Batch } from '../data/batch.ts';
import type { Datum } from '../data/datum.ts';
import { DatabaseError } from '../data/error.ts';
import { checkedSize } from '../data/value-size.ts';
import { BOOLEAN } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import {
  BoolVector, concatVectors, intersectValidity, isValid, nullVector, takeVector,
} from '../data/vector.ts';
import type { Validity, Vector } from '../data/vector.ts';
import type { CallInfo, ScalarFunction } from '../function/function.ts';
import { boolVector, CompiledExpression } from './compiled.ts';
import type { EvalContext } from './context.ts';

/** Constants of more bytes than this are not broadcast for a kernel; the row body reads them once. */
const BROADCAST_MAX = 4096;

/** At each fourth row it is looked whether the statement is to end: the low bits of such a row's number. */
const LOOK_MASK = 3;
/** Bytes of one column of a piece: a statement that makes more at a time would take the whole process's memory. */
const MAX_COLUMN = 1 << 30;

/** An argument of the row loop: a column, or one value for all rows. */
type RowArgument = { readonly vector: Vector } | { readonly constant: Datum };

/** Runs the row body over all rows. */
function callRows(
  fn: ScalarFunction, args: readonly RowArgument[], length: number, call: CallInfo,
): Vector {
  const builder = new VectorBuilder(call.returnType, length);
  const values: Datum[] = args.map((a) => ('constant' in a ? a.constant : null));
  const strict = fn.strict;
  const { checkInterrupt } = call.context;
  let bytes = 0;
  for (let i = 0; i < length; i++) {
    if ((i & LOOK_MASK) === LOOK_MASK) checkInterrupt?.();
    let missing = false;
    for (let k = 0; k < args.length; k++) {
      const arg = args[k];
      if ('vector' in arg) values[k] = datumAt(arg.vector, i);
      if (values[k] === null) missing = true;
    }
    const value = missing && strict ? null : fn.row(values, call);
    bytes += checkedSize(value);
    if (bytes > MAX_COLUMN && checkInterrupt !== undefined) throw new DatabaseError('53200', 'out of memory');
    builder.append(value);
  }
  return builder.finish();
}

/** Whole-column call on evaluated arguments, as Call does it; for operators of IN, ANY and the like. */
export function applyFunction(
  fn: ScalarFunction, args: readonly Vector[], length: number, call: CallInfo,
): Vector {
  if (fn.kernel === undefined) return callRows(fn, args.map((vector) => ({ vector })), length, call);
  return fn.kernel(args, length, fn.strict ? commonValidity(args, length) : null, call);
}

function commonValidity(args: readonly Vector[], length: number): Validity {
  let validity: Validity = null;
  for (const arg of args) validity = intersectValidity(validity, arg.validity, length);
  return validity;
}

function isLarge(value: Datum | undefined): boolean {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length > BROADCAST_MAX;
  return typeof value === 'object' && value !== null && ('values' in value || 'fields' in value);
}

export class Call extends CompiledExpression {
  readonly #fn: ScalarFunction;
  readonly #args: readonly CompiledExpression[];
  readonly #argTypes: readonly LogicalType[];
  readonly #useKernel: boolean;
  /** Every argument is constant and the function is not volatile: one call a batch. */
  readonly #once: boolean;
  readonly #alwaysNull: boolean;

  constructor(type: LogicalType, fn: ScalarFunction, args: readonly CompiledExpression[]) {
    super(type);
    this.#fn = fn;
    this.#args = args;
    this.#argTypes = args.map((a) => a.type);
    this.#useKernel = fn.kernel !== undefined && !args.some((a) => isLarge(a.constant));
    this.#once = fn.volatility !== 'volatile' && args.every((a) => a.constant !== undefined);
    this.#alwaysNull = fn.strict && args.some((a) => a.constant === null);
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    const { length } = batch;
    if (length === 0 || this.#alwaysNull) return nullVector(this.type, length);
    const call: CallInfo = { argTypes: this.#argTypes, returnType: this.type, context };
    if (this.#once) {
      const value = this.#fn.row(this.#args.map((a) => a.constant ?? null), call);
      checkedSize(value);
      return constantVector(this.type, value, length);
    }
    if (this.#useKernel) {
      return applyFunction(this.#fn, this.#args.map((a) => a.evaluate(batch, context)), length, call);
    }
    const args = this.#args.map((a): RowArgument => {
      const { constant } = a;
      return constant === undefined ? { vector: a.evaluate(batch, context) } : { constant };
    });
    return callRows(this.#fn, args, length, call);
  }
}

/** IS [NOT] DISTINCT FROM. */
export class Distinct extends CompiledExpression {
  readonly #equal: ScalarFunction;
  readonly #negated: boolean;
  readonly #left: CompiledExpression;
  readonly #right: CompiledExpression;

  constructor(
    equal: ScalarFunction, negated: boolean, left: CompiledExpression, right: CompiledExpression,
  ) {
    super(BOOLEAN);
    this.#equal = equal;
    this.#negated = negated;
    this.#left = left;
    this.#right = right;
  }

  evaluate(batch: Batch, context: EvalContext): BoolVector {
    const { length } = batch;
    const left = this.#left.evaluate(batch, context);
    const right = this.#right.evaluate(batch, context);
    const call: CallInfo = { argTypes: [left.type, right.type], returnType: BOOLEAN, context };
    const { values } = boolVector(applyFunction(this.#equal, [left, right], length, call));
    const out = new Uint8Array(length);
    // IS NOT DISTINCT FROM is the negated form: true means the same.
    const same = this.#negated ? 1 : 0;
    for (let i = 0; i < length; i++) {
      const a = isValid(left.validity, i);
      const b = isValid(right.validity, i);
      const equal = a && b ? values[i] : a === b ? 1 : 0;
      out[i] = equal === 1 ? same : same ^ 1;
    }
    return new BoolVector(BOOLEAN, length, out);
  }
}

/** GREATEST and LEAST: NULLs are ignored. */
export class Extreme extends CompiledExpression {
  readonly #greatest: boolean;
  readonly #less: ScalarFunction;
  readonly #args: readonly CompiledExpression[];

  constructor(
    type: LogicalType, greatest: boolean, less: ScalarFunction, args: readonly CompiledExpression[],
  ) {
    super(type);
    this.#greatest = greatest;
    this.#less = less;
    this.#args = args;
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    let best = this.#args[0].evaluate(batch, context);
    for (let k = 1; k < this.#args.length; k++) {
      best = this.#better(best, this.#args[k].evaluate(batch, context), context);
    }
    return best;
  }

  #better(best: Vector, next: Vector, context: EvalContext): Vector {
    const { length } = best;
    const call: CallInfo = { argTypes: [this.type, this.type], returnType: BOOLEAN, context };
    const pair = this.#greatest ? [best, next] : [next, best];
    const { values } = boolVector(applyFunction(this.#less, pair, length, call));
    const from = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      const a = isValid(best.validity, i);
      const b = isValid(next.validity, i);
      const takeNext = a && b ? values[i] === 1 : b;
      from[i] = takeNext ? length + i : i;
    }
    return takeVector(concatVectors([best, next]), from);
  }
}
