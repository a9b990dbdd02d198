// CRC-32C (Castagnoli, RFC 3720 B.4), by the processor's own instruction: journal and blocks, every byte once.
import { crc32c as checksum } from '@node-rs/crc32';

/** The checksum of `bytes`, going on from that of what came before (0 at first). Unsigned. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  return checksum(bytes, before);
}

/** As `crc32c`, over several arrays. */
export function crc32cPieces(pieces: readonly Uint8Array[], before = 0): number {
  let crc = before;
  for (const piece of pieces) crc = crc32c(piece, crc);
  return crc;
}
