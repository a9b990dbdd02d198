// Constants: numbers get the narrowest of int4, int8 and numeric, strings stay unknown until something wants a type.
import { DatabaseError } from '../../engine/data/error.ts';
import { parseText } from '../../engine/data/text-format.ts';
import { INT4, INT8, NUMERIC, UNKNOWN, parametricType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { Position } from '../parser/ast.ts';
import type { Environment } from './environment.ts';

const INT4_MAX = 2147483647n;
const INT8_MAX = 9223372036854775807n;

/** `text` may carry a sign that the binder has folded in. */
export function numberLiteral(env: Environment, text: string, position: Position): Expression {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value <= INT4_MAX && value >= -INT4_MAX - 1n) return { kind: 'literal', type: INT4, value: Number(value) };
    if (value <= INT8_MAX && value >= -INT8_MAX - 1n) return { kind: 'literal', type: INT8, value };
  }
  return constant(env, NUMERIC, text, position);
}

function constant(env: Environment, type: LogicalType, text: string, position: Position): Expression {
  try {
    return { kind: 'literal', type, value: parseText(type, text, env.format) };
  } catch (error) {
    throw error instanceof DatabaseError ? error.at(position) : error;
  }
}

export function stringLiteral(value: string): Expression {
  return { kind: 'literal', type: UNKNOWN, value };
}

export function nullLiteral(): Expression {
  return { kind: 'literal', type: UNKNOWN, value: null };
}

/** B'101', X'1F': however long, bit without a length. */
export function bitStringLiteral(env: Environment, base: 2 | 16, digits: string, position: Position): Expression {
  const invalid = /[^0-9A-Fa-f]/.exec(digits);
  if (base === 16 && invalid !== null) {
    throw new DatabaseError('22P02', `"${invalid[0]}" is not a valid hexadecimal digit`, { position });
  }
  const bits = base === 2 ? digits : digits.replace(/./g, (d) => parseInt(d, 16).toString(2).padStart(4, '0'));
  return constant(env, parametricType('bit'), bits, position);
}
