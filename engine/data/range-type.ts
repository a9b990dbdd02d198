// The range and multirange types there are, and what they are ranges of.
import { DATE, INT4, INT8, NUMERIC, TIMESTAMP, TIMESTAMPTZ, simpleType } from './types.ts';
import type { LogicalType, SimpleType } from './types.ts';

export interface RangeFamily {
  readonly range: SimpleType;
  readonly multirange: SimpleType;
  /** The type of the bounds. */
  readonly bound: LogicalType;
  /** Between two values that follow each other there is nothing. */
  readonly discrete: boolean;
}

/** In the order of pg_range. */
export const RANGE_FAMILIES: readonly RangeFamily[] = [
  { range: simpleType('int4range'), multirange: simpleType('int4multirange'), bound: INT4, discrete: true },
  { range: simpleType('numrange'), multirange: simpleType('nummultirange'), bound: NUMERIC, discrete: false },
  { range: simpleType('tsrange'), multirange: simpleType('tsmultirange'), bound: TIMESTAMP, discrete: false },
  { range: simpleType('tstzrange'), multirange: simpleType('tstzmultirange'), bound: TIMESTAMPTZ, discrete: false },
  { range: simpleType('daterange'), multirange: simpleType('datemultirange'), bound: DATE, discrete: true },
  { range: simpleType('int8range'), multirange: simpleType('int8multirange'), bound: INT8, discrete: true },
];

const BY_RANGE: ReadonlyMap<string, RangeFamily> = new Map(RANGE_FAMILIES.map((f) => [f.range.kind, f]));
const BY_MULTIRANGE: ReadonlyMap<string, RangeFamily> = new Map(RANGE_FAMILIES.map((f) => [f.multirange.kind, f]));

/** Of a range type; undefined for all others. */
export function rangeFamily(type: LogicalType): RangeFamily | undefined {
  return BY_RANGE.get(type.kind);
}

/** Of a range or multirange type; undefined for all others. */
export function anyRangeFamily(type: LogicalType): RangeFamily | undefined {
  return BY_RANGE.get(type.kind) ?? BY_MULTIRANGE.get(type.kind);
}

/** Of a multirange type; undefined for all others. */
export function multirangeFamily(type: LogicalType): RangeFamily | undefined {
  return BY_MULTIRANGE.get(type.kind);
}
