// Arithmetic of pg_lsn: positions in a log, 64 bits without sign.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { Numeric } from '../../data/numeric.ts';
import { unsignedDatum, unsignedOf } from '../../data/scalar-text.ts';
import { NUMERIC, simpleType } from '../../data/types.ts';
import { big, example, numeric, operator, scalar } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

const LSN = simpleType('pg_lsn');

const positionOf = (d: Datum): bigint => unsignedOf(big(d));

/** The position so many bytes further on. 0A000 for NaN, 22023 beyond 64 bits. */
function moved(position: Datum, by: Numeric, subtract: boolean): Datum {
  if (by.isNaN) throw new DatabaseError('0A000', `cannot ${subtract ? 'subtract NaN from' : 'add NaN to'} pg_lsn`);
  const from = Numeric.fromBigInt(positionOf(position));
  return lsnOf(subtract ? from.subtract(by) : from.add(by));
}

/** 0A000 for NaN, 22023 beyond 64 bits. */
function lsnOf(position: Numeric): Datum {
  if (position.isNaN) throw new DatabaseError('0A000', 'cannot convert NaN to pg_lsn');
  if (!position.isFinite) throw new DatabaseError('0A000', 'cannot convert infinity to pg_lsn');
  const whole = position.round().unscaled;
  if (whole < 0n || whole >= 1n << 64n) throw new DatabaseError('22023', 'pg_lsn out of range');
  return unsignedDatum(whole);
}

export const LSN_ARITHMETIC: readonly ScalarFunction[] = [
  operator({
    name: '+', args: [LSN, NUMERIC], returns: LSN, description: 'A position so many bytes further on.',
    example: example(`SELECT '0/FF'::pg_lsn + 1::numeric`, '0/100'), row: ([a, n]) => moved(a, numeric(n), false),
  }),
  operator({
    name: '+', args: [NUMERIC, LSN], returns: LSN, description: 'A position so many bytes further on.',
    example: example(`SELECT 1::numeric + '0/FF'::pg_lsn`, '0/100'), row: ([n, a]) => moved(a, numeric(n), false),
  }),
  operator({
    name: '-', args: [LSN, NUMERIC], returns: LSN, description: 'A position so many bytes back.',
    example: example(`SELECT '0/100'::pg_lsn - 1::numeric`, '0/FF'), row: ([a, n]) => moved(a, numeric(n), true),
  }),
  operator({
    name: '-', args: [LSN, LSN], returns: NUMERIC, description: 'Bytes between two positions.',
    example: example(`SELECT '0/100'::pg_lsn - '0/FF'::pg_lsn`, '1'),
    row: ([a, b]) => Numeric.fromBigInt(positionOf(a) - positionOf(b)),
  }),
  scalar({
    name: 'pg_lsn', args: [NUMERIC], returns: LSN, description: 'The position that is so many bytes from the start.',
    example: example('SELECT pg_lsn(255::numeric)', '0/FF'), row: ([n]) => lsnOf(numeric(n)),
  }),
];
