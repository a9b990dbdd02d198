// bool_and, bool_or, every, bit_and, bit_or, bit_xor: rows counted by bit, so that a row can be taken back.
import { assert } from '../../data/error.ts';
import type { Datum } from '../../data/datum.ts';
import { BOOLEAN, INT2, INT4, INT8, parametricType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { BoolVector, Int16Vector, Int32Vector, Int64Vector } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import type { AggregateFunction } from './aggregate.ts';
import { combineBits } from '../scalar/bit-string.ts';
import { collecting } from './list-aggregates.ts';
import { FloatSlots, SlotAccumulator, ValidityBuilder } from './slots.ts';
import type { SlotRows } from './slots.ts';

export type BitFold = 'and' | 'or' | 'xor';

/** From rows with the bit set, and rows at all. */
function folded(fold: BitFold, ones: number, rows: number): number {
  switch (fold) {
    case 'and': return ones === rows ? 1 : 0;
    case 'or': return ones > 0 ? 1 : 0;
    case 'xor': return Math.abs(ones % 2);
  }
}

/** A slot holds [n, rows with bit 0, rows with bit 1, ..]. */
export class BitsAccumulator extends SlotAccumulator {
  readonly #fold: BitFold;
  readonly #width: number;
  readonly #counts: FloatSlots;

  /** `width`: 1 for boolean, 16, 32 or 64. */
  constructor(rows: SlotRows, fold: BitFold, width: number) {
    super();
    this.#fold = fold;
    this.#width = width;
    this.#counts = new FloatSlots(rows, width + 1);
  }

  ensure(slots: number): void {
    this.#counts.ensure(slots);
  }

  update(slots: Int32Array, args: readonly Vector[], weights: Int32Array, length: number): void {
    const [arg] = args;
    const { validity } = arg;
    const data = this.#counts.rows.floats;
    for (let i = 0; i < length; i++) {
      if (weights[i] === 0 || (validity !== null && ((validity[i >> 3] >> (i & 7)) & 1) === 0)) continue;
      const at = this.#counts.at(slots[i]);
      data[at] += weights[i];
      switch (arg.layout) {
        case 'bool': data[at + 1] += weights[i] * arg.values[i]; break;
        case 'int16': case 'int32': this.#word(at + 1, arg.values[i], weights[i]); break;
        case 'int64':
          this.#word(at + 1, arg.words[2 * i], weights[i]);
          this.#word(at + 33, arg.words[2 * i + 1], weights[i]);
          break;
        default: assert(false, `bits of ${arg.type.kind}`);
      }
    }
  }

  #word(at: number, word: number, weight: number): void {
    const data = this.#counts.rows.floats;
    const bits = this.#width < 32 ? this.#width : 32;
    for (let b = 0; b < bits; b++) data[at + b] += weight * ((word >>> b) & 1);
  }

  #foldWord(slot: number, from: number): number {
    const data = this.#counts.rows.floats;
    const at = this.#counts.at(slot);
    const bits = this.#width < 32 ? this.#width : 32;
    let word = 0;
    for (let b = 0; b < bits; b++) word |= folded(this.#fold, data[at + 1 + from + b], data[at]) << b;
    return word;
  }

  result(slots: Int32Array): Vector {
    const validity = new ValidityBuilder(slots.length);
    const { length } = slots;
    const words = new Int32Array(this.#width === 64 ? 2 * length : length);
    for (let i = 0; i < length; i++) {
      if (this.#counts.rows.floats[this.#counts.at(slots[i])] === 0) validity.clear(i);
      else if (this.#width === 64) {
        words[2 * i] = this.#foldWord(slots[i], 0);
        words[2 * i + 1] = this.#foldWord(slots[i], 32);
      } else words[i] = this.#foldWord(slots[i], 0);
    }
    switch (this.#width) {
      case 1: return new BoolVector(BOOLEAN, length, Uint8Array.from(words), validity.finish());
      case 16: return new Int16Vector(INT2, length, Int16Array.from(words), validity.finish());
      case 32: return new Int32Vector(INT4, length, words, validity.finish());
      default: return new Int64Vector(INT8, length, new BigInt64Array(words.buffer), validity.finish());
    }
  }

  clear(slots: Int32Array): void {
    this.#counts.clear(slots);
  }
  saveColumns(slots: Int32Array): readonly Vector[] {
    return this.#counts.save(slots);
  }
  restoreColumns(slots: Int32Array, columns: readonly Vector[], from: number): number {
    return this.#counts.restore(slots, columns, from);
  }
  get bytes(): number {
    return 0;
  }
}

interface BitsRecord {
  readonly name: string;
  readonly type: LogicalType;
  readonly fold: BitFold;
  readonly width: number;
  readonly description: string;
  readonly example: readonly [values: string, result: string];
}

function bits(r: BitsRecord): AggregateFunction {
  return {
    kind: 'aggregate', form: 'plain', direct: 0, name: r.name, args: [r.type], returns: r.type, strict: true,
    ordered: false, description: r.description,
    example: { sql: `SELECT ${r.name}(x) FROM (VALUES ${r.example[0]}) AS v(x)`, result: r.example[1] },
    accumulator: ({ rows }) => new BitsAccumulator(rows, r.fold, r.width),
  };
}

const TRUE_FALSE = '(true), (false)';

const BIT = parametricType('bit');

/** Bit strings may differ in length, which is an error: they are folded anew. */
const BIT_STRINGS: readonly AggregateFunction[] = ([['AND', '100'], ['OR', '111'], ['XOR', '011']] as const).map(
  ([name, result]) => collecting({
    name: `bit_${name.toLowerCase()}`, args: [BIT], returns: BIT, description: `bitwise ${name.toLowerCase()} of all the inputs`,
    example: { sql: `SELECT bit_${name.toLowerCase()}(x) FROM (VALUES (B'101'), (B'110')) AS v(x)`, result },
  }, ({ rows }) => rows.reduce<Datum>((sum, [value]) => {
    if (value === null || sum === null) return sum ?? value;
    return combineBits(name, String(sum), String(value));
  }, null)));

export const BITS: readonly AggregateFunction[] = [
  ...BIT_STRINGS,
  ...['bool_and', 'every'].map((name) => bits({
    name, type: BOOLEAN, fold: 'and', width: 1, description: 'true if all inputs are true', example: [TRUE_FALSE, 'f'],
  })),
  bits({
    name: 'bool_or', type: BOOLEAN, fold: 'or', width: 1, description: 'true if any input is true',
    example: [TRUE_FALSE, 't'],
  }),
  ...([[INT2, 16], [INT4, 32], [INT8, 64]] as const).flatMap(([type, width]) =>
    ([['and', '4'], ['or', '7'], ['xor', '3']] as const).map(([fold, result]) => bits({
      name: `bit_${fold}`, type, fold, width, description: `bitwise ${fold} of all the inputs`,
      example: [`(5::${type.kind}), (6::${type.kind})`, result],
    }))),
];
