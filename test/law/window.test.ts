// Windows: assignment against a naive model, late rows, and rows emitted once when their window closes.
import { describe, expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta } from '../../engine/data/delta.ts';
import type { DatabaseError } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { DATE, INT4, INT8, TIMESTAMP, TIMESTAMPTZ } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { AGGREGATES } from '../../engine/function/aggregate/index.ts';
import { AggregateOperator } from '../../engine/operator/aggregate.ts';
import { AssignWindowOperator, windowSpec } from '../../engine/operator/assign-window.ts';
import { EmitOnCloseOperator } from '../../engine/operator/emit-on-close.ts';
import { dropLate } from '../../engine/operator/late-filter.ts';
import type { StepContext } from '../../engine/operator/operator.ts';
import { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { StatePages } from '../support/state-pages.ts';

const CONTEXT: StepContext = {
  epoch: toEpoch(1),
  eval: {
    format: DEFAULT_FORMAT, transactionTime: 0n, statementTime: 0n, clock: () => 0n, random: () => 0,
    catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
  },
  error: (error: DatabaseError): void => { throw error; },
};
const MAX = 9223372036854775807n;
const micros = (n: bigint): Interval => new Interval(0, 0, n);

function rowsOf(delta: Delta): Datum[][] {
  return Array.from({ length: delta.length }, (_, i) => [...delta.batch.columns.map((c) => datumAt(c, i)), delta.weights[i]]);
}

function showRows(rows: readonly (readonly Datum[])[]): string[] {
  return rows.map((r) => r.map(String).join(',')).sort();
}

describe('assign window', () => {
  it.each(Array.from({ length: 30 }, (_, i) => i + 1))('seed %d', (seed) => {
    const random = new Random(seed);
    const big = random.bool(0.3);
    const slide = BigInt(random.int(1, big ? 1e9 : 50)) * (big ? 1000003n : 1n);
    const size = random.bool() ? slide : BigInt(random.int(1, 200));
    const offset = random.bool() ? null : BigInt(random.int(-100, 100));
    const type = random.pick([TIMESTAMP, TIMESTAMPTZ]);
    const schema: Schema = { columns: [{ name: 'ts', type }, { name: 'x', type: INT4 }] };
    const time = (): Datum => random.bool(0.1) ? null : random.bool(0.1) ? random.pick([MAX, -MAX - 1n, MAX - 10n, -MAX])
      : BigInt(random.int(-1000, 1000)) * (random.bool() ? 1n : 1_700_000_000_003n);
    const rows = Array.from({ length: random.int(0, 20) }, (_, i): Datum[] => [time(), i]);
    const weights = Int32Array.from(rows, () => random.pick([1, -1, 2]));
    const operator = new AssignWindowOperator(schema, 0, windowSpec(micros(slide), micros(size), offset === null ? null : micros(offset)));
    const out = operator.step([new Delta(batchFromRows(schema, rows), weights)], CONTEXT);
    const expected: Datum[][] = [];
    rows.forEach(([t, x], i) => {
      if (typeof t !== 'bigint' || t === MAX || t === -MAX - 1n) return;
      const origin = offset ?? 0n;
      // The first start at or before t, found the slow way round: from the number of slides.
      let n = (t - origin) / slide + 1n;
      while (origin + n * slide > t) n--;
      for (; origin + n * slide + size > t; n--) {
        const start = origin + n * slide;
        const clamp = (v: bigint): bigint => v > MAX ? MAX : v < -MAX - 1n ? -MAX - 1n : v;
        expected.push([t, x, clamp(start), clamp(start + size), weights[i]]);
      }
    });
    expect(showRows(rowsOf(out)), `seed ${seed}`).toEqual(showRows(expected));
  });

  it('takes a date for its midnight', () => {
    const schema: Schema = { columns: [{ name: 'd', type: DATE }] };
    const operator = new AssignWindowOperator(schema, 0, windowSpec(new Interval(0, 7, 0n), new Interval(0, 7, 0n), null));
    const out = operator.step([Delta.insert(batchFromRows(schema, [[-1], [0], [2147483647], [6], [2000000]]))], CONTEXT);
    const week = 7n * 86_400_000_000n;
    expect(rowsOf(out).map((r) => r[1])).toEqual([-week, 0n, 0n, (2000000n / 7n) * week]);
  });

  it('refuses months and nothing', () => {
    expect(() => windowSpec(new Interval(1, 0, 0n), new Interval(1, 0, 0n), null)).toThrow('not supported');
    expect(() => windowSpec(micros(0n), micros(5n), null)).toThrow('greater than zero');
  });
});

describe('late rows', () => {
  it.each([TIMESTAMP, DATE])('are those below the watermark: $kind', (type) => {
    const schema: Schema = { columns: [{ name: 'ts', type }] };
    const day = 86_400_000_000n;
    const unit = type === DATE ? 1n : day;
    const rows = [-3n, -2n, 0n, 5n].map((d): Datum[] => [type === DATE ? Number(d) : d * unit]);
    const delta = Delta.insert(batchFromRows(schema, [...rows, [null]]));
    expect(dropLate(delta, 0, null)).toEqual({ kept: delta, late: 0 });
    expect(dropLate(delta, 0, -3n * day).kept).toBe(delta);
    const split = dropLate(delta, 0, -2n * day + 1n);
    expect(split.late).toBe(2);
    expect(rowsOf(split.kept).map((r) => r[0])).toEqual([rows[2][0], rows[3][0], null]);
    expect(dropLate(delta, 0, 5_000_000n * day).late).toBe(4);
  });
});

const COUNT = AGGREGATES.filter((a) => a.name === 'count' && a.args.length === 0);
const SUM = AGGREGATES.filter((a) => a.name === 'max' && a.args[0].kind === 'int8');

describe('emit on window close', () => {
  const schema: Schema = { columns: [{ name: 'ts', type: TIMESTAMP }, { name: 'k', type: INT4 }, { name: 'v', type: INT8 }] };

  it.each(Array.from({ length: 20 }, (_, i) => i + 1))('each group of each window once: seed %d', (seed) => {
    const random = new Random(seed);
    const assign = new AssignWindowOperator(schema, 0, windowSpec(micros(5n), micros(10n), null));
    const make = (): readonly [AggregateOperator, EmitOnCloseOperator] => {
      const keyed: Schema = {
        columns: [{ name: 'window_end', type: TIMESTAMP }, { name: 'k', type: INT4 }, { name: 'n', type: INT8 }, { name: 'm', type: INT8 }],
      };
      const call = { distinct: false, filter: null, orderBy: [], returnType: INT8 };
      const aggregate = new AggregateOperator({
        schema: keyed, input: assign.schema, keys: [4, 1], closing: 0,
        calls: [{ ...call, function: COUNT[0], args: [] }, { ...call, function: SUM[0], args: [2] }],
      });
      return [aggregate, new EmitOnCloseOperator(keyed, 0)];
    };
    let [aggregate, emit] = make();
    const state = [new StatePages(), new StatePages()];
    const emitted: string[] = [];
    const counted = new Map<string, { n: number; max: bigint }>();
    const live: Datum[][] = [];
    let watermark = -1000n;
    for (let step = 0; step < 30; step++) {
      const changes: (readonly [Datum[], number])[] = [];
      for (let n = random.int(0, 8); n > 0; n--) {
        const row = [watermark + BigInt(random.int(-3, 25)), random.int(0, 2), BigInt(random.int(0, 99))];
        changes.push([row, 1]);
      }
      for (let n = random.int(0, 2); n > 0 && live.length > 0; n--) changes.push([live.splice(random.int(0, live.length - 1), 1)[0], -1]);
      const input = new Delta(batchFromRows(schema, changes.map(([r]) => r)), Int32Array.from(changes, ([, w]) => w));
      const { kept } = dropLate(input, 0, watermark);
      for (const [row, weight] of changes) {
        if (BigInt(String(row[0])) < watermark) continue;
        if (weight > 0) live.push(row);
      }
      const held = emit.step([aggregate.step([assign.step([kept], CONTEXT)], CONTEXT)]);
      expect(held.length).toBe(0);
      note(rowsOf(kept), counted);
      watermark += BigInt(random.int(0, 7));
      aggregate.advance(watermark);
      const out = rowsOf(emit.advance(watermark));
      for (const row of out) {
        expect(BigInt(String(row[0])) <= watermark).toBe(true);
        expect(row[4]).toBe(1);
        emitted.push(row.slice(0, 4).map(String).join());
      }
      if (random.bool(0.2)) {
        aggregate.save(state[0].writer);
        emit.save(state[1].writer);
        [aggregate, emit] = make();
        restoreWhole(aggregate, state[0].reader);
        restoreWhole(emit, state[1].reader);
      }
    }
    aggregate.advance(watermark + 1000n);
    for (const row of rowsOf(emit.advance(watermark + 1000n))) emitted.push(row.slice(0, 4).map(String).join());
    expect(emitted.sort(), `seed ${seed}`).toEqual(expectedGroups(counted));
    expect(aggregate.stateSize().rows).toBe(0);
    expect(emit.stateSize().rows).toBe(0);
  });
});

/** Rows in time, with their weights. */
function note(rows: readonly Datum[][], counted: Map<string, { n: number; max: bigint }>): void {
  for (const row of rows) {
    const [t, k, v, w] = row;
    const key = [t, k, v].map(String).join();
    const entry = counted.get(key) ?? { n: 0, max: BigInt(String(v)) };
    entry.n += Number(w);
    counted.set(key, entry);
  }
}

function expectedGroups(counted: ReadonlyMap<string, { n: number; max: bigint }>): string[] {
  const groups = new Map<string, { n: number; max: bigint }>();
  for (const [key, { n, max }] of counted) {
    if (n === 0) continue;
    const [t, k] = key.split(',');
    const time = BigInt(t);
    const first = time - ((time % 5n) + 5n) % 5n;
    for (const start of [first, first - 5n]) {
      const name = `${start + 10n},${k}`;
      const group = groups.get(name) ?? { n: 0, max };
      group.n += n;
      if (max > group.max) group.max = max;
      groups.set(name, group);
    }
  }
  return [...groups].map(([name, { n, max }]) => `${name},${n},${max}`).sort();
}
