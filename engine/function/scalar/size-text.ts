// pg_size_pretty() and pg_size_bytes(): numbers of bytes in readable units (manual 9.27.7).
import { DatabaseError } from '../../data/error.ts';
import { Numeric } from '../../data/numeric.ts';
import { INT8, NUMERIC, TEXT } from '../../data/types.ts';
import { big, example, numeric, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Where the next unit begins: the first is not rounded, the others are halves here. */
const BYTES_LIMIT = 10n * 1024n;
const HALVES_LIMIT = 20n * 1024n - 1n;

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** Whole bytes, as PostgreSQL shows them: rounded half away from zero, `-1234 kB`. */
function prettySize(bytes: bigint): string {
  if (magnitude(bytes) < BYTES_LIMIT) return `${bytes} bytes`;
  let halves = bytes / 512n;
  let unit = 1;
  for (; unit < UNITS.length - 1 && magnitude(halves) >= HALVES_LIMIT; unit++) halves /= 1024n;
  return `${(halves + (halves < 0n ? -1n : 1n)) / 2n} ${UNITS[unit]}`;
}

function prettyNumeric(bytes: Numeric): string {
  if (bytes.kind !== 'finite') return `${bytes.toString()} PB`;
  const whole = BigInt(bytes.trunc().toString());
  return magnitude(whole) < BYTES_LIMIT ? `${bytes.toString()} bytes` : prettySize(whole);
}

const SIZE = /^[ \t\n\v\f\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t\n\v\f\r]*(.*?)[ \t\n\v\f\r]*$/s;

/** 22023 for what is no size, 22003 beyond int8. */
function sizeBytes(text: string): bigint {
  const found = SIZE.exec(text);
  if (found === null) throw new DatabaseError('22023', `invalid size: "${text}"`);
  const unit = found[2] === '' ? 0 : UNITS.findIndex((name) => name.toLowerCase() === found[2].toLowerCase());
  if (unit < 0) {
    throw new DatabaseError('22023', `invalid size: "${text}"`, {
      detail: `Invalid size unit: "${found[2]}".`, hint: 'Valid units are "bytes", "kB", "MB", "GB", "TB", and "PB".',
    });
  }
  return Numeric.parse(found[1]).multiply(Numeric.fromBigInt(1024n ** BigInt(unit))).toInt8();
}

export const SIZE_TEXTS: readonly ScalarFunction[] = [
  scalar({
    name: 'pg_size_pretty', args: [INT8], returns: TEXT, description: 'Bytes in a readable unit.',
    example: example('SELECT pg_size_pretty(1234567890::bigint)', '1177 MB'), row: ([n]) => prettySize(big(n)),
  }),
  scalar({
    name: 'pg_size_pretty', args: [NUMERIC], returns: TEXT, description: 'Bytes in a readable unit.',
    example: example('SELECT pg_size_pretty(1234567890.5)', '1177 MB'), row: ([n]) => prettyNumeric(numeric(n)),
  }),
  scalar({
    name: 'pg_size_bytes', args: [TEXT], returns: INT8, description: 'The number of bytes that such a text says.',
    example: example(`SELECT pg_size_bytes('1.5 kB')`, '1536'), row: ([s]) => sizeBytes(str(s)),
  }),
];
