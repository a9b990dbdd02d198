// CRC-32C (Castagnoli, RFC 3720 B.4), sixteen bytes a step over words.

/** Reflected polynomial. */
const POLYNOMIAL = 0x82f63b78;
const LANES = 16;

/** Table k (256 entries from k * 256): the CRC of a byte followed by k zero bytes. */
const T = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(256 * LANES);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ ((c & 1) === 0 ? 0 : POLYNOMIAL);
    tables[n] = c;
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256];
    tables[at] = tables[shorter & 0xff] ^ (shorter >>> 8);
  }
  return tables;
}

/**
 * The checksum of `bytes`, going on from that of what came before (0 at first). Unsigned.
 * Hot: journal and blocks, every byte once.
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  const end = bytes.length;
  let at = 0;
  const head = Math.min(end, (4 - (bytes.byteOffset & 3)) & 3);
  while (at < head) crc = T[(crc ^ bytes[at++]) & 0xff] ^ (crc >>> 8);
  const words = (end - at) >> 2;
  if (words >= 4) {
    const steps = words >> 2;
    crc = overWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, steps * 4), crc);
    at += steps * 16;
  }
  while (at < end) crc = T[(crc ^ bytes[at++]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

function overWords(words: Int32Array, seed: number): number {
  let crc = seed;
  for (let i = 0; i < words.length; i += 4) {
    const a = words[i] ^ crc;
    const b = words[i + 1];
    const c = words[i + 2];
    const d = words[i + 3];
    crc = T[3840 + (a & 0xff)] ^ T[3584 + (a >>> 8 & 0xff)] ^ T[3328 + (a >>> 16 & 0xff)] ^ T[3072 + (a >>> 24)]
      ^ T[2816 + (b & 0xff)] ^ T[2560 + (b >>> 8 & 0xff)] ^ T[2304 + (b >>> 16 & 0xff)] ^ T[2048 + (b >>> 24)]
      ^ T[1792 + (c & 0xff)] ^ T[1536 + (c >>> 8 & 0xff)] ^ T[1280 + (c >>> 16 & 0xff)] ^ T[1024 + (c >>> 24)]
      ^ T[768 + (d & 0xff)] ^ T[512 + (d >>> 8 & 0xff)] ^ T[256 + (d >>> 16 & 0xff)] ^ T[d >>> 24];
  }
  return crc;
}

/** As `crc32c`, over several arrays. */
export function crc32cPieces(pieces: readonly Uint8Array[], before = 0): number {
  let crc = before;
  for (const piece of pieces) crc = crc32c(piece, crc);
  return crc;
}
