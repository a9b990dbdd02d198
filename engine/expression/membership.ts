// IN (list) and op ANY | ALL (array), with SQL's NULL rules.
import { constantVector, datumAt } from '../data/access.ts';
import type { Batch } from '../data/batch.ts';
import { asArray } from '../data/composite.ts';
import type { Datum } from '../data/datum.ts';
import { BOOLEAN, sameKind } from '../data/types.ts';
import type { LogicalType } from '../data/types.ts';
import { allValid, BoolVector, clearValid, isValid, nullVector, takeVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { CallInfo, ScalarFunction } from '../function/function.ts';
import { applyFunction } from './call.ts';
import { boolVector, CompiledExpression } from './compiled.ts';
import type { LazyChild } from './compiled.ts';
import type { EvalContext } from './context.ts';

/** Longer lists of constants are looked up in a set where the type's equality is that of JavaScript values. */
const LOOKUP_MIN = 6;
const LOOKUP_KINDS = new Set([
  'int2', 'int4', 'int8', 'oid', 'date', 'time', 'timestamp', 'timestamptz', 'text', 'varchar', 'name', 'uuid',
]);

/** Tri-state answers: 0 false, 1 NULL, 2 true. */
function toVector(codes: Uint8Array): BoolVector {
  const { length } = codes;
  const values = new Uint8Array(length);
  let validity: Uint8Array | null = null;
  for (let i = 0; i < length; i++) {
    values[i] = codes[i] >> 1;
    if (codes[i] === 1) {
      validity ??= allValid(length);
      clearValid(validity, i);
    }
  }
  return new BoolVector(BOOLEAN, length, values, validity);
}

export class In extends CompiledExpression {
  readonly #equal: ScalarFunction;
  readonly #input: CompiledExpression;
  readonly #list: readonly LazyChild[];
  readonly #lookup: ReadonlySet<Datum> | null;
  readonly #listHasNull: boolean;

  constructor(equal: ScalarFunction, input: CompiledExpression, list: readonly LazyChild[]) {
    super(BOOLEAN);
    this.#equal = equal;
    this.#input = input;
    this.#list = list;
    const constants = list.map((item) => item.expression.constant);
    this.#listHasNull = constants.includes(null);
    const searchable = list.length >= LOOKUP_MIN && LOOKUP_KINDS.has(input.type.kind)
      && list.every((item) => item.expression.constant === null || sameKind(item.expression.type, input.type))
      && constants.every((c) => c !== undefined);
    this.#lookup = searchable ? new Set(constants.filter((c) => c !== undefined && c !== null)) : null;
  }

  evaluate(batch: Batch, context: EvalContext): BoolVector {
    const input = this.#input.evaluate(batch, context);
    return this.#lookup === null ? this.#compare(batch, input, context) : this.#find(input, this.#lookup);
  }

  #find(input: Vector, lookup: ReadonlySet<Datum>): BoolVector {
    const codes = new Uint8Array(input.length);
    const missing = this.#listHasNull ? 1 : 0;
    for (let i = 0; i < codes.length; i++) {
      const datum = datumAt(input, i);
      codes[i] = datum === null ? 1 : lookup.has(datum) ? 2 : missing;
    }
    return toVector(codes);
  }

  #compare(batch: Batch, input: Vector, context: EvalContext): BoolVector {
    const codes = new Uint8Array(batch.length);
    for (const item of this.#list) {
      const call: CallInfo = {
        argTypes: [input.type, item.expression.type], returnType: BOOLEAN, context,
      };
      // An item that may fail is only looked at for rows that have found no match yet.
      const rows = item.eager ? null : open(codes);
      if (rows === null || rows.length === batch.length) {
        const values = item.expression.evaluate(batch, context);
        merge(codes, null, applyFunction(this.#equal, [input, values], batch.length, call));
      } else if (rows.length > 0) {
        const values = item.evaluateRows(batch, rows, context);
        merge(codes, rows, applyFunction(this.#equal, [takeVector(input, rows), values], rows.length, call));
      }
    }
    return toVector(codes);
  }
}

function open(codes: Uint8Array): Int32Array {
  const out = new Int32Array(codes.length + 1);
  let n = 0;
  for (let i = 0; i < codes.length; i++) {
    out[n] = i;
    n += codes[i] === 2 ? 0 : 1;
  }
  return out.subarray(0, n);
}

/** codes = codes OR answers, in three-valued logic. */
function merge(codes: Uint8Array, rows: Int32Array | null, answers: Vector): void {
  const { values, validity, length } = boolVector(answers);
  for (let i = 0; i < length; i++) {
    const code = isValid(validity, i) ? values[i] << 1 : 1;
    const row = rows === null ? i : rows[i];
    if (code > codes[row]) codes[row] = code;
  }
}

export class Quantified extends CompiledExpression {
  readonly #any: boolean;
  readonly #operator: ScalarFunction;
  readonly #input: CompiledExpression;
  readonly #array: CompiledExpression;
  readonly #elementType: LogicalType;

  constructor(
    any: boolean, operator: ScalarFunction, input: CompiledExpression, array: CompiledExpression,
  ) {
    super(BOOLEAN);
    this.#any = any;
    this.#operator = operator;
    this.#input = input;
    this.#array = array;
    this.#elementType = array.type.kind === 'array' ? array.type.element : array.type;
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    const { constant } = this.#array;
    if (constant === null || batch.length === 0) return nullVector(BOOLEAN, batch.length);
    const input = this.#input.evaluate(batch, context);
    const call: CallInfo = {
      argTypes: [input.type, this.#elementType], returnType: BOOLEAN, context,
    };
    if (constant === undefined) return this.#rowWise(input, this.#array.evaluate(batch, context), call);
    const elements = elementsIn(constant);
    if (elements.length > LOOKUP_MIN && this.#input.constant === undefined && this.#setWorks(input.type)) {
      return this.#find(input, elements);
    }
    return this.#columnWise(input, elements, call);
  }

  #lookup: ReadonlySet<Datum> | null = null;

  #setWorks(type: LogicalType): boolean {
    return this.#any && this.#operator.name === '=' && LOOKUP_KINDS.has(type.kind)
      && sameKind(type, this.#elementType);
  }

  #find(input: Vector, elements: readonly Datum[]): BoolVector {
    this.#lookup ??= new Set(elements);
    const codes = new Uint8Array(input.length);
    const missing = this.#lookup.has(null) ? 1 : 0;
    for (let i = 0; i < codes.length; i++) {
      const datum = datumAt(input, i);
      codes[i] = datum === null ? 1 : this.#lookup.has(datum) ? 2 : missing;
    }
    return toVector(codes);
  }

  #columnWise(input: Vector, elements: readonly Datum[], call: CallInfo): BoolVector {
    const codes = new Uint8Array(input.length).fill(this.#any ? 0 : 2);
    for (const element of elements) {
      const values = constantVector(this.#elementType, element, input.length);
      const answers = applyFunction(this.#operator, [input, values], input.length, call);
      if (this.#any) merge(codes, null, answers);
      else mergeAll(codes, answers);
    }
    return toVector(codes);
  }

  #rowWise(input: Vector, arrays: Vector, call: CallInfo): BoolVector {
    const codes = new Uint8Array(input.length);
    for (let i = 0; i < codes.length; i++) {
      const array = datumAt(arrays, i);
      codes[i] = array === null ? 1 : this.#row(datumAt(input, i), elementsIn(array), call);
    }
    return toVector(codes);
  }

  #row(input: Datum, elements: readonly Datum[], call: CallInfo): number {
    let code = this.#any ? 0 : 2;
    for (const element of elements) {
      const missing = this.#operator.strict && (input === null || element === null);
      const answer = missing ? null : this.#operator.row([input, element], call);
      const found = answer === null ? 1 : answer === true ? 2 : 0;
      code = this.#any ? Math.max(code, found) : Math.min(code, found);
      if (code === (this.#any ? 2 : 0)) break;
    }
    return code;
  }
}

function elementsIn(datum: Datum): readonly Datum[] {
  return asArray(datum).values;
}

/** codes = codes AND answers. */
function mergeAll(codes: Uint8Array, answers: Vector): void {
  const { values, validity, length } = boolVector(answers);
  for (let i = 0; i < length; i++) {
    const code = isValid(validity, i) ? values[i] << 1 : 1;
    if (code < codes[i]) codes[i] = code;
  }
}
