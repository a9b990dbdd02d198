// Regular expression matching, over RE2 (linear time) where it answers the same: a cache of compiled patterns, searching,
// splitting, replacing.
import { RE2JS } from 're2js';
import { DatabaseError, notSupported } from '../error.ts';
import { PosixProgram } from './posix-regex.ts';
import type { TextMatcher } from './posix-regex.ts';
import { parseRegex } from './regex-parse.ts';
import { invalidRegex, parseFlags, translateRegex } from './regex-syntax.ts';
import type { RegexFlags } from './regex-syntax.ts';

export interface Regex {
  readonly program: TextProgram;
  readonly flags: RegexFlags;
  readonly groups: number;
}

/** RE2's, or our own where it would answer something else. */
export interface TextProgram {
  matcher(text: string): TextMatcher;
  test(text: string): boolean;
  groupCount(): number;
}

const CACHE_SIZE = 256;
const cache = new Map<string, Regex>();

/** Compiled, or from the cache. Throws 2201B as PostgreSQL does; matching may throw 54000. */
export function regexOf(pattern: string, options = ''): Regex {
  const key = `${options}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const compiled = compile(pattern, options);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(key, compiled);
  return compiled;
}

function compile(pattern: string, options: string): Regex {
  const { source, flags, greedy, text, refers } = translateRegex(pattern, parseFlags(options));
  const bits = (flags.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (flags.newlineStop ? 0 : RE2JS.DOTALL)
    | (flags.newlineAnchors ? RE2JS.MULTILINE : 0) | (greedy ? RE2JS.LONGEST_MATCH : 0);
  try {
    // RE2 knows best whether the syntax is right.
    const compiled = RE2JS.compile(source, bits);
    const parsed = text === null ? null : parseRegex(text, flags);
    const program = parsed === null || (parsed.plain && !refers) ? compiled : new PosixProgram(parsed.root, parsed.groups);
    return { program, flags, groups: program.groupCount() };
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw translateError(error instanceof Error ? error.message : String(error));
  }
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/missing closing \]/, 'brackets [] not balanced'],
  [/missing closing \)|unexpected \)|parenthes/, 'parentheses () not balanced'],
  [/missing argument to repetition|invalid nested repetition/, 'quantifier operand invalid'],
  [/repeat count|repetition/, 'invalid repetition count(s)'],
  [/character class range/, 'invalid character range'],
  [/escape|backslash/, 'invalid escape \\ sequence'],
];

function translateError(message: string): DatabaseError {
  const found = REASONS.find(([shape]) => shape.test(message));
  return found === undefined ? notSupported(`the regular expression (${message})`) : invalidRegex(found[1]);
}

export function regexTest(text: string, pattern: string, options = ''): boolean {
  return regexOf(pattern, options).program.test(text);
}

/** The text of a group, null when it took no part. */
export function groupText(matcher: TextMatcher, group: number): string | null {
  return matcher.start(group) < 0 ? null : matcher.group(group);
}

/** The groups of a match, or the whole match when the pattern has none. */
export function matchGroups(matcher: TextMatcher, groups: number): (string | null)[] {
  if (groups === 0) return [groupText(matcher, 0)];
  return Array.from({ length: groups }, (_, i) => groupText(matcher, i + 1));
}

/** Matches from left to right, none overlapping; one only unless `all`. */
export function* searchAll(regex: Regex, text: string, all: boolean, from = 0): Generator<TextMatcher> {
  const matcher = regex.program.matcher(text);
  let at = from;
  while (at <= text.length && matcher.find(at)) {
    yield matcher;
    if (!all) return;
    const end = matcher.end();
    at = matcher.start() === end ? end + (isPair(text, end) ? 2 : 1) : end;
  }
}

function isPair(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code <= 0xdbff && at + 1 < text.length;
}

/** regexp_split: empty matches at the ends or right after a match split nothing. */
export function splitText(regex: Regex, text: string): string[] {
  const parts: string[] = [];
  let last = 0;
  for (const matcher of searchAll(regex, text, true)) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (start >= text.length || end <= last) continue;
    parts.push(text.slice(last, start));
    last = end;
  }
  parts.push(text.slice(last));
  return parts;
}

/** Replacement text: \1 … \9 groups, \& the match, \\ a backslash. */
function expand(replacement: string, matcher: TextMatcher, groups: number): string {
  return replacement.replace(/\\([\s\S])/g, (whole, c: string) => {
    if (c === '&') return groupText(matcher, 0) ?? '';
    if (c >= '1' && c <= '9') return Number(c) <= groups ? groupText(matcher, Number(c)) ?? '' : '';
    return c === '\\' ? '\\' : whole;
  });
}

/** The n-th match from a position (in UTF-16 units) on is replaced, or every one for n = 0. */
export function replaceMatches(regex: Regex, text: string, replacement: string, n: number, from = 0): string {
  let out = '';
  let last = 0;
  let count = 0;
  for (const matcher of searchAll(regex, text, true, from)) {
    count++;
    if (n !== 0 && count < n) continue;
    out += text.slice(last, matcher.start()) + expand(replacement, matcher, regex.groups);
    last = matcher.end();
    if (n !== 0) break;
  }
  return out + text.slice(last);
}

/** No `g` where the function has no use for it. */
export function rejectGlobal(name: string, options: string, hint?: string): void {
  if (!options.includes('g')) return;
  throw new DatabaseError('22023', `${name}() does not support the "global" option`, { hint });
}
