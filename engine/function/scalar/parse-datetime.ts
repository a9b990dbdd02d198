// to_timestamp() and to_date(): text read by a template, field by field.
import { DatabaseError } from '../../data/error.ts';
import { datetimeTemplate } from './datetime-template.ts';
import type { TemplatePiece, Word } from './datetime-template.ts';
import { DAY_NAMES, MONTH_NAMES } from './format-datetime.ts';
import { momentOf } from './moment-fields.ts';
import type { MomentFields, ParsedMoment } from './moment-fields.ts';

type Field = TemplatePiece & { kind: 'field' };

/** The fields that are numbers, as they are read; 0 is not given. */
type NumberName = Exclude<keyof MomentFields, 'weeks' | 'twelve' | 'zoneSign'>;

const badFormat = (message: string, fields: { readonly detail?: string; readonly hint?: string } = {}): DatabaseError =>
  new DatabaseError('22007', message, fields);

const NOT_ALLOWED = 'The given value did not match any of the allowed values for this field.';
const VARIABLE = 'If your source string is not fixed-width, try using the "FM" modifier.';

/** What is no number in the text, whatever stands there. */
const WORDS: ReadonlySet<Word> = new Set([
  'A.D.', 'A.M.', 'AD', 'AM', 'B.C.', 'BC', 'DAY', 'DY', 'FX', 'MON', 'MONTH', 'OF', 'P.M.', 'PM', 'RM', 'TZ', 'TZH',
]);

/** Words that belong to the calendar of months, and to that of weeks. */
const GREGORIAN: ReadonlySet<Word> = new Set([
  'DDD', 'DD', 'D', 'MONTH', 'MON', 'MM', 'RM', 'WW', 'W', 'Y,YYY', 'YYYY', 'YYY', 'YY', 'Y',
]);
const ISO_WEEK: ReadonlySet<Word> = new Set(['IDDD', 'ID', 'IW', 'IYYY', 'IYY', 'IY', 'I']);

/** Number fields with a width of their own; the others are as wide as their word. */
const WIDTHS: { readonly [word in Word]?: number } = {
  HH: 2, HH12: 2, HH24: 2, MS: 3, US: 6, FF1: 1, FF2: 2, FF3: 3, FF4: 4, FF5: 5, FF6: 6, IDDD: 3, ID: 1, TZH: 2, TZM: 2,
};

const PLAIN_NUMBERS: { readonly [word in Word]?: NumberName } = {
  HH: 'hour', HH12: 'hour', HH24: 'hour', MI: 'minute', SS: 'second', SSSS: 'daySeconds', SSSSS: 'daySeconds', MM: 'month',
  DD: 'day', DDD: 'dayOfYear', IDDD: 'dayOfYear', D: 'weekday', WW: 'week', IW: 'week', CC: 'century', W: 'monthWeek',
  J: 'julian', TZM: 'zoneMinutes',
};

const HALF_DAYS = ['am', 'pm'];
const ERAS = ['ad', 'bc'];
const pointed = (names: readonly string[]): readonly string[] => names.map((n) => `${n[0]}.${n[1]}.`);
const ROMAN = ['xii', 'xi', 'x', 'ix', 'viii', 'vii', 'vi', 'v', 'iv', 'iii', 'ii', 'i'];
const short = (names: readonly string[]): readonly string[] => names.map((n) => n.slice(0, 3));

