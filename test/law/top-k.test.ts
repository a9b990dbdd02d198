// TopK against sorting.
import { describe, expect, it } from 'vitest';
import { batchFromRows, batchToRows } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { compareDatums } from '../../engine/data/datum-order.ts';
import { Interval } from '../../engine/data/interval.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { Delta } from '../../engine/data/delta.ts';
import { sortBatch } from '../../engine/data/sort.ts';
import { BOOLEAN, FLOAT8, INT4, INT8, INTERVAL, JSONB, NUMERIC, TEXT, TIMESTAMP } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { SortKey } from '../../engine/operator/operator.ts';
import { TopK } from '../../engine/operator/top-k.ts';
import type { TopKSpec } from '../../engine/operator/top-k.ts';
import { Random } from '../support/random.ts';
import { Tally, checkLaw, rowText, stepContext } from './law.ts';
import type { Row } from './law.ts';

const SCHEMA: Schema = {
  columns: [{ name: 'k', type: INT4 }, { name: 'v', type: INT8 }, { name: 't', type: TEXT }, { name: 'n', type: NUMERIC }],
};

function randomRow(values: number): (random: Random) => Row {
  return (random) => [
    random.pick([null, 1, 2]), random.pick([null, BigInt(random.int(-values, values)), BigInt(random.int(-values, values))]),
    random.pick(['', 'a', 'é', 'ab', null]), Numeric.parse(random.pick(['1', '1.0', '2.5'])),
  ];
}

function compareKey(schema: Schema, key: SortKey, a: Row, b: Row): number {
  const [x, y] = [a[key.column], b[key.column]];
  if (x === null || y === null) {
    if (x === y) return 0;
    return (x === null) === key.nullsFirst ? -1 : 1;
  }
  const order = compareDatums(schema.columns[key.column].type, x, y);
  return key.descending ? -order : order;
}

function compareRows(keys: readonly SortKey[], a: Row, b: Row): number {
  const all = SCHEMA.columns.map((c, column) => ({ column, type: c.type, descending: false, nullsFirst: false }));
  for (const key of [...keys, ...all]) {
    const order = compareKey(SCHEMA, key, a, b);
    if (order !== 0) return order;
  }
  return 0;
}

function model(spec: TopKSpec, rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowText(spec.partition.map((c) => row[c]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => compareRows(spec.order, a, b));
    if (spec.limit === null) return sorted.slice(spec.offset);
    let end = spec.offset + spec.limit;
    if (spec.withTies && spec.limit > 0 && end < sorted.length) {
      const last = sorted[end - 1];
      while (end < sorted.length && spec.order.every((k) => compareKey(SCHEMA, k, sorted[end], last) === 0)) end++;
    }
    return sorted.slice(spec.offset, end);
  });
}

const BY_V: SortKey = { column: 1, type: INT8, descending: false, nullsFirst: false };
const BY_V_DESC: SortKey = { column: 1, type: INT8, descending: true, nullsFirst: true };
const BY_T: SortKey = { column: 2, type: TEXT, descending: true, nullsFirst: false };

const base = { schema: SCHEMA, partition: [], order: [BY_V], limit: 3, offset: 0, withTies: false };
const SPECS: readonly (readonly [string, TopKSpec])[] = [
  ['first three', base],
  ['top one a key', { ...base, partition: [0], order: [BY_V_DESC], limit: 1 }],
  ['two keys, offset', { ...base, order: [BY_T, BY_V_DESC], limit: 4, offset: 3 }],
  ['ties', { ...base, withTies: true, limit: 2 }],
  ['ties by partition with offset', { ...base, withTies: true, partition: [0], order: [BY_T], limit: 2, offset: 1 }],
  ['offset only', { ...base, limit: null, offset: 5 }],
  ['limit without order', { ...base, order: [], limit: 4 }],
  ['limit 0', { ...base, limit: 0 }],
];

