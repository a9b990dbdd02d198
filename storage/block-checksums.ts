// BlockChecksums: CRC-32C of many overlapping pieces of the same bytes, each in about the time that two blocks take.
import { crc32c } from './crc32c.ts';

const BLOCK_SHIFT = 12;
const BLOCK = 1 << BLOCK_SHIFT;
/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Matrix × vector over GF(2); column i of the matrix is matrix[i]. */
function multiply(matrix: Uint32Array, vector: number): number {
  let sum = 0;
  for (let i = 0, rest = vector >>> 0; rest !== 0; i++, rest >>>= 1) if ((rest & 1) !== 0) sum ^= matrix[i];
  return sum >>> 0;
}

function square(matrix: Uint32Array): Uint32Array {
  return matrix.map((column) => multiply(matrix, column));
}

/** What appending BLOCK × 2^k zeros does to a checksum, by k. Source: crc32_combine of zlib. */
const POWERS: Uint32Array[] = [];

function power(k: number): Uint32Array {
  if (POWERS.length === 0) {
    // One zero bit.
    let matrix: Uint32Array = Uint32Array.from({ length: 32 }, (_, i) => (i === 0 ? POLYNOMIAL : 2 ** (i - 1)));
    for (let bits = 1; bits < 8 * BLOCK; bits *= 2) matrix = square(matrix);
    POWERS.push(matrix);
  }
  while (POWERS.length <= k) POWERS.push(square(POWERS[POWERS.length - 1]));
  return POWERS[k];
}

function shifted(checksum: number, blocks: number): number {
  let out = checksum;
  for (let k = 0, rest = blocks; rest > 0; k++, rest >>>= 1) if ((rest & 1) !== 0) out = multiply(power(k), out);
  return out;
}

export class BlockChecksums {
  readonly #bytes: Uint8Array;
  /** Of the first blocks, by their number. */
  readonly #prefixes: number[] = [0];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** crc32c(bytes.subarray(start, end), initial). */
  of(start: number, end: number, initial: number): number {
    const first = (start + BLOCK - 1) >>> BLOCK_SHIFT;
    const last = end >>> BLOCK_SHIFT;
    if (last <= first) return crc32c(this.#bytes.subarray(start, end), initial);
    const before = crc32c(this.#bytes.subarray(start, first << BLOCK_SHIFT), initial);
    const whole = shifted(before ^ this.#prefix(first), last - first) ^ this.#prefix(last);
    return crc32c(this.#bytes.subarray(last << BLOCK_SHIFT, end), whole >>> 0);
  }

  #prefix(blocks: number): number {
    const known = this.#prefixes;
    for (let n = known.length; n <= blocks; n++) {
      known.push(crc32c(this.#bytes.subarray((n - 1) << BLOCK_SHIFT, n << BLOCK_SHIFT), known[n - 1]));
    }
    return known[blocks];
  }
}
