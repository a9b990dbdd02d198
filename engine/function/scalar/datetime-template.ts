// Templates of to_char() and to_timestamp() for dates: keywords with their modifiers, and literal text (manual 9.8).

/** Spelled in upper case; `written` tells the case. */
const WORDS = [
  'SSSSS', 'Y,YYY', 'MONTH', 'IYYY', 'IDDD', 'A.D.', 'A.M.', 'B.C.', 'P.M.', 'HH12', 'HH24', 'SSSS', 'YYYY', 'DAY',
  'DDD', 'FF1', 'FF2', 'FF3',
  'FF4', 'FF5', 'FF6', 'IYY', 'MON', 'TZH', 'TZM', 'YYY', 'AD', 'AM', 'BC', 'CC', 'DD', 'DY', 'FX', 'HH', 'ID', 'IW',
  'IY', 'MI', 'MM', 'MS', 'OF',
  'PM', 'RM', 'SS', 'TZ', 'US', 'WW', 'YY', 'D', 'I', 'J', 'Q', 'W', 'Y',
] as const;
export type Word = typeof WORDS[number];

export type TemplatePiece =
  | {
    readonly kind: 'field';
    readonly word: Word;
    readonly written: string;
    readonly fill: boolean;
    readonly local: boolean;
    readonly ordinal: 'TH' | 'th' | null;
  }
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean };

const CASED = new Set<Word>(['MONTH', 'MON', 'DAY', 'DY']);

/** The keyword at the start; names of months and days also capitalised, everything else in one case. */
function wordAt(text: string): Word | null {
  for (const word of WORDS) {
    const part = text.slice(0, word.length);
    if (part === word || part === word.toLowerCase()) return word;
    if (CASED.has(word) && part === word[0] + word.slice(1).toLowerCase()) return word;
  }
  return null;
}

const cache = new Map<string, readonly TemplatePiece[]>();

export function datetimeTemplate(format: string): readonly TemplatePiece[] {
  const known = cache.get(format);
  if (known !== undefined) return known;
  const pieces = read(format);
  if (cache.size > 200) cache.clear();
  cache.set(format, pieces);
  return pieces;
}

function read(format: string): TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  for (let i = 0; i < format.length;) {
    // One prefix alone: what looks like a second one is text.
    const prefix = prefixAt(format, i);
    let at = prefix === null ? i : i + 2;
    const word = wordAt(format.slice(at));
    if (word !== null) {
      const written = format.slice(at, at + word.length);
      at += word.length;
      const suffix = format.slice(at, at + 2);
      const ordinal = suffix === 'TH' || suffix === 'th' ? suffix : null;
      pieces.push({ kind: 'field', word, written, fill: prefix === 'FM', local: prefix === 'TM', ordinal });
      // SP, in full letters, is a suffix without effect.
      i = ordinal === null && suffix !== 'SP' ? at : at + 2;
      continue;
    }
    i = at < format.length ? readText(format, at, pieces) : at;
  }
  return pieces;
}

function prefixAt(format: string, at: number): 'FM' | 'TM' | null {
  switch (format.slice(at, at + 2)) {
    case 'FM': case 'fm': return 'FM';
    case 'TM': case 'tm': return 'TM';
    default: return null;
  }
}

/** Quoted text, an escaped character, or any other one. */
function readText(format: string, start: number, pieces: TemplatePiece[]): number {
  if (format[start] !== '"') {
    const escaped = format[start] === '\\' && format[start + 1] === '"';
    const point = String.fromCodePoint(format.codePointAt(escaped ? start + 1 : start) ?? 0);
    pieces.push({ kind: 'text', text: point, quoted: false });
    return start + point.length + (escaped ? 1 : 0);
  }
  let i = start + 1;
  for (; i < format.length && format[i] !== '"'; i++) {
    if (format[i] === '\\' && i + 1 < format.length) i++;
    pieces.push({ kind: 'text', text: format[i], quoted: true });
  }
  return i + 1;
}
