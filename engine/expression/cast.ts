// Conversion of values between types: row by row for every cast, column-wise for the frequent ones.
import { columnBuilder, datumAt } from '../data/access.ts';
import { asArray, asRecord } from '../data/composite.ts';
import { timestampFits } from '../data/datetime-text.ts';
import { DatabaseError, assert } from '../data/error.ts';
import { Interval, intervalFits, roundMicros } from '../data/interval.ts';
import { Numeric } from '../data/numeric.ts';
import { bitFits, characterFits } from '../data/scalar-text.ts';
import { formatText, parseText } from '../data/text-format.ts';
import { mentionType } from '../data/type-info.ts';
import { arrayOf, parametricType, sameKind, sameType, typmodOf } from '../data/types.ts';
import { isValid } from '../data/vector.ts';
import { castKernel } from './cast-kernels.ts';
import { convertScalar } from './cast-scalar.ts';
import { findCast } from './cast-table.ts';
import type { Datum } from '../data/datum.ts';
import type { LogicalType, ParametricType } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import type { EvalContext } from './context.ts';

/** One conversion, types and all; `explicit` as in CastExpression. */
export interface CastTarget {
  readonly from: LogicalType;
  readonly to: LogicalType;
  readonly explicit: boolean;
}

/** The datum as a value of type `to`, its modifiers applied. Requires: findCast(from, to) is not null. */
export function castDatum(datum: Datum, target: CastTarget, context: EvalContext): Datum {
  if (datum === null) return null;
  const { from, to, explicit } = target;
  if (from.kind === 'domain') return castDatum(datum, { from: from.base, to, explicit }, context);
  if (to.kind === 'domain') return castDatum(datum, { from, to: to.base, explicit }, context);
  const cast = findCast(from, to);
  if (cast === null) {
    throw new DatabaseError('42846', `cannot cast type ${mentionType(from)} to ${mentionType(to)}`);
  }
  switch (cast.method) {
    case 'same': return fit(datum, target, context);
    case 'function': return applyModifier(convertScalar(datum, from, to, context), to, explicit);
    case 'text': return throughText(datum, target, context);
    case 'elements': return castElements(datum, target, context);
    case 'fields': return castFields(datum, target, context);
  }
}

/** Same kind: only modifiers can differ, those of elements included. */
function fit(datum: Datum, target: CastTarget, context: EvalContext): Datum {
  const { from, to, explicit } = target;
  if (typmodOf(to) === -1 || sameType(from, to)) return datum;
  return to.kind === 'array' ? castElements(datum, target, context) : applyModifier(datum, to, explicit);
}

function throughText(datum: Datum, { from, to, explicit }: CastTarget, context: EvalContext): Datum {
  const text = castText(datum, from, context);
  // A literal's interval fields decide what bare numbers mean; all other modifiers are applied to the value.
  const plain = from.kind === 'unknown' && to.kind === 'interval' ? to : withoutModifiers(to);
  const value = parseText(plain, text, context.format, { now: context.relativeTo, names: context.catalog });
  return fit(value, { from: plain, to, explicit }, context);
}

function withoutModifiers(type: LogicalType): LogicalType {
  if (typmodOf(type) === -1) return type;
  if (type.kind === 'array') return arrayOf(withoutModifiers(type.element));
  return 'typmod' in type ? parametricType(type.kind) : type;
}

/** The text a value becomes when it is cast to text. Requires: not NULL. */
export function castText(datum: Datum, from: LogicalType, context: EvalContext): string {
  return formatText(from, datum, context.format, { names: context.catalog });
}

function castElements(datum: Datum, { from, to, explicit }: CastTarget, context: EvalContext): Datum {
  assert(from.kind === 'array' && to.kind === 'array', 'element-wise cast of arrays');
  const array = asArray(datum);
  const element = { from: from.element, to: to.element, explicit };
  const values = array.values.map((v) => castDatum(v, element, context));
  const empty = values.length === 0;
  return { ...array, dimensions: empty ? [] : array.dimensions, lowerBounds: empty ? [] : array.lowerBounds, values };
}

function castFields(datum: Datum, { from, to, explicit }: CastTarget, context: EvalContext): Datum {
  assert(from.kind === 'record' && to.kind === 'record', 'field-wise cast of records');
  const fields = asRecord(datum).fields.map((value, i) =>
    castDatum(value, { from: from.fields[i].type, to: to.fields[i].type, explicit }, context));
  return { fields };
}

/** numeric(p, s), varchar(n) ...: the value made to fit, or PostgreSQL's error. Requires: a datum of the type. */
export function applyModifier(datum: Datum, type: LogicalType, explicit: boolean): Datum {
  if (datum === null || !('typmod' in type) || type.typmod < 0) return datum;
  return applyTypmod(datum, type, explicit);
}

function applyTypmod(datum: Exclude<Datum, null>, type: ParametricType, explicit: boolean): Datum {
  switch (type.kind) {
    case 'numeric': return datum instanceof Numeric ? datum.fits(type.typmod) : datum;
    case 'varchar': case 'bpchar': return typeof datum === 'string' ? characterFits(datum, type, explicit) : datum;
    case 'bit': case 'varbit': return typeof datum === 'string' ? bitFits(datum, type, explicit) : datum;
    case 'time': return typeof datum === 'bigint' ? roundMicros(datum, type.typmod) : datum;
    case 'timestamp': case 'timestamptz': return typeof datum === 'bigint' ? timestampFits(datum, type.typmod) : datum;
    case 'interval': return datum instanceof Interval ? intervalFits(datum, type.typmod) : datum;
    case 'timetz':
      if (typeof datum !== 'object' || !('offsetSeconds' in datum)) return datum;
      return { micros: roundMicros(datum.micros, type.typmod), offsetSeconds: datum.offsetSeconds };
  }
}

/**
 * The column as type `to`. Throws on account of the first row that is present and cannot be converted.
 * Requires: findCast(vector.type, to) is not null.
 */
export function castVector(vector: Vector, to: LogicalType, explicit: boolean, context: EvalContext): Vector {
  const from = vector.type;
  if (sameType(from, to) && sameKind(from, to)) return vector;
  const converted = castKernel(from, to)?.(vector, to, context) ?? null;
  if (converted !== null) return converted;
  const target = { from, to, explicit };
  const column = columnBuilder(to, vector.length);
  for (let row = 0; row < vector.length; row++) {
    if (isValid(vector.validity, row)) column.append(castDatum(datumAt(vector, row), target, context));
    else column.appendNull();
  }
  return column.finish();
}
