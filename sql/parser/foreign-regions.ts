// What the borrowed grammar is not shown, as not every build of it knows it: our own readers take it from the tokens.
import type { ForeignDialect } from './foreign-dialect.ts';
import type { ForeignToken, Region } from './foreign-tokens.ts';

const TYPED = new Set(['date', 'time', 'timestamp', 'interval']);
const WINDOWS = new Set(['tumble', 'hop', 'cumulate', 'session']);
const NOT_FUNCTIONS = new Set(['in', 'select', 'and', 'or', 'not', 'where', 'on', 'from', 'by', 'when', 'then', 'else',
  'union', 'except', 'intersect', 'all', 'as']);

/** Dialects in which a subquery's alias has no list of columns. */
const PLAIN_ALIASES: ReadonlySet<ForeignDialect> = new Set(['bigquery', 'sqlite', 'mariadb']);

export function regionsOf(tokens: readonly ForeignToken[], dialect: ForeignDialect): Region[] {
  const regions: Region[] = [];
  const word = (i: number, ...values: readonly string[]): boolean => {
    const token = tokens[i];
    return token?.kind === 'word' && values.includes(token.value);
  };
  const opens = (i: number): boolean => tokens[i]?.kind === 'punctuation' && tokens[i]?.value === '(';
  const hide = (from: number, to: number, mark = ''): void => { regions.push({ from, to, mark }); };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || (token.kind !== 'word' && token.value !== '::')) continue;
    const next = tokens[i + 1];
    const partner = next?.partner ?? -1;
    if (token.value === 'over' && tokens[i - 1]?.value === ')') hide(i, opens(i + 1) ? partner + 1 : i + 2);
    else if (token.value === 'filter' && opens(i + 1) && word(i + 2, 'where')) hide(i, partner + 1);
    else if (TYPED.has(token.value) && (next?.kind === 'string'
      || (token.value === 'interval' && next?.kind === 'number'))) {
      hide(i, i + 1);
      if (token.value === 'interval' && tokens[i + 2]?.kind === 'word' && unitOf(tokens[i + 2]) !== undefined) {
        hide(i + 2, i + 3);
      }
    } else if (token.value === 'nulls' && word(i + 1, 'first', 'last')) hide(i, i + 2);
    else if (token.value === 'distinct' && opens(i - 1) && tokens[i - 2]?.kind === 'word'
      && !NOT_FUNCTIONS.has(tokens[i - 2]?.value ?? '')) hide(i, i + 1);
    else if (token.value === 'default' && ['(', ',', '='].includes(tokens[i - 1]?.value ?? '')) hide(i, i + 1, 'mrdefault');
    else if (word(i, 'extract') && opens(i + 1) && word(i + 3, 'from')) {
      hide(i, i + 1, 'mrextract');
      hide(i + 2, i + 4);
    } else if (word(i, 'substring') && opens(i + 1)) hideWords(tokens, i + 1, partner, hide);
    else if (token.value === 'as' && tokens[i - 1]?.value === ')' && opens(i + 2) && !PLAIN_ALIASES.has(dialect)
      && (next?.kind === 'word' || next?.kind === 'quoted')) {
      hide(i + 2, (tokens[i + 2]?.partner ?? i) + 1);
    } else if (word(i, 'cast') && opens(i + 1)) hideType(tokens, i + 1, partner, hide);
    else if (token.value === '::') hide(i + 1, typeEnd(tokens, i + 1), 'int');
    else if (token.value === 'table' && opens(i + 1) && WINDOWS.has(tokens[i + 2]?.value ?? '')) {
      hide(i, partner + 1, `mr${i}_`);
    } else if (dialect === 'flink' && word(i, 'for') && word(i + 1, 'system_time') && word(i + 2, 'as') && word(i + 3, 'of')) {
      hide(i, tokens[i + 5]?.value === '.' || tokens[i + 5]?.value === '(' ? i + 7 : i + 5);
    } else if (token.value === 'escape' && next?.kind === 'string') hide(i, i + 2);
  }
  return regions;
}

/** FROM and FOR of substring(.. FROM .. FOR ..): commas to the grammar. */
function hideWords(
  tokens: readonly ForeignToken[], open: number, close: number, hide: (f: number, t: number, mark: string) => void,
): void {
  for (let i = open + 1; i < close; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    if (token.partner > i) i = token.partner;
    else if (token.kind === 'word' && (token.value === 'from' || token.value === 'for')) hide(i, i + 1, ',');
  }
}

/** The type behind AS of CAST (.. AS ..): a DATE to the grammar. */
function hideType(
  tokens: readonly ForeignToken[], open: number, close: number, hide: (f: number, t: number, mark: string) => void,
): void {
  for (let i = open + 1; i < close; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    if (token.partner > i) i = token.partner;
    else if (token.kind === 'word' && token.value === 'as') hide(i + 1, close, 'date');
  }
}

function typeEnd(tokens: readonly ForeignToken[], at: number): number {
  let end = at + 1;
  if (['precision', 'varying'].includes(tokens[end]?.value ?? '')) end++;
  const partner = tokens[end]?.value === '(' ? tokens[end]?.partner ?? -1 : -1;
  return partner < 0 ? end : partner + 1;
}

const UNITS: { readonly [word: string]: string } = {
  year: 'year', month: 'month', week: 'week', day: 'day', hour: 'hour', minute: 'minute', second: 'second',
  years: 'year', months: 'month', weeks: 'week', days: 'day', hours: 'hour', minutes: 'minute', seconds: 'second',
};

export function unitOf(token: ForeignToken | undefined): string | undefined {
  return token !== undefined && Object.hasOwn(UNITS, token.value) ? UNITS[token.value] : undefined;
}
