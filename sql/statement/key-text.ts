// Key values as strings that are equal when SQL says the values are; for row-wise checks of constraints, not for state.
import type { Datum, SqlRange } from '../../engine/data/datum.ts';
import { assert } from '../../engine/data/error.ts';
import { Interval, intervalSpan } from '../../engine/data/interval.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { anyRangeFamily } from '../../engine/data/range-type.ts';
import { baseType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { datumAt } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import type { NullKeys } from '../../engine/state/key-index.ts';

export function keyText(type: LogicalType, datum: Datum): string {
  if (datum === null) return 'n';
  switch (typeof datum) {
    case 'number': return `d${datum === 0 ? 0 : datum}`;
    case 'bigint': return `i${datum}`;
    case 'boolean': return datum ? 't' : 'f';
    case 'string': return `s${type.kind === 'bpchar' ? datum.replace(/ +$/, '') : datum}`;
    default:
  }
  if (datum instanceof Numeric) return `m${numericText(datum)}`;
  if (datum instanceof Interval) return `v${intervalSpan(datum)}`;
  if (datum instanceof Uint8Array) return `b${Buffer.from(datum).toString('hex')}`;
  if ('offsetSeconds' in datum) {
    const utc = datum.micros - BigInt(datum.offsetSeconds) * 1000000n;
    return `z${utc}/${datum.offsetSeconds}`;
  }
  if ('dimensions' in datum) {
    const element = type.kind === 'array' ? type.element : type;
    return `a${datum.dimensions.join('x')}:${datum.lowerBounds.join('x')}[${
      datum.values.map((v) => escaped(keyText(element, v))).join(',')}]`;
  }
  if ('ranges' in datum) return `R(${datum.ranges.map((range) => escaped(rangeText(type, range))).join(',')})`;
  if ('lowerInclusive' in datum) return rangeText(type, datum);
  const typeOf = (i: number): LogicalType => (type.kind === 'record' ? type.fields[i].type : type);
  return `r(${datum.fields.map((f, i) => escaped(keyText(typeOf(i), f))).join(',')})`;
}

/** Of a range, or of one of a multirange. */
function rangeText(type: LogicalType, range: SqlRange): string {
  const family = anyRangeFamily(baseType(type));
  assert(family !== undefined, 'the type of a range');
  const bound = (value: Datum): string => escaped(keyText(family.bound, value));
  if (range.empty) return 'g';
  return `g${range.lowerInclusive ? '[' : '('}${bound(range.lower)},${bound(range.upper)}${range.upperInclusive ? ']' : ')'}`;
}

function numericText(value: Numeric): string {
  const text = value.toString();
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function escaped(text: string): string {
  return text.replace(/[\\,\])]/g, '\\$&');
}

/** The key of one row; unless NULLs are grouped, null when a part of it is NULL (such keys equal nothing). */
export function rowKey(batch: Batch, columns: readonly number[], row: number, nulls: NullKeys = 'never'): string | null {
  let out = '';
  for (const c of columns) {
    const vector = batch.columns[c];
    const datum = datumAt(vector, row);
    if (datum === null && nulls === 'never') return null;
    const text = keyText(vector.type, datum);
    out += `${text.length}:${text}`;
  }
  return out;
}

/** All of a row, NULLs equal. */
export function wholeRowKey(batch: Batch, row: number): string {
  let out = '';
  for (const vector of batch.columns) {
    const text = keyText(vector.type, datumAt(vector, row));
    out += `${text.length}:${text}`;
  }
  return out;
}
