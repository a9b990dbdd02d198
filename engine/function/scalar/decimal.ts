// Operators of numeric: exact + - * / % ^ and unary, small values without a bigint.
import { encodeNumeric, numericAt, numericScaleAt, SMALL_NUMERIC_BYTES, smallUnscaledAt, writeSmallNumeric }
  from '../../data/numeric-bytes.ts';
import { Numeric } from '../../data/numeric.ts';
import { NUMERIC } from '../../data/types.ts';
import { BytesVector, isValid } from '../../data/vector.ts';
import { example, numeric, operator } from '../define.ts';
import type { Kernel, ScalarFunction } from '../function.ts';
import { bytesColumn } from './columns.ts';
import { powerNumeric } from './decimal-math.ts';

const POWERS: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** i);
const SAFE = 9007199254740991;

type Exact = '+' | '-' | '*';

/** Result of small operands in units of its scale; NaN when it is no safe integer. */
function smallResult(symbol: Exact, x: number, y: number, scales: number): number {
  if (symbol === '*') {
    const product = x * y;
    return product <= SAFE && product >= -SAFE ? product : NaN;
  }
  // scales: of x minus of y; the coarser one is brought to the finer scale.
  const a = scales < 0 ? x * POWERS[-scales] : x;
  const b = scales > 0 ? y * POWERS[scales] : y;
  if (!(a <= SAFE && a >= -SAFE && b <= SAFE && b >= -SAFE)) return NaN;
  const sum = symbol === '+' ? a + b : a - b;
  return sum <= SAFE && sum >= -SAFE ? sum : NaN;
}

function exact(symbol: Exact, x: Numeric, y: Numeric): Numeric {
  switch (symbol) {
    case '+': return x.add(y);
    case '-': return x.subtract(y);
    case '*': return x.multiply(y);
  }
}

/** Grows by doubling; rows are written one after the other. */
class NumericWriter {
  readonly offsets: Int32Array;
  bytes: Uint8Array;
  #at = 0;

  constructor(length: number) {
    this.offsets = new Int32Array(length + 1);
    this.bytes = new Uint8Array(length * SMALL_NUMERIC_BYTES + 16);
  }

  /** Room for every row to be a small one is there from the start, as long as no large row took it. */
  small(row: number, unscaled: number, scale: number): void {
    if (this.#at + SMALL_NUMERIC_BYTES > this.bytes.length) this.#grow(SMALL_NUMERIC_BYTES);
    this.#at = writeSmallNumeric(this.bytes, this.#at, unscaled, scale);
    this.offsets[row + 1] = this.#at;
  }

  value(row: number, value: Numeric): void {
    const encoded = encodeNumeric(value);
    if (this.#at + encoded.length > this.bytes.length) this.#grow(encoded.length);
    this.bytes.set(encoded, this.#at);
    this.#at += encoded.length;
    this.offsets[row + 1] = this.#at;
  }

  skip(row: number): void {
    this.offsets[row + 1] = this.#at;
  }

  #grow(room: number): void {
    const larger = new Uint8Array(this.bytes.length * 2 + room);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

function exactKernel(symbol: Exact): Kernel {
  return ([left, right], length, validity, call) => {
    const [a, b] = [bytesColumn(left), bytesColumn(right)];
    const out = new NumericWriter(length);
    for (let i = 0; i < length; i++) {
      if (!isValid(validity, i)) {
        out.skip(i);
        continue;
      }
      const x = smallUnscaledAt(a, i);
      const y = smallUnscaledAt(b, i);
      if (x === x && y === y) {
        const p = numericScaleAt(a, i);
        const q = numericScaleAt(b, i);
        const result = Math.abs(p - q) < 16 ? smallResult(symbol, x, y, p - q) : NaN;
        if (result === result) {
          out.small(i, result, symbol === '*' ? p + q : p > q ? p : q);
          continue;
        }
      }
      out.value(i, exact(symbol, numericAt(a, i), numericAt(b, i)));
    }
    return new BytesVector(call.returnType, length, out.offsets, out.bytes, validity);
  };
}

function binary(
  symbol: string, description: string, result: string, row: (x: Numeric, y: Numeric) => Numeric,
): ScalarFunction {
  const kernel = symbol === '+' || symbol === '-' || symbol === '*' ? { kernel: exactKernel(symbol) } : {};
  return operator({
    name: symbol, args: [NUMERIC, NUMERIC], returns: NUMERIC, description,
    example: example(`SELECT 7.5 ${symbol} 2.0`, result),
    row: ([x, y]) => row(numeric(x), numeric(y)),
    ...kernel,
  });
}

export const DECIMAL: readonly ScalarFunction[] = [
  binary('+', 'Addition.', '9.5', (x, y) => x.add(y)),
  binary('-', 'Subtraction.', '5.5', (x, y) => x.subtract(y)),
  binary('*', 'Multiplication, exact.', '15.00', (x, y) => x.multiply(y)),
  binary('/', 'Division, to at least 16 significant digits.', '3.7500000000000000', (x, y) => x.divide(y)),
  binary('%', 'Remainder, with the sign of the first argument.', '1.5', (x, y) => x.mod(y)),
  binary('^', 'Power.', '56.2500000000000000', powerNumeric),
  operator({
    name: '-', args: [NUMERIC], returns: NUMERIC, description: 'Negation.', total: true,
    example: example('SELECT - 2.50', '-2.50'), row: ([x]) => numeric(x).negate(),
  }),
  operator({
    name: '+', args: [NUMERIC], returns: NUMERIC, description: 'The argument itself.', total: true,
    example: example('SELECT + 2.50', '2.50'), row: ([x]) => x,
  }),
  operator({
    name: '@', args: [NUMERIC], returns: NUMERIC, description: 'Absolute value.', total: true,
    example: example('SELECT @ (-2.50)', '2.50'), row: ([x]) => numeric(x).abs(),
  }),
];
