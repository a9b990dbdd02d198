// Pattern matching (manual 9.7): LIKE, SIMILAR TO, regular expression operators and functions.
import { arrayFrom } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import {
  groupText, matchGroups, regexOf, regexTest, rejectGlobal, replaceMatches, searchAll, splitText,
} from '../../data/regex/regex.ts';
import { similarToRegex } from '../../data/regex/regex-syntax.ts';
import { arrayOf, BOOLEAN, BPCHAR, BYTEA, INT4, NAME, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeUtf8 } from '../../data/utf8.ts';
import { isValid } from '../../data/vector.ts';
import { bytes, example, num, operator, scalar, str } from '../define.ts';
import type { Kernel, ScalarFunction } from '../function.ts';
import { boolResult, bytesColumn } from './columns.ts';
import { likeEscape, likePattern, matchLike } from './like.ts';
import { asciiLower, lengthOf, slicePoints } from './text-algorithm.ts';

const PATTERNS: readonly LogicalType[] = [TEXT, NAME, BPCHAR];

function like(text: string, pattern: string): boolean {
  const subject = encodeUtf8(text);
  return matchLike(likePattern(pattern), subject, 0, subject.length);
}

const decoder = new TextDecoder();

/** Patterns are mostly one constant: consecutive equal ones are compiled once. */
function likeKernel(inverted: boolean): Kernel {
  const answer = inverted ? 0 : 1;
  return ([left, right], length, validity) => {
    const [subjects, patterns] = [bytesColumn(left), bytesColumn(right)];
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      if (!isValid(validity, i)) continue;
      const [from, to] = [patterns.offsets[i], patterns.offsets[i + 1]];
      const compiled = likePattern(rowText(patterns.bytes, from, to));
      out[i] = matchLike(compiled, subjects.bytes, subjects.offsets[i], subjects.offsets[i + 1]) ? answer : answer ^ 1;
    }
    return boolResult(out, length, validity);
  };
}

let lastBytes = new Uint8Array(0);
let lastText = '';
/** The text of some bytes; decoded again only when they differ from the last. */
function rowText(from: Uint8Array, start: number, end: number): string {
  let same = lastBytes.length === end - start;
  for (let i = start; same && i < end; i++) same = from[i] === lastBytes[i - start];
  if (!same) {
    lastBytes = from.slice(start, end);
    lastText = decoder.decode(lastBytes);
  }
  return lastText;
}

interface Matching {
  readonly symbol: string;
  readonly words: string;
  readonly sample: readonly [pattern: string, result: string];
  readonly test: (text: string, pattern: string) => boolean;
}

const MATCHINGS: readonly Matching[] = [
  { symbol: '~~', words: 'Matches the LIKE pattern.', sample: ['a_c%', 't'], test: like },
  { symbol: '!~~', words: 'Does not match the LIKE pattern.', sample: ['a_c%', 'f'], test: (t, p) => !like(t, p) },
  {
    symbol: '~~*', words: 'Matches the LIKE pattern, case aside.', sample: ['A_C%', 't'],
    test: (t, p) => like(asciiLower(t), asciiLower(p)),
  },
  {
    symbol: '!~~*', words: 'Does not match the LIKE pattern, case aside.', sample: ['A_C%', 'f'],
    test: (t, p) => !like(asciiLower(t), asciiLower(p)),
  },
  { symbol: '~', words: 'Matches the regular expression.', sample: ['^a.c', 't'], test: (t, p) => regexTest(t, p) },
  { symbol: '!~', words: 'Does not match the regular expression.', sample: ['^a.c', 'f'],
    test: (t, p) => !regexTest(t, p) },
  { symbol: '~*', words: 'Matches the regular expression, case aside.', sample: ['^A.C', 't'],
    test: (t, p) => regexTest(t, p, 'i') },
  {
    symbol: '!~*', words: 'Does not match the regular expression, case aside.', sample: ['^A.C', 'f'],
    test: (t, p) => !regexTest(t, p, 'i'),
  },
];

