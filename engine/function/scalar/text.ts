// String functions and operators (manual 9.4).
import { asArray, arrayFrom } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { formatText } from '../../data/text-format.ts';
import { quoteIdentifier } from '../../data/type-info.ts';
import { arrayOf, BOOLEAN, BPCHAR, INT4, INT8, simpleType, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeUtf8 } from '../../data/utf8.ts';
import { checkElements, MAX_ELEMENTS, MAX_VALUE, valueTooLarge } from '../../data/value-size.ts';
import { castDatum } from '../../expression/cast.ts';
import { BytesVector, Int32Vector } from '../../data/vector.ts';
import { big, elementType, example, num, operator, scalar, str } from '../define.ts';
import type { CallInfo, FunctionExample, Kernel, ScalarFunction } from '../function.ts';
import { bytesColumn } from './columns.ts';
import { md5, toHex } from './digest.ts';
import { formatString } from './format-string.ts';
import * as algorithm from './text-algorithm.ts';

function caseKernel(first: number, last: number, shift: number): Kernel {
  return ([input], length, validity, call) => {
    const { offsets, bytes: from } = bytesColumn(input);
    const [start, end] = [offsets[0], offsets[length]];
    const out = from.slice(start, end);
    for (let i = 0; i < out.length; i++) if (out[i] >= first && out[i] <= last) out[i] += shift;
    const moved = new Int32Array(length + 1);
    for (let i = 0; i <= length; i++) moved[i] = offsets[i] - start;
    return new BytesVector(call.returnType, length, moved, out, validity);
  };
}

/** Bytes that do not continue a character. */
const lengthKernel: Kernel = ([input], length, validity, call) => {
  const { offsets, bytes: from } = bytesColumn(input);
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    let n = 0;
    for (let at = offsets[i]; at < offsets[i + 1]; at++) n += (from[at] & 0xc0) === 0x80 ? 0 : 1;
    out[i] = n;
  }
  return new Int32Vector(call.returnType, length, out, validity);
};

const octetKernel: Kernel = ([input], length, validity, call) => {
  const { offsets } = bytesColumn(input);
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = offsets[i + 1] - offsets[i];
  return new Int32Vector(call.returnType, length, out, validity);
};

const MAX_BYTES = 2 ** 31 - 1;

/** text || text, bytea || bytea. */
const concatKernel: Kernel = ([left, right], length, validity, call) => {
  const [a, b] = [bytesColumn(left), bytesColumn(right)];
  const offsets = new Int32Array(length + 1);
  const total = a.offsets[length] - a.offsets[0] + b.offsets[length] - b.offsets[0];
  // Where each value begins is an Int32.
  if (total > MAX_BYTES) throw new DatabaseError('53200', 'out of memory');
  const out = new Uint8Array(total);
  let to = 0;
  for (let i = 0; i < length; i++) {
    for (let at = a.offsets[i]; at < a.offsets[i + 1]; at++) out[to++] = a.bytes[at];
    for (let at = b.offsets[i]; at < b.offsets[i + 1]; at++) out[to++] = b.bytes[at];
    offsets[i + 1] = to;
    if (to - offsets[i] > MAX_VALUE) throw valueTooLarge();
  }
  return new BytesVector(call.returnType, length, offsets, out, validity);
};

interface TextSpec {
  readonly name: string;
  readonly args?: readonly LogicalType[];
  readonly returns?: LogicalType;
  readonly optional?: number;
  readonly words: string;
  /** Call and what it gives. */
  readonly shows: readonly [string, string];
  readonly row: (args: readonly Datum[], call: CallInfo) => Datum;
  readonly kernel?: Kernel;
  readonly total?: true;
}

function shown([call, result]: readonly [string, string]): FunctionExample {
  return example(`SELECT ${call}`, result);
}

function text({ args = [TEXT], returns = TEXT, words, shows, ...rest }: TextSpec): ScalarFunction {
  return scalar({ args, returns, description: words, example: shown(shows), ...rest });
}

