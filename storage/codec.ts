// Compression of blocks: zstd where there is one (Node's own from 22.15, else a package's binary), Brotli anywhere.
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { DatabaseError } from '../engine/data/error.ts';

/** What a block says of how it is compressed. */
export const STORED = 0;
export const BROTLI = 1;
export const ZSTD = 2;

export interface Compressor {
  readonly id: number;
  /** On another thread. */
  compress(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface Codec extends Compressor {
  /** `size`: what comes out. */
  decompress(bytes: Uint8Array, size: number): Uint8Array;
}

const LEVEL = 1;

/*
 * Measured on pages of bids (140 KB as columns, one thread, in µs): zstd 1 to 41 KB in 660, back in 260; Brotli 1 to 42 KB in
 * 1,110, back in 900; deflate 1 to 46 KB in 2,400, back in 580; lz4 to 79 KB in 1,270, back in 120; snappy to 76 KB in 1,050.
 */
const brotliCompress = promisify(zlib.brotliCompress);

const brotli: Codec = {
  id: BROTLI,
  compress: (bytes) => brotliCompress(bytes, {
    // Why chunkSize: by default each 16 KB of output is a turn of the thread pool.
    chunkSize: Math.max(1 << 14, bytes.length >> 1),
    params: {
      [zlib.constants.BROTLI_PARAM_QUALITY]: LEVEL,
      [zlib.constants.BROTLI_PARAM_LGWIN]: 18,
      [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }),
  decompress: (bytes, size) =>
    zlib.brotliDecompressSync(bytes, { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(1 << 14, size) }),
};

/** The package's interface. */
interface ZstdPackage {
  readonly Encoder: new (level: number) => { encode(bytes: Buffer): Promise<Buffer> };
  readonly Decoder: new () => { decodeSync(bytes: Buffer): Buffer };
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, length);

/** Null on a platform that the package has no binary for. */
function zstdOfPackage(): Codec | null {
  try {
    const { Encoder, Decoder } = createRequire(import.meta.url)('@toondepauw/node-zstd') as ZstdPackage;
    const encoder = new Encoder(LEVEL);
    const decoder = new Decoder();
    return {
      id: ZSTD,
      compress: (bytes) => encoder.encode(asBuffer(bytes)),
      decompress: (bytes) => decoder.decodeSync(asBuffer(bytes)),
    };
  } catch {
    return null;
  }
}

/** What new blocks are written with. */
export const CODEC: Codec = zstdOfPackage() ?? brotli;

/** The one that a block was written with; 0A000 when it is not there on this machine. */
export function codecOf(id: number): Codec | null {
  if (id === STORED) return null;
  if (id === BROTLI) return brotli;
  if (id === CODEC.id) return CODEC;
  throw new DatabaseError('0A000', id === ZSTD ? 'zstd is not supported on this machine' : `compression ${id} is not supported`);
}