const OPERATORS: readonly ScalarFunction[] = MATCHINGS.flatMap(({ symbol, words, sample,
  test }) => PATTERNS.map((type) =>
  operator({
    name: symbol, args: [type, TEXT], returns: BOOLEAN, description: words,
    example: example(`SELECT 'abcd'::${type.kind} ${symbol} '${sample[0]}'`, sample[1]),
    row: ([text, pattern]) => test(str(text), str(pattern)),
    ...(symbol === '~~' || symbol === '!~~' ? { kernel: likeKernel(symbol === '!~~') } : {}),
  })));

/** Bytes as characters of their own number. */
const latinText = (d: Datum): string => Array.from(bytes(d), (b) => String.fromCharCode(b)).join('');

const bytesLike = (text: Datum, pattern: Datum): boolean => like(latinText(text), latinText(pattern));

const LIKE_FUNCTIONS: readonly ScalarFunction[] = [
  operator({
    name: '~~', args: [BYTEA, BYTEA], returns: BOOLEAN, description: 'Matches the LIKE pattern.',
    example: example(`SELECT '\\x6162'::bytea ~~ 'a%'::bytea`, 't'), row: ([t, p]) => bytesLike(t, p),
  }),
  operator({
    name: '!~~', args: [BYTEA, BYTEA], returns: BOOLEAN, description: 'Does not match the LIKE pattern.',
    example: example(`SELECT '\\x6162'::bytea !~~ 'a%'::bytea`, 'f'), row: ([t, p]) => !bytesLike(t, p),
  }),
  ...(['like', 'notlike'] as const).map((name) => scalar({
    name, args: [TEXT, TEXT], returns: BOOLEAN, description: 'The function of LIKE and NOT LIKE.',
    example: example(`SELECT "${name}"('abc', 'a%')`, name === 'like' ? 't' : 'f'),
    row: ([t, p]) => like(str(t), str(p)) === (name === 'like'),
  })),
  scalar({
    name: 'like_escape', args: [TEXT, TEXT], returns: TEXT,
    description: 'A LIKE pattern with ESCAPE as one with backslashes.',
    example: example(`SELECT like_escape('a#%', '#')`, 'a\\%'), row: ([p, e]) => likeEscape(str(p), str(e)),
  }),
  scalar({
    name: 'like_escape', args: [BYTEA, BYTEA], returns: BYTEA,
    description: 'A LIKE pattern with ESCAPE as one with backslashes.',
    example: example(`SELECT like_escape('a#%'::bytea, '#'::bytea)`, '\\x615c25'),
    row: ([p, e]) => Uint8Array.from(likeEscape(latinText(p), latinText(e)), (c) => c.charCodeAt(0)),
  }),
  scalar({
    name: 'similar_to_escape', args: [TEXT, TEXT], returns: TEXT, optional: 1,
    description: 'A SIMILAR TO pattern as a regular expression.',
    example: example(`SELECT similar_to_escape('a%')`, '^(?:a.*)$'),
    row: ([p, e]) => similarToRegex(str(p), e === undefined ? '\\' : str(e)),
  }),
];

/** substring(text from pattern): the first group, or the match. */
function firstPart(text: string, pattern: string): string | null {
  const regex = regexOf(pattern);
  for (const matcher of searchAll(regex, text, false)) return groupText(matcher, regex.groups === 0 ? 0 : 1);
  return null;
}

/** substring(text similar pattern escape e): the part between the two e" separators. */
function similarPart(text: string, pattern: string, escape: string): string | null {
  const regex = similarToRegex(pattern, escape);
  // PostgreSQL makes the first part match as little as it can; RE2 is told so quantifier by quantifier.
  const split = regex.split('){1,1}?(');
  if (split.length === 1) return firstPart(text, regex);
  const [middle, end] = split[1].replace(/\)\$$/, '').split('){1,1}(?:');
  const start = split[0].slice('^(?:'.length);
  for (let length = 0; length <= text.length; length++) {
    if (!regexTest(text.slice(0, length), `^(?:${start})$`)) continue;
    const found = firstPart(text.slice(length), `^(${middle})(?:${end ?? ''})$`);
    if (found !== null) return found;
  }
  return null;
}