describe('top-k', () => {
  for (const [name, spec] of SPECS) {
    for (const appendOnly of [false, true]) {
      it(`${name}${appendOnly ? ', append only' : ''}`, () => {
        checkLaw({
          name, operator: () => new TopK({ ...spec, appendOnly }), inputs: [SCHEMA], row: randomRow(4), seeds: 40,
          query: ([rows]) => model(spec, rows), ...(appendOnly ? { retractions: 0 } : {}),
        });
      });
    }
    it(`${name}, many rows`, () => {
      checkLaw({
        name, operator: () => new TopK(spec), inputs: [SCHEMA], row: randomRow(1e6), seeds: 2, epochRows: 3000,
        query: ([rows]) => model(spec, rows), retractions: 0.49, epochs: 8,
      });
    });
  }
});

describe('top-k under deletes', () => {
  it('keeps its place in a hot group that is eaten from the top', () => {
    const random = new Random(3);
    const rows = Array.from({ length: 20_000 }, () => randomRow(1e6)(random));
    const spec: TopKSpec = { ...base, limit: 2, offset: 1 };
    const operator = new TopK(spec);
    const tally = new Tally();
    tally.addDelta(operator.step([Delta.insert(batchFromRows(SCHEMA, rows))], stepContext(1)));
    const sorted = rows.toSorted((a, b) => compareRows(spec.order, a, b));
    for (let epoch = 2, at = 0; at < sorted.length; epoch++) {
      const eaten = sorted.slice(at, at + random.int(1, 400));
      at += eaten.length;
      tally.addDelta(operator.step([Delta.remove(batchFromRows(SCHEMA, eaten))], stepContext(epoch)));
      const want = new Tally();
      for (const row of sorted.slice(at + 1, at + 3)) want.add(row, 1);
      expect(tally.lines(), `after ${at} rows`).toEqual(want.lines());
    }
    expect(operator.stateSize().rows).toBe(0);
  });
});

describe('order of rows', () => {
  const values: readonly (readonly [Schema['columns'][number]['type'], readonly Datum[]])[] = [
    [BOOLEAN, [true, false]],
    [INT4, [0, -1, 2147483647, -2147483648, 7]],
    [INT8, [0n, -1n, 9223372036854775807n, -9223372036854775808n, 4294967296n, -4294967297n]],
    [TIMESTAMP, [1_700_000_000_000_000n, 1_700_000_000_000_001n, -5n]],
    [FLOAT8, [0, -1.5, NaN, Infinity, -Infinity]],
    [TEXT, ['', 'a', 'Z', 'é', '\u{1f600}', '\uffee']],
    [NUMERIC, ['0', '-1.5', '100000000000000000000', 'NaN', '0.001', 'Infinity'].map((t) => Numeric.parse(t))],
    [INTERVAL, [new Interval(0, 0, 0n), new Interval(1, 0, 0n), new Interval(0, 29, 0n), new Interval(0, 0, -1n)]],
    [JSONB, ['null', '"a"', '1', '2.50', 'true', '[]', '[1, 2]', '{}', '{"a": 1}']],
  ];
  for (const [type, pool] of values) {
    it(`sorts ${type.kind} as compareDatums does`, () => {
      const schema: Schema = { columns: [{ name: 'x', type }, { name: 'i', type: INT4 }] };
      for (let seed = 1; seed <= 10; seed++) {
        const random = new Random(seed);
        const withNulls = random.bool();
        const rows = Array.from({ length: 50 }, (_, i): Row => [withNulls && random.bool(0.2) ? null : random.pick(pool), i]);
        const key: SortKey = { column: 0, type, descending: random.bool(), nullsFirst: random.bool() };
        const batch = batchFromRows(schema, rows);
        const got = batchToRows(batch.take(sortBatch(batch, [key]))).map((r) => r[1]);
        const want = rows.toSorted((a, b) => compareKey(schema, key, a, b)).map((r) => r[1]);
        expect(got, `seed ${seed}`).toEqual(want);
      }
    });
  }
});
