// The lexer of date/time and interval text: words, numbers, dates, times and signed zones, as PostgreSQL cuts them.
import { DatabaseError } from './error.ts';

/** `special`: a signed word; `zone`: a signed number, perhaps with colons, points or a hyphen in it. */
export interface DateToken {
  readonly kind: 'number' | 'string' | 'date' | 'time' | 'zone' | 'special';
  readonly text: string;
}

/** What a decoder found wrong; dateTimeError makes PostgreSQL's error of it. */
export type DateFault = 'format' | 'field' | 'month-day' | 'interval' | 'zone';

/** Thrown inside the decoders, turned into a DatabaseError at their door. */
export class DateFaultError extends Error {
  readonly fault: DateFault;
  constructor(fault: DateFault) {
    super(fault);
    this.fault = fault;
  }
}

export function fault(kind: DateFault): DateFaultError {
  return new DateFaultError(kind);
}

/** PostgreSQL's error for a fault in `text` as a value of type `type`. */
export function dateTimeError(kind: DateFault, text: string, type: string): DatabaseError {
  switch (kind) {
    case 'format': return new DatabaseError('22007', `invalid input syntax for type ${type}: "${text}"`);
    case 'field': return new DatabaseError('22008', `date/time field value out of range: "${text}"`);
    case 'month-day':
      return new DatabaseError('22008', `date/time field value out of range: "${text}"`,
        { hint: 'Perhaps you need a different "datestyle" setting.' });
    case 'interval': return new DatabaseError('22015', `interval field value out of range: "${text}"`);
    case 'zone': return new DatabaseError('22009', `time zone displacement out of range: "${text}"`);
  }
}

const MAX_TOKENS = 25;

/** Sticky patterns, tried in order; only the first that matches at the place counts. */
const PATTERNS: readonly (readonly [RegExp, DateToken['kind']])[] = [
  [/\d+:[\d:.]*/y, 'time'],
  [/\d+(?:-\d+-[\d-]*|\/\d+\/[\d/]*|\.\d+\.[\d.]*)/y, 'date'],
  [/\d+\.\d+/y, 'number'],
  [/\d+[-/]\d+/y, 'date'],
  [/\d+(?:-[a-z\d-]*|\/[a-z\d/]*|\.[a-z\d.]*)/yi, 'date'],
  [/\d+/y, 'number'],
  [/\.\d*/y, 'number'],
  [/[+-]\s*\d[\d:.-]*/y, 'zone'],
  [/[+-]\s*[a-z]+/yi, 'special'],
];

/** Letters, then perhaps what makes it a date with a text month, or a zone's name. */
const WORD = /[a-z]+/yi;
const WORD_TAIL = /[+\-/_.:a-z\d]+/yi;
const IGNORED = /[!-*,:-@[-`{-~/\s]+/y;

/** `isWord`: a word of the date grammar, which ends before a digit or a plus sign ("T04", "z+1"). */
export function dateTokens(text: string, isWord: (word: string) => boolean): readonly DateToken[] {
  const tokens: DateToken[] = [];
  let at = 0;
  while (at < text.length) {
    IGNORED.lastIndex = at;
    if (IGNORED.test(text)) {
      at = IGNORED.lastIndex;
      continue;
    }
    if (tokens.length >= MAX_TOKENS) throw fault('format');
    const token = wordAt(text, at, isWord) ?? patternAt(text, at);
    tokens.push({ kind: token.kind, text: token.raw.replace(/\s+/g, '').toLowerCase() });
    at += token.raw.length;
  }
  return tokens;
}

interface RawToken { readonly kind: DateToken['kind']; readonly raw: string }

function wordAt(text: string, at: number, isWord: (word: string) => boolean): RawToken | null {
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0];
  if (word === undefined) return null;
  const next = text.charAt(at + word.length);
  const dated = /[-/.]/.test(next) || (/[+\d]/.test(next) && !isWord(word.toLowerCase()));
  if (!dated) return { kind: 'string', raw: word };
  WORD_TAIL.lastIndex = at + word.length;
  return { kind: 'date', raw: word + (WORD_TAIL.exec(text)?.[0] ?? '') };
}

function patternAt(text: string, at: number): RawToken {
  for (const [pattern, kind] of PATTERNS) {
    pattern.lastIndex = at;
    const raw = pattern.exec(text)?.[0];
    if (raw !== undefined) return { kind, raw };
  }
  throw fault('format');
}