function matchArray(text: string, pattern: string, options: string): Datum {
  rejectGlobal('regexp_match', options, 'Use the regexp_matches function instead.');
  const regex = regexOf(pattern, options);
  for (const matcher of searchAll(regex, text, false)) return arrayFrom(matchGroups(matcher, regex.groups));
  return null;
}

function positive(value: number, name: string, least = 1): number {
  if (value < least) throw new DatabaseError('22023', `invalid value for parameter "${name}": ${value}`);
  return value;
}

/** 1-based position in code points → offset in UTF-16 units; may lie beyond the end. */
function offsetOf(text: string, position: number): number {
  if (position <= 0) throw new DatabaseError('22023', `invalid value for parameter "start": ${position}`);
  const before = slicePoints(text, 0, position - 1);
  return before.length < text.length || position - 1 <= [...before].length ? before.length : text.length + 1;
}

function countMatches(text: string, pattern: string, start: number, options: string): number {
  rejectGlobal('regexp_count', options);
  let n = 0;
  const matches = searchAll(regexOf(pattern, options), text, true, offsetOf(text, start));
  while (matches.next().done !== true) n++;
  return n;
}

interface NthMatch {
  readonly text: string;
  readonly pattern: string;
  readonly start: number;
  readonly n: number;
  readonly options: string;
  readonly group: number;
}

/** Start and end of the n-th match or of one of its groups, in UTF-16 units. */
function nthMatch(m: NthMatch): readonly [number, number] | null {
  const regex = regexOf(m.pattern, m.options);
  if (m.group > regex.groups) return null;
  let count = 0;
  for (const matcher of searchAll(regex, m.text, true, offsetOf(m.text, m.start))) {
    if (++count < m.n) continue;
    return matcher.start(m.group) < 0 ? null : [matcher.start(m.group), matcher.end(m.group)];
  }
  return null;
}

function optional(d: Datum | undefined, otherwise: number): number {
  return d === undefined ? otherwise : num(d);
}

function instr([text, pattern, start, n, after, options, group]: readonly (Datum | undefined)[]): Datum {
  const flags = options === undefined ? '' : str(options);
  const begin = positive(optional(start, 1), 'start');
  const nth = positive(optional(n, 1), 'n');
  const endOption = optional(after, 0);
  if (endOption !== 0 && endOption !== 1) throw new DatabaseError('22023',
    `invalid value for parameter "endoption": ${endOption}`);
  const part = positive(optional(group, 0), 'subexpr', 0);
  rejectGlobal('regexp_instr', flags);
  const subject = str(text ?? null);
  const found = nthMatch({ text: subject, pattern: str(pattern ?? null), start: begin, n: nth, options: flags,
    group: part });
  return found === null ? 0 : lengthOf(subject.slice(0, found[endOption])) + 1;
}

function substr([text, pattern, start, n, options, group]: readonly (Datum | undefined)[]): Datum {
  const flags = options === undefined ? '' : str(options);
  const begin = positive(optional(start, 1), 'start');
  const nth = positive(optional(n, 1), 'n');
  const part = positive(optional(group, 0), 'subexpr', 0);
  rejectGlobal('regexp_substr', flags);
  const subject = str(text ?? null);
  const found = nthMatch({ text: subject, pattern: str(pattern ?? null), start: begin, n: nth, options: flags,
    group: part });
  return found === null ? null : subject.slice(found[0], found[1]);
}

function replaceAt([text, pattern, replacement, start, n, options]: readonly (Datum | undefined)[]): Datum {
  const flags = options === undefined ? '' : str(options);
  const subject = str(text ?? null);
  const from = offsetOf(subject, num(start ?? null));
  const regex = regexOf(str(pattern ?? null), flags);
  const nth = n === undefined ? (regex.flags.global ? 0 : 1) : positive(num(n), 'n', 0);
  return replaceMatches(regex, subject, str(replacement ?? null), nth, from);
}

const optionsOf = (d: Datum | undefined): string => (d === undefined ? '' : str(d));

