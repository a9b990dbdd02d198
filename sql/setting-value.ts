// One setting's text: parsed and checked by its type, made canonical, and printed with units, as PostgreSQL does.
import { DatabaseError, notSupported } from '../engine/data/error.ts';
import { canonicalTimeZone } from './time-zone-setting.ts';
import type { SettingDefinition } from './setting-table.ts';

export const DATE_STYLES = ['ISO', 'SQL', 'Postgres', 'German'] as const;

/** The value to keep, in base units and PostgreSQL's spelling; 22023 for a bad one, 0A000 for one not obeyed. */
export function canonicalSetting(definition: SettingDefinition, text: string, current: string): string {
  const value = canonicalOf(definition, text, current);
  if (definition.only === undefined || value === definition.only) return value;
  throw notSupported(`${definition.name} = ${value}`);
}

function canonicalOf(definition: SettingDefinition, text: string, current: string): string {
  switch (definition.type) {
    case 'bool': return canonicalBoolean(definition, text);
    case 'integer': return canonicalNumber(definition, text, true);
    case 'real': return canonicalNumber(definition, text, false);
    case 'enum': return canonicalEnum(definition, text);
    case 'string': return canonicalString(definition, text, current);
  }
}

function invalid(definition: SettingDefinition, text: string,
  fields: { detail?: string; hint?: string } = {}): DatabaseError {
  return new DatabaseError('22023', `invalid value for parameter "${definition.name}": "${text}"`, fields);
}

/** PostgreSQL's parse_bool: unambiguous prefixes of true, false, yes, no; on, off, 1, 0. */
export function parseBoolean(text: string): boolean | null {
  const t = text.trim().toLowerCase();
  if (t === '') return null;
  if ('true'.startsWith(t) || 'yes'.startsWith(t) || t === 'on' || t === '1') return true;
  if ('false'.startsWith(t) || 'no'.startsWith(t) || t === 'off' || t === 'of' || t === '0') return false;
  return null;
}

function canonicalBoolean(definition: SettingDefinition, text: string): string {
  const value = parseBoolean(text);
  if (value === null) {
    throw new DatabaseError('22023', `parameter "${definition.name}" requires a Boolean value`);
  }
  return value ? 'on' : 'off';
}

function canonicalEnum(definition: SettingDefinition, text: string): string {
  const values = definition.values ?? [];
  const found = values.find((v) => v === text.toLowerCase());
  if (found !== undefined) return found;
  // on/off of settings that have more than two values.
  const flag = parseBoolean(text);
  const word = flag === null ? undefined : values.find((v) => v === (flag ? 'on' : 'off'));
  if (word !== undefined) return word;
  throw invalid(definition, text, { hint: `Available values: ${values.join(', ')}.` });
}

const MEMORY_UNITS: Readonly<Record<string, number>> = {
  B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4,
};
const TIME_UNITS: Readonly<Record<string, number>> = {
  us: 1, ms: 1e3, s: 1e6, min: 6e7, h: 3.6e9, d: 8.64e10,
};
const BASE_BYTES: Readonly<Record<string, number>> = { 'B': 1, 'kB': 1024, '8kB': 8192, 'MB': 1024 ** 2 };

function isTimeUnit(unit: string): boolean {
  return unit === 'ms' || unit === 's' || unit === 'min';
}

