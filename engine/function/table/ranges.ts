// unnest of a multirange.
import { asMultirange } from '../../data/range-bounds.ts';
import { simpleType } from '../../data/types.ts';
import { example, table } from '../define.ts';
import type { TableFunction } from '../function.ts';

export const RANGE_TABLES: readonly TableFunction[] = [
  table({
    name: 'unnest', args: [simpleType('anymultirange')], returns: simpleType('anyrange'),
    description: 'The ranges of a multirange.',
    example: example(`SELECT max(upper(r)) FROM unnest('{[1,2), [3,4)}'::int4multirange) r`, '4'),
    rows: ([m]) => asMultirange(m).ranges.map((range) => [range]),
  }),
];