const CASE: readonly ScalarFunction[] = [
  text({
    name: 'lower', words: 'In lower case.', shows: [`lower('TOM')`, 'tom'], total: true,
    row: ([s]) => algorithm.asciiLower(str(s)), kernel: caseKernel(65, 90, 32),
  }),
  text({
    name: 'upper', words: 'In upper case.', shows: [`upper('tom')`, 'TOM'], total: true,
    row: ([s]) => algorithm.asciiUpper(str(s)), kernel: caseKernel(97, 122, -32),
  }),
  text({
    name: 'initcap', words: 'First letter of each word in upper case, the rest in lower.',
    shows: [`initcap('hi THOMAS')`, 'Hi Thomas'], row: ([s]) => algorithm.initcap(str(s)),
  }),
];

const noBlanks = (s: string): string => s.replace(/ +$/, '');

const LENGTHS: readonly ScalarFunction[] = [
  ...['length', 'char_length', 'character_length'].flatMap((name) => [
    text({
      name, returns: INT4, words: 'Number of characters.', shows: [`${name}('jose')`, '4'], total: true,
      row: ([s]) => algorithm.lengthOf(str(s)), kernel: lengthKernel,
    }),
    text({
      name, args: [BPCHAR], returns: INT4, words: 'Number of characters, trailing blanks aside.',
      shows: [`${name}('ab  '::char(4))`, '2'], row: ([s]) => algorithm.lengthOf(noBlanks(str(s))),
    }),
  ]),
  ...[TEXT, BPCHAR].map((type) => text({
    name: 'octet_length', args: [type], returns: INT4, words: 'Number of bytes.', total: true,
    shows: [`octet_length('jose'::${type.kind})`, '4'], row: ([s]) => encodeUtf8(str(s)).length, kernel: octetKernel,
  })),
  text({
    name: 'bit_length', returns: INT4, words: 'Number of bits.', shows: [`bit_length('jose')`, '32'],
    row: ([s]) => encodeUtf8(str(s)).length * 8,
  }),
];

const SUBSTRINGS: readonly ScalarFunction[] = [
  ...['substring', 'substr'].map((name) => text({
    name, args: [TEXT, INT4, INT4], optional: 1, words: 'Characters from a position on, at most so many.',
    shows: [`${name}('alphabet', 3, 2)`, 'ph'],
    row: ([s, from, count]) => algorithm.substring(str(s), num(from), count === undefined ? undefined : num(count)),
  })),
  ...['position', 'strpos'].map((name) => text({
    name, args: [TEXT, TEXT], returns: INT4, words: 'Position of the first occurrence, 0 when there is none.',
    shows: name === 'strpos' ? [`strpos('high', 'ig')`, '2'] : [`position('om' in 'Thomas')`, '3'],
    row: ([s, part]) => algorithm.position(str(s), str(part)),
  })),
  text({
    name: 'overlay', args: [TEXT, TEXT, INT4, INT4], optional: 1,
    words: 'Replaces so many characters from a position on.',
    shows: [`overlay('Txxxxas' placing 'hom' from 2 for 4)`, 'Thomas'],
    row: ([s, r, from, count]) =>
      algorithm.overlay(str(s), str(r), num(from), count === undefined ? algorithm.lengthOf(str(r)) : num(count)),
  }),
  text({
    name: 'left', args: [TEXT, INT4], words: 'The first n characters, or all but the last -n.',
    shows: [`left('abcde', 2)`, 'ab'], row: ([s, n]) => algorithm.leftPart(str(s), num(n)),
  }),
  text({
    name: 'right', args: [TEXT, INT4], words: 'The last n characters, or all but the first -n.',
    shows: [`right('abcde', 2)`, 'de'], row: ([s, n]) => algorithm.rightPart(str(s), num(n)),
  }),
  text({
    name: 'split_part', args: [TEXT, TEXT, INT4],
    words: 'The n-th of the parts between separators; from the end for n < 0.',
    shows: [`split_part('abc~@~def~@~ghi', '~@~', 2)`, 'def'],
    row: ([s, separator, n]) => algorithm.splitPart(str(s), str(separator), num(n)),
  }),
  text({
    name: 'starts_with', args: [TEXT, TEXT], returns: BOOLEAN, words: 'Does it start so?', total: true,
    shows: [`starts_with('alphabet', 'alph')`, 't'], row: ([s, part]) => str(s).startsWith(str(part)),
  }),
  operator({
    name: '^@', args: [TEXT, TEXT], returns: BOOLEAN, description: 'Does it start so?', total: true,
    example: example(`SELECT 'alphabet' ^@ 'alph'`, 't'), row: ([s, part]) => str(s).startsWith(str(part)),
  }),
];

