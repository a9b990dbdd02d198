// range_agg and range_intersect_agg, of ranges and of multiranges.
import type { SqlMultirange } from '../../data/datum.ts';
import { intersectMultiranges, makeMultirange } from '../../data/multirange.ts';
import { intersectionOf } from '../../data/range.ts';
import { asMultirange, asRange } from '../../data/range-bounds.ts';
import { simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { familyOf, rangesOf } from '../scalar/range-operators.ts';
import type { AggregateFunction } from './aggregate.ts';
import { CollectAccumulator } from './collect.ts';
import type { Fold } from './collect.ts';

const ANYRANGE = simpleType('anyrange');
const ANYMULTIRANGE = simpleType('anymultirange');

const union: Fold = (sorted) => makeMultirange(familyOf(sorted), sorted.rows.flatMap(([value]) => rangesOf(value)));

const intersectRanges: Fold = (sorted) => {
  const family = familyOf(sorted);
  return sorted.rows.map(([value]) => asRange(value)).reduce((a, b) => intersectionOf(family, a, b));
};

const intersectAll: Fold = (sorted) => {
  const family = familyOf(sorted);
  return sorted.rows.map(([value]): SqlMultirange => asMultirange(value))
    .reduce((a, b) => intersectMultiranges(family, a, b));
};

interface Spec {
  readonly name: string;
  readonly arg: LogicalType;
  readonly returns: LogicalType;
  readonly description: string;
  readonly fold: Fold;
  readonly result: string;
}

/** NULLs do not count; of no rows it is NULL. */
function aggregate({ name, arg, returns, description, fold, result }: Spec): AggregateFunction {
  const [a, b] = arg === ANYRANGE ? [`int4range '[1,4)'`, `int4range '[3,7)'`]
    : [`int4multirange '{[1,4)}'`, `int4multirange '{[3,7)}'`];
  return {
    kind: 'aggregate', form: 'plain', direct: 0, strict: true, ordered: false, name, args: [arg], returns, description,
    example: { sql: `SELECT ${name}(x) FROM (VALUES (${a}), (${b})) AS v(x)`, result },
    accumulator: (call) => new CollectAccumulator(call, { fold, strict: true }),
  };
}

const UNION = 'union of the non-null input values';
const INTERSECTION = 'intersection of the non-null input values';

export const RANGE_AGGREGATES: readonly AggregateFunction[] = [
  aggregate({ name: 'range_agg', arg: ANYRANGE, returns: ANYMULTIRANGE, description: UNION, fold: union, result: '{[1,7)}' }),
  aggregate({ name: 'range_agg', arg: ANYMULTIRANGE, returns: ANYMULTIRANGE, description: UNION, fold: union,
    result: '{[1,7)}' }),
  aggregate({ name: 'range_intersect_agg', arg: ANYRANGE, returns: ANYRANGE, description: INTERSECTION,
    fold: intersectRanges, result: '[3,4)' }),
  aggregate({ name: 'range_intersect_agg', arg: ANYMULTIRANGE, returns: ANYMULTIRANGE, description: INTERSECTION,
    fold: intersectAll, result: '{[3,4)}' }),
];
