// Patterns whose matching takes more than there is time for end with 54000, and soon; those that do not are answered.
import { expect, test } from 'vitest';
import { regexTest } from '../../../engine/data/regex/regex.ts';

const letters = (count: number): string => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i * 7 + (i >> 2)) % 26)).join('');

test.each([
  ['two groups of anything, repeated', '^(.*)(.*)\\1\\2x?$', letters(900)],
  ['three, with something between', '^(.*)a(.*)b(.*)\\3\\2\\1!$', letters(900)],
  ['many repetitions from many places', '(ab)\\1+c', 'ab'.repeat(8000)],
  ['a look behind at every place', '(?<=(a|b|ab)*)(.*)\\2!', 'ab'.repeat(2000)],
])('%s', (_, pattern, text) => {
  const start = performance.now();
  let code = 'answered';
  try {
    regexTest(text, pattern);
  } catch (error) {
    code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  expect(['answered', '54000', '2201B', '0A000']).toContain(code);
  // Hours before the steps of a sequence were counted.
  expect(performance.now() - start).toBeLessThan(20_000);
}, 60_000);

test('the first is refused', () => {
  expect(() => regexTest(letters(900), '^(.*)(.*)\\1\\2x?$')).toThrow('regular expression is too complex for this text');
});

test('what is short is answered', () => {
  expect(regexTest('abcabc', '^(.*)(.*)\\1\\2x?$')).toBe(true);
  expect(regexTest(`${letters(30)}${letters(30)}x`, '^(.*)(.*)\\1\\2x?$')).toBe(true);
  expect(regexTest(`${letters(61)}!`, '^(.*)(.*)\\1\\2x?$')).toBe(false);
  expect(regexTest('abab', '^(ab)\\1+c$')).toBe(false);
});
