// Decoding of date/time text: tokens to calendar fields and a zone, by PostgreSQL's rules (manual appendix B.1).
import { DatabaseError, notSupported } from './error.ts';
import { clockMicros, daysFromCivil, splitMicros } from './calendar.ts';
import {
  DATE_FIELDS, DAY, ERA, FRACTION, FieldReader, HOUR, MERIDIAN, MINUTE, MONTH, SECOND, TIME_FIELDS, WEEKDAY, YEAR, ZONE,
  fractionMicros, parseDisplacement, wholeNumber,
} from './datetime-fields.ts';
import { dateTokens, fault } from './datetime-tokens.ts';
import { dateWord, isDateWord } from './datetime-words.ts';
import { UTC, timeZone, zoneAbbreviation } from './timezone.ts';
import type { DateToken } from './datetime-tokens.ts';
import type { DateUnit, DateWord, SpecialDate } from './datetime-words.ts';
import type { FormatSettings } from './settings.ts';
import type { TimeZone } from './timezone.ts';

/** `now`: µs since 1970 UTC that the words now, today ... stand for; null: there is no clock here. */
export interface DecodeContext {
  readonly settings: FormatSettings;
  readonly now: bigint | null;
}

export interface Decoded {
  readonly special: 'epoch' | 'infinity' | '-infinity' | null;
  readonly days: number;
  /** µs of the day, up to 24:00:00. */
  readonly micros: number;
  /** Seconds east; null when the text names no zone. */
  readonly offset: number | null;
  readonly hasDate: boolean;
}

type Label = DateUnit | 'time';

const DATE_UNITS: ReadonlySet<DateUnit> = new Set(['year', 'month', 'day', 'julian']);

/** The session's zone; a name that is not known any more counts as UTC. */
export function sessionZone(settings: FormatSettings): TimeZone {
  return timeZone(settings.timeZone) ?? UTC;
}

export class DateDecoder {
  readonly #context: DecodeContext;
  readonly #fields: FieldReader;
  readonly #timeOnly: boolean;
  readonly #tokens: readonly DateToken[];
  #given = 0;
  #label: Label | null = null;
  #bc = false;
  #meridian: 'am' | 'pm' | null = null;
  #offset: number | null = null;
  #zone: TimeZone | null = null;
  #special: Decoded['special'] = null;

  /** `timeOnly`: for time and timetz, where a date is welcome only in front of the time. */
  constructor(text: string, context: DecodeContext, timeOnly: boolean) {
    this.#context = context;
    this.#fields = new FieldReader(context.settings.dateOrder);
    this.#timeOnly = timeOnly;
    this.#tokens = dateTokens(text, isDateWord);
  }