const SIDES = { btrim: 'both', ltrim: 'start', rtrim: 'end' } as const;
const TRIMS: readonly ScalarFunction[] = (['btrim', 'ltrim', 'rtrim'] as const).map((name) => text({
  name, args: [TEXT, TEXT], optional: 1, words: 'Without the given characters (blanks) at the ends.',
  shows: [`${name}('xyxtrimxyx', 'xy')`, { btrim: 'trim', ltrim: 'trimxyx', rtrim: 'xyxtrim' }[name]],
  row: ([s, set]) => algorithm.trimPoints(str(s), set === undefined ? ' ' : str(set), SIDES[name]),
}));

const CHANGES: readonly ScalarFunction[] = [
  text({
    name: 'lpad', args: [TEXT, INT4, TEXT], optional: 1, words: 'Filled up (or cut) to a length, at the start.',
    shows: [`lpad('hi', 5, 'xy')`, 'xyxhi'],
    row: ([s, n, fill]) => algorithm.pad(str(s), num(n), fill === undefined ? ' ' : str(fill), 'start'),
  }),
  text({
    name: 'rpad', args: [TEXT, INT4, TEXT], optional: 1, words: 'Filled up (or cut) to a length, at the end.',
    shows: [`rpad('hi', 5, 'xy')`, 'hixyx'],
    row: ([s, n, fill]) => algorithm.pad(str(s), num(n), fill === undefined ? ' ' : str(fill), 'end'),
  }),
  text({
    name: 'repeat', args: [TEXT, INT4], words: 'So many times in a row.', shows: [`repeat('Pg', 4)`, 'PgPgPgPg'],
    row: ([s, n]) => algorithm.repeat(str(s), num(n)),
  }),
  text({
    name: 'replace', args: [TEXT, TEXT, TEXT], words: 'Every occurrence of the second replaced by the third.',
    shows: [`replace('abcdefabcdef', 'cd', 'XX')`, 'abXXefabXXef'],
    row: ([s, from, to]) => (from === '' ? s : str(s).split(str(from)).join(str(to))),
  }),
  text({
    name: 'reverse', words: 'In opposite order.', shows: [`reverse('abcde')`, 'edcba'],
    row: ([s]) => [...str(s)].reverse().join(''),
  }),
  text({
    name: 'translate', args: [TEXT, TEXT, TEXT], words: 'Characters of the second replaced by those of the third.',
    shows: [`translate('12345', '143', 'ax')`, 'a2x5'],
    row: ([s, from, to]) => algorithm.translate(str(s), str(from), str(to)),
  }),
  text({
    name: 'ascii', returns: INT4, words: 'Code point of the first character.', shows: [`ascii('x')`, '120'],
    row: ([s]) => str(s).codePointAt(0) ?? 0,
  }),
  text({ name: 'chr', args: [INT4], words: 'The character of a code point.', shows: ['chr(65)', 'A'],
    row: ([n]) => algorithm.character(num(n)) }),
  text({
    name: 'to_hex', args: [INT4], words: 'In hexadecimal.', shows: ['to_hex(2147483647)', '7fffffff'],
    row: ([n]) => (num(n) >>> 0).toString(16),
  }),
  text({
    name: 'to_hex', args: [INT8], words: 'In hexadecimal.', shows: ['to_hex(2147483648)', '80000000'],
    row: ([n]) => BigInt.asUintN(64, big(n)).toString(16),
  }),
  text({
    name: 'md5', words: 'MD5 digest, in hexadecimal.', shows: [`md5('abc')`, '900150983cd24fb0d6963f7d28e17f72'],
    row: ([s]) => toHex(md5(encodeUtf8(str(s)))),
  }),
  text({
    name: 'normalize', args: [TEXT, TEXT], optional: 1, words: 'In a Unicode normal form.',
    shows: [`normalize(U&'\\0061\\0308bc', NFC) = U&'\\00E4bc'`, 't'],
    row: ([s, form]) => str(s).normalize(normalForm(form)),
  }),
  text({
    name: 'is_normalized', args: [TEXT, TEXT], optional: 1, returns: BOOLEAN,
    words: 'Is it in that Unicode normal form?',
    shows: [`'abc' IS NFD NORMALIZED`, 't'], row: ([s, form]) => str(s).normalize(normalForm(form)) === s,
  }),
];

