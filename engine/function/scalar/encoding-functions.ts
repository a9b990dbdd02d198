// Functions of character encodings (manual 9.4, 9.5): convert() and its kin. The encoding here is always UTF8.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { BYTEA, INT4, NAME, TEXT } from '../../data/types.ts';
import { decodeUtf8, encodeUtf8 } from '../../data/utf8.ts';
import { bytes, example, num, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';
import { characterLength, convertBytes, encodingNamed, encodingNumbered, toAscii } from './character-set.ts';

/** 22023 for a name that is none; `what` as PostgreSQL's message has it. */
function encoding(name: Datum, what: string): string {
  const found = encodingNamed(str(name));
  if (found === null) throw new DatabaseError('22023', `invalid ${what} name "${str(name)}"`);
  return found;
}

function decoded(from: Uint8Array): string {
  return decodeUtf8(from, 0, from.length);
}

function asciiEncoding(name: Datum): string {
  const found = encodingNamed(str(name));
  if (found === null) throw new DatabaseError('42704', `${str(name)} is not a valid encoding name`);
  return found;
}

export const ENCODINGS: readonly ScalarFunction[] = [
  scalar({
    name: 'length', args: [BYTEA, NAME], returns: INT4, volatility: 'stable',
    description: 'Number of characters of bytes in an encoding.',
    example: example(`SELECT length('\\x6ac3a9'::bytea, 'UTF8')`, '2'),
    row: ([b, name]) => characterLength(bytes(b), encoding(name, 'encoding')),
  }),
  scalar({
    name: 'convert', args: [BYTEA, NAME, NAME], returns: BYTEA,
    description: 'Bytes of one encoding as those of another.',
    example: example(`SELECT convert('\\x6ac3a9', 'UTF8', 'LATIN1')`, '\\x6ae9'),
    row: ([b, from, to]) => {
      const source = encoding(from, 'source encoding');
      return convertBytes(bytes(b), source, encoding(to, 'destination encoding'));
    },
  }),
  scalar({
    name: 'convert_to', args: [TEXT, NAME], returns: BYTEA, volatility: 'stable',
    description: 'Bytes of a text in an encoding.',
    example: example(`SELECT convert_to('jé', 'LATIN1')`, '\\x6ae9'),
    row: ([s, name]) => convertBytes(encodeUtf8(str(s)), 'UTF8', encoding(name, 'destination encoding')),
  }),
  scalar({
    name: 'convert_from', args: [BYTEA, NAME], returns: TEXT, volatility: 'stable',
    description: 'Text of bytes in an encoding.',
    example: example(`SELECT convert_from('\\x6ae9', 'LATIN1')`, 'jé'),
    row: ([b, name]) => decoded(convertBytes(bytes(b), encoding(name, 'source encoding'), 'UTF8')),
  }),
  scalar({
    name: 'to_ascii', args: [TEXT, NAME], optional: 1, returns: TEXT,
    description: 'Text without accents, of an encoding of one byte a character.',
    example: example(`SELECT to_ascii('Karel', 'LATIN2')`, 'Karel'),
    row: ([s, name]) => toAscii(str(s), name === undefined ? 'UTF8' : asciiEncoding(name)),
  }),
  scalar({
    name: 'to_ascii', args: [TEXT, INT4], returns: TEXT,
    description: 'Text without accents, of an encoding by its number.',
    example: example(`SELECT to_ascii('Karel', 8)`, 'Karel'),
    row: ([s, n]) => {
      const name = encodingNumbered(num(n));
      if (name === null) throw new DatabaseError('42704', `${num(n)} is not a valid encoding code`);
      return toAscii(str(s), name);
    },
  }),
];
