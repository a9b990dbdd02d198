// Bytes from a client → FrontendMessage, with a bound on every length (PostgreSQL manual 55.7 "Message Formats").
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import { shortAscii } from '../engine/data/utf8.ts';
import { FREE_BYTES, Room } from './input-memory.ts';
import type { InputMemory } from './input-memory.ts';

export interface BindParameter {
  readonly format: 0 | 1;
  readonly bytes: Uint8Array | null;
}

export type StartupMessage =
  | { readonly kind: 'sslRequest' }
  | { readonly kind: 'gssRequest' }
  | { readonly kind: 'cancelRequest'; readonly processId: number; readonly secret: number }
  | {
      readonly kind: 'startup';
      readonly major: number;
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    };

export type FrontendMessage =
  | { readonly kind: 'query'; readonly text: string }
  | { readonly kind: 'parse'; readonly name: string; readonly text: string; readonly types: readonly number[] }
  | {
      readonly kind: 'bind';
      readonly portal: string;
      readonly statement: string;
      readonly parameters: readonly BindParameter[];
      readonly resultFormats: readonly number[];
    }
  | { readonly kind: 'describe' | 'close'; readonly target: 'S' | 'P'; readonly name: string }
  | { readonly kind: 'execute'; readonly portal: string; readonly maxRows: number }
  | { readonly kind: 'flush' | 'sync' | 'terminate' | 'copyDone' | 'functionCall' }
  /** A view into the receive buffer: use it before the next message is read. A large one comes in several parts. */
  | { readonly kind: 'copyData'; readonly bytes: Uint8Array }
  | { readonly kind: 'copyFail'; readonly message: string }
  /** PasswordMessage, SASLInitialResponse and SASLResponse share one byte; the authentication step knows which. */
  | { readonly kind: 'password'; readonly bytes: Uint8Array };

const STARTUP_MAX = 10_000;
const SMALL_MAX = 30_000;
/** Bounds as PostgreSQL's: 1 GB there; a query of that size would not fit our strings, so 256 MiB. */
export const LARGE_MAX = 256 * 1024 * 1024;

/** A longer CopyData is handed on as it arrives, in parts of at least this size. */
const SPLIT_MIN = 16 * 1024;

const CANCEL_CODE = 80877102;
const SSL_CODE = 80877103;
const GSS_CODE = 80877104;

function violation(message: string): DatabaseError {
  return new DatabaseError('08P01', message);
}

/** Longest body of each message type, by its byte; 0: there is no such type. */
const LONGEST = new Uint32Array(256);
/** Where a longer one is a client out of step, not a big message. */
for (const type of 'CcDEHSXf') LONGEST[type.charCodeAt(0)] = SMALL_MAX;
for (const type of 'QPBdFp') LONGEST[type.charCodeAt(0)] = LARGE_MAX;
/** As PostgreSQL's PG_MAX_AUTH_TOKEN_LENGTH: nobody unknown makes us hold more. */
const AUTHENTICATION_MAX = 65535;
/** Messages whose errors are followed by the client's Sync. */
const EXTENDED = new Set([...'PBDECH'].map((type) => type.charCodeAt(0)));
const NOTHING = Buffer.alloc(0);