function normalForm(form: Datum | undefined): string {
  const name = form === undefined ? 'NFC' : str(form).toUpperCase();
  if (name !== 'NFC' && name !== 'NFD' && name !== 'NFKC' && name !== 'NFKD') {
    throw new DatabaseError('22023', `invalid normalization form: ${str(form ?? null)}`);
  }
  return name;
}

/** Text of a value as concat() and format() use it. */
export function outputText(d: Datum, type: LogicalType, call: CallInfo): string {
  return formatText(type, d, call.context.format, { names: call.context.catalog });
}

/** Text of a value as a cast makes it: true, not t. */
function castedText(d: Datum, type: LogicalType, call: CallInfo): string {
  return str(castDatum(d, { from: type, to: TEXT, explicit: true }, call.context));
}

const ANY = simpleType('any');
const ANYELEMENT = simpleType('anyelement');
const ANYNONARRAY = simpleType('anynonarray');
const ANYARRAY = simpleType('anyarray');

const CONCATENATION: readonly ScalarFunction[] = [
  operator({
    name: '||', args: [TEXT, TEXT], returns: TEXT, description: 'Concatenation.', total: true,
    example: example(`SELECT 'Post' || 'greSQL'`, 'PostgreSQL'), row: ([a, b]) => str(a) + str(b), kernel: concatKernel,
  }),
  operator({
    name: '||', args: [TEXT, ANYNONARRAY], returns: TEXT, description: 'Concatenation with the text of a value.',
    volatility: 'stable', casts: true, example: example(`SELECT 'Value: ' || 42`, 'Value: 42'),
    row: ([a, b], call) => str(a) + castedText(b, call.argTypes[1], call),
  }),
  operator({
    name: '||', args: [ANYNONARRAY, TEXT], returns: TEXT, description: 'Concatenation with the text of a value.',
    volatility: 'stable', casts: true, example: example(`SELECT 42 || ' is it'`, '42 is it'),
    row: ([a, b], call) => castedText(a, call.argTypes[0], call) + str(b),
  }),
  scalar({
    name: 'concat', args: [], variadic: ANY, returns: TEXT, strict: false, volatility: 'stable',
    description: 'The texts of all arguments in a row; NULLs are left out.',
    example: example(`SELECT concat('abcde', 2, NULL, 22)`, 'abcde222'),
    row: (args, call) => args.map((a, i) => (a === null ? '' : outputText(a, call.argTypes[i], call))).join(''),
  }),
  scalar({
    name: 'concat_ws', args: [TEXT], variadic: ANY, returns: TEXT, strict: false, volatility: 'stable',
    description: 'The texts of all arguments but the first, with that one between; NULLs are left out.',
    example: example(`SELECT concat_ws(',', 'abcde', 2, NULL, 22)`, 'abcde,2,22'),
    row: ([separator, ...rest], call) => (separator === null ? null : rest
      .flatMap((a, i) => (a === null ? [] : [outputText(a, call.argTypes[i + 1], call)])).join(str(separator))),
  }),
  scalar({
    name: 'format', args: [TEXT], variadic: ANY, variadicOptional: true, returns: TEXT, strict: false, volatility: 'stable',
    description: 'Fills %s, %I and %L of a pattern.',
    example: example(`SELECT format('Hello %s, %1$s', 'World')`, 'Hello World, World'),
    row: ([pattern, ...rest], call) => (pattern === null ? null : formatString(str(pattern),
      rest.map((a, i) => (a === null ? null : outputText(a, call.argTypes[i + 1], call))))),
  }),
];

