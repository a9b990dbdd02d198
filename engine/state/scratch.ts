// Row numbers shared by kernels that take "these rows" when they mean all rows.

let numbers = new Int32Array(4096).map((_, i) => i);

/** 0 .. length − 1; nobody writes it. */
export function rowNumbers(length: number): Int32Array {
  if (numbers.length < length) numbers = new Int32Array(length * 2).map((_, i) => i);
  return numbers.subarray(0, length);
}
