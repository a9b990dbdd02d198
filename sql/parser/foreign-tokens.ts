// Text of a foreign dialect cut into tokens, and what the borrowed grammar is shown of them: placeholders, never values.
import { DatabaseError } from '../../engine/data/error.ts';
import { refusal } from './foreign-dialect.ts';
import type { Dialect } from './foreign-dialect.ts';
import type { CharacterIndex } from './source.ts';

export interface ForeignToken {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'operator' | 'punctuation';
  /** A word folded, a name or string without quotes and escapes, else as written. */
  readonly value: string;
  /** As the catalog is to know a word or quoted name. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** What the grammar is shown in its place; empty: nothing. */
  mark: string;
  /** For an opening or closing bracket: the index of the other one. */
  partner: number;
}

const PATTERN = new RegExp([
  '(?<space>\\s+|--[^\\r\\n]*|/\\*[\\s\\S]*?\\*/)', '(?<hash>#[^\\r\\n]*)',
  "(?<single>'(?:[^']|'')*')", "(?<singleEscaped>'(?:[^'\\\\]|\\\\[\\s\\S]|'')*')",
  '(?<double>"(?:[^"]|"")*")', '(?<doubleEscaped>"(?:[^"\\\\]|\\\\[\\s\\S]|"")*")',
  '(?<backtick>`(?:[^`]|``)*`)', '(?<bracket>\\[[^\\]]*\\])',
  '(?<number>0[xX][0-9a-fA-F]+|(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)',
  '(?<parameter>\\$\\d+)', '(?<word>[\\p{L}_][\\p{L}\\p{N}_$]*)',
  '(?<operator><=>|->>|#>>|<<|>>|<=|>=|<>|!=|==|\\|\\||&&|::|->|#>|@>|<@|=>|[-+*/%<>=~!^&|#?:@])',
  '(?<punctuation>[()\\[\\],;.])',
].map((part) => `(?:${part})`).join('|'), 'yu');

/** The parts of PATTERN that a dialect does not have are taken out. */
const patterns = new Map<string, RegExp>();

