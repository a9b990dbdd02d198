// UTF-8: strings ⇄ bytes, quick for the short ASCII strings that most values are.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return shortAscii(bytes, start, end) ?? decoder.decode(bytes.subarray(start, end));
}

/** null: it is longer than a few characters, or not ASCII; then a decoder is quicker, or needed. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start > 24) return null;
  let text = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte > 127) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Most bytes writeUtf8 may need. */
export function utf8Bound(text: string): number {
  return text.length * 3;
}

/** Writes at `at` and returns the end. Requires: utf8Bound(text) bytes of room. */
export function writeUtf8(out: Uint8Array, at: number, text: string): number {
  if (text.length > 48) return at + encoder.encodeInto(text, out.subarray(at)).written;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return at + encoder.encodeInto(text, out.subarray(at)).written;
    out[at + i] = code;
  }
  return at + text.length;
}

/** Order of strings as their UTF-8 bytes compare: PostgreSQL's collation "C". */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // UTF-16 puts surrogates (U+10000 and up) below U+E000..U+FFFF, UTF-8 above.
    if (x !== y) return codeRank(x) - codeRank(y);
  }
  return a.length - b.length;
}

function codeRank(code: number): number {
  return code >= 0xd800 && code <= 0xdfff ? code + 0x10000 : code;
}
