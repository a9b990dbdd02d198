// ExactSums: sums of doubles and of their products without rounding: a row taken back leaves nothing behind.
//
// A slot holds an expansion: doubles that do not overlap, least first, whose exact sum is the sum (Shewchuk, "Adaptive
// Precision Floating-Point Arithmetic", 1997). Four fit in place, which is nearly always enough; more, and values so
// large or products so small that a step could overflow or underflow, are kept beside.
import { FloatSlots, RareBigInts, RareState } from './slots.ts';
import type { SlotRows } from './slots.ts';
import type { Vector } from '../../data/vector.ts';

const IN_PLACE = 4;
const WIDTH = IN_PLACE + 1;
const HUGE = 2 ** 960;
const FACTOR_HIGH = 2 ** 480;
const FACTOR_LOW = 2 ** -480;
const SPLITTER = 134217729;
/** What is kept beside counts multiples of 2^−RARE_UNIT, the least product of two doubles. */
const RARE_UNIT = 2148;

class LongExpansions extends RareState<number[]> {
  protected print(value: number[]): string { return value.map(String).join(','); }
  protected parse(text: string): number[] { return text.split(',').map(Number); }
}

const scratch = new Float64Array(1);
const scratchBits = new BigUint64Array(scratch.buffer);

/** A dyadic rational: mantissa × 2^exponent. */
export interface Dyadic {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Requires: finite. */
function toDyadic(value: number): Dyadic {
  scratch[0] = value;
  const bits = scratchBits[0];
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : fraction | 0x10000000000000n;
  return { mantissa: value < 0 ? -magnitude : magnitude, exponent: (biased === 0 ? 1 : biased) - 1075 };
}

export function addDyadic(a: Dyadic, b: Dyadic): Dyadic {
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  if (a.exponent < b.exponent) return addDyadic(b, a);
  return { mantissa: (a.mantissa << BigInt(a.exponent - b.exponent)) + b.mantissa, exponent: b.exponent };
}

export function multiplyDyadic(a: Dyadic, b: Dyadic): Dyadic {
  return { mantissa: a.mantissa * b.mantissa, exponent: a.exponent + b.exponent };
}

export function negateDyadic(a: Dyadic): Dyadic {
  return { mantissa: -a.mantissa, exponent: a.exponent };
}

/** The nearest double, ties to even; ±Infinity when out of range. */
export function roundDyadic({ mantissa, exponent }: Dyadic): number {
  if (mantissa === 0n) return 0;
  const negative = mantissa < 0n;
  const magnitude = negative ? -mantissa : mantissa;
  const bits = magnitude.toString(2).length;
  // A double's last bit is at least 2^−1074; one more bit and a sticky one decide the rounding.
  const drop = Math.max(bits - 60, -1076 - exponent);
  let kept = magnitude;
  if (drop > 0) {
    const rest = magnitude & ((1n << BigInt(drop)) - 1n);
    kept = (magnitude >> BigInt(drop)) * 2n + (rest === 0n ? 0n : 1n);
  }
  const scale = drop > 0 ? exponent + drop - 1 : exponent;
  const rounded = bits + exponent < -1021 ? roundSubnormal(kept, scale) : scaleDouble(Number(kept), scale);
  return negative ? -rounded : rounded;
}

function roundSubnormal(kept: bigint, scale: number): number {
  const shift = BigInt(Math.max(0, -1074 - scale));
  const half = shift === 0n ? 0n : 1n << (shift - 1n);
  let units = scale > -1074 ? kept << BigInt(scale + 1074) : kept >> shift;
  const rest = kept & ((1n << shift) - 1n);
  if (shift > 0n && (rest > half || (rest === half && (units & 1n) === 1n))) units += 1n;
  return Number(units) * Number.MIN_VALUE;
}

function scaleDouble(value: number, exponent: number): number {
  const half = exponent >> 1;
  return value * 2 ** half * 2 ** (exponent - half);
}

export class ExactSums {
  readonly #slots: FloatSlots;
  readonly #long = new LongExpansions();
  readonly #rare = new RareBigInts();

  constructor(rows: SlotRows) {
    this.#slots = new FloatSlots(rows, WIDTH);
  }

  ensure(slots: number): void {
    this.#slots.ensure(slots);
  }

  /** Requires: a finite value. */
  add(slot: number, value: number, weight: number): void {
    if (value >= HUGE || value <= -HUGE) {
      const { mantissa, exponent } = toDyadic(value);
      this.#rare.add(slot, (mantissa << BigInt(exponent + RARE_UNIT)) * BigInt(weight));
    } else if (weight === 1) this.#grow(slot, value);
    else if (weight === -1) this.#grow(slot, -value);
    else this.#addTimes(slot, value, weight);
  }

