// Texts that are names or have escapes in them: parse_ident, unistr, similar_escape.
import { arrayFrom } from '../../data/composite.ts';
import { DatabaseError } from '../../data/error.ts';
import { arrayOf, BOOLEAN, TEXT } from '../../data/types.ts';
import { bool, example, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';
import { asciiLower } from './text-algorithm.ts';

const QUOTED = /"((?:[^"]|"")*)"/y;
const PLAIN = /[A-Za-z_\u0080-\uffff][A-Za-z_0-9$\u0080-\uffff]*/y;
const BLANK = /[ \t\n\r\f\v]*/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** The parts of a qualified name. `strict`: nothing may follow it. */
function parseIdentifier(text: string, strict: boolean): readonly string[] {
  const invalid = (detail?: string): DatabaseError =>
    new DatabaseError('22023', `string is not a valid identifier: "${text}"`, { detail });
  const blank = (from: number): number => from + (matchAt(BLANK, text, from)?.[0].length ?? 0);
  const parts: string[] = [];
  let at = blank(0);
  for (let after = false; ; after = true) {
    const quoted = matchAt(QUOTED, text, at);
    const plain = quoted === null ? matchAt(PLAIN, text, at) : null;
    if (text[at] === '"' && quoted === null) throw invalid('String has unclosed double quotes.');
    if (quoted === null && plain === null) {
      if (text[at] === '.') throw invalid('No valid identifier before ".".');
      throw invalid(after ? 'No valid identifier after ".".' : undefined);
    }
    if (quoted !== null && quoted[1] === '') throw invalid('Quoted identifier must not be empty.');
    parts.push(quoted === null ? asciiLower(plain?.[0] ?? '') : quoted[1].replaceAll('""', '"'));
    at = blank(at + (quoted ?? plain ?? [''])[0].length);
    if (text[at] !== '.') break;
    at = blank(at + 1);
  }
  if (at < text.length && strict) throw invalid();
  return parts;
}

const UNICODE = /\\(?:(\\)|([0-9A-Fa-f]{4})|\+([0-9A-Fa-f]{6})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|\\/g;

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function decodeUnicode(text: string): string {
  const fail = (message: string, hint?: string): DatabaseError => new DatabaseError('42601', message, { hint });
  const decoded = text.replace(UNICODE, (whole, backslash: string | undefined, ...rest: (string | undefined)[]) => {
    if (backslash !== undefined) return '\\';
    const digits = rest.slice(0, 4).find((d) => d !== undefined);
    if (digits === undefined || whole === '\\') {
      const x = (count: number): string => 'X'.repeat(count);
      throw fail('invalid Unicode escape', `Unicode escapes must be \\${x(4)}, \\+${x(6)}, \\u${x(4)}, or \\U${x(8)}.`);
    }
    const code = parseInt(digits, 16);
    if (code === 0 || code > 0x10ffff) {
      throw new DatabaseError('22023', `invalid Unicode code point: ${code.toString(16).toUpperCase().padStart(4, '0')}`);
    }
    return String.fromCodePoint(code);
  });
  if (LONE_SURROGATE.test(decoded)) throw fail('invalid Unicode surrogate pair');
  return decoded;
}

export const IDENTIFIERS: readonly ScalarFunction[] = [
  scalar({
    name: 'parse_ident', args: [TEXT, BOOLEAN], optional: 1, names: ['str', 'strict'], defaults: [true], returns: arrayOf(TEXT),
    description: 'The parts of a qualified name.',
    example: example(`SELECT parse_ident('"SomeSchema".someTable')`, '{SomeSchema,sometable}'),
    row: ([text, strict]) => arrayFrom(parseIdentifier(str(text), strict === undefined || bool(strict))),
  }),
  scalar({
    name: 'unistr', args: [TEXT], returns: TEXT, description: 'The text with its Unicode escapes decoded.',
    example: example(`SELECT unistr('d\\0061t\\+000061')`, 'data'), row: ([text]) => decodeUnicode(str(text)),
  }),
];
