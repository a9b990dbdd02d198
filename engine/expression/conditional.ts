// AND, OR, NOT, IS tests, CASE, COALESCE, GREATEST and LEAST, each part evaluated only on the rows that need it.
import type { Batch } from '../data/batch.ts';
import type { Datum } from '../data/datum.ts';
import { datumAt } from '../data/access.ts';
import { assert } from '../data/error.ts';
import { BOOLEAN, baseType } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import { BoolVector, clearValid, allValid, takeVector, validityBytes } from '../data/vector.ts';
import type { Validity, Vector } from '../data/vector.ts';
import { allRows, boolVector, CompiledExpression, LazyChild, RowMerger } from './compiled.ts';
import type { EvalContext } from './context.ts';

/** Numbers of the rows that are true, ascending. Branch-free: every row is written, only hits are kept. */
export function trueRows(vector: Vector): Int32Array {
  const { values, validity, length } = boolVector(vector);
  const out = new Int32Array(length + 1);
  let n = 0;
  if (validity === null) {
    for (let i = 0; i < length; i++) {
      out[n] = i;
      n += values[i];
    }
  } else {
    for (let i = 0; i < length; i++) {
      out[n] = i;
      n += values[i] & (validity[i >> 3] >> (i & 7)) & 1;
    }
  }
  return out.subarray(0, n);
}

// Three-valued logic as numbers: false 0, NULL 1, true 2; then AND is min, OR is max, NOT is 2 − x.

function toKleene(vector: Vector): Uint8Array {
  const { values, validity, length } = boolVector(vector);
  const out = new Uint8Array(length);
  if (validity === null) {
    for (let i = 0; i < length; i++) out[i] = values[i] << 1;
  } else {
    for (let i = 0; i < length; i++) out[i] = (validity[i >> 3] >> (i & 7)) & 1 ? values[i] << 1 : 1;
  }
  return out;
}

function fromKleene(codes: Uint8Array): BoolVector {
  const { length } = codes;
  const values = new Uint8Array(length);
  const validity = new Uint8Array(validityBytes(length));
  let nulls = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[i];
    values[i] = code >> 1;
    nulls += code & 1;
    validity[i >> 3] |= ((code & 1) ^ 1) << (i & 7);
  }
  return new BoolVector(BOOLEAN, length, values, nulls === 0 ? null : validity);
}

function andAll(a: BoolVector, b: BoolVector): BoolVector {
  const { length } = a;
  if (a.validity === null && b.validity === null) {
    const out = new Uint8Array(length);
    const [x, y] = [a.values, b.values];
    for (let i = 0; i < length; i++) out[i] = x[i] & y[i];
    return new BoolVector(BOOLEAN, length, out);
  }
  const [x, y] = [toKleene(a), toKleene(b)];
  for (let i = 0; i < length; i++) x[i] = x[i] < y[i] ? x[i] : y[i];
  return fromKleene(x);
}

function orAll(a: BoolVector, b: BoolVector): BoolVector {
  const { length } = a;
  if (a.validity === null && b.validity === null) {
    const out = new Uint8Array(length);
    const [x, y] = [a.values, b.values];
    for (let i = 0; i < length; i++) out[i] = x[i] | y[i];
    return new BoolVector(BOOLEAN, length, out);
  }
  const [x, y] = [toKleene(a), toKleene(b)];
  for (let i = 0; i < length; i++) x[i] = x[i] > y[i] ? x[i] : y[i];
  return fromKleene(x);
}

/** Rows whose answer is not yet `decided` (0 for AND, 2 for OR). */
function undecided(codes: Uint8Array, decided: number): Int32Array {
  const out = new Int32Array(codes.length + 1);
  let n = 0;
  for (let i = 0; i < codes.length; i++) {
    out[n] = i;
    n += codes[i] === decided ? 0 : 1;
  }
  return out.subarray(0, n);
}

/** AND, OR. */
export class Logical extends CompiledExpression {
  readonly #and: boolean;
  readonly #args: readonly LazyChild[];

  constructor(kind: 'and' | 'or', args: readonly LazyChild[]) {
    super(BOOLEAN);
    this.#and = kind === 'and';
    this.#args = args;
  }

