// Values in PostgreSQL's binary wire format: round trips and refused lengths.
import { describe, expect, test } from 'vitest';
import { decodeBinary, encodeBinary } from '../../../engine/data/binary-format.ts';
import { Interval } from '../../../engine/data/interval.ts';
import { parseNetwork } from '../../../engine/data/network-text.ts';
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
  [types.INET, parseNetwork('10.1.2.3/16', 'inet'), '021000040a010203'],
  [types.INET, parseNetwork('2001:db8::1', 'inet'), '0380001020010db8000000000000000000000001'],
  [types.CIDR, parseNetwork('10/8', 'cidr'), '020801040a000000'],
  [types.MACADDR, Uint8Array.of(8, 0, 0x2b, 1, 2, 3), '08002b010203'],
  [types.MACADDR8, Uint8Array.of(8, 0, 0x2b, 0xff, 0xfe, 1, 2, 3), '08002bfffe010203'],
  [types.arrayOf(types.INET), { dimensions: [2], lowerBounds: [1], values: [parseNetwork('10.0.0.1', 'inet'), null] },
    '000000010000000100000365000000020000000100000008022000040a000001ffffffff'],
];

function decodedBytes(type: types.LogicalType, bytes: string): Uint8Array {
  const datum = decodeBinary(type, Buffer.from(bytes, 'hex'));
  return datum instanceof Uint8Array ? datum : new Uint8Array(0);
}

describe('binary format', () => {
  test.each(CASES)('%j %s', (type, datum, bytes) => {
    expect(hex(encodeBinary(type, datum))).toBe(bytes);
    expect(decodeBinary(type, Buffer.from(bytes, 'hex'))).toEqual(datum);
  });

  test.each([
    [types.INET, '011000040a010203', '22P03', 'invalid address family in external "inet" value'],
    [types.INET, '022100040a010203', '22P03', 'invalid bits in external "inet" value'],
    [types.CIDR, '021000100a010203', '22P03', 'invalid length in external "cidr" value'],
    [types.CIDR, '021000040a010203', '22P03', 'invalid external "cidr" value'],
    [types.INET, '021000040a0102', '08P01', 'no data left in message'],
    [types.INET, '021000040a01020304', '22P03', 'incorrect binary data format'],
    [types.MACADDR, '0800', '08P01', 'no data left in message'],
    [types.MACADDR8, '08002bfffe01020304', '22P03', 'incorrect binary data format'],
  ])('%j %s is refused: %s %s', (type, bytes, code, message) => {
    expect(() => decodeBinary(type, Buffer.from(bytes, 'hex'))).toThrow(expect.objectContaining({ code, message }));
  });

  test('a MAC address of six bytes is one of eight', () => {
    expect(hex(decodedBytes(types.MACADDR8, '08002b010203'))).toBe('08002bfffe010203');
  });

  test('wrong lengths are refused', () => {
    expect(() => decodeBinary(types.INT4, new Uint8Array(3))).toThrow(expect.objectContaining({ code: '08P01' }));
    expect(() => decodeBinary(types.INT4, new Uint8Array(5))).toThrow(expect.objectContaining({ code: '22P03' }));
    expect(() => decodeBinary(types.TEXT, Uint8Array.of(0xff))).toThrow(expect.objectContaining({ code: '22021' }));
  });
});
