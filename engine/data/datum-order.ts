// Order, equality and hash of datums as PostgreSQL's btree and hash operator classes have them; for the row-wise paths.
import { asArray, asRecord, asTimeTz } from './composite.ts';
import type { Datum, SqlArray, SqlRecord, TimeTz } from './datum.ts';
import { assert } from './error.ts';
import { compareIntervals, Interval, intervalSpan } from './interval.ts';
import { compareJsonb, hashJsonb } from './jsonb-order.ts';
import { Numeric } from './numeric.ts';
import { asMultirange, asRange, orderMultiranges, orderRanges } from './range-bounds.ts';
import type { ValueOrder } from './range-bounds.ts';
import { anyRangeFamily } from './range-type.ts';
import type { RangeFamily } from './range-type.ts';
import { unsignedOf } from './scalar-text.ts';
import type { LogicalType } from './types.ts';
import { compareUtf8 } from './utf8.ts';

/** Negative, 0 or positive. Requires: neither is NULL; both are datums of the type. NaN is greatest and equals itself. */
export function compareDatums(type: LogicalType, a: Datum, b: Datum): number {
  switch (type.kind) {
    case 'domain': return compareDatums(type.base, a, b);
    case 'array': return compareArrays(type.element, asArray(a), asArray(b));
    case 'record': return compareRecords(type.fields.map((f) => f.type), asRecord(a), asRecord(b));
    case 'jsonb': return compareJsonb(textOf(a), textOf(b));
    case 'bpchar': return compareUtf8(trimBlanks(textOf(a)), trimBlanks(textOf(b)));
    case 'enum': return type.labels.indexOf(textOf(a)) - type.labels.indexOf(textOf(b));
    case 'timetz': return compareTimeTz(asTimeTz(a), asTimeTz(b));
    case 'pg_lsn': return comparePlain(unsigned(a), unsigned(b));
    case 'tid': return compareTids(textOf(a), textOf(b));
    default: return typeof a === 'object' && a !== null ? compareObjects(type, a, b) : comparePlain(a, b);
  }
}

/** Ranges, and what is plain all the same. */
function compareObjects(type: LogicalType, a: Datum & object, b: Datum): number {
  if ('lowerInclusive' in a) return orderRanges(boundOrder(familyOf(type)), a, asRange(b));
  if ('ranges' in a) return orderMultiranges(boundOrder(familyOf(type)), a, asMultirange(b));
  return comparePlain(a, b);
}

const ORDERS = new WeakMap<RangeFamily, ValueOrder>();

/** Order of a family's bounds, made once. */
export function boundOrder(family: RangeFamily): ValueOrder {
  const known = ORDERS.get(family);
  if (known !== undefined) return known;
  const { bound } = family;
  const made: ValueOrder = (a, b) => compareDatums(bound, a, b);
  ORDERS.set(family, made);
  return made;
}

function familyOf(type: LogicalType): RangeFamily {
  const family = anyRangeFamily(type);
  assert(family !== undefined, 'the type of a range');
  return family;
}

function unsigned(datum: Datum): bigint {
  assert(typeof datum === 'bigint', 'pg_lsn datum');
  return unsignedOf(datum);
}

function textOf(datum: Datum): string {
  assert(typeof datum === 'string', 'text datum');
  return datum;
}

function compareTids(a: string, b: string): number {
  const [x, y] = [a, b].map((tid) => tid.slice(1, -1).split(',').map(Number));
  return x[0] - y[0] || x[1] - y[1];
}

function comparePlain(a: Datum, b: Datum): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Numeric && b instanceof Numeric) return a.compare(b);
  if (a instanceof Interval && b instanceof Interval) return compareIntervals(a, b);
  assert(a instanceof Uint8Array && b instanceof Uint8Array, 'datums of one type');
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

export function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (Number.isNaN(a) ? 1 : 0) - (Number.isNaN(b) ? 1 : 0);
}

function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return text.slice(0, end);
}

