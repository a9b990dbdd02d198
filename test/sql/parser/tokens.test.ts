// The lexer: the same tokens as PostgreSQL's scanner, and never a failure.
import { readFileSync } from 'node:fs';
import { loadModule, scanSync } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';
import { stringValue, tokenize } from '../../../sql/parser/tokens.ts';
import { Random } from '../../support/random.ts';

beforeAll(loadModule);

/** Offsets of PostgreSQL's tokens, bytes made string offsets. */
function scanned(text: string): string[] {
  const bytes = Buffer.from(text);
  return scanSync(text).tokens.filter((token) => token.tokenName !== 'SQL_COMMENT' && token.tokenName !== 'C_COMMENT')
    .map((token) => bytes.subarray(token.start, token.end).toString());
}

function ours(text: string): string[] {
  return tokenize(text).map((token) => text.slice(token.start, token.end));
}

describe('as PostgreSQL scans', () => {
  const statements: { text: string }[] = JSON.parse(
    readFileSync(new URL('fixtures/client-statements.json', import.meta.url), 'utf8'));

  test("all that clients send", () => {
    for (const { text } of statements) expect(ours(text)).toEqual(scanned(text));
  });

  test.each([
    'a+-b', 'a @-b', 'a<>-1', 'a||b', 'a -- b\n c', 'a /* /* x */ */ b', 'a*/b', '1.5e-3+.5', '1..2', '1e5',
      "E'a\\'b' c",
    "'a''b'", '"a""b".c', '$1+$2', '$$ ; $$', '$a$ $$ $a$', 'a::int', 'a := 1', 'f(a => 1)', 'a->>b', 'a#>>b', 'a>=b',
    "x'1F' b'01' n'a'", 'tab$1', '_a é ü9', 'a!=b', 'a<=-b', '@-1', '~*-', "U&'d\\0061' U&\"d\\0061t\"", 'a[1:2]',
      'a.b.*',
    '0x1F 0b1 0o7 1_000', 'a/*x*/*b', '*/ +/ ',
  ])('%s', (text) => {
    expect(ours(text)).toEqual(scanned(text));
  });

  test('random operators', () => {
    const random = new Random(20_261);
    for (let i = 0; i < 3_000; i++) {
      let text = 'a ';
      for (let n = random.int(1, 6); n > 0; n--) text += random.pick([...'~!@#^&|`?+-*/%<>=']);
      text += ' b';
      let expected: string[];
      try {
        expected = scanned(text);
      } catch {
        continue;
      }
      // The scanner makes := => <= >= <> and != kinds of their own, of the same extent.
      expect({ text, tokens: ours(text) }).toEqual({ text, tokens: expected });
    }
  });
});

test('kinds and values', () => {
  expect(tokenize('SELECT "A""b", É, $1, \'x\', ( => ::').map(({ kind, value }) => [kind, value])).toEqual([
    ['word', 'select'], ['quoted', 'A"b'], ['punctuation', ','], ['word', 'É'], ['punctuation', ','],
    ['parameter', '$1'], ['punctuation', ','], ['string', "'x'"], ['punctuation', ','], ['punctuation', '('],
    ['punctuation', '=>'], ['punctuation', '::'],
  ]);
});

test('what has no end runs to the end', () => {
  for (const text of ["'a", '"a', '/* a /* */', '$$a', "e'a\\'"]) {
    expect(tokenize(`x ${text}`).at(-1)).toMatchObject({ kind: 'unterminated', start: 2, end: text.length + 2 });
  }
});

test('the values of strings', () => {
  const values = (text: string): string[] => tokenize(text).map(stringValue);
  expect(values("'a''b' E'\\n\\t\\x41\\101\\u00e9\\'''' $$a'b$$ $x$$$$x$ ''")).toEqual([
    "a'b", "\n\tAAé''", "a'b", '$$', '',
  ]);
});

test('arbitrary bytes do not stop it', () => {
  const random = new Random(7);
  for (let i = 0; i < 2_000; i++) {
    let text = '';
    for (let n = random.int(0, 30); n > 0; n--) text += String.fromCharCode(random.pick([random.int(0, 127), 0xe9,
      0xd83d]));
    const tokens = tokenize(text);
    for (let k = 1; k < tokens.length; k++) {
      expect(tokens[k]?.start).toBeGreaterThanOrEqual(tokens[k - 1]?.end ?? 0);
    }
  }
});
