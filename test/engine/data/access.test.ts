// Builders and readers give back what was appended, for every layout.
import { expect, test } from 'vitest';
import {
  VectorBuilder, batchFromRows, batchToRows, constantVector, datumAt, vectorFromDatums,
} from '../../../engine/data/access.ts';
import { Interval } from '../../../engine/data/interval.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { numericScaleAt, smallUnscaledAt, writeSmallNumeric } from '../../../engine/data/numeric-bytes.ts';
import * as t from '../../../engine/data/types.ts';
import { sliceVector, takeVector } from '../../../engine/data/vector.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import type { LogicalType } from '../../../engine/data/types.ts';

const record: LogicalType = { kind: 'record', fields: [{ name: 'a', type: t.INT4 }, { name: 'b', type: t.TEXT }] };
const cases: readonly (readonly [LogicalType, readonly Datum[]])[] = [
  [t.BOOLEAN, [true, false, null, true]],
  [t.INT2, [1, -32768, null, 32767]],
  [t.INT4, [1, -2147483648, null, 2147483647]],
  [t.DATE, [0, -719528, null, 2147483647]],
  [t.INT8, [1n, -9223372036854775808n, null, 9223372036854775807n]],
  [t.OID, [1, 4294967295, null, 0]],
  [t.TIMESTAMP, [1n, -5n, null, 9223372036854775807n]],
  [t.FLOAT4, [1.5, -0.25, null, Infinity]],
  [t.FLOAT8, [0.1, -1e300, null, -Infinity]],
  [t.TEXT, ['', 'abc', null, 'żółw 🐢 with a rather long tail of text that passes the short path by far']],
  [t.BYTEA, [new Uint8Array(0), Uint8Array.of(0, 255), null, Uint8Array.of(1)]],
  [t.UUID, ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', null]],
  [t.INTERVAL, [new Interval(1, -2, 3n), null, new Interval(0, 0, -9000000000000n)]],
  [t.NUMERIC, ['0', '0.00', '-1.50', '123456789012345678901234567890.123', '281474976710655', '281474976710656',
    '18446744073709551616', '-0.000000000000000000000000001', 'NaN', 'Infinity', '-Infinity'].map(Numeric.parse)],
  [{ kind: 'timetz', typmod: -1 }, [{ micros: 5n, offsetSeconds: -3600 }, null]],
  [t.arrayOf(t.TEXT), [
    { dimensions: [], lowerBounds: [], values: [] },
    { dimensions: [2, 2], lowerBounds: [1, -3], values: ['a', null, '', 'd'] }, null]],
  [t.arrayOf(t.NUMERIC), [{ dimensions: [2], lowerBounds: [1], values: [Numeric.parse('1.10'), Numeric.NAN] }]],
  [record, [{ fields: [1, null] }, null, { fields: [null, 'x'] }]],
];

test.each(cases)('a vector of $kind gives back its datums', (type, datums) => {
  const vector = vectorFromDatums(type, datums);
  expect(vector.length).toBe(datums.length);
  expect(datums.map((_, i) => datumAt(vector, i))).toEqual(datums);
  const last = datums.length - 1;
  expect(datumAt(takeVector(vector, Int32Array.of(last, 0)), 0)).toEqual(datums[last]);
  expect(datumAt(sliceVector(vector, last, last + 1), 0)).toEqual(datums[last]);
  expect(datumAt(constantVector(type, datums[0], 3), 2)).toEqual(datums[0]);
});

test('a builder grows, keeps NULLs apart and takes back its last row', () => {
  const builder = new VectorBuilder(t.TEXT, 1);
  for (let i = 0; i < 1000; i++) builder.append(i % 7 === 0 ? null : `row ${i}`);
  builder.appendNull();
  builder.column.removeLast();
  builder.append('end');
  const vector = builder.finish();
  expect(vector.length).toBe(1001);
  for (let i = 0; i < 1000; i++) expect(datumAt(vector, i)).toBe(i % 7 === 0 ? null : `row ${i}`);
  expect(datumAt(vector, 1000)).toBe('end');
});

test('sixteen-byte columns grow', () => {
  const spans = Array.from({ length: 300 }, (_, i) => new Interval(i, 1 - i, BigInt(i) * 7n));
  const builder = new VectorBuilder(t.INTERVAL, 1);
  for (const span of spans) builder.append(span);
  const vector = builder.finish();
  expect(spans.map((_, i) => datumAt(vector, i))).toEqual(spans);
});

test('rows to batch and back', () => {
  const schema = { columns: [{ name: 'a', type: t.INT8 }, { name: 'b', type: t.BOOLEAN }] };
  const rows: Datum[][] = [[1n, true], [null, false], [3n, null]];
  expect(batchToRows(batchFromRows(schema, rows))).toEqual(rows);
});

test('small numerics are read and written without bigint', () => {
  const texts = ['0', '1.5', '-1.50', '281474976710655', '-2814749767106.55', '281474976710656', 'NaN', '1e300'];
  const vector = vectorFromDatums(t.NUMERIC, texts.map(Numeric.parse));
  if (vector.layout !== 'bytes') throw new Error('layout');
  expect(texts.map((_, i) => smallUnscaledAt(vector, i)))
    .toEqual([0, 15, -150, 281474976710655, -281474976710655, NaN, NaN, NaN]);
  expect([0, 1, 2].map((i) => numericScaleAt(vector, i))).toEqual([0, 1, 2]);
  const out = new Uint8Array(16);
  for (const [unscaled, scale] of [[0, 0], [150, 2], [-7, 300], [9007199254740991, 3], [-4294967296, 1]]) {
    const builder = new VectorBuilder(t.NUMERIC);
    if (builder.column.layout !== 'bytes') throw new Error('layout');
    builder.column.pushBytes(out, 0, writeSmallNumeric(out, 0, unscaled, scale));
    expect(datumAt(builder.finish(), 0)).toEqual(Numeric.of(BigInt(unscaled), scale));
  }
});