/** In arrays and records a NULL is greater than everything and equals another. */
export function compareNullable(type: LogicalType, a: Datum, b: Datum): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  return compareDatums(type, a, b);
}

function compareArrays(element: LogicalType, a: SqlArray, b: SqlArray): number {
  const shared = Math.min(a.values.length, b.values.length);
  for (let i = 0; i < shared; i++) {
    const order = compareNullable(element, a.values[i], b.values[i]);
    if (order !== 0) return order;
  }
  const counts = a.values.length - b.values.length;
  if (counts !== 0) return counts;
  const dimensions = a.dimensions.length - b.dimensions.length;
  if (dimensions !== 0) return dimensions;
  return compareLists(a.dimensions, b.dimensions) || compareLists(a.lowerBounds, b.lowerBounds);
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

function compareRecords(types: readonly LogicalType[], a: SqlRecord, b: SqlRecord): number {
  for (let i = 0; i < types.length; i++) {
    const order = compareNullable(types[i], a.fields[i] ?? null, b.fields[i] ?? null);
    if (order !== 0) return order;
  }
  return 0;
}

/** By the moment in UTC, then by zone, the one further west last. */
function compareTimeTz(a: TimeTz, b: TimeTz): number {
  const x = a.micros - BigInt(a.offsetSeconds) * 1_000_000n;
  const y = b.micros - BigInt(b.offsetSeconds) * 1_000_000n;
  if (x !== y) return x < y ? -1 : 1;
  return b.offsetSeconds - a.offsetSeconds;
}

/** Equal for datums that compareDatums calls equal. */
export function hashDatum(type: LogicalType, datum: Datum): number {
  if (datum === null) return 0x11;
  switch (type.kind) {
    case 'domain': return hashDatum(type.base, datum);
    case 'array': return asArray(datum).values.reduce<number>((h, v) => step(h, hashDatum(type.element, v)), 7);
    case 'record': {
      const { fields } = asRecord(datum);
      return type.fields.reduce<number>((h, f, i) => step(h, hashDatum(f.type, fields[i] ?? null)), 13);
    }
    case 'jsonb': return hashJsonb(textOf(datum));
    case 'bpchar': return hashText(trimBlanks(textOf(datum)));
    default: return typeof datum === 'object' ? hashObject(type, datum) : hashPlain(datum);
  }
}

/** Ranges, and what is plain all the same. */
function hashObject(type: LogicalType, datum: Datum & object): number {
  if ('ranges' in datum) return datum.ranges.reduce<number>((h, range) => step(h, hashObject(type, range)), 19);
  if (!('lowerInclusive' in datum)) return hashPlain(datum);
  const { bound } = familyOf(type);
  const flags = (datum.lowerInclusive ? 1 : 0) | (datum.upperInclusive ? 2 : 0) | (datum.empty ? 4 : 0);
  return [datum.lower, datum.upper].reduce<number>((h, v) => step(h, hashDatum(bound, v)), flags);
}

function hashPlain(datum: Datum): number {
  if (typeof datum === 'number') return hashText(datum === 0 ? '0' : String(datum));
  if (datum instanceof Numeric) return hashText(datum.canonical().toString());
  if (datum instanceof Interval) return hashText(String(intervalSpan(datum)));
  if (datum instanceof Uint8Array) return datum.reduce<number>((h, b) => step(h, b), 3);
  if (typeof datum === 'object' && datum !== null && 'micros' in datum) {
    return step(hashText(String(datum.micros)), Number('offsetSeconds' in datum ? datum.offsetSeconds : 0));
  }
  assert(typeof datum === 'string' || typeof datum === 'bigint' || typeof datum === 'boolean', 'datum to hash');
  return hashText(String(datum));
}

function step(h: number, word: number): number {
  const m = Math.imul(h ^ word, 0x9e3779b1 | 0);
  return m ^ (m >>> 15);
}

export function hashText(text: string): number {
  let h = 0x1505;
  for (let i = 0; i < text.length; i++) h = step(h, text.charCodeAt(i));
  return h;
}