/** Reads one message body: bytes `from` to `to` of the buffer. Every read is checked against the body's end. */
class BodyReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  int8(): number {
    this.#need(1);
    return this.#bytes[this.#at++];
  }

  uint16(): number {
    this.#need(2);
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    this.#need(4);
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** A copy: the receive buffer is used again. */
  copy(length: number): Uint8Array {
    this.#need(length);
    const out = new Uint8Array(length);
    for (let i = 0; i < length && length <= SHORT; i++) out[i] = this.#bytes[this.#at + i];
    if (length > SHORT) out.set(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return out;
  }

  cstring(): string {
    const from = this.#at;
    let end = from;
    while (end < this.#end && end - from <= SHORT && this.#bytes[end] !== 0) end++;
    if (end - from > SHORT) end = this.#bytes.indexOf(0, end);
    if (end < 0 || end >= this.#end) throw violation('invalid string in message');
    this.#at = end + 1;
    return shortAscii(this.#bytes, from, end) ?? decodeUtf8(this.#bytes.subarray(from, end));
  }

  done(): void {
    if (this.#at !== this.#end) throw violation('invalid message format');
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  #need(length: number): void {
    if (length < 0 || this.#at + length > this.#end) {
      throw violation('insufficient data left in message');
    }
  }
}

/** Bytes up to which a loop is quicker than a call. */
const SHORT = 32;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws 22021 for what is not UTF-8, naming the bytes as PostgreSQL does. */
function decodeUtf8(raw: Buffer): string {
  try {
    return strictUtf8.decode(raw);
  } catch {
    throw invalidUtf8(raw);
  }
}

export function invalidUtf8(raw: Buffer): DatabaseError {
  return new DatabaseError('22021', `invalid byte sequence for encoding "UTF8": ${firstBadBytes(raw)}`);
}

function firstBadBytes(raw: Buffer): string {
  for (let at = 0; at < raw.length;) {
    const lead = raw[at];
    const size = lead < 0xc0 || lead >= 0xf8 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const piece = raw.subarray(at, at + size);
    try {
      strictUtf8.decode(piece);
      at += size;
    } catch {
      return [...piece].map((b) => `0x${b.toString(16).padStart(2, '0')}`).join(' ');
    }
  }
  return '0x00';
}

/**
 * Cuts a byte stream into messages. `push` chunks, then call `next` until it answers null.
 * After a DatabaseError with fatal meaning (a bad length) the stream is out of step and must be closed:
 * `broken` is then true. A malformed body leaves the stream in step.
 */
export class FrontendParser {
  #buffer: Buffer = NOTHING;
  #at = 0;
  #end = 0;
  #phase: 'startup' | 'authentication' | 'session' = 'startup';
  /** Bytes of the CopyData under way that have not been handed on. */
  #copyRest = 0;
  /** Room for the message at the front while it arrives, and until it has been worked on. */
  readonly #room: Room;
  /** The message handed on last was a large one. */
  #large = false;
  /** Bytes still to come of a message for which there was no room. */
  #skip = 0;
  broken = false;
  /** What `next` threw last concerns a message of the extended protocol: the client's Sync follows. */
  extended = false;

  constructor(memory: InputMemory) {
    this.#room = new Room(memory);
  }

  /** Bytes held that no message has been made of yet. */
  get buffered(): number {
    return this.#end - this.#at;
  }

  /** The next message is a startup packet (no type byte) until told otherwise. */
  startupDone(): void {
    this.#phase = 'authentication';
  }

  /** From here on every message is welcome. */
  authenticated(): void {
    this.#phase = 'session';
  }

  /** What was held for the message at the front is given back. */
  close(): void {
    this.#room.fit(0);
    this.#forget();
  }

  #forget(): void {
    this.#buffer = NOTHING;
    this.#at = 0;
    this.#end = 0;
  }

  push(chunk: Buffer): void {
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, chunk.length);
      this.#skip -= skipped;
      chunk = chunk.subarray(skipped);
    }
    if (this.#at === this.#end) {
      this.#buffer = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      return;
    }
    const held = this.#end - this.#at;
    // The buffer may be a chunk of the socket's: append in place only into room of our own.
    if (this.#owned && this.#end + chunk.length <= this.#buffer.length) {
      this.#buffer.set(chunk, this.#end);
      this.#end += chunk.length;
      return;
    }
    // Announced is not sent: of a large message no more is taken than four times what has come.
    const wanted = Math.min(this.#expected(), LARGE_MAX + 5, Math.max(4 * (held + chunk.length), FREE_BYTES));
    const size = Math.max(held + chunk.length, wanted, 4096);
    const grown = Buffer.allocUnsafeSlow(this.#owned && size > held * 2 ? size : Math.max(size, held * 2));
    grown.set(this.#buffer.subarray(this.#at, this.#end));
    grown.set(chunk, held);
    this.#buffer = grown;
    this.#at = 0;
    this.#end = held + chunk.length;
  }

  /** Allocated by `push`: has room behind #end that is ours. A pushed chunk is exactly full, so this never lies. */
  get #owned(): boolean {
    return this.#buffer.length > this.#end;
  }

  /** Total size of the message at the front, as far as it can be told. */
  #expected(): number {
    if (this.#copyRest > 0) return Math.min(this.#copyRest, SPLIT_MIN);
    const header = this.#phase === 'startup' ? 0 : 1;
    if (this.#end - this.#at < header + 4) return 0;
    return header + this.#buffer.readInt32BE(this.#at + header);
  }

  nextStartup(): StartupMessage | null {
    if (this.buffered < 4) return null;
    const length = this.#buffer.readInt32BE(this.#at);
    if (length < 8 || length > STARTUP_MAX) {
      this.broken = true;
      throw violation('invalid length of startup packet');
    }
    if (this.buffered < length) return null;
    const body = new BodyReader(this.#buffer, this.#at + 4, this.#at + length);
    this.#at += length;
    return readStartup(body, length);
  }

  next(): FrontendMessage | null {
    if (this.#large) this.#letGo();
    if (this.#copyRest > 0) return this.buffered < Math.min(this.#copyRest, SPLIT_MIN) ? null : this.#copyPart();
    if (this.buffered < 5) return null;
    const byte = this.#buffer[this.#at];
    const type = String.fromCharCode(byte);
    const length = this.#buffer.readInt32BE(this.#at + 1);
    const longest = this.#phase === 'session' ? LONGEST[byte] : Math.min(LONGEST[byte], AUTHENTICATION_MAX);
    if (longest === 0) {
      this.broken = true;
      throw violation(`invalid frontend message type ${byte}`);
    }
    if (length < 4 || length > longest) {
      this.broken = true;
      throw violation('invalid message length');
    }
    this.extended = EXTENDED.has(byte);
    if (this.buffered < length + 1) {
      if (type !== 'd') return this.#wait(length + 1);
      if (this.buffered - 5 < SPLIT_MIN) return null;
      this.#at += 5;
      this.#copyRest = length - 4;
      return this.#copyPart();
    }
    const from = this.#at + 5;
    this.#at += length + 1;
    this.#large = length > FREE_BYTES;
    if (this.#large) this.#room.fit(length + 1);
    return readMessage(type, this.#buffer, from, this.#at);
  }

  /** For more of a message of so many bytes; where there is no room for what has come, the rest is skipped, as in PostgreSQL. */
  #wait(size: number): null {
    try {
      this.#room.fit(this.buffered);
    } catch (error) {
      this.#skip = size - this.buffered;
      this.close();
      throw error;
    }
    return null;
  }

  /** A large message has been worked on: neither its room nor its bytes are wanted any more. */
  #letGo(): void {
    this.#large = false;
    this.#room.fit(0);
    if (this.#at === this.#end) this.#forget();
  }

  /** Why: a stream of rows needs no whole messages, and gathering them would copy every byte. */
  #copyPart(): FrontendMessage {
    const size = Math.min(this.#copyRest, this.buffered);
    const bytes = this.#buffer.subarray(this.#at, this.#at + size);
    this.#at += size;
    this.#copyRest -= size;
    return { kind: 'copyData', bytes };
  }
}

function readStartup(body: BodyReader, length: number): StartupMessage {
  const code = body.int32();
  if (code === SSL_CODE) return { kind: 'sslRequest' };
  if (code === GSS_CODE) return { kind: 'gssRequest' };
  if (code === CANCEL_CODE) {
    if (length !== 16) throw violation('invalid length of cancel request packet');
    return { kind: 'cancelRequest', processId: body.int32(), secret: body.int32() };
  }
  const major = code >>> 16;
  const minor = code & 0xffff;
  const parameters = new Map<string, string>();
  if (major === 3) {
    while (!body.atEnd) {
      const name = body.cstring();
      if (name === '') break;
      parameters.set(name, body.cstring());
    }
    if (!body.atEnd) throw violation('invalid startup packet layout: expected terminator as last byte');
  }
  return { kind: 'startup', major, minor, parameters };
}

function readMessage(type: string, bytes: Buffer, from: number, to: number): FrontendMessage {
  if (type === 'd') return { kind: 'copyData', bytes: bytes.subarray(from, to) };
  if (type === 'p') return { kind: 'password', bytes: bytes.subarray(from, to) };
  if (type === 'F') return { kind: 'functionCall' };
  const body = new BodyReader(bytes, from, to);
  const message = readBody(type, body);
  body.done();
  return message;
}

function readBody(type: string, body: BodyReader): FrontendMessage {
  switch (type) {
    case 'Q': return { kind: 'query', text: body.cstring() };
    case 'P': return readParse(body);
    case 'B': return readBind(body);
    case 'D': return { kind: 'describe', ...readTarget(body, 'DESCRIBE') };
    case 'C': return { kind: 'close', ...readTarget(body, 'CLOSE') };
    case 'E': return { kind: 'execute', portal: body.cstring(), maxRows: Math.max(0, body.int32()) };
    case 'H': return { kind: 'flush' };
    case 'S': return { kind: 'sync' };
    case 'X': return { kind: 'terminate' };
    case 'c': return { kind: 'copyDone' };
    case 'f': return { kind: 'copyFail', message: body.cstring() };
    default: throw violation(`invalid frontend message type ${type.charCodeAt(0)}`);
  }
}

function readParse(body: BodyReader): FrontendMessage {
  const name = body.cstring();
  const text = body.cstring();
  const types: number[] = [];
  for (let n = body.uint16(); n > 0; n--) types.push(body.int32() >>> 0);
  return { kind: 'parse', name, text, types };
}

function readTarget(body: BodyReader, what: string): { readonly target: 'S' | 'P'; readonly name: string } {
  const target = String.fromCharCode(body.int8());
  if (target !== 'S' && target !== 'P') {
    throw violation(`invalid ${what} message subtype ${target.charCodeAt(0)}`);
  }
  return { target, name: body.cstring() };
}

function readFormats(body: BodyReader): number[] {
  const formats: number[] = [];
  for (let n = body.uint16(); n > 0; n--) formats.push(body.uint16());
  return formats;
}

function readBind(body: BodyReader): FrontendMessage {
  const portal = body.cstring();
  const statement = body.cstring();
  const formats = readFormats(body);
  const count = body.uint16();
  if (formats.length > 1 && formats.length !== count) {
    throw violation(`bind message has ${formats.length} parameter formats but ${count} parameters`);
  }
  const parameters: BindParameter[] = [];
  for (let i = 0; i < count; i++) {
    const length = body.int32();
    const format = formats.length === 0 ? 0 : formats[formats.length === 1 ? 0 : i];
    if (format !== 0 && format !== 1) {
      throw new DatabaseError('22023', `unsupported format code: ${format}`);
    }
    parameters.push({ format, bytes: length === -1 ? null : body.copy(length) });
  }
  return { kind: 'bind', portal, statement, parameters, resultFormats: readFormats(body) };
}
