// The text form of every type's values: what PostgreSQL's input and output functions read and write.
import { asArray, asRecord, asTimeTz } from './composite.ts';
import { formatArray, formatRecord, parseArray, parseRecord } from './composite-text.ts';
import {
  formatDate, formatTime, formatTimeTz, formatTimestamp, formatTimestampTz, parseDate, parseTime, parseTimeTz,
  parseTimestamp, parseTimestampTz,
} from './datetime-text.ts';
import { DatabaseError, assert, notSupported } from './error.ts';
import { formatFloat4, formatFloat8, parseFloat4, parseFloat8 } from './float-text.ts';
import { Interval } from './interval.ts';
import { formatInterval, parseInterval } from './interval-text.ts';
import { canonicalJsonb, validateJson } from './json.ts';
import { formatJsonPath, parseJsonPath } from './jsonpath.ts';
import { formatMacAddress, parseMacAddress, parseMacAddress8 } from './mac-address.ts';
import { formatNetwork, parseNetwork } from './network-text.ts';
import { Numeric } from './numeric.ts';
import { asMultirange, asRange } from './range-bounds.ts';
import { formatMultirange, formatRange, parseMultirange, parseRange } from './range-text.ts';
import { anyRangeFamily } from './range-type.ts';
import {
  bitFits, characterFits, formatBytea, formatChar, formatLsn, nameFits, parseBits, parseBoolean, parseBytea,
  parseChar, parseEnum, parseInt2, parseInt4, parseInt8, parseLsn, parseOid, parseTid, parseTransactionId,
} from './scalar-text.ts';
import { mentionType } from './type-info.ts';
import { parseUuid } from './uuid.ts';
import type { Datum } from './datum.ts';
import type { FormatSettings } from './settings.ts';
import type { ArrayType, EnumType, LogicalType, ParametricType } from './types.ts';

/** The types whose text is a name in the catalog. */
export type RegTypeKind =
  | 'regclass' | 'regtype' | 'regproc' | 'regprocedure' | 'regnamespace' | 'regrole' | 'regoper' | 'regoperator'
  | 'regcollation';

/** What some types' text depends on besides the settings. */
export interface TextContext {
  /** What 'now', 'today' ... stand for, µs since 1970 UTC; without it they are 0A000. */
  readonly now?: bigint | null | undefined;
  /** Names ⇄ OIDs (EvalContext.catalog is one); without it reg* types read and write numbers. */
  readonly names?: RegNames | undefined;
}

export interface RegNames {
  nameOf(kind: RegTypeKind, oid: number): string | null;
  oidOf(kind: RegTypeKind, name: string): number;
  /** 55P04 for a label that an enum type has been given and not committed yet; absent where none are seen. */
  checkLabel?(type: EnumType, label: string): void;
}

const NO_CONTEXT: TextContext = {};

/** The value that `text` says, with the type's modifiers applied as an assignment does. Throws as PostgreSQL does. */
export function parseText(
  type: LogicalType, text: string, settings: FormatSettings, context: TextContext = NO_CONTEXT,
): Datum {
  if ('typmod' in type) return parseParametric(type, text, settings, context);
  switch (type.kind) {
    case 'boolean': return parseBoolean(text);
    case 'int2': return parseInt2(text);
    case 'int4': return parseInt4(text);
    case 'int8': return parseInt8(text);
    case 'float4': return parseFloat4(text);
    case 'float8': return parseFloat8(text);
    case 'text': case 'unknown': case 'cstring': return text;
    case 'tid': return parseTid(text);
    case 'name': return nameFits(text);
    case 'char': return parseChar(text);
    case 'bytea': return parseBytea(text);
    case 'uuid': return parseUuid(text);
    case 'inet': case 'cidr': return parseNetwork(text, type.kind);
    case 'macaddr': return parseMacAddress(text);
    case 'macaddr8': return parseMacAddress8(text);
    case 'json': return validateJson(text);
    case 'jsonb': return canonicalJsonb(text);
    case 'date': return parseDate(text, settings, context.now ?? null);
    case 'oid': return parseOid(text);
    case 'xid': case 'cid': return parseTransactionId(text);
    case 'pg_lsn': return parseLsn(text);
    case 'regclass': case 'regtype': case 'regproc': case 'regprocedure': case 'regnamespace': case 'regrole':
    case 'regoper': case 'regoperator': case 'regcollation':
      return parseReg(type.kind, text, context);
    case 'array': return parseArrayText(type, text, settings, context);
    case 'record':
      if (type.fields.length === 0) throw notImplementedRecord();
      return parseRecord(text, type.fields.length, (t, i) => parseText(type.fields[i].type, t, settings, context));
    case 'enum':
      parseEnum(text, type);
      context.names?.checkLabel?.(type, text);
      return text;
    case 'domain': return parseText(type.base, text, settings, context);
    case 'void': return '';
    case 'jsonpath': return formatJsonPath(parseJsonPath(text));
    default: return parseRanges(type, text, settings, context);
  }
}

function parseRanges(type: LogicalType, text: string, settings: FormatSettings, context: TextContext): Datum {
  const family = anyRangeFamily(type);
  if (family === undefined) throw new DatabaseError('0A000', `cannot accept a value of type ${mentionType(type)}`);
  const parse = (bound: string): Datum => parseText(family.bound, bound, settings, context);
  return type.kind === family.range.kind ? parseRange(family, text, parse) : parseMultirange(family, text, parse);
}

