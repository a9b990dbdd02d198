// MD5 and the SHA-2 family over bytes, in plain arithmetic (the engine imports no crypto module).

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => (i | 0x100).toString(16).slice(1));

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += HEX[bytes[i]];
  return out;
}

/** The message with its 1 bit, zeros and bit length, in whole blocks. */
function padded(message: Uint8Array, block: number, bigEndian: boolean): DataView {
  const lengthBytes = block / 8;
  const size = Math.ceil((message.length + 1 + lengthBytes) / block) * block;
  const out = new Uint8Array(size);
  out.set(message);
  out[message.length] = 0x80;
  const view = new DataView(out.buffer);
  view.setBigUint64(bigEndian ? size - 8 : size - lengthBytes, BigInt(message.length) * 8n, !bigEndian);
  return view;
}

const MD5_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const MD5_SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296));

export function md5(message: Uint8Array): Uint8Array {
  const view = padded(message, 64, false);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < view.byteLength; block += 64) {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      let f = 0;
      let word = 0;
      if (round === 0) [f, word] = [(b & c) | (~b & d), i];
      else if (round === 1) [f, word] = [(d & b) | (~d & c), (5 * i + 1) & 15];
      else if (round === 2) [f, word] = [b ^ c ^ d, (3 * i + 5) & 15];
      else [f, word] = [c ^ (b | ~d), (7 * i) & 15];
      const sum = (a + f + MD5_SINES[i] + view.getInt32(block + 4 * word, true)) | 0;
      const shift = MD5_SHIFTS[round * 4 + (i & 3)];
      [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0];
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
  return new Uint8Array(state.buffer);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

/** First 64 bits of the fraction of a root of n, by integer search. */
function rootFraction(n: number, degree: bigint): bigint {
  const target = BigInt(n) << (64n * degree);
  let low = 0n;
  let high = BigInt(n) << 64n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= target) low = middle;
    else high = middle - 1n;
  }
  return low & 0xffffffffffffffffn;
}

const PRIMES = primes(80);
let roundConstants: readonly bigint[] | null = null;
/** Cube roots of the first 80 primes: SHA-512 takes 64 bits of each, SHA-256 the upper 32 of the first 64. */
function constants(): readonly bigint[] {
  roundConstants ??= PRIMES.map((p) => rootFraction(p, 3n));
  return roundConstants;
}

const SQUARE_ROOTS = (): bigint[] => PRIMES.slice(0, 8).map((p) => rootFraction(p, 2n));
const SHA384_ROOTS = (): bigint[] => PRIMES.slice(8, 16).map((p) => rootFraction(p, 2n));

const rotate = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

export function sha256(message: Uint8Array, short = false): Uint8Array {
  const roots = short ? SHA384_ROOTS().map((r) => r & 0xffffffffn) : SQUARE_ROOTS().map((r) => r >> 32n);
  const state = Int32Array.from(roots, (r) => Number(BigInt.asIntN(32, r)));
  const k = constants().slice(0, 64).map((c) => Number(c >> 32n));
  const view = padded(message, 64, true);
  const w = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = view.getInt32(block + 4 * i);
        continue;
      }
      const [x, y] = [w[i - 15], w[i - 2]];
      w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3))
        + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((x, i) => out.setInt32(4 * i, x));
  return new Uint8Array(out.buffer).slice(0, short ? 28 : 32);
}

const wide = (x: bigint): bigint => BigInt.asUintN(64, x);
const turn = (x: bigint, n: bigint): bigint => wide((x >> n) | (x << (64n - n)));

export function sha512(message: Uint8Array, short = false): Uint8Array {
  const state = short ? SHA384_ROOTS() : SQUARE_ROOTS();
  const k = constants();
  const view = padded(message, 128, true);
  const w: bigint[] = [];
  for (let block = 0; block < view.byteLength; block += 128) {
    for (let i = 0; i < 80; i++) {
      if (i < 16) {
        w[i] = view.getBigUint64(block + 8 * i);
        continue;
      }
      const [x, y] = [w[i - 15], w[i - 2]];
      w[i] = wide(w[i - 16] + w[i - 7] + (turn(x, 1n) ^ turn(x, 8n) ^ (x >> 7n)) + (turn(y, 19n) ^ turn(y,
        61n) ^ (y >> 6n)));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 80; i++) {
      const t1 = h + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & f) ^ (wide(~e) & g)) + k[i] + w[i];
      const t2 = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, wide(d + t1), c, b, a, wide(t1 + t2)];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = wide(state[i] + x); });
  }
  const out = new DataView(new ArrayBuffer(64));
  state.forEach((x, i) => out.setBigUint64(8 * i, x));
  return new Uint8Array(out.buffer).slice(0, short ? 48 : 64);
}