function patternOf(dialect: Dialect): RegExp {
  const known = patterns.get(dialect.name);
  if (known !== undefined) return known;
  const absent = new Set([
    dialect.hashComments ? '' : 'hash', dialect.backticks ? '' : 'backtick', dialect.brackets ? '' : 'bracket',
    dialect.backslashes ? 'single' : 'singleEscaped',
    dialect.backslashes && dialect.doubleQuotes === 'string' ? 'double' : 'doubleEscaped',
  ]);
  const parts = PATTERN.source.split(/\|(?=\(\?:\(\?<)/).filter((part) => {
    const name = /^\(\?:\(\?<(\w+)>/.exec(part)?.[1] ?? '';
    return !absent.has(name);
  });
  const pattern = new RegExp(parts.join('|'), 'yu');
  patterns.set(dialect.name, pattern);
  return pattern;
}

type Kind = 'double' | 'doubleEscaped' | 'single' | 'singleEscaped' | 'backtick' | 'bracket';

export function tokenizeForeign(whole: CharacterIndex, dialect: Dialect): ForeignToken[] {
  const { text } = whole;
  const pattern = patternOf(dialect);
  const tokens: ForeignToken[] = [];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw unreadable(whole, start);
    const found = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined);
    if (found === undefined) throw unreadable(whole, start);
    const [kind, written] = found;
    if (kind === 'space' || kind === 'hash') {
      checkComment(written, dialect, whole.position(start));
      continue;
    }
    tokens.push(tokenOf(kind, written, { whole, dialect, start, index: tokens.length }));
  }
  pair(tokens, whole);
  return tokens;
}

/** What is no comment to some engines, or ends elsewhere. */
function checkComment(written: string, dialect: Dialect, position: number): void {
  if (/^\/\*[!+]/.test(written)) throw refusal(dialect, 'a comment that is executed', position);
  if (written.startsWith('/*') && written.includes('/*', 2)) throw refusal(dialect, 'a comment in a comment', position);
  if (/^--\S/.test(written) && (dialect.name === 'mysql' || dialect.name === 'mariadb')) {
    throw refusal(dialect, '-- without a space behind it', position);
  }
}

interface Place { readonly whole: CharacterIndex; readonly dialect: Dialect; readonly start: number;
  readonly index: number }

function tokenOf(kind: string, written: string, place: Place): ForeignToken {
  const { start, dialect, index } = place;
  const common = { start, end: start + written.length, name: '', partner: -1 };
  if (kind === 'number') {
    if (/^0x/i.test(written)) throw refusal(dialect, 'a hexadecimal literal', place.whole.position(start));
    if (/^[\p{L}_]/u.test(place.whole.text.slice(common.end, common.end + 2))) {
      throw refusal(dialect, 'a name that begins with a digit', place.whole.position(start));
    }
    return { ...common, kind, value: written, mark: String(NUMBER_BASE + index) };
  }
  if (kind === 'parameter') return { ...common, kind, value: written.slice(1), mark: `'mp${index}'` };
  if (kind === 'word') {
    const value = written.toLowerCase();
    return { ...common, kind, value, name: value, mark: written };
  }
  if (kind === 'operator' || kind === 'punctuation') {
    return { ...common, kind, value: written, mark: written === '<=>' ? '=' : written };
  }
  const isName = isQuotedName(kind, dialect);
  const value = unquote(written, isName, place);
  const quote = written.charAt(0);
  if (!isName && (dialect.name === 'bigquery' || dialect.name === 'hive') && written.slice(1, -1).includes(quote + quote)) {
    throw refusal(dialect, 'a doubled quote in a string', place.whole.position(start));
  }
  if (!isName) return { ...common, kind: 'string', value, mark: `'ms${index}'` };
  return { ...common, kind: 'quoted', value, name: quotedName(value, place), mark: `mq${index}_` };
}

export const NUMBER_BASE = 7_000_000;

function isQuotedName(kind: string, dialect: Dialect): boolean {
  const named: { readonly [K in Kind]?: boolean } = {
    backtick: true, bracket: true, double: dialect.doubleQuotes === 'name',
    doubleEscaped: dialect.doubleQuotes === 'name',
  };
  return Object.entries(named).some(([name, value]) => name === kind && value);
}

function unquote(written: string, isName: boolean, { whole, dialect, start }: Place): string {
  const quote = written.charAt(0);
  const body = written.slice(1, -1);
  if (quote === '[') return body;
  if (isName || !dialect.backslashes) return body.replaceAll(quote + quote, quote);
  return body.replace(/\\([\s\S])|''|""/g, (found, escaped: string | undefined, at: number) => {
    if (escaped === undefined) return found === quote + quote ? quote : found;
    const plain = ESCAPES[escaped];
    if (plain !== undefined) return plain;
    // In MySQL and its like \% and \_ keep their backslash, for LIKE.
    if ((escaped === '%' || escaped === '_') && dialect.hashComments && dialect.name !== 'bigquery') return found;
    throw refusal(dialect, `the escape sequence \\${escaped}`, whole.position(start + 1 + at));
  });
}

const ESCAPES: { readonly [letter: string]: string } = {
  n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"',
};

function quotedName(value: string, { dialect, whole, start }: Place): string {
  if (value === '' || value.includes('.')) throw refusal(dialect, 'this quoted name', whole.position(start));
  switch (dialect.names) {
    case 'lower': return value.toLowerCase();
    case 'postgres': return value;
    case 'snowflake':
      if (value === value.toUpperCase()) return value.toLowerCase();
      if (value === value.toLowerCase()) throw refusal(dialect, 'a quoted name in lower case', whole.position(start));
      return value;
  }
}

function unreadable(whole: CharacterIndex, start: number): DatabaseError {
  const near = whole.text.slice(start, start + 20);
  const what = /^['"`[]|^\/\*/.test(near) ? 'unterminated quoted text' : 'syntax error';
  return new DatabaseError('42601', `${what} at or near "${near}"`, { position: whole.position(start) });
}

function pair(tokens: ForeignToken[], whole: CharacterIndex): void {
  const open: number[] = [];
  tokens.forEach((token, i) => {
    if (token.kind !== 'punctuation') return;
    if (token.value === '(') open.push(i);
    else if (token.value === ')') {
      const first = open.pop();
      const opening = first === undefined ? undefined : tokens[first];
      if (first === undefined || opening === undefined) throw unreadable(whole, token.start);
      opening.partner = i;
      token.partner = first;
    }
  });
  const last = open.at(-1);
  const token = last === undefined ? undefined : tokens[last];
  if (token !== undefined) throw unreadable(whole, token.start);
}

/** Tokens `from` .. `to` (without) that the grammar is shown as `mark`, or not at all. */
export interface Region { readonly from: number; readonly to: number; readonly mark: string }

/** The text that the grammar is shown for tokens from .. to, and the token that each of its characters comes from. */
export function shownText(
  tokens: readonly ForeignToken[], regions: readonly Region[], bounds: readonly [number, number],
): { readonly text: string; readonly origin: (offset: number) => number } {
  const [from, to] = bounds;
  const hidden = new Map<number, Region>();
  for (const region of regions) if (region.from >= from && region.to <= to) hidden.set(region.from, region);
  let text = '';
  const starts: { readonly offset: number; readonly token: number }[] = [];
  let end = -1;
  for (let i = from; i < to; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const region = hidden.get(i);
    const mark = region?.mark ?? token.mark;
    // Words and placeholders never run into each other; what else stood together stays together.
    if (mark !== '' && text !== '' && (token.start !== end || (/\w$/.test(text) && /^[\w']/.test(mark)))) text += ' ';
    starts.push({ offset: text.length, token: i });
    text += mark;
    if (region !== undefined) i = region.to - 1;
    end = tokens[i]?.end ?? -1;
  }
  return { text, origin: (offset) => starts.findLast((start) => start.offset <= offset)?.token ?? from };
}
