// Sorting against Array.sort by PostgreSQL's order of single values: every layout, NULLs, ties, runs that are in order.
import { describe, expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../../engine/data/access.ts';
import { atOnce } from '../../../engine/data/at-once.ts';
import type { Batch } from '../../../engine/data/batch.ts';
import { compareDatums } from '../../../engine/data/datum-order.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Interval } from '../../../engine/data/interval.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { flatColumn } from '../../../engine/data/cells.ts';
import { totalOrder } from '../../../engine/data/row-order.ts';
import type { KeyOrder } from '../../../engine/data/row-order.ts';
import { sortBatch, sorting } from '../../../engine/data/sort.ts';
import {
  BOOLEAN, BYTEA, FLOAT4, FLOAT8, INT2, INT4, INT8, INTERVAL, NUMERIC, TEXT, TIMESTAMP, UUID, characterType,
} from '../../../engine/data/types.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import { Random } from '../../support/random.ts';

const bytes = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => random.pick([0, 1, 97, 255]));
const text = (random: Random): string => random.pick(['', 'a', 'ab', 'ab\u0001', 'é', 'zebra']) + String(random.int(0, 9) ** 8);
const numbers = (random: Random): string => random.pick([
  '1', '1.0', '1.00', '-1', '0', '0.000', 'NaN', 'Infinity', '-Infinity', '1e-30', '1e300', '-12345678901234567890.5',
  '123456789012345678', '281474976710655', '281474976710656', `${random.int(-99, 99)}.${random.int(0, 999)}`,
]);

const VALUES: readonly (readonly [LogicalType, (random: Random) => Datum])[] = [
  [BOOLEAN, (random) => random.bool()],
  [INT2, (random) => random.int(-32768, 32767)],
  [INT4, (random) => random.pick([-2147483648, 2147483647, random.int(-5, 5), random.bits() | 0])],
  [INT8, (random) => random.pick([-(2n ** 63n), 2n ** 63n - 1n, BigInt(random.int(-5, 5)), 2n ** 53n + BigInt(random.int(0, 3))])],
  [TIMESTAMP, (random) => BigInt(random.int(0, 1000)) * 1_000_000n],
  [FLOAT4, (random) => random.pick([NaN, -0, 0, Infinity, -Infinity, 1.5, random.int(-5, 5)])],
  [FLOAT8, (random) => random.pick([NaN, -0, 0, Infinity, -Infinity, 5e-324, 1.7e308, random.float()])],
  [NUMERIC, (random) => Numeric.parse(numbers(random))],
  [TEXT, text],
  [TEXT, (random) => `customer-${random.int(0, 99_999)}`],
  [TEXT, (random) => 'deeper '.repeat(random.int(0, 40))],
  [characterType('bpchar', 8), (random) => random.pick(['a', 'a\t', 'b', 'ab', '']).padEnd(8)],
  [BYTEA, (random) => bytes(random, random.int(0, 9))],
  [UUID, (random) => `${random.pick(['00', '7f', 'ff'])}000000-0000-0000-0000-00000000000${random.int(0, 9)}`],
  [INTERVAL, (random) => new Interval(random.int(-1, 1), random.int(-31, 31), BigInt(random.int(-3, 3)) * 86_400_000_000n)],
];

const CASES = [0, 1, 2, 17, 300, 300, 4096, 4097, 9000].map((length, seed) => ({ length, seed }));

function compareWith(types: readonly LogicalType[], keys: readonly KeyOrder[]) {
  return (a: readonly Datum[], b: readonly Datum[]): number => {
    for (const { column, descending, nullsFirst } of keys) {
      const x = a[column];
      const y = b[column];
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === nullsFirst ? -1 : 1;
      }
      const c = compareDatums(types[column], x, y);
      if (c !== 0) return descending ? -c : c;
    }
    return 0;
  };
}

const rowsOf = (batch: Batch, order: Int32Array): readonly (readonly Datum[])[] =>
  [...order].map((row) => batch.columns.map((column) => datumAt(column, row)));

describe('sorting', () => {
  for (const [t, [type, value]] of VALUES.entries()) {
    it(`${type.kind} (${t})`, () => {
      for (const { length, seed } of CASES) {
        const random = new Random(100 * t + seed);
        const second = random.pick(VALUES);
        const nulls = random.pick([0, 0.2]);
        const few = random.bool();
        const pool = Array.from({ length: few ? 5 : Math.max(1, length) }, () => (random.bool(nulls) ? null : value(random)));
        let rows: Datum[][] = Array.from({ length }, (_, i) => [random.pick(pool), random.bool(nulls) ? null : second[1](random), i]);
        const types = [type, second[0], INT4];
        const schema = { columns: types.map((columnType, c) => ({ name: `c${c}`, type: columnType })) };
        const key = (column: number): KeyOrder => ({ column, descending: random.bool(), nullsFirst: random.bool() });
        const keys = random.bool() ? [key(0)] : [key(0), key(1)];
        if (random.bool(0.3)) rows = rows.sort(compareWith(types, keys)).map((row, i) => [row[0], row[1], i]);
        const batch = batchFromRows(schema, rows);
        const expected = [...rows].sort(compareWith(types, keys)).map((row) => row[2]);
        expect([...sortBatch(batch, keys)], `seed ${seed}, ${length} rows`).toEqual(expected);
      }
    });
  }

  it('totally: rows that only look equal have an order of their own', () => {
    const schema = { columns: [{ name: 'k', type: INT4 }, { name: 'n', type: NUMERIC }] };
    const random = new Random(7);
    const rows = Array.from({ length: 5000 }, (): Datum[] => [random.int(0, 3), Numeric.parse(random.pick(['1', '1.0', '1.00', '2']))]);
    const inOrder = (given: readonly Datum[][]): string => {
      const batch = batchFromRows(schema, given);
      return rowsOf(batch, atOnce(sorting(batch, [{ column: 0, descending: false, nullsFirst: false }], totalOrder(batch.columns.map(flatColumn), [])))).join(' ');
    };
    expect(inOrder(random.shuffle(rows))).toBe(inOrder(rows));
  });

  it('gives turns between some thousand rows', () => {
    const schema = { columns: [{ name: 't', type: TEXT }] };
    const random = new Random(3);
    const batch = batchFromRows(schema, Array.from({ length: 50_000 }, () => [text(random)]));
    let turns = 0;
    const work = sorting(batch, [{ column: 0, descending: false, nullsFirst: false }]);
    while (work.next().done !== true) turns++;
    expect(turns).toBeGreaterThan(50);
  });
});
