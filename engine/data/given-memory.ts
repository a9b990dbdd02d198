// Memory that has been given away: buffers whose maker promises that nobody writes to them any more, whoever holds them.
import type { Batch } from './batch.ts';
import type { Vector } from './vector.ts';

const given = new WeakSet<ArrayBufferLike>();

function buffersOf(vector: Vector): readonly ArrayBufferLike[] {
  const own = vector.layout === 'bytes' ? [vector.bytes.buffer, vector.offsets.buffer] : [vector.values.buffer];
  return vector.validity === null ? own : [...own, vector.validity.buffer];
}

/**
 * By who has made the batch's arrays. Why it must be said: what a scan gives are a page's own arrays, which are written in
 * place once the reading is over.
 */
export function giveMemory(batch: Batch): void {
  for (const column of batch.columns) for (const buffer of buffersOf(column)) given.add(buffer);
}

/** For one taker: whether all were given away, and by nobody taken yet. */
export function takeMemory(buffers: ReadonlySet<ArrayBufferLike>): boolean {
  for (const buffer of buffers) if (!given.has(buffer)) return false;
  for (const buffer of buffers) given.delete(buffer);
  return true;
}