  /** Adds a × b × weight. Requires: finite values. */
  addProduct(slot: number, a: number, b: number, weight: number): void {
    if (a === 0 || b === 0) return;
    if (!ordinary(a) || !ordinary(b)) {
      const { mantissa, exponent } = multiplyDyadic(toDyadic(a), toDyadic(b));
      this.#rare.add(slot, (mantissa << BigInt(exponent + RARE_UNIT)) * BigInt(weight));
      return;
    }
    const product = a * b;
    const error = productError(a, b, product);
    this.#addTimes(slot, product, weight);
    if (error !== 0) this.#addTimes(slot, error, weight);
  }

  #addTimes(slot: number, value: number, weight: number): void {
    const signed = weight < 0 ? -value : value;
    let factor = 1;
    for (let rest = Math.abs(weight); rest > 0; rest = Math.floor(rest / 2), factor *= 2) {
      if (rest % 2 === 1) this.#grow(slot, signed * factor);
    }
  }

  /** Hot. */
  #grow(slot: number, value: number): void {
    if (value === 0) return;
    if (this.#long.map.size !== 0 && this.#long.map.has(slot)) {
      this.#growLong(slot, value);
      return;
    }
    const data = this.#slots.rows.floats;
    const at = this.#slots.at(slot);
    const used = data[at];
    let kept = 0;
    let x = value;
    for (let k = 1; k <= used; k++) {
      const y = data[at + k];
      const sum = x + y;
      // Knuth's two-sum needs no comparison of magnitudes.
      const part = sum - x;
      const error = (x - (sum - part)) + (y - part);
      if (error !== 0) data[at + ++kept] = error;
      x = sum;
    }
    if (x === 0) {
      data[at] = kept;
    } else if (kept < IN_PLACE) {
      data[at + ++kept] = x;
      data[at] = kept;
    } else {
      this.#long.map.set(slot, [...data.subarray(at + 1, at + 1 + kept), x]);
      data[at] = 0;
    }
  }

  #growLong(slot: number, value: number): void {
    const parts = this.#long.map.get(slot) ?? [];
    const out: number[] = [];
    let x = value;
    for (const y of parts) {
      const sum = x + y;
      const part = sum - x;
      const error = (x - (sum - part)) + (y - part);
      if (error !== 0) out.push(error);
      x = sum;
    }
    if (x !== 0) out.push(x);
    if (out.length > IN_PLACE) {
      this.#long.map.set(slot, out);
      return;
    }
    this.#long.map.delete(slot);
    const at = this.#slots.at(slot);
    this.#slots.rows.floats[at] = out.length;
    for (let k = 0; k < out.length; k++) this.#slots.rows.floats[at + 1 + k] = out[k];
  }

  #parts(slot: number): ArrayLike<number> {
    const at = this.#slots.at(slot);
    return this.#long.map.get(slot) ?? this.#slots.rows.floats.subarray(at + 1, at + 1 + this.#slots.rows.floats[at]);
  }

  /** The exact sum. */
  exact(slot: number): Dyadic {
    const parts = this.#parts(slot);
    let sum: Dyadic = { mantissa: this.#rare.get(slot), exponent: -RARE_UNIT };
    for (let k = parts.length - 1; k >= 0; k--) sum = addDyadic(sum, toDyadic(parts[k]));
    return sum;
  }

  /** The double nearest to the sum, ties to even; ±Infinity when out of range. */
  rounded(slot: number): number {
    const data = this.#slots.rows.floats;
    const at = this.#slots.at(slot);
    const simple = this.#long.map.size === 0 && this.#rare.map.size === 0;
    if (simple && data[at] === 0) return 0;
    if (simple && data[at] === 1) return data[at + 1];
    // One addition is one rounding.
    if (simple && data[at] === 2) return data[at + 1] + data[at + 2];
    return roundDyadic(this.exact(slot));
  }

  clear(slots: Int32Array): void {
    this.#slots.clear(slots);
    this.#long.clear(slots);
    this.#rare.clear(slots);
  }
  save(slots: Int32Array): readonly Vector[] {
    return [...this.#slots.save(slots), this.#long.save(slots), this.#rare.save(slots)];
  }
  restore(slots: Int32Array, columns: readonly Vector[], from: number): number {
    const used = this.#slots.restore(slots, columns, from);
    this.#long.restore(slots, columns[from + used]);
    this.#rare.restore(slots, columns[from + used + 1]);
    return used + 2;
  }
  get bytes(): number {
    return (this.#long.map.size + this.#rare.map.size) * 128;
  }
}

function ordinary(value: number): boolean {
  const magnitude = value < 0 ? -value : value;
  return magnitude < FACTOR_HIGH && magnitude > FACTOR_LOW;
}

/** a × b − product, exactly (Dekker, Veltkamp). Requires: ordinary a and b. */
function productError(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = b * SPLITTER;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (((product - aHigh * bHigh) - aLow * bHigh) - aHigh * bLow);
}
