// The words of PostgreSQL's date grammar: months, days of the week, eras, specials, ISO markers.

export type DateWord =
  | { readonly kind: 'month'; readonly month: number }
  | { readonly kind: 'weekday'; readonly day: number }
  | { readonly kind: 'special'; readonly value: SpecialDate }
  | { readonly kind: 'meridian'; readonly value: 'am' | 'pm' }
  | { readonly kind: 'era'; readonly bc: boolean }
  /** Prefixes of a value: julian day, time, or a unit (y, m, d, h, s). */
  | { readonly kind: 'unit'; readonly unit: DateUnit }
  | { readonly kind: 'isotime' }
  | { readonly kind: 'dst' }
  | { readonly kind: 'ignored' };

export type SpecialDate =
  'epoch' | 'infinity' | '-infinity' | 'now' | 'today' | 'tomorrow' | 'yesterday' | 'allballs';
export type DateUnit = 'julian' | 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'other';

const MONTHS = 'jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september'
  + '|oct october|nov november|dec december';
const WEEKDAYS = 'sun sunday|mon monday|tue tues tuesday|wed wednesday weds|thu thur thurs thursday|fri friday'
  + '|sat saturday';

function buildWords(): ReadonlyMap<string, DateWord> {
  const words = new Map<string, DateWord>();
  MONTHS.split('|').forEach((names, i) => {
    for (const name of names.split(' ')) words.set(name, { kind: 'month', month: i + 1 });
  });
  WEEKDAYS.split('|').forEach((names, day) => {
    for (const name of names.split(' ')) words.set(name, { kind: 'weekday', day });
  });
  const specials = ['epoch', 'infinity', '-infinity', 'now', 'today', 'tomorrow', 'yesterday', 'allballs'] as const;
  for (const value of specials) words.set(value, { kind: 'special', value });
  const units = [
    ['j', 'julian'], ['jd', 'julian'], ['julian', 'julian'], ['y', 'year'], ['m', 'month'], ['d', 'day'], ['h', 'hour'],
    ['mm', 'minute'], ['s', 'second'], ['dow', 'other'], ['doy', 'other'], ['isodow', 'other'], ['isoyear', 'other'],
  ] as const;
  for (const [word, unit] of units) words.set(word, { kind: 'unit', unit });
  words.set('am', { kind: 'meridian', value: 'am' }).set('pm', { kind: 'meridian', value: 'pm' });
  words.set('ad', { kind: 'era', bc: false }).set('bc', { kind: 'era', bc: true });
  words.set('t', { kind: 'isotime' }).set('dst', { kind: 'dst' });
  words.set('at', { kind: 'ignored' }).set('on', { kind: 'ignored' });
  return words;
}

const WORDS = buildWords();

/** Words are told apart by their first ten characters. */
export function dateWord(word: string): DateWord | undefined {
  return WORDS.get(word.slice(0, 10));
}

export function isDateWord(word: string): boolean {
  return WORDS.has(word.slice(0, 10));
}
