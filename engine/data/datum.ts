// Datum: one SQL value as a JavaScript value, for the row-wise paths (rare functions, literals, text formats).
import type { Interval } from './interval.ts';
import type { Numeric } from './numeric.ts';

/** An array value: row-major elements, lengths and lower bounds by dimension (none: the empty array). */
export interface SqlArray {
  readonly dimensions: readonly number[];
  readonly lowerBounds: readonly number[];
  readonly values: readonly Datum[];
}

/** A row value; its field types are in the RecordType beside it. */
export interface SqlRecord {
  readonly fields: readonly Datum[];
}

/** A range; a bound that is null is not there. Canonical: see range.ts. */
export interface SqlRange {
  readonly empty: boolean;
  readonly lower: Datum;
  readonly upper: Datum;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
}

/** A multirange: ranges in order that neither are empty nor overlap nor touch. */
export interface SqlMultirange {
  readonly ranges: readonly SqlRange[];
}

/**
 * | logical type                                   | datum                                             |
 * |------------------------------------------------|---------------------------------------------------|
 * | SQL NULL                                       | null                                              |
 * | boolean                                        | boolean                                           |
 * | int2 int4 oid reg* float4 float8               | number                                            |
 * | date                                           | number (days since 1970-01-01)                    |
 * | int8 pg_lsn time timestamp timestamptz         | bigint (µs)                                       |
 * | numeric                                        | Numeric                                           |
 * | interval                                       | Interval                                          |
 * | text varchar bpchar name char json jsonb enum  | string (jsonb: canonical text; enum: label)       |
 * | uuid                                           | string (36 lower-case characters)                 |
 * | bytea, macaddr, macaddr8                       | Uint8Array                                        |
 * | inet, cidr                                     | Uint8Array (packed: network.ts)                   |
 * | timetz                                         | TimeTz                                            |
 * | array, int2vector, oidvector                   | SqlArray                                          |
 * | record                                         | SqlRecord                                         |
 * | int4range ..., int4multirange ...              | SqlRange, SqlMultirange                           |
 */
export type Datum =
  | null | boolean | number | bigint | string | Uint8Array
  | Numeric | Interval | TimeTz | SqlArray | SqlRecord | SqlRange | SqlMultirange;

/** time with time zone: µs since midnight, local, and the zone's offset in seconds EAST of UTC. */
export interface TimeTz {
  readonly micros: bigint;
  readonly offsetSeconds: number;
}
