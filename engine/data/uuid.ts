// UUIDs: 16 bytes ⇄ 36 lower-case characters.
import { DatabaseError } from './error.ts';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => (i | 0x100).toString(16).slice(1));

export function formatUuid(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[at + i]];
  }
  return text;
}

/** Requires: the canonical form that formatUuid gives. */
export function writeUuid(bytes: Uint8Array, at: number, text: string): void {
  let from = 0;
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) from++;
    bytes[at + i] = (hexDigit(text.charCodeAt(from)) << 4) | hexDigit(text.charCodeAt(from + 1));
    from += 2;
  }
}

function hexDigit(code: number): number {
  return code <= 57 ? code - 48 : code - 87;
}

/** uuid_in: braces, upper case and a hyphen after any group of four digits are accepted. Returns the canonical form. */
export function parseUuid(text: string): string {
  const braced = text.startsWith('{');
  const inner = braced && text.endsWith('}') ? text.slice(1, -1) : text;
  if (!/^(?:[0-9a-f]{4}-?){7}[0-9a-f]{4}$/i.test(inner) || (braced && inner === text)) {
    throw new DatabaseError('22P02', `invalid input syntax for type uuid: "${text}"`);
  }
  const digits = inner.replaceAll('-', '').toLowerCase();
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([from, to]) => digits.slice(from, to)).join('-');
}