const FUNCTIONS: readonly ScalarFunction[] = [
  scalar({
    name: 'substring', args: [TEXT, TEXT], returns: TEXT, description: 'The part that matches a regular expression.',
    example: example(`SELECT substring('Thomas' from '...$')`, 'mas'), row: ([t, p]) => firstPart(str(t), str(p)),
  }),
  scalar({
    name: 'substring', args: [TEXT, TEXT, TEXT], returns: TEXT,
    description: 'The part that matches an SQL regular expression.',
    example: example(`SELECT substring('Thomas' similar '%#"o_a#"_' escape '#')`, 'oma'),
    row: ([t, p, e]) => similarPart(str(t), str(p), str(e)),
  }),
  scalar({
    name: 'regexp_match', args: [TEXT, TEXT, TEXT], optional: 1, returns: arrayOf(TEXT),
    description: 'Groups of the first match.',
    example: example(`SELECT regexp_match('foobarbequebaz', '(bar)(beque)')`, '{bar,beque}'),
    row: ([t, p, o]) => matchArray(str(t), str(p), optionsOf(o)),
  }),
  scalar({
    name: 'regexp_like', args: [TEXT, TEXT, TEXT], optional: 1, returns: BOOLEAN, description: 'Is there a match?',
    example: example(`SELECT regexp_like('Hello World', 'world$', 'i')`, 't'),
    row: ([t, p, o]) => {
      rejectGlobal('regexp_like', optionsOf(o));
      return regexTest(str(t), str(p), optionsOf(o));
    },
  }),
  scalar({
    name: 'regexp_count', args: [TEXT, TEXT, INT4, TEXT], optional: 2, returns: INT4, description: 'Number of matches.',
    example: example(`SELECT regexp_count('123456789012', '\\d\\d\\d', 2)`, '3'),
    row: ([t, p, s, o]) => countMatches(str(t), str(p), optional(s, 1), optionsOf(o)),
  }),
  scalar({
    name: 'regexp_instr', args: [TEXT, TEXT, INT4, INT4, INT4, TEXT, INT4], optional: 5, returns: INT4,
    description: 'Position of a match, 0 when there is none.',
    example: example(`SELECT regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i')`, '3'), row: instr,
  }),
  scalar({
    name: 'regexp_substr', args: [TEXT, TEXT, INT4, INT4, TEXT, INT4], optional: 4, returns: TEXT,
    description: 'The text of a match.',
    example: example(`SELECT regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i')`, 'CDEF'),
    row: substr,
  }),
  scalar({
    name: 'regexp_replace', args: [TEXT, TEXT, TEXT, TEXT], optional: 1, returns: TEXT,
    description: 'Replaces the first match, with option g every one.',
    example: example(`SELECT regexp_replace('foobarbaz', 'b(..)', 'X\\1Y', 'g')`, 'fooXarYXazY'),
    row: ([t, p, r, o]) => {
      const first = optionsOf(o)[0];
      if (first >= '0' && first <= '9') {
        throw new DatabaseError('22023', `invalid regular expression option: "${first}"`, {
          hint: 'If you meant to use regexp_replace() with a start parameter, '
            + 'cast the fourth argument to integer explicitly.',
        });
      }
      const regex = regexOf(str(p), optionsOf(o));
      return replaceMatches(regex, str(t), str(r), regex.flags.global ? 0 : 1);
    },
  }),
  scalar({
    name: 'regexp_replace', args: [TEXT, TEXT, TEXT, INT4, INT4, TEXT], optional: 2, returns: TEXT,
    description: 'Replaces the n-th match from a position on, every one for n = 0.',
    example: example(`SELECT regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')`,
      'A PostgrXSQL function'),
    row: replaceAt,
  }),
  scalar({
    name: 'regexp_split_to_array', args: [TEXT, TEXT, TEXT], optional: 1, returns: arrayOf(TEXT),
    description: 'Parts between the matches.',
    example: example(`SELECT regexp_split_to_array('hello world', '\\s+')`, '{hello,world}'),
    row: ([t, p, o]) => {
      rejectGlobal('regexp_split_to_array', optionsOf(o));
      return arrayFrom(splitText(regexOf(str(p), optionsOf(o)), str(t)));
    },
  }),
];

export const PATTERN: readonly ScalarFunction[] = [...OPERATORS, ...LIKE_FUNCTIONS, ...FUNCTIONS];
