// Square root of a whole number of any size.

/** Up to here a first guess by the number of digits is near enough. */
const SMALL = 1n << 512n;

/** ⌊√n⌋. Requires: n ≥ 0. */
export function integerRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = firstGuess(n);
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Not below the root: of a large number from the root of its upper half, so that few long divisions follow. */
function firstGuess(n: bigint): bigint {
  const bits = n.toString(16).length * 4;
  if (n < SMALL) return 1n << BigInt((bits + 1) >> 1);
  const half = BigInt(bits >> 2);
  return (integerRoot(n >> (2n * half)) + 1n) << half;
}
