// grown: arrays that grow.

/** A longer array that begins with the same elements. */
export function grown(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}