  decode(): Decoded {
    this.#tokens.forEach((token, i) => {
      const mask = this.#token(token, i);
      if ((mask & this.#given) !== 0) throw fault('format');
      this.#given |= mask;
    });
    if (this.#special === null) return this.#finish();
    return { special: this.#special, days: 0, micros: 0, offset: 0, hasDate: true };
  }

  #finish(): Decoded {
    const f = this.#fields;
    f.validateDate(this.#given, this.#bc);
    f.applyMeridian(this.#meridian);
    const hasDate = (this.#given & DATE_FIELDS) === DATE_FIELDS;
    if (this.#timeOnly) {
      f.checkTime();
      if ((this.#given & TIME_FIELDS) !== TIME_FIELDS) throw fault('format');
    } else if (!hasDate) throw fault('format');
    const days = hasDate ? daysFromCivil(f.year, f.month, f.day) : 0;
    const micros = clockMicros(f);
    return { special: null, days, micros, offset: this.#offsetOf(days, micros, hasDate), hasDate };
  }

  #offsetOf(days: number, micros: number, hasDate: boolean): number | null {
    if (this.#zone === null) return this.#offset;
    if (!hasDate && this.#zone.fixed === null) throw fault('format');
    return this.#zone.offsetOfLocal(days * 86400 + Math.floor(micros / 1_000_000));
  }

  #token(token: DateToken, index: number): number {
    switch (token.kind) {
      case 'date': return this.#dateToken(token.text, index);
      case 'time': return this.#timeToken(token.text);
      case 'zone': return this.#displacement(token.text);
      case 'number': return this.#label === null ? this.#bareNumber(token.text, index) : this.#labelled(token.text);
      case 'string': case 'special': return this.#word(token.text, index);
    }
  }

  #displacement(text: string): number {
    this.#offset = parseDisplacement(text);
    return ZONE;
  }

  #dateToken(text: string, index: number): number {
    if (this.#label === 'julian') return this.#julianWithZone(text);
    if (this.#timeOnly) {
      const tokens = this.#tokens;
      const dated = index === 0 && tokens.length >= 2
        && (tokens[tokens.length - 1].kind === 'date' || tokens[1].kind === 'time');
      if (dated) return this.#fields.date(text, this.#given);
    } else if (this.#label === null && (this.#given & (MONTH | DAY)) !== (MONTH | DAY)) {
      return this.#fields.date(text, this.#given);
    }
    if (!/^\d/.test(text) && this.#label === null) return this.#namedZone(text);
    return this.#timeWithZone(text);
  }

  /** hhmmss-zz */
  #timeWithZone(text: string): number {
    if (this.#label !== null && this.#label !== 'time') throw fault('format');
    this.#label = null;
    const hyphen = text.indexOf('-');
    if ((this.#given & TIME_FIELDS) === TIME_FIELDS || hyphen < 0) throw fault('format');
    this.#offset = parseDisplacement(text.slice(hyphen));
    const given = this.#timeOnly ? this.#given | DATE_FIELDS : this.#given;
    return this.#fields.concatenated(text.slice(0, hyphen), given) | ZONE;
  }

  #julianWithZone(text: string): number {
    const found = /^(\d+)(.*)$/.exec(text);
    if (found === null) throw fault('format');
    this.#label = null;
    this.#setJulian(wholeNumber(found[1]));
    this.#offset = parseDisplacement(found[2]);
    return DATE_FIELDS | TIME_FIELDS | ZONE;
  }

  #setJulian(day: number): void {
    this.#fields.setDate(day - 2440588);
    this.#fields.julian = true;
  }

  #namedZone(name: string): number {
    const zone = timeZone(name);
    if (zone === null) throw new DatabaseError('22023', `time zone "${name}" not recognized`);
    this.#zone = zone;
    return ZONE;
  }

  #timeToken(text: string): number {
    if (this.#label !== null && this.#label !== 'time') throw fault('format');
    this.#label = null;
    const mask = this.#fields.time(text);
    this.#fields.checkTime();
    return mask;
  }

  #bareNumber(text: string, index: number): number {
    const f = this.#fields;
    const point = text.indexOf('.');
    if (this.#timeOnly) return this.#timeNumber(text, point, index);
    if (point >= 0 && (this.#given & DATE_FIELDS) === 0) return f.date(text, this.#given);
    if (point > 2) return f.concatenated(text, this.#given);
    const complete = (this.#given & DATE_FIELDS) !== 0 && (this.#given & TIME_FIELDS) !== 0;
    if (text.length >= 6 && !complete) return f.concatenated(text, this.#given);
    return f.number(text, this.#given);
  }

  #timeNumber(text: string, point: number, index: number): number {
    const given = this.#given | DATE_FIELDS;
    const tokens = this.#tokens;
    if (point >= 0) {
      if (index === 0 && tokens.length >= 2 && tokens[tokens.length - 1].kind === 'date') {
        return this.#fields.date(text, this.#given);
      }
      if (point > 2) return this.#fields.concatenated(text, given);
      throw fault('format');
    }
    return text.length > 4 ? this.#fields.concatenated(text, given) : this.#fields.number(text, given);
  }

  #labelled(text: string): number {
    const label = this.#label;
    this.#label = null;
    const f = this.#fields;
    if (label === 'time') {
      const mask = f.concatenated(text, this.#given | DATE_FIELDS);
      if (mask !== TIME_FIELDS) throw fault('format');
      return mask;
    }
    const found = /^(\d*)(\.\d*)?$/.exec(text);
    if (found === null) throw fault('format');
    const value = wholeNumber(found[1]);
    if (found[2] !== undefined && label !== 'julian' && label !== 'second') throw fault('format');
    switch (label) {
      case 'year': f.year = value; return YEAR;
      case 'month':
        if ((this.#given & MONTH) !== 0 && (this.#given & HOUR) !== 0) {
          f.minute = value;
          return MINUTE;
        }
        f.month = value;
        return MONTH;
      case 'day': f.day = value; return DAY;
      case 'hour': f.hour = value; return HOUR;
      case 'minute': f.minute = value; return MINUTE;
      case 'second':
        f.second = value;
        if (found[2] === undefined) return SECOND;
        f.micros = fractionMicros(found[2]);
        return SECOND | FRACTION;
      case 'julian':
        this.#setJulian(value);
        if (found[2] === undefined) return DATE_FIELDS;
        f.setClock(Math.round(Number(`0${found[2]}`) * 86_400_000_000));
        return DATE_FIELDS | TIME_FIELDS;
      default: throw fault('format');
    }
  }

  #word(text: string, index: number): number {
    const abbreviation = zoneAbbreviation(text);
    if (abbreviation !== null) {
      if (abbreviation.kind === 'zone') this.#zone = abbreviation.zone;
      else this.#offset = abbreviation.seconds;
      return ZONE;
    }
    const word = dateWord(text);
    if (word !== undefined) return this.#dateWord(word, index);
    const zone = timeZone(text);
    if (zone === null) throw fault('format');
    this.#zone = zone;
    return ZONE;
  }

  #dateWord(word: DateWord, index: number): number {
    switch (word.kind) {
      case 'ignored': return 0;
      case 'special': return this.#specialWord(word.value);
      case 'month': return this.#monthWord(word.month);
      case 'weekday': return WEEKDAY;
      case 'meridian':
        this.#meridian = word.value;
        return MERIDIAN;
      case 'era':
        this.#bc = word.bc;
        return ERA;
      case 'unit':
        if (word.unit === 'other' || (this.#timeOnly && DATE_UNITS.has(word.unit))) throw fault('format');
        this.#label = word.unit;
        return 0;
      case 'dst':
        if (this.#offset === null) throw fault('format');
        this.#offset += 3600;
        return 0;
      case 'isotime': return this.#isoTime(index);
    }
  }

  #isoTime(index: number): number {
    if (!this.#timeOnly && (this.#given & DATE_FIELDS) !== DATE_FIELDS) throw fault('format');
    const next = this.#tokens[index + 1];
    if (next === undefined || !['number', 'time', 'date'].includes(next.kind)) throw fault('format');
    this.#label = 'time';
    return 0;
  }

  #monthWord(month: number): number {
    const f = this.#fields;
    if (this.#timeOnly) throw fault('format');
    // A number taken for the month was the day, then.
    const taken = (this.#given & (MONTH | DAY)) === MONTH && !f.textMonth && f.month >= 1 && f.month <= 31;
    if (taken) f.day = f.month;
    f.textMonth = true;
    f.month = month;
    return taken ? DAY : MONTH;
  }

  #specialWord(value: SpecialDate): number {
    if (this.#timeOnly) return this.#specialTime(value);
    switch (value) {
      case 'epoch': case 'infinity': case '-infinity':
        this.#special = value;
        return DATE_FIELDS | TIME_FIELDS | ZONE;
      case 'allballs':
        this.#offset = 0;
        return TIME_FIELDS | ZONE;
      case 'now': {
        const { days, rest } = this.#localNow();
        this.#fields.setDate(days);
        this.#fields.setClock(rest);
        return DATE_FIELDS | TIME_FIELDS | ZONE;
      }
      case 'today': case 'tomorrow': case 'yesterday':
        this.#fields.setDate(this.#localNow().days + (value === 'today' ? 0 : value === 'tomorrow' ? 1 : -1));
        this.#fields.julian = true;
        return DATE_FIELDS;
    }
  }

  #specialTime(value: SpecialDate): number {
    if (value === 'now') {
      this.#fields.setClock(this.#localNow().rest);
      return TIME_FIELDS;
    }
    if (value !== 'allballs') throw fault('format');
    this.#offset = 0;
    return TIME_FIELDS | ZONE;
  }

  #localNow(): { readonly days: number; readonly rest: number } {
    const { now, settings } = this.#context;
    if (now === null) throw notSupported('a date/time value relative to the clock here');
    const offset = sessionZone(settings).offsetAt(Number(now / 1_000_000n));
    this.#fields.julian = true;
    if (this.#tokens.some((t) => t.text === 'now') && !this.#timeOnly) this.#offset = offset;
    return splitMicros(now + BigInt(offset) * 1_000_000n);
  }
}
