// RandomGenerator: what setseed() starts, so that random() gives PostgreSQL's numbers: xoroshiro128** (Blackman & Vigna)
// seeded by splitmix64, as its common/pg_prng.c has them.

const MASK = 0xffffffffffffffffn;

const rotl = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (64n - bits))) & MASK;

export class RandomGenerator {
  #s0: bigint;
  #s1: bigint;

  /** `seed`: -1 .. 1. */
  constructor(seed: number) {
    let state = BigInt(Math.trunc((2 ** 52 - 1) * seed)) & MASK;
    const splitmix = (): bigint => {
      state = (state + 0x9e3779b97f4a7c15n) & MASK;
      let value = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
      value = ((value ^ (value >> 27n)) * 0x94d049bb133111ebn) & MASK;
      return value ^ (value >> 31n);
    };
    this.#s0 = splitmix();
    this.#s1 = splitmix();
  }

  /** [0, 1). */
  next(): number {
    const s0 = this.#s0;
    const sx = this.#s1 ^ s0;
    const value = (rotl((s0 * 5n) & MASK, 7n) * 9n) & MASK;
    this.#s0 = rotl(s0, 24n) ^ sx ^ ((sx << 16n) & MASK);
    this.#s1 = rotl(sx, 37n);
    return Number(value >> 12n) / 2 ** 52;
  }
}
