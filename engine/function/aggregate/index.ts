// The list of all aggregates.
import type { AggregateFunction } from './aggregate.ts';
import { ARG_EXTREMES } from './arg-extreme.ts';
import { BITS } from './bits.ts';
import { COUNT } from './count.ts';
import { DECIMAL_SUMS } from './decimal-sums.ts';
import { EXTREMES } from './extreme.ts';
import { FLOAT_SUMS } from './float-sums.ts';
import { INTEGER_SUMS } from './integer-sum.ts';
import { JSON_AGGREGATES } from './json-aggregates.ts';
import { LISTS } from './list-aggregates.ts';
import { ORDERED_SETS } from './ordered-set.ts';
import { INTERVAL_SUMS } from './interval-sum.ts';
import { RANGE_AGGREGATES } from './range-aggregates.ts';

export const AGGREGATES: readonly AggregateFunction[] = [
  ...COUNT, ...INTEGER_SUMS, ...DECIMAL_SUMS, ...FLOAT_SUMS, ...INTERVAL_SUMS, ...EXTREMES, ...ARG_EXTREMES, ...BITS,
  ...LISTS, ...RANGE_AGGREGATES, ...JSON_AGGREGATES, ...ORDERED_SETS,
];