function canonicalNumber(definition: SettingDefinition, text: string, whole: boolean): string {
  const match = /^\s*([+-]?(?:0x[0-9a-f]+|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?))\s*([A-Za-z]*)\s*$/i.exec(text);
  if (match === null) {
    const hasUnit = /^\s*[+-]?[\d.]+\s*\S/.test(text) && definition.unit !== undefined;
    throw invalid(definition, text, hasUnit ? unitHint(definition) : {});
  }
  let value = Number(match[1]);
  if (match[2] !== '') value = convertUnit(definition, value, match[2], text);
  if (whole) value = roundHalfEven(value);
  if (Number.isNaN(value)) throw invalid(definition, text);
  if (value < Number(definition.min) || value > Number(definition.max)) {
    const unit = definition.unit === undefined ? '' : ` ${definition.unit}`;
    throw new DatabaseError('22023', `${value}${unit} is outside the valid range for parameter "${definition.name}" `
      + `(${definition.min} .. ${definition.max})`);
  }
  return String(value);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

function convertUnit(definition: SettingDefinition, value: number, unit: string, text: string): number {
  const base = definition.unit;
  if (base === undefined) throw invalid(definition, text);
  if (isTimeUnit(base)) {
    const factor = TIME_UNITS[unit];
    if (factor === undefined) throw invalid(definition, text, unitHint(definition));
    return value * factor / TIME_UNITS[base];
  }
  const factor = MEMORY_UNITS[unit];
  if (factor === undefined) throw invalid(definition, text, unitHint(definition));
  return value * factor / BASE_BYTES[base];
}

function unitHint(definition: SettingDefinition): { hint?: string } {
  if (definition.unit === undefined) return {};
  const units = isTimeUnit(definition.unit) ? '"us", "ms", "s", "min", "h", and "d"'
    : '"B", "kB", "MB", "GB", and "TB"';
  return { hint: `Valid units for this parameter are ${units}.` };
}

function canonicalString(definition: SettingDefinition, text: string, current: string): string {
  switch (definition.name) {
    case 'TimeZone': {
      const { name, detail } = canonicalTimeZone(text);
      if (name === null) throw invalid(definition, text, detail === undefined ? {} : { detail });
      return name;
    }
    case 'DateStyle': return canonicalDateStyle(definition, text, current);
    case 'client_encoding': return canonicalEncoding(definition, text);
    // PostgreSQL shows what is not printable ASCII as question marks, a byte each, and as much as a name may have.
    case 'application_name':
      return [...new TextEncoder().encode(text).subarray(0, 63)].map((b) => (b < 32 || b > 126 ? '?'
        : String.fromCharCode(b))).join('');
    default: return text;
  }
}

/** A style and an order, either of which stays as it is when not said; two different ones are refused. */
function canonicalDateStyle(definition: SettingDefinition, text: string, current: string): string {
  const words = text.trim() === '' ? [] : text.split(',').map((word) => word.trim());
  if (words.includes('')) throw invalid(definition, text, { detail: 'List syntax is invalid.' });
  const said = words.map((word) => {
    const found = dateStyleWord(word.toLowerCase());
    if (found === null) throw invalid(definition, text, { detail: `Unrecognized key word: "${word}".` });
    return found;
  });
  const styles = new Set(said.flatMap((w) => w.style ?? []));
  const orders = new Set(said.flatMap((w) => w.order ?? []));
  if (styles.size > 1 || orders.size > 1) throw invalid(definition, text, { detail: 'Conflicting "datestyle" specifications.' });
  const rest = current === '' || said.includes(DEFAULT_WORD) ? definition.boot : current;
  const [otherStyle, otherOrder] = rest.split(', ');
  const [style] = [...styles, otherStyle];
  // Germans have the day first unless told otherwise.
  const [order] = [...orders, styles.has('German') ? 'DMY' : otherOrder];
  return `${style}, ${order}`;
}

interface DateStyleWord { readonly style?: string; readonly order?: string }
const DEFAULT_WORD: DateStyleWord = {};

function dateStyleWord(word: string): DateStyleWord | null {
  if (word === 'default') return DEFAULT_WORD;
  const style = DATE_STYLES.find((s) => s.toLowerCase() === word) ?? (word.startsWith('postgres') ? 'Postgres' : undefined);
  if (style !== undefined) return { style };
  if (word === 'ymd') return { order: 'YMD' };
  if (word === 'dmy' || word.startsWith('euro')) return { order: 'DMY' };
  return word === 'mdy' || word.startsWith('noneuro') || word === 'us' ? { order: 'MDY' } : null;
}

/** Text is UTF-8 on the wire; SQL_ASCII means that the client takes bytes as they come. */
function canonicalEncoding(definition: SettingDefinition, text: string): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'utf8' || plain === 'unicode') return 'UTF8';
  if (plain === 'sqlascii') return 'SQL_ASCII';
  throw invalid(definition, text);
}

/** With the largest unit that leaves a whole number. */
export function showSetting(definition: SettingDefinition, value: string): string {
  const { unit, type } = definition;
  if (unit === undefined || (type !== 'integer' && type !== 'real')) return value;
  const number = Number(value);
  if (number <= 0) return value;
  const [units, base] = isTimeUnit(unit)
    ? [TIME_UNITS, number * TIME_UNITS[unit]] : [MEMORY_UNITS, number * BASE_BYTES[unit]];
  for (const [name, factor] of Object.entries(units).toReversed()) {
    if (base % factor === 0) return `${base / factor}${name}`;
  }
  return value;
}
