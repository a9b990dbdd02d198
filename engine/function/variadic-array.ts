// f(VARIADIC array): a variadic function called with an array of its further arguments.
import { asArray } from '../data/composite.ts';
import { DatabaseError } from '../data/error.ts';
import type { Datum, SqlArray } from '../data/datum.ts';
import { elementType } from './define.ts';
import type { CallInfo, ScalarFunction } from './function.ts';

const NONE: SqlArray = { dimensions: [], lowerBounds: [], values: [] };

const known = new WeakMap<ScalarFunction, ScalarFunction>();

/**
 * The function as one of its fixed arguments and an array in place of the others. NULL for an array that is NULL, as
 * PostgreSQL has it, but for format(). Requires: `fn` is variadic. The same record for the same function.
 */
export function variadicArray(fn: ScalarFunction): ScalarFunction {
  const found = known.get(fn) ?? made(fn);
  known.set(fn, found);
  return found;
}

function made(fn: ScalarFunction): ScalarFunction {
  const { kernel: _, optional: __, variadic: ___, total: ____, ...rest } = fn;
  return { ...rest, variadicArray: true, row: (args, call) => spread(fn, args, call) };
}

function spread(fn: ScalarFunction, args: readonly Datum[], call: CallInfo): Datum {
  const last = args.length - 1;
  const array = args[last];
  if (array === null && fn.name !== 'format') return null;
  const { values, dimensions } = array === null ? NONE : asArray(array);
  if (dimensions.length > 1 && fn.manyDimensions !== undefined) throw new DatabaseError('21000', fn.manyDimensions);
  if (fn.strict && values.includes(null)) return null;
  const element = elementType(call.argTypes[last]);
  return fn.row([...args.slice(0, last), ...values], {
    ...call, argTypes: [...call.argTypes.slice(0, last), ...values.map(() => element)],
  });
}
