// Templates of .datetime(): SQL's strict ones (separators must match, nothing may be left over), unlike to_timestamp()'s.
import { DatabaseError, notSupported } from '../../data/error.ts';
import { datetimeTemplate } from '../scalar/datetime-template.ts';
import type { Word } from '../scalar/datetime-template.ts';
import type { MomentFields } from './moment.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Reading extends Writable<MomentFields> {
  twelve: boolean;
  pm: boolean | null;
  zoneSign: number;
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october',
  'november', 'december'];

/** What may stand between fields without quotes. */
const SEPARATORS = "-./,':; ";

/** The fields that the text gives by the template; 22007 where it does not fit. */
export function readTemplate(text: string, template: string): MomentFields {
  const found: Reading = {
    year: null, month: null, day: null, hour: null, minute: null, second: null, micros: 0, zone: null, twelve: false, pm: null,
    zoneSign: 1,
  };
  let at = 0;
  const pieces = datetimeTemplate(template);
  for (const piece of pieces) {
    if (piece.kind === 'field' || piece.quoted) continue;
    const wrong = [...piece.text].find((c) => !SEPARATORS.includes(c));
    if (wrong !== undefined) throw new DatabaseError('22007', `invalid datetime format separator: "${wrong}"`);
  }
  for (const piece of pieces) {
    if (piece.kind === 'field') {
      at = readField(found, piece.word, text, at);
      continue;
    }
    for (const c of piece.text) {
      if (/\s/.test(c)) {
        while (/\s/.test(text[at] ?? '')) at++;
      } else if (text[at] !== c) {
        throw new DatabaseError('22007', `unmatched format ${piece.quoted ? 'character' : 'separator'} "${c}"`);
      } else at++;
    }
  }
  if (text.slice(at).trim() !== '') {
    throw new DatabaseError('22007', 'trailing characters remain in input string after datetime format');
  }
  if (found.twelve && found.hour !== null) found.hour = (found.hour % 12) + (found.pm === true ? 12 : 0);
  return found;
}

function readField(found: Reading, word: Word, text: string, from: number): number {
  const start = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
  const rest = text.slice(start);
  const digits = (most: number): number => {
    const match = new RegExp(`^\\d{1,${most}}`).exec(rest);
    if (match === null) throw invalid(word, rest, most);
    length = match[0].length;
    return Number(match[0]);
  };
  let length = 0;
  switch (word) {
    case 'YYYY': found.year = digits(4); break;
    case 'YYY': found.year = digits(3) + 2000; break;
    case 'YY': found.year = digits(2) + 2000; break;
    case 'Y': found.year = digits(1) + 2020; break;
    case 'MM': found.month = digits(2); break;
    case 'DD': found.day = digits(2); break;
    case 'HH24': found.hour = digits(2); break;
    case 'HH': case 'HH12': {
      found.hour = digits(2);
      found.twelve = true;
      break;
    }
    case 'MI': found.minute = digits(2); break;
    case 'SS': found.second = digits(2); break;
    case 'MS': case 'US': case 'FF1': case 'FF2': case 'FF3': case 'FF4': case 'FF5': case 'FF6': {
      const most = word === 'MS' ? 3 : word === 'US' ? 6 : Number(word[2]);
      const value = digits(most);
      found.micros = value * 10 ** (6 - length);
      break;
    }
    case 'AM': case 'PM': {
      const match = /^[ap]m/i.exec(rest);
      if (match === null) throw unknownWord(word, rest);
      length = 2;
      found.pm = match[0].toLowerCase() === 'pm';
      break;
    }
    case 'MON': case 'MONTH': {
      const month = MONTHS.findIndex((m) => rest.toLowerCase().startsWith(word === 'MON' ? m.slice(0, 3) : m));
      if (month < 0) throw unknownWord(word, rest);
      length = word === 'MON' ? 3 : MONTHS[month].length;
      found.month = month + 1;
      break;
    }
    case 'TZH': {
      const sign = /^[+-]/.exec(rest)?.[0];
      const match = /^[+-]?(\d{1,2})/.exec(rest);
      if (match === null) throw invalid(word, rest, 2);
      length = match[0].length;
      found.zoneSign = sign === '-' ? -1 : 1;
      found.zone = found.zoneSign * Number(match[1]) * 3600;
      break;
    }
    case 'TZM': found.zone = (found.zone ?? 0) + found.zoneSign * digits(2) * 60; break;
    default: throw notSupported(`the field ${word} in a template of .datetime()`);
  }
  return start + length;
}

/** `most`: digits it may have. */
function invalid(word: Word, rest: string, most: number): DatabaseError {
  if (rest === '') return tooShort();
  return new DatabaseError('22007', `invalid value "${rest.slice(0, most)}" for "${word}"`,
    { detail: 'Value must be an integer.' });
}

function unknownWord(word: Word, rest: string): DatabaseError {
  if (rest === '') return tooShort();
  return new DatabaseError('22007', `invalid value "${rest.split(/\s/)[0]}" for "${word}"`,
    { detail: 'The given value did not match any of the allowed values for this field.' });
}

function tooShort(): DatabaseError {
  return new DatabaseError('22007', 'input string is too short for datetime format');
}
