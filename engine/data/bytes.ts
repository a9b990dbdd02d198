// PieceWriter and ByteReader: little-endian framing of our binary formats, without copying large buffers.
import { DatabaseError } from './error.ts';

const CHUNK = 4096;
/** The first one: most records are those of a few rows. */
const FIRST_CHUNK = 1024;
/** Arrays up to this size are copied into the chunk; larger ones become pieces of their own. */
const COPY_LIMIT = 1024;
const PADDING = 8;
const FEW = 16;

export type ElementArray = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Short arrays are taken from one buffer, each byte of it once. Why: a buffer of its own takes longer than filling it. */
const SLAB = 64 << 10;
let slab = new Uint8Array(SLAB);
let slabView = new DataView(slab.buffer);
let slabAt = 0;

function reserve(size: number): number {
  if (slabAt + size > SLAB) {
    slab = new Uint8Array(SLAB);
    slabView = new DataView(slab.buffer);
    slabAt = 0;
  }
  const at = slabAt;
  slabAt = at + ((size + PADDING - 1) & -PADDING);
  return at;
}

/** Zeros, for what lives as shortly as a journal record. Best for short ones. */
export function shortArray(size: number): Uint8Array {
  if (size > FIRST_CHUNK) return new Uint8Array(size);
  const at = reserve(size);
  return slab.subarray(at, at + size);
}

/** Collects bytes as pieces for one gathering write. Arrays given to `bytes` must not change afterwards. */
export class PieceWriter {
  readonly #pieces: Uint8Array[] = [];
  #at = reserve(FIRST_CHUNK);
  #start = this.#at;
  #chunk = slab;
  #view = slabView;
  /** Of the chunk, what is ours. */
  #limit = this.#at + FIRST_CHUNK;
  #sealed = 0;

  get length(): number {
    return this.#sealed + this.#at - this.#start;
  }

  u8(value: number): void {
    this.#need(1);
    this.#chunk[this.#at++] = value;
  }

  u16(value: number): void {
    this.#need(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#need(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  i32(value: number): void {
    this.#need(4);
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
  }

  /** A whole number below 2^53. */
  u53(value: number): void {
    this.i64(BigInt(value));
  }

  i64(value: bigint): void {
    this.#need(8);
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }

  /** The bytes alone, without their length. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length > COPY_LIMIT) {
      this.#seal();
      this.#pieces.push(bytes);
      this.#sealed += bytes.length;
      return;
    }
    this.#need(bytes.length);
    this.#chunk.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /**
   * The first elements of an array, as they are in memory. Why not always by `bytes`: the buffer of a short array is made
   * only when it is asked for, which takes longer than its few elements.
   */
  elements(array: ElementArray, count: number): void {
    if (count > FEW) {
      this.bytes(new Uint8Array(array.buffer, array.byteOffset, count * array.BYTES_PER_ELEMENT));
      return;
    }
    this.#need(FEW * 8);
    for (let i = 0; i < count; i++, this.#at += array.BYTES_PER_ELEMENT) this.#element(array, i);
  }

  #element(array: ElementArray, i: number): void {
    if (array instanceof Int32Array) this.#view.setInt32(this.#at, array[i], true);
    else if (array instanceof BigInt64Array) this.#view.setBigInt64(this.#at, array[i], true);
    else if (array instanceof Uint8Array) this.#chunk[this.#at] = array[i];
    else if (array instanceof Float64Array) this.#view.setFloat64(this.#at, array[i], true);
    else if (array instanceof Int16Array) this.#view.setInt16(this.#at, array[i], true);
    else this.#view.setFloat32(this.#at, array[i], true);
  }

  /** Length (u32), then the bytes. */
  block(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.bytes(bytes);
  }

  /** As `block`, in UTF-8. */
  text(text: string): void {
    this.block(encoder.encode(text));
  }

  /** Zeros up to a multiple of 8 bytes from the beginning. */
  align(): void {
    const rest = this.length & (PADDING - 1);
    if (rest === 0) return;
    this.#need(PADDING - rest);
    this.#chunk.fill(0, this.#at, this.#at + PADDING - rest);
    this.#at += PADDING - rest;
  }

  finish(): readonly Uint8Array[] {
    this.#seal();
    // What was not needed of the first chunk, when nobody has taken more since.
    if (this.#chunk === slab && slabAt === this.#limit) slabAt = (this.#at + PADDING - 1) & -PADDING;
    return this.#pieces;
  }

  /** Everything in one array. */
  join(): Uint8Array {
    return joinPieces(this.finish());
  }

  #seal(): void {
    if (this.#at === this.#start) return;
    this.#pieces.push(this.#chunk.subarray(this.#start, this.#at));
    this.#sealed += this.#at - this.#start;
    this.#start = this.#at;
  }

  #need(size: number): void {
    if (this.#at + size <= this.#limit) return;
    this.#seal();
    this.#chunk = new Uint8Array(Math.max(CHUNK, size));
    this.#limit = this.#chunk.length;
    this.#view = new DataView(this.#chunk.buffer);
    this.#start = 0;
    this.#at = 0;
  }
}

export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  let total = 0;
  for (const piece of pieces) total += piece.length;
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** XX001: stored bytes that are not what we wrote. */
export function corrupt(what: string): DatabaseError {
  return new DatabaseError('XX001', `invalid data: ${what}`);
}

/** The same bytes as no Buffer, whose `slice` would not copy: whoever changes what he has sliced would change the original. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return Object.getPrototypeOf(bytes) === Uint8Array.prototype ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Memory that may hold anything: for who writes all that is read of it. */
export function unfilledBytes(length: number): Uint8Array<ArrayBuffer> {
  // Few bytes are quicker filled than asked for.
  return length < COPY_LIMIT ? new Uint8Array(length) : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** Reads what PieceWriter wrote; every length is checked (XX001). */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  /** The bytes are copied when they do not begin at a multiple of 8 in their buffer, so that columns can be views. */
  constructor(bytes: Uint8Array) {
    this.bytes = (bytes.byteOffset & (PADDING - 1)) === 0 ? plainBytes(bytes) : new Uint8Array(bytes);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    this.#at = 0;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  u8(): number {
    return this.bytes[this.#take(1)];
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u53(): number {
    const value = this.i64();
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt(`number ${value} out of range`);
    return Number(value);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  take(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  block(): Uint8Array {
    return this.take(this.u32());
  }

  text(): string {
    const bytes = this.block();
    try {
      return decoder.decode(bytes);
    } catch {
      throw corrupt('text is not UTF-8');
    }
  }

  align(): void {
    const rest = this.#at & (PADDING - 1);
    if (rest !== 0) this.#take(PADDING - rest);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.bytes.length - at) throw corrupt(`${length} bytes wanted, ${this.bytes.length - at} left`);
    this.#at = at + length;
    return at;
  }
}