function notImplementedRecord(): DatabaseError {
  return new DatabaseError('0A000', 'input of anonymous composite types is not implemented');
}

function parseParametric(
  type: ParametricType, text: string, settings: FormatSettings, context: TextContext,
): Datum {
  const now = context.now ?? null;
  switch (type.kind) {
    case 'numeric': return Numeric.parse(text).fits(type.typmod);
    case 'varchar': case 'bpchar': return characterFits(text, type, false);
    case 'bit': case 'varbit': return bitFits(parseBits(text), type, false);
    case 'time': return parseTime(text, settings, type.typmod, now);
    case 'timetz': return parseTimeTz(text, settings, type.typmod, now);
    case 'timestamp': return parseTimestamp(text, settings, type.typmod, now);
    case 'timestamptz': return parseTimestampTz(text, settings, type.typmod, now);
    case 'interval': return parseInterval(text, settings, type.typmod);
  }
}

function parseReg(kind: RegTypeKind, text: string, context: TextContext): number {
  if (text === '-') return 0;
  if (/^\d+$/.test(text)) return parseOid(text);
  if (context.names === undefined) throw notSupported(`a name as a value of type ${kind} here`);
  return context.names.oidOf(kind, text);
}

function parseArrayText(type: ArrayType, text: string, settings: FormatSettings, context: TextContext): Datum {
  const parse = (element: string): Datum => parseText(type.element, element, settings, context);
  if (!type.vector) return parseArray(text, parse);
  const values = text.trim() === '' ? [] : text.trim().split(/\s+/).map(parse);
  return { dimensions: [values.length], lowerBounds: [0], values };
}

/** The text of a value. Requires: not NULL, a datum of the type. */
export function formatText(
  type: LogicalType, datum: Datum, settings: FormatSettings, context: TextContext = NO_CONTEXT,
): string {
  switch (typeof datum) {
    case 'string': return type.kind === 'char' ? formatChar(datum) : datum;
    case 'boolean': return datum ? 't' : 'f';
    case 'number': return formatNumber(type, datum, settings, context);
    case 'bigint': return formatBigInt(type, datum, settings);
    default: return formatObject(type, datum, settings, context);
  }
}

function formatNumber(type: LogicalType, value: number, settings: FormatSettings, context: TextContext): string {
  switch (type.kind) {
    case 'float8': return formatFloat8(value, settings.extraFloatDigits);
    case 'float4': return formatFloat4(value, settings.extraFloatDigits);
    case 'date': return formatDate(value, settings);
    case 'regclass': case 'regtype': case 'regproc': case 'regprocedure': case 'regnamespace': case 'regrole':
    case 'regoper': case 'regoperator': case 'regcollation':
      return value === 0 ? '-' : context.names?.nameOf(type.kind, value) ?? value.toString();
    case 'domain': return formatNumber(type.base, value, settings, context);
    default: return value.toString();
  }
}

function formatBigInt(type: LogicalType, value: bigint, settings: FormatSettings): string {
  switch (type.kind) {
    case 'timestamp': return formatTimestamp(value, settings);
    case 'timestamptz': return formatTimestampTz(value, settings);
    case 'time': return formatTime(value);
    case 'pg_lsn': return formatLsn(value);
    case 'domain': return formatBigInt(type.base, value, settings);
    default: return value.toString();
  }
}

function formatObject(type: LogicalType, datum: Datum, settings: FormatSettings, context: TextContext): string {
  if (datum instanceof Numeric) return datum.toString();
  if (datum instanceof Interval) return formatInterval(datum, settings);
  if (datum instanceof Uint8Array) return formatBytes(type, datum, settings);
  switch (type.kind) {
    case 'timetz': return formatTimeTz(asTimeTz(datum));
    case 'array': {
      const array = asArray(datum);
      const format = (value: Datum): string => formatText(type.element, value, settings, context);
      if (type.vector) return array.values.map(format).join(' ');
      return formatArray(array, format);
    }
    case 'record':
      return formatRecord(asRecord(datum), (value, i) => formatText(type.fields[i].type, value, settings, context));
    case 'domain': return formatObject(type.base, datum, settings, context);
    default: return formatRanges(type, datum, settings, context);
  }
}

function formatBytes(type: LogicalType, datum: Uint8Array, settings: FormatSettings): string {
  switch (type.kind) {
    case 'inet': case 'cidr': return formatNetwork(datum, type.kind);
    case 'macaddr': case 'macaddr8': return formatMacAddress(datum);
    case 'domain': return formatBytes(type.base, datum, settings);
    default: return formatBytea(datum, settings.byteaOutput);
  }
}

function formatRanges(type: LogicalType, datum: Datum, settings: FormatSettings, context: TextContext): string {
  const family = anyRangeFamily(type);
  assert(family !== undefined, `a datum that is no ${type.kind}`);
  const format = (value: Datum): string => formatText(family.bound, value, settings, context);
  return type.kind === family.range.kind ? formatRange(asRange(datum), format) : formatMultirange(asMultirange(datum), format);
}
