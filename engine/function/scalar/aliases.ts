// Functions that PostgreSQL has under a second name: what its operators and older clients call.
import { FLOAT8, NUMERIC, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { example } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

interface Alias {
  readonly name: string;
  readonly of: string;
  readonly args: readonly LogicalType[];
  readonly shows: readonly [string, string];
}

const ALIASES: readonly Alias[] = [
  { name: 'dexp', of: 'exp', args: [FLOAT8], shows: ['0', '1'] },
  { name: 'dlog1', of: 'ln', args: [FLOAT8], shows: ['1', '0'] },
  { name: 'dlog10', of: 'log', args: [FLOAT8], shows: ['100', '2'] },
  { name: 'dround', of: 'round', args: [FLOAT8], shows: ['1.6', '2'] },
  { name: 'dtrunc', of: 'trunc', args: [FLOAT8], shows: ['1.6', '1'] },
  { name: 'numeric_exp', of: 'exp', args: [NUMERIC], shows: ['0.0', '1.0000000000000000'] },
  { name: 'numeric_ln', of: 'ln', args: [NUMERIC], shows: ['1.0', '0.0000000000000000'] },
  { name: 'numeric_log', of: 'log', args: [NUMERIC, NUMERIC], shows: ['2.0, 64.0', '6.0000000000000000'] },
  { name: 'numeric_sqrt', of: 'sqrt', args: [NUMERIC], shows: ['4.0', '2.000000000000000'] },
  { name: 'numeric_div_trunc', of: 'div', args: [NUMERIC, NUMERIC], shows: ['9, 4', '2'] },
  { name: 'textlen', of: 'length', args: [TEXT], shows: [`'abc'`, '3'] },
];

/** The aliases of these functions. */
export function aliasesOf(functions: readonly ScalarFunction[]): readonly ScalarFunction[] {
  return ALIASES.flatMap(({ name, of, args, shows }) => functions
    .filter((f) => f.name === of && f.operator !== true && f.args.length === args.length
      && f.args.every((a, i) => a.kind === args[i].kind))
    .map((f) => ({
      ...f, name, description: `Another name of ${of}().`, example: example(`SELECT ${name}(${shows[0]})`, shows[1]),
    })));
}