  evaluate(batch: Batch, context: EvalContext): BoolVector {
    let result = boolVector(this.#args[0].expression.evaluate(batch, context));
    for (let k = 1; k < this.#args.length; k++) {
      const arg = this.#args[k];
      if (arg.eager) {
        const other = boolVector(arg.expression.evaluate(batch, context));
        result = this.#and ? andAll(result, other) : orAll(result, other);
        continue;
      }
      const codes = toKleene(result);
      const rows = undecided(codes, this.#and ? 0 : 2);
      if (rows.length === 0) return result;
      const other = toKleene(arg.evaluateRows(batch, rows, context));
      if (this.#and) {
        for (let i = 0; i < rows.length; i++) if (other[i] < codes[rows[i]]) codes[rows[i]] = other[i];
      } else {
        for (let i = 0; i < rows.length; i++) if (other[i] > codes[rows[i]]) codes[rows[i]] = other[i];
      }
      result = fromKleene(codes);
    }
    return result;
  }
}

export class Not extends CompiledExpression {
  readonly #input: CompiledExpression;
  constructor(input: CompiledExpression) {
    super(BOOLEAN);
    this.#input = input;
  }
  evaluate(batch: Batch, context: EvalContext): BoolVector {
    const { values, validity, length } = boolVector(this.#input.evaluate(batch, context));
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = values[i] ^ 1;
    return new BoolVector(BOOLEAN, length, out, validity);
  }
}

/** Per row 1 where NULL. Of a row value: where every field is NULL. */
function nullFlags(vector: Vector): Uint8Array {
  const { validity, length } = vector;
  const out = new Uint8Array(length);
  if (validity !== null) {
    for (let i = 0; i < length; i++) out[i] = ((validity[i >> 3] >> (i & 7)) & 1) ^ 1;
  }
  return out;
}

function recordFlags(vector: Vector, nulls: boolean): Uint8Array {
  const out = new Uint8Array(vector.length);
  for (let i = 0; i < out.length; i++) {
    const datum: Datum = datumAt(vector, i);
    if (datum === null) out[i] = nulls ? 1 : 0;
    else {
      assert(typeof datum === 'object' && 'fields' in datum, 'record');
      out[i] = datum.fields.every((f) => (f === null) === nulls) ? 1 : 0;
    }
  }
  return out;
}

/** IS [NOT] NULL, TRUE, FALSE, UNKNOWN. */
export class Test extends CompiledExpression {
  readonly #input: CompiledExpression;
  readonly #test: 'null' | 'true' | 'false' | 'unknown';
  readonly #negated: boolean;

  constructor(input: CompiledExpression, test: 'null' | 'true' | 'false' | 'unknown', negated: boolean) {
    super(BOOLEAN);
    this.#input = input;
    this.#test = test;
    this.#negated = negated;
  }

  evaluate(batch: Batch, context: EvalContext): BoolVector {
    const vector = this.#input.evaluate(batch, context);
    // IS NOT NULL of a row value is not the opposite of IS NULL: every field must be present.
    const record = baseType(vector.type).kind === 'record';
    const flags = record ? recordFlags(vector, !this.#negated) : this.#flags(vector);
    if (this.#negated && !record) for (let i = 0; i < flags.length; i++) flags[i] ^= 1;
    return new BoolVector(BOOLEAN, flags.length, flags);
  }

  #flags(vector: Vector): Uint8Array {
    if (this.#test === 'null' || this.#test === 'unknown') return nullFlags(vector);
    const codes = toKleene(vector);
    const wanted = this.#test === 'true' ? 2 : 0;
    for (let i = 0; i < codes.length; i++) codes[i] = codes[i] === wanted ? 1 : 0;
    return codes;
  }
}

/** Rows of `rows` at the given positions. */
function pick(rows: Int32Array, positions: Int32Array): Int32Array {
  const out = new Int32Array(positions.length);
  for (let i = 0; i < out.length; i++) out[i] = rows[positions[i]];
  return out;
}

/** Positions 0 … length − 1 that are not in `positions` (ascending). */
function complement(positions: Int32Array, length: number): Int32Array {
  const out = new Int32Array(length - positions.length);
  let p = 0;
  let n = 0;
  for (let i = 0; i < length; i++) {
    if (p < positions.length && positions[p] === i) p++;
    else out[n++] = i;
  }
  return out;
}

export class Case extends CompiledExpression {
  readonly #branches: readonly { readonly when: LazyChild; readonly then: LazyChild }[];
  readonly #otherwise: LazyChild;

  constructor(
    type: LogicalType, branches: readonly { readonly when: LazyChild; readonly then: LazyChild }[],
    otherwise: LazyChild,
  ) {
    super(type);
    this.#branches = branches;
    this.#otherwise = otherwise;
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    let rows = allRows(batch.length);
    if (rows.length === 0) return this.#otherwise.evaluateRows(batch, rows, context);
    const out = new RowMerger(batch.length);
    for (const { when, then } of this.#branches) {
      const hits = trueRows(when.evaluateRows(batch, rows, context));
      if (hits.length === 0) continue;
      const hitRows = pick(rows, hits);
      out.add(hitRows, then.evaluateRows(batch, hitRows, context));
      rows = pick(rows, complement(hits, rows.length));
      if (rows.length === 0) return out.finish();
    }
    out.add(rows, this.#otherwise.evaluateRows(batch, rows, context));
    return out.finish();
  }
}

function presentPositions(vector: Vector): Int32Array {
  const flags = nullFlags(vector);
  for (let i = 0; i < flags.length; i++) flags[i] ^= 1;
  return trueRows(new BoolVector(BOOLEAN, flags.length, flags));
}

export class Coalesce extends CompiledExpression {
  readonly #args: readonly LazyChild[];
  constructor(type: LogicalType, args: readonly LazyChild[]) {
    super(type);
    this.#args = args;
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    const first = this.#args[0].expression.evaluate(batch, context);
    if (first.validity === null || this.#args.length === 1 || batch.length === 0) return first;
    const out = new RowMerger(batch.length);
    let rows = allRows(batch.length);
    for (let k = 0; k < this.#args.length; k++) {
      const values = k === 0 ? first : this.#args[k].evaluateRows(batch, rows, context);
      if (k === this.#args.length - 1 || values.validity === null) {
        out.add(rows, values);
        break;
      }
      const present = presentPositions(values);
      if (present.length > 0) out.add(pick(rows, present), takeVector(values, present));
      rows = pick(rows, complement(present, rows.length));
      if (rows.length === 0) break;
    }
    return out.finish();
  }
}

/** Validity → the same with some rows cleared; used where a kernel makes more NULLs than it was given. */
export function withNulls(validity: Validity, length: number, rows: readonly number[]): Validity {
  if (rows.length === 0) return validity;
  const out = validity === null ? allValid(length) : validity.slice();
  for (const row of rows) clearValid(out, row);
  return out;
}
