// Values in PostgreSQL's binary wire format: round trips and refused lengths.
import { describe, expect, test } from 'vitest';
import { decodeBinary, encodeBinary } from '../../../engine/data/binary-format.ts';
import { Interval } from '../../../engine/data/interval.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import * as types from '../../../engine/data/types.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Expected bytes are what PostgreSQL 15's send functions give (`encode(numeric_send(..), 'hex')` and its like). */
const CASES: readonly [types.LogicalType, Parameters<typeof encodeBinary>[1], string][] = [
  [types.NUMERIC, Numeric.parse('0'), '0000000000000000'],
  [types.NUMERIC, Numeric.parse('12345.678'), '000300010000000300010929' + '1a7c'],
  [types.NUMERIC, Numeric.parse('-0.00012'), '0002ffff400000050001' + '07d0'],
  [types.NUMERIC, Numeric.parse('10000'), '00010001000000000001'],
  [types.NUMERIC, Numeric.NAN, '00000000c0000000'],
  [types.DATE, 10957, '00000000'],
  [types.TIMESTAMP, 946684800000001n, '0000000000000001'],
  [types.INTERVAL, new Interval(14, 3, 5n), '0000000000000005000000030000000e'],
  [types.JSONB, '{}', '017b7d'],
  [types.UUID, '00112233-4455-6677-8899-aabbccddeeff', '00112233445566778899aabbccddeeff'],
  [types.arrayOf(types.INT4), { dimensions: [2], lowerBounds: [1], values: [1, null] },
    '0000000100000001000000170000000200000001' + '0000000400000001ffffffff'],
  // A datum of pg_lsn has the position's own bits: data folders hold them.
  [types.simpleType('pg_lsn'), 1n, '0000000000000001'],
  [types.simpleType('pg_lsn'), -1n, 'ffffffffffffffff'],
  [{ kind: 'varbit', typmod: -1 }, '101000001', '00000009a080'],
];

describe('binary format', () => {
  test.each(CASES)('%j %s', (type, datum, bytes) => {
    expect(hex(encodeBinary(type, datum))).toBe(bytes);
    expect(decodeBinary(type, Buffer.from(bytes, 'hex'))).toEqual(datum);
  });

  test('wrong lengths are refused', () => {
    expect(() => decodeBinary(types.INT4, new Uint8Array(3))).toThrow(expect.objectContaining({ code: '08P01' }));
    expect(() => decodeBinary(types.INT4, new Uint8Array(5))).toThrow(expect.objectContaining({ code: '22P03' }));
    expect(() => decodeBinary(types.TEXT, Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: '22021' }));
  });
});
