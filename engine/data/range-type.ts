// The range and multirange types there are, built in and made by users, and what they are ranges of.
import { DATE, INT4, INT8, NUMERIC, TIMESTAMP, TIMESTAMPTZ, simpleType } from './types.ts';
import type { LogicalType, MultirangeType, RangeType, SimpleType } from './types.ts';

/** A range type, that of its multiranges, and what they are of. */
export interface RangeFamily {
  readonly range: SimpleType | RangeType;
  readonly multirange: SimpleType | MultirangeType;
  /** The type of the bounds. */
  readonly bound: LogicalType;
  /** Between two values that follow each other there is nothing. */
  readonly discrete: boolean;
}

/** One that there always is. */
export interface BuiltinFamily extends RangeFamily {
  readonly range: SimpleType;
  readonly multirange: SimpleType;
}

/** In the order of pg_range. */
export const RANGE_FAMILIES: readonly BuiltinFamily[] = [
  { range: simpleType('int4range'), multirange: simpleType('int4multirange'), bound: INT4, discrete: true },
  { range: simpleType('numrange'), multirange: simpleType('nummultirange'), bound: NUMERIC, discrete: false },
  { range: simpleType('tsrange'), multirange: simpleType('tsmultirange'), bound: TIMESTAMP, discrete: false },
  { range: simpleType('tstzrange'), multirange: simpleType('tstzmultirange'), bound: TIMESTAMPTZ, discrete: false },
  { range: simpleType('daterange'), multirange: simpleType('datemultirange'), bound: DATE, discrete: true },
  { range: simpleType('int8range'), multirange: simpleType('int8multirange'), bound: INT8, discrete: true },
];

const BY_RANGE: ReadonlyMap<string, RangeFamily> = new Map(RANGE_FAMILIES.map((f) => [f.range.kind, f]));
const BY_MULTIRANGE: ReadonlyMap<string, RangeFamily> = new Map(RANGE_FAMILIES.map((f) => [f.multirange.kind, f]));

/** Those of types that users made, by either of their types. */
const MADE = new WeakMap<RangeType | MultirangeType, RangeFamily>();

/** Of a range type; undefined for all others. */
export function rangeFamily(type: LogicalType): RangeFamily | undefined {
  return type.kind === 'range' ? madeFamily(type) : BY_RANGE.get(type.kind);
}

/** Of a multirange type; undefined for all others. */
export function multirangeFamily(type: LogicalType): RangeFamily | undefined {
  return type.kind === 'multirange' ? madeFamily(type) : BY_MULTIRANGE.get(type.kind);
}

/** Of a range or multirange type; undefined for all others. */
export function anyRangeFamily(type: LogicalType): RangeFamily | undefined {
  return rangeFamily(type) ?? multirangeFamily(type);
}

function madeFamily(type: RangeType | MultirangeType): RangeFamily {
  const known = MADE.get(type);
  if (known !== undefined) return known;
  const { oid, name, bound } = type;
  // A canonical form would need a function, which there are none of users.
  const made: RangeFamily = type.kind === 'range'
    ? { range: type, multirange: { kind: 'multirange', ...type.multirange, bound, range: { oid, name } }, bound, discrete: false }
    : { range: { kind: 'range', ...type.range, bound, multirange: { oid, name } }, multirange: type, bound, discrete: false };
  MADE.set(type, made);
  return made;
}
