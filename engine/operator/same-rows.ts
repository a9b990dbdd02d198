// Which rows of two vectors hold the same value in the same representation, NULL like NULL.
import { assert } from '../data/error.ts';
import { isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';

/** Pairs of rows; `same` is cleared for those that differ. */
export interface RowPairs {
  readonly length: number;
  readonly aRows: Int32Array;
  readonly bRows: Int32Array;
  readonly same: Uint8Array;
}

/**
 * Clears same[i] where row aRows[i] of `a` differs from row bRows[i] of `b`; returns how many pairs are left.
 * Requires: one layout.
 */
export function keepSame(a: Vector, b: Vector, pairs: RowPairs): number {
  if (a.validity !== null || b.validity !== null) compareNulls(a, b, pairs);
  if (a.layout === 'int64' && b.layout === 'int64') compareWords(a.words, b.words, pairs);
  else if (a.layout === 'bytes' && b.layout === 'bytes') {
    compareBytes(a, b, pairs);
  } else if (a.layout === 'fixed16' && b.layout === 'fixed16') {
    compareWide(a.values, b.values, pairs);
  } else compareValues(a, b, pairs);
  let left = 0;
  for (let i = 0; i < pairs.length; i++) left += pairs.same[i];
  return left;
}

/** Two NULLs are the same whatever lies under them: marked 2 while the values are compared, see `undecided`. */
const BOTH_NULL = 2;

function compareNulls(a: Vector, b: Vector, { length, aRows, bRows, same }: RowPairs): void {
  for (let i = 0; i < length; i++) {
    if (same[i] === 0) continue;
    const here = isValid(a.validity, aRows[i]);
    if (here !== isValid(b.validity, bRows[i])) same[i] = 0;
    else if (!here) same[i] = BOTH_NULL;
  }
}

/** Whether the values of pair i are to be compared; turns a pair of NULLs into an equal one. */
function undecided(same: Uint8Array, i: number): boolean {
  if (same[i] === BOTH_NULL) {
    same[i] = 1;
    return false;
  }
  return same[i] === 1;
}

function compareWords(a: Int32Array, b: Int32Array, { length, aRows, bRows, same }: RowPairs): void {
  for (let i = 0; i < length; i++) {
    if (!undecided(same, i)) continue;
    const x = 2 * aRows[i];
    const y = 2 * bRows[i];
    if (a[x] !== b[y] || a[x + 1] !== b[y + 1]) same[i] = 0;
  }
}

interface ByteRows { readonly offsets: Int32Array; readonly bytes: Uint8Array }

function compareBytes(a: ByteRows, b: ByteRows, { length, aRows, bRows, same }: RowPairs): void {
  for (let i = 0; i < length; i++) {
    if (!undecided(same, i)) continue;
    const x = a.offsets[aRows[i]];
    const y = b.offsets[bRows[i]];
    const size = a.offsets[aRows[i] + 1] - x;
    if (b.offsets[bRows[i] + 1] - y !== size) {
      same[i] = 0;
      continue;
    }
    for (let k = 0; k < size; k++) {
      if (a.bytes[x + k] !== b.bytes[y + k]) {
        same[i] = 0;
        break;
      }
    }
  }
}

function compareWide(a: Uint8Array, b: Uint8Array, { length, aRows, bRows, same }: RowPairs): void {
  for (let i = 0; i < length; i++) {
    if (!undecided(same, i)) continue;
    for (let k = 0; k < 16; k++) if (a[16 * aRows[i] + k] !== b[16 * bRows[i] + k]) same[i] = 0;
  }
}

function compareValues(a: Vector, b: Vector, { length, aRows, bRows, same }: RowPairs): void {
  assert(a.layout === b.layout && 'values' in a && 'values' in b, 'rows of different layouts');
  for (let i = 0; i < length; i++) {
    if (undecided(same, i) && !Object.is(a.values[aRows[i]], b.values[bRows[i]])) same[i] = 0;
  }
}
