// The window functions that are no aggregates (manual 9.22), as signatures; what they compute is the operator's.
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import type { ScalarFunction, Signature, TableFunction } from '../../engine/function/function.ts';
import { FLOAT8, INT4, INT8, simpleType } from '../../engine/data/types.ts';

export interface WindowFunction extends Signature { readonly kind: 'window' }

/** What a name in a call may be. */
export type Callable = ScalarFunction | TableFunction | AggregateFunction | WindowFunction;

const ANY_ELEMENT = simpleType('anyelement');
const ANY_COMPATIBLE = simpleType('anycompatible');

function define(
  name: string, args: Signature['args'], returns: Signature['returns'], description: string,
): WindowFunction {
  return { kind: 'window', name, args, returns, description };
}

const ALL: readonly WindowFunction[] = [
  define('row_number', [], INT8, 'number of the row within its partition, from 1'),
  define('rank', [], INT8, 'rank with gaps: the row_number of the first peer'),
  define('dense_rank', [], INT8, 'rank without gaps: counts peer groups'),
  define('percent_rank', [], FLOAT8, '(rank - 1) / (partition rows - 1)'),
  define('cume_dist', [], FLOAT8, 'share of the partition rows up to the last peer'),
  define('ntile', [INT4], INT4, 'number of the bucket when the partition is cut into equal ones'),
  define('lag', [ANY_ELEMENT], ANY_ELEMENT, 'value at the row before'),
  define('lag', [ANY_ELEMENT, INT4], ANY_ELEMENT, 'value so many rows before'),
  define('lag', [ANY_COMPATIBLE, INT4, ANY_COMPATIBLE], ANY_COMPATIBLE, 'value so many rows before, or the default'),
  define('lead', [ANY_ELEMENT], ANY_ELEMENT, 'value at the row after'),
  define('lead', [ANY_ELEMENT, INT4], ANY_ELEMENT, 'value so many rows after'),
  define('lead', [ANY_COMPATIBLE, INT4, ANY_COMPATIBLE], ANY_COMPATIBLE, 'value so many rows after, or the default'),
  define('first_value', [ANY_ELEMENT], ANY_ELEMENT, 'value at the first row of the frame'),
  define('last_value', [ANY_ELEMENT], ANY_ELEMENT, 'value at the last row of the frame'),
  define('nth_value', [ANY_ELEMENT, INT4], ANY_ELEMENT, 'value at the nth row of the frame'),
];

export function windowFunctions(name: string): readonly WindowFunction[] {
  return ALL.filter((f) => f.name === name);
}
