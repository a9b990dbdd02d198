// encode() and decode(): base64, hex and escape forms of bytea.
import { DatabaseError } from '../../data/error.ts';
import { parseBytea } from '../../data/scalar-text.ts';
import { toHex } from './digest.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += ALPHABET[word >> 18] + ALPHABET[(word >> 12) & 63];
    out += i + 1 < bytes.length ? ALPHABET[(word >> 6) & 63] : '=';
    out += i + 2 < bytes.length ? ALPHABET[word & 63] : '=';
  }
  // Lines of 76, as MIME has them.
  return out.replace(/(.{76})(?=.)/g, '$1\n');
}

const invalid = (message: string, hint?: string): DatabaseError => new DatabaseError('22023', message, { hint });

function fromBase64(text: string): Uint8Array {
  const out: number[] = [];
  let word = 0;
  let count = 0;
  let padding = 0;
  for (const c of text) {
    if (c === ' ' || c === '\t' || c === '\n' || c === '\r') continue;
    let value = ALPHABET.indexOf(c);
    if (c === '=') {
      if (padding === 0 && count < 2) throw invalid('unexpected "=" while decoding base64 sequence');
      padding++;
      value = 0;
    } else if (value < 0) {
      throw invalid(`invalid symbol "${c}" found while decoding base64 sequence`);
    }
    word = (word << 6) | value;
    if (++count === 4) {
      out.push((word >> 16) & 255);
      if (padding < 2) out.push((word >> 8) & 255);
      if (padding < 1) out.push(word & 255);
      word = 0;
      count = 0;
    }
  }
  if (count !== 0) {
    throw invalid('invalid base64 end sequence',
      'Input data is missing padding, is truncated, or is otherwise corrupted.');
  }
  return Uint8Array.from(out);
}

function toEscape(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) {
    if (byte === 0 || byte > 127) out += `\\${byte.toString(8).padStart(3, '0')}`;
    else out += byte === 92 ? '\\\\' : String.fromCharCode(byte);
  }
  return out;
}

function fromEscape(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 92) {
      out.push(bytes[i]);
      continue;
    }
    const octal = String.fromCharCode(...bytes.subarray(i + 1, i + 4));
    if (/^[0-3][0-7]{2}$/.test(octal)) {
      out.push(Number.parseInt(octal, 8));
      i += 3;
    } else if (bytes[i + 1] === 92) {
      out.push(92);
      i++;
    } else {
      throw new DatabaseError('22P02', 'invalid input syntax for type bytea');
    }
  }
  return Uint8Array.from(out);
}

function unknownEncoding(name: string): DatabaseError {
  return new DatabaseError('22023', `unrecognized encoding: "${name}"`);
}

export function encodeBytes(bytes: Uint8Array, form: string): string {
  switch (form.toLowerCase()) {
    case 'base64': return toBase64(bytes);
    case 'hex': return toHex(bytes);
    case 'escape': return toEscape(bytes);
    default: throw unknownEncoding(form);
  }
}

export function decodeBytes(text: string, utf8: Uint8Array, form: string): Uint8Array {
  switch (form.toLowerCase()) {
    case 'base64': return fromBase64(text);
    case 'hex': return parseBytea(`\\x${text}`);
    case 'escape': return fromEscape(utf8);
    default: throw unknownEncoding(form);
  }
}