const QUOTING: readonly ScalarFunction[] = [
  text({
    name: 'quote_ident', words: 'Quoted as an identifier where needed.', shows: [`quote_ident('Foo bar')`, '"Foo bar"'],
    row: ([s]) => quoteIdentifier(str(s)),
  }),
  text({
    name: 'quote_literal', words: 'Quoted as a literal.', shows: [`quote_literal(E'O\\'Reilly')`, '\'O\'\'Reilly\''],
    row: ([s]) => algorithm.quoteLiteral(str(s)),
  }),
  scalar({
    name: 'quote_literal', args: [ANYELEMENT], returns: TEXT, volatility: 'stable',
    description: 'Text of a value, quoted as a literal.',
    example: example('SELECT quote_literal(42.5)', '\'42.5\''),
    row: ([d], call) => algorithm.quoteLiteral(castedText(d, call.argTypes[0], call)),
  }),
  scalar({
    name: 'quote_nullable', args: [TEXT], returns: TEXT, strict: false,
    description: 'Quoted as a literal; NULL as the word NULL.',
    example: example('SELECT quote_nullable(NULL)', 'NULL'),
    row: ([s]) => (s === null ? 'NULL' : algorithm.quoteLiteral(str(s))),
  }),
  scalar({
    name: 'quote_nullable', args: [ANYELEMENT], returns: TEXT, strict: false, volatility: 'stable',
    description: 'Text of a value, quoted as a literal; NULL as the word NULL.',
    example: example('SELECT quote_nullable(42.5)', '\'42.5\''),
    row: ([d], call) => (d === null ? 'NULL' : algorithm.quoteLiteral(castedText(d, call.argTypes[0], call))),
  }),
];

/** Parts between separators: characters when the separator is NULL, the whole when it is empty. */
export function splitString(s: string, separator: string | null): string[] {
  if (s === '') return [];
  if (separator === null) {
    checkElements(algorithm.lengthOf(s));
    return [...s];
  }
  if (separator === '') return [s];
  const parts = s.split(separator, MAX_ELEMENTS + 1);
  checkElements(parts.length);
  return parts;
}

export function splitWithNull([s, separator, nullText]: readonly Datum[]): Datum[] {
  const parts = splitString(str(s), separator === null ? null : str(separator));
  return parts.map((p) => (nullText !== undefined && nullText !== null && p === nullText ? null : p));
}

function arrayText([array, separator, nullText]: readonly Datum[], call: CallInfo): Datum {
  if (array === null || separator === null) return null;
  const type = elementType(call.argTypes[0]);
  const missing = nullText === undefined ? null : nullText;
  return asArray(array).values
    .flatMap((d) => (d === null ? (missing === null ? [] : [str(missing)]) : [outputText(d, type, call)]))
    .join(str(separator));
}

const ARRAYS: readonly ScalarFunction[] = [
  scalar({
    name: 'string_to_array', args: [TEXT, TEXT, TEXT], optional: 1, returns: arrayOf(TEXT), strict: false,
    description: 'Parts between separators; parts equal to the third argument become NULL.',
    example: example(`SELECT string_to_array('xx~~yy~~zz', '~~', 'yy')`, '{xx,NULL,zz}'),
    row: (args) => (args[0] === null ? null : arrayFrom(splitWithNull(args))),
  }),
  scalar({
    name: 'array_to_string', args: [ANYARRAY, TEXT, TEXT], optional: 1, returns: TEXT, strict: false,
    volatility: 'stable',
    description: 'Texts of the elements with a separator between; NULLs left out, or as the third argument says.',
    example: example(`SELECT array_to_string(ARRAY[1, 2, 3, NULL, 5], ',', '*')`, '1,2,3,*,5'), row: arrayText,
  }),
];

export const TEXTUAL: readonly ScalarFunction[] = [
  ...CASE, ...LENGTHS, ...SUBSTRINGS, ...TRIMS, ...CHANGES, ...CONCATENATION, ...QUOTING, ...ARRAYS,
];
