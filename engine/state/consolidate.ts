// Consolidation of deltas: equal rows become one, rows of weight 0 go.
import { cellsOf } from '../data/cells.ts';
import type { CellColumn } from '../data/cells.ts';
import { Delta } from '../data/delta.ts';
import { hashRows, matchRows, rowsEqual } from '../data/row-key.ts';
import type { Vector } from '../data/vector.ts';
import { rowNumbers } from './scratch.ts';

/** The same Z-set with every row once and no weight 0. Rows are identified exactly. */
export function consolidate(delta: Delta): Delta {
  const { length, weights, batch } = delta;
  if (delta.distinct || length === 0 || (length === 1 && weights[0] !== 0)) return delta;
  const leaders = new Int32Array(length);
  findLeaders(batch.columns, length, leaders);
  const sums = new Int32Array(length);
  for (let i = 0; i < length; i++) sums[leaders[i]] += weights[i];
  let kept = 0;
  for (let i = 0; i < length; i++) if (sums[i] !== 0) kept++;
  // A follower's sum stays 0, so as many sums as rows means that nothing changed.
  if (kept === length) return delta;
  const rows = new Int32Array(kept);
  const out = new Int32Array(kept);
  let n = 0;
  for (let i = 0; i < length; i++) {
    if (sums[i] === 0) continue;
    out[n] = sums[i];
    rows[n++] = i;
  }
  return new Delta(batch.take(rows), out);
}

/** The same Z-set without insertions and retractions that cancel out; leaves pure insertions as they are. */
export function cancel(delta: Delta): Delta {
  const { weights, length } = delta;
  if (delta.distinct) return delta;
  let least = 0;
  let greatest = 0;
  let zeros = 0;
  for (let i = 0; i < length; i++) {
    const w = weights[i];
    if (w < least) least = w;
    if (w > greatest) greatest = w;
    if (w === 0) zeros++;
  }
  if (zeros === 0 && (least === 0 || greatest === 0)) return delta;
  return consolidate(delta);
}

let cells = new Int32Array(0);
let hashes = new Int32Array(0);
let same = new Uint8Array(0);

/** For each row the first row equal to it. */
function findLeaders(columns: readonly Vector[], length: number, leaders: Int32Array): void {
  if (hashes.length < length) {
    hashes = new Int32Array(length * 2);
    same = new Uint8Array(length * 2);
  }
  hashRows(columns, length, hashes, 'exact');
  const mask = tableFor(length);
  for (let i = 0; i < length; i++) {
    const hash = hashes[i];
    let at = hash & mask;
    while (cells[at] !== 0 && hashes[cells[at] - 1] !== hash) at = (at + 1) & mask;
    if (cells[at] === 0) cells[at] = i + 1;
    leaders[i] = cells[at] - 1;
  }
  const own = columns.map(cellsOf);
  const others = own.map((c): CellColumn => ({ chunks: [c], shift: 31, mask: 0x7fffffff }));
  same.fill(1, 0, length);
  matchRows(own, others, { length, aRows: rowNumbers(length), bIds: leaders }, 'exact', same);
  // Equal hash, other row: among millions there are some. By hash, those that lead beside the first.
  const collided = new Map<number, number[]>();
  for (let i = 0; i < length; i++) {
    if (same[i] === 1) continue;
    const rest = collided.get(hashes[i]) ?? [];
    leaders[i] = rest.find((j) => rowsEqual(own, i, others, j, 'exact')) ?? i;
    if (leaders[i] === i) collided.set(hashes[i], [...rest, i]);
  }
}

function tableFor(length: number): number {
  let size = 16;
  while (size < length * 2) size *= 2;
  if (cells.length < size) cells = new Int32Array(size);
  else cells.fill(0, 0, size);
  return size - 1;
}
