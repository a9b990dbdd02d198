// Fingerprints: multisets of rows of numbers as one number each, so that they are compared without making text of them.
import { datumAt } from '../../engine/data/access.ts';
import type { Delta } from '../../engine/data/delta.ts';
import { isValid } from '../../engine/data/vector.ts';

/** What stands for NULL. */
export const NULL = -987_654_321;

/** A multiset of rows; `rows` makes them. */
export interface RowSet {
  readonly width: number;
  readonly fingerprint: number;
  rows(): Iterable<readonly number[]>;
}

const mix = (hash: number, value: number): number => {
  const low = Math.imul(hash ^ (value | 0), 0x9e3779b1);
  return Math.imul(low ^ (low >>> 15) ^ Math.floor(value / 0x1_0000_0000), 0x85ebca6b);
};

/** Up to 2^20 rows it is exact. */
export function rowSet(width: number, rows: () => Iterable<readonly number[]>): RowSet {
  let sum = 0;
  for (const row of rows()) {
    let hash = width;
    for (const value of row) hash = mix(hash, value);
    sum += hash >>> 0;
  }
  return { width, rows, fingerprint: sum };
}

/** Of what a scan gives. */
export function fingerprintOf(deltas: Iterable<Delta>, width: number): number {
  let sum = 0;
  for (const { batch, weights } of deltas) {
    const hashes = new Int32Array(batch.length).fill(width);
    for (const column of batch.columns) {
      for (let i = 0; i < hashes.length; i++) {
        let value = NULL;
        if (isValid(column.validity, i)) {
          value = column.layout === 'int64' ? column.words[2 * i + 1] * 0x1_0000_0000 + (column.words[2 * i] >>> 0)
            : Number(String(datumAt(column, i)));
        }
        hashes[i] = mix(hashes[i], value);
      }
    }
    for (let i = 0; i < hashes.length; i++) sum += (hashes[i] >>> 0) * weights[i];
  }
  return sum;
}