const SEPARATOR = /^[!-/:-@[-`{-~]/;

class TemplateReader {
  readonly #text: string;
  readonly #pieces: readonly TemplatePiece[];
  readonly found: MomentFields = {
    year: 0, yearDigits: 0, century: 0, month: 0, day: 0, dayOfYear: 0, hour: 0, minute: 0, second: 0, daySeconds: 0,
    millis: 0, micros: 0, precision: 0, julian: 0, week: 0, monthWeek: 0, weekday: 0, bc: 0, pm: 0, zoneHours: 0,
    zoneMinutes: 0, zoneSign: 0, twelve: false, weeks: null,
  };
  #at = 0;
  /** Blanks and separators skipped beyond those the template has. */
  #extra = 0;
  #fixed = false;

  constructor(text: string, format: string) {
    this.#text = text;
    this.#pieces = datetimeTemplate(format);
  }

  read(): MomentFields {
    for (const [i, piece] of this.#pieces.entries()) {
      if (this.#at >= this.#text.length) break;
      const first = piece.kind === 'field' ? piece.word !== 'FX' : i === 0;
      if (!this.#fixed && first) this.#skipBlanks();
      if (piece.kind === 'text') {
        this.#literal(piece);
        continue;
      }
      this.#field(piece, i);
      if (this.#fixed) continue;
      this.#extra = 0;
      this.#skipBlanks();
    }
    return this.found;
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at])) {
      this.#at++;
      this.#extra++;
    }
  }

  #skipCharacter(): void {
    const point = this.#text.codePointAt(this.#at);
    if (point !== undefined) this.#at += point > 0xffff ? 2 : 1;
  }

  /** A blank or separator stands for one of either, or for nothing; other text for any character. */
  #literal(piece: TemplatePiece & { kind: 'text' }): void {
    if (this.#fixed) {
      this.#skipCharacter();
    } else if (!piece.quoted && (SEPARATOR.test(piece.text) || /\s/.test(piece.text))) {
      this.#extra--;
      const next = this.#text[this.#at] ?? '';
      if (!/\s/.test(next) && !SEPARATOR.test(next)) return;
      this.#at++;
      this.#extra++;
    } else if (this.#extra > 0) this.#extra--;
    else this.#skipCharacter();
  }

  #field(piece: Field, index: number): void {
    const { word } = piece;
    const { found } = this;
    this.#checkCalendar(word);
    switch (word) {
      case 'FX': this.#fixed = true; return;
      case 'MONTH': this.#set('month', this.#name(piece, MONTH_NAMES) + 1, piece); return;
      case 'MON': this.#set('month', this.#name(piece, short(MONTH_NAMES)) + 1, piece); return;
      case 'RM': this.#set('month', 12 - this.#name(piece, ROMAN), piece); return;
      case 'DAY': this.#set('weekday', this.#name(piece, DAY_NAMES), piece); found.weekday++; return;
      case 'DY': this.#set('weekday', this.#name(piece, short(DAY_NAMES)), piece); found.weekday++; return;
      case 'AM': case 'PM': case 'A.M.': case 'P.M.':
        this.#set('pm', this.#name(piece, word.includes('.') ? pointed(HALF_DAYS) : HALF_DAYS), piece);
        found.twelve = true;
        return;
      case 'BC': case 'AD': case 'B.C.': case 'A.D.':
        this.#set('bc', this.#name(piece, word.includes('.') ? pointed(ERAS) : ERAS), piece);
        return;
      case 'TZ': case 'OF':
        throw new DatabaseError('0A000', `formatting field "${piece.written}" is only supported in to_char`);
      case 'TZH': this.#zoneHours(piece, index); return;
      case 'Y,YYY': this.#groupedYear(piece); break;
      default: this.#number(piece, index);
    }
    if (piece.ordinal !== null && word !== 'TZM') {
      this.#skipCharacter();
      this.#skipCharacter();
    }
  }

  #checkCalendar(word: Word): void {
    const weeks = ISO_WEEK.has(word) ? true : GREGORIAN.has(word) ? false : null;
    if (weeks === null) return;
    this.found.weeks ??= weeks;
    if (this.found.weeks === weeks) return;
    throw badFormat('invalid combination of date conventions',
      { hint: 'Do not mix Gregorian and ISO week date conventions in a formatting template.' });
  }

  #set(name: NumberName, value: number, piece: Field): void {
    const { found } = this;
    if (found[name] !== 0 && found[name] !== value) {
      throw badFormat(`conflicting values for "${piece.written}" field in formatting string`,
        { detail: 'This value contradicts a previous setting for the same field type.' });
    }
    found[name] = value;
  }

  #name(piece: Field, names: readonly string[]): number {
    const rest = this.#text.slice(this.#at).toLowerCase();
    const at = names.findIndex((n) => rest.startsWith(n.toLowerCase()));
    if (at < 0) {
      throw badFormat(`invalid value "${this.#text.slice(this.#at).split(/\s/)[0]}" for "${piece.written}"`,
        { detail: NOT_ALLOWED });
    }
    this.#at += names[at].length;
    return at;
  }

  /** The sign may have been taken for a separator. */
  #zoneHours(piece: Field, index: number): void {
    const sign = this.#text[this.#at];
    if (sign === '+' || sign === '-' || sign === ' ') {
      this.found.zoneSign = sign === '-' ? -1 : 1;
      this.#at++;
    } else this.found.zoneSign = this.#extra > 0 && this.#text[this.#at - 1] === '-' ? -1 : 1;
    this.#set('zoneHours', this.#integer(piece, index).value, piece);
  }

  #groupedYear(piece: Field): void {
    const parts = /^\s*([+-]?\d+),(\d{1,3})/.exec(this.#text.slice(this.#at));
    if (parts === null) throw badFormat('invalid input string for "Y,YYY"');
    this.#set('year', Number(parts[1]) * 1000 + Number(parts[2]), piece);
    this.found.yearDigits = 4;
    this.#at += parts[0].length;
  }

  #number(piece: Field, index: number): void {
    const { word } = piece;
    const { found } = this;
    const { value, length } = this.#integer(piece, index);
    const plain = PLAIN_NUMBERS[word];
    if (plain !== undefined) this.#set(plain, value, piece);
    switch (word) {
      case 'HH': case 'HH12': found.twelve = true; return;
      case 'TZM': if (found.zoneSign === 0) found.zoneSign = 1; return;
      case 'MS':
        this.#set('millis', value, piece);
        found.millis *= 10 ** Math.max(0, 3 - length);
        return;
      case 'FF1': case 'FF2': case 'FF3': case 'FF4': case 'FF5': case 'FF6': case 'US':
        if (word !== 'US') found.precision = Number(word[2]);
        this.#set('micros', value, piece);
        found.micros *= 10 ** Math.max(0, 6 - length);
        return;
      case 'ID':
        this.#set('weekday', value, piece);
        found.weekday = found.weekday >= 7 ? 1 : found.weekday + 1;
        return;
      case 'YYYY': case 'IYYY':
        this.#set('year', value, piece);
        found.yearDigits = 4;
        return;
      case 'YYY': case 'IYY': case 'YY': case 'IY': case 'Y': case 'I':
        this.#set('year', value, piece);
        if (length < 4) found.year = nearYear(found.year);
        found.yearDigits = word.replace('I', 'Y').length;
        return;
      default:
    }
  }

  /** As many characters as the field has, or all digits there are where something follows that is no digit. */
  #integer(piece: Field, index: number): { readonly value: number; readonly length: number } {
    const width = WIDTHS[piece.word] ?? piece.word.length;
    const start = this.#at;
    const rest = this.#text.slice(start);
    const inner = rest.trimStart();
    const part = inner.slice(0, width);
    const free = piece.fill || this.#endsField(piece, index);
    if (!free && inner.length < width) {
      throw badFormat(`source string too short for "${piece.written}" formatting field`,
        { detail: `Field requires ${width} characters, but only ${inner.length} remain.`, hint: VARIABLE });
    }
    const digits = /^\s*[+-]?\d+/.exec(free ? rest : part)?.[0] ?? '';
    if (!free && digits.length > 0 && digits.length < width) {
      throw badFormat(`invalid value "${part}" for "${piece.written}"`,
        { detail: `Field requires ${width} characters, but only ${digits.length} could be parsed.`, hint: VARIABLE });
    }
    if (digits === '') throw badFormat(`invalid value "${part}" for "${piece.written}"`, { detail: 'Value must be an integer.' });
    this.#at = start + digits.length + (free ? 0 : rest.length - inner.length);
    const value = Number(digits);
    if (value > 2147483647 || value < -2147483648) {
      throw new DatabaseError('22008', `value for "${piece.written}" in source string is out of range`,
        { detail: 'Value must be in the range -2147483648 to 2147483647.' });
    }
    return { value, length: this.#at - start };
  }

  #endsField(piece: Field, index: number): boolean {
    if (piece.ordinal !== null) return true;
    const next = this.#pieces[index + 1];
    if (next === undefined) return true;
    return next.kind === 'field' ? WORDS.has(next.word) : !/^\d/.test(next.text);
  }
}

/** Years of fewer than four digits lie nearest to 2020. */
function nearYear(year: number): number {
  if (year < 70) return year + 2000;
  if (year < 100) return year + 1900;
  if (year < 520) return year + 2000;
  return year < 1000 ? year + 1000 : year;
}

export function parseMoment(text: string, format: string): ParsedMoment {
  return momentOf(new TemplateReader(text, format).read(), text);
}
