// Functions about NULLs and types: num_nulls, num_nonnulls, pg_typeof; boolean helpers.
import { oidOf } from '../../data/type-info.ts';
import { BOOLEAN, INT4, REGTYPE, simpleType } from '../../data/types.ts';
import { bool, example, scalar } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

const ANY = simpleType('any');

export const CONDITIONAL: readonly ScalarFunction[] = [
  scalar({
    name: 'num_nulls', args: [], variadic: ANY, returns: INT4, strict: false,
    description: 'Number of arguments that are NULL.',
    example: example('SELECT num_nulls(1, NULL, 2)', '1'), row: (args) => args.filter((a) => a === null).length,
  }),
  scalar({
    name: 'num_nonnulls', args: [], variadic: ANY, returns: INT4, strict: false,
    description: 'Number of arguments that are not NULL.',
    example: example('SELECT num_nonnulls(1, NULL, 2)', '2'), row: (args) => args.filter((a) => a !== null).length,
  }),
  scalar({
    name: 'pg_typeof', args: [ANY], returns: REGTYPE, strict: false, volatility: 'stable',
    description: 'Type of the argument.',
    example: example('SELECT pg_typeof(33)', 'integer'), row: (_args, call) => oidOf(call.argTypes[0]),
  }),
  scalar({
    name: 'booland_statefunc', args: [BOOLEAN, BOOLEAN], returns: BOOLEAN, description: 'Both; the step of bool_and().',
    example: example('SELECT booland_statefunc(true, false)', 'f'), row: ([a, b]) => bool(a) && bool(b),
  }),
  scalar({
    name: 'boolor_statefunc', args: [BOOLEAN, BOOLEAN], returns: BOOLEAN, description: 'Either; the step of bool_or().',
    example: example('SELECT boolor_statefunc(true, false)', 't'), row: ([a, b]) => bool(a) || bool(b),
  }),
];
