// Session windows against sorting, and calendar and cumulative windows against walking through every window there is.
import { describe, expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta } from '../../engine/data/delta.ts';
import { Interval } from '../../engine/data/interval.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { timeZone } from '../../engine/data/timezone.ts';
import { DATE, INT4, TIMESTAMP, TIMESTAMPTZ } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { AssignWindowOperator } from '../../engine/operator/assign-window.ts';
import { CalendarGrid, CumulateGrid } from '../../engine/operator/calendar-window.ts';
import { SessionWindow } from '../../engine/operator/session-window.ts';
import { Random } from '../support/random.ts';
import { checkLaw, rowText, stepContext } from './law.ts';
import type { Row } from './law.ts';

const GAP = 5n;
const MAX = 9223372036854775807n;

function sessionsOf(rows: readonly Row[], time: number, keys: readonly number[]): Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowText(keys.map((k) => row[k]));
    groups.set(key, [...groups.get(key) ?? [], row]);
  }
  const at = (row: Row): bigint => BigInt(String(row[time]));
  return [...groups.values()].flatMap((group) => {
    const sorted = group.filter((r) => r[time] !== null && r[time] !== MAX).toSorted((a, b) => Number(at(a) - at(b)));
    const out: Row[] = [];
    for (let from = 0; from < sorted.length;) {
      let to = from + 1;
      while (to < sorted.length && at(sorted[to]) < at(sorted[to - 1]) + GAP) to++;
      for (const row of sorted.slice(from, to)) out.push([...row, at(sorted[from]), at(sorted[to - 1]) + GAP]);
      from = to;
    }
    return out;
  });
}

describe('session window', () => {
  const schema: Schema = { columns: [{ name: 'k', type: INT4 }, { name: 't', type: TIMESTAMP }, { name: 'v', type: INT4 }] };
  for (const keys of [[0], [], [0, 2]]) {
    for (const spread of [40, 12]) {
      it(`keys ${keys.join()} over ${spread}`, () => checkLaw({
        name: 'session', inputs: [schema], seeds: 25,
        operator: () => new SessionWindow({ input: schema, time: 1, keys, gap: new Interval(0, 0, GAP), closing: false }),
        row: (random) => [random.pick([null, 1, 2]), random.bool(0.05) ? random.pick([null, MAX]) : BigInt(random.int(0, spread)),
          random.pick([1, 2])],
        query: ([rows]) => sessionsOf(rows, 1, keys),
      }));
    }
  }

  it('forgets sessions that are over where late rows are left out', () => {
    const operator = new SessionWindow({ input: schema, time: 1, keys: [0], gap: new Interval(0, 0, GAP), closing: true });
    const rows = [[1, 0n, 1], [1, 4n, 1], [1, 9n, 1], [2, 1n, 1], [2, 20n, 1]];
    operator.step([Delta.insert(batchFromRows(schema, rows))], stepContext(1));
    expect(operator.stateSize().rows).toBe(5);
    expect(operator.advance(8n, stepContext(1)).length).toBe(0);
    expect(operator.stateSize().rows).toBe(4);
    expect(operator.advance(14n, stepContext(2)).length).toBe(0);
    expect(operator.stateSize().rows).toBe(1);
    const out = operator.step([Delta.insert(batchFromRows(schema, [[2, 18n, 3]]))], stepContext(3));
    expect(out.length).toBe(3);
  });

  it('refuses no gap', () => {
    expect(() => new SessionWindow({ input: schema, time: 1, keys: [], gap: new Interval(0, 0, 0n), closing: false }))
      .toThrow('greater than zero');
  });
});

const DAY = 86_400_000_000n;
const HOUR = 3_600_000_000n;

function listed(operator: AssignWindowOperator, schema: Schema, rows: readonly Row[]): string[] {
  const out = operator.step([Delta.insert(batchFromRows(schema, rows))], stepContext(Number(toEpoch(1))));
  return Array.from({ length: out.length }, (_, i) => rowText(out.batch.columns.map((c): Datum => datumAt(c, i))));
}

const stamp = (text: string): bigint => BigInt(Date.parse(`${text.replace(' ', 'T')}Z`)) * 1000n;

describe('calendar windows', () => {
  const schema: Schema = { columns: [{ name: 't', type: TIMESTAMPTZ }] };
  const months = new Interval(1, 0, 0n);
  const days = (n: number): Interval => new Interval(0, n, 0n);
  const berlin = timeZone('Europe/Berlin');
  const grid = (slide: Interval, size: Interval, offset: Interval | null, zone: typeof berlin): AssignWindowOperator =>
    new AssignWindowOperator(schema, 0, new CalendarGrid({ slide, size, offset, zone }));
  const show = (operator: AssignWindowOperator, time: string): string[] => listed(operator, schema, [[stamp(time)]])
    .map((row) => row.split(' | ').slice(1).map((t) => new Date(Number(BigInt(t) / 1000n)).toISOString().slice(0, 16)).join(' '));

  it('months', () => {
    expect(show(grid(months, months, null, null), '2024-02-29 23:59')).toEqual(['2024-02-01T00:00 2024-03-01T00:00']);
    expect(show(grid(months, months, days(14), null), '2024-03-10 00:00')).toEqual(['2024-02-15T00:00 2024-03-15T00:00']);
    expect(show(grid(new Interval(12, 0, 0n), new Interval(12, 0, 0n), new Interval(3, 0, 0n), null), '1969-01-01 00:00'))
      .toEqual(['1968-04-01T00:00 1969-04-01T00:00']);
    expect(show(grid(months, new Interval(3, 0, 0n), null, null), '2024-01-31 12:00')).toEqual([
      '2024-01-01T00:00 2024-04-01T00:00', '2023-12-01T00:00 2024-03-01T00:00', '2023-11-01T00:00 2024-02-01T00:00']);
  });

  it('days and months of a zone, its clock changes included', () => {
    expect(show(grid(months, months, null, berlin), '2024-03-31 22:30')).toEqual(['2024-03-31T22:00 2024-04-30T22:00']);
    expect(show(grid(days(1), days(1), null, berlin), '2024-03-31 12:00')).toEqual(['2024-03-30T23:00 2024-03-31T22:00']);
    expect(show(grid(days(1), days(1), null, berlin), '2024-10-27 22:59')).toEqual(['2024-10-26T22:00 2024-10-27T23:00']);
    // Midnight does not exist, and comes twice.
    expect(show(grid(days(1), days(1), null, timeZone('America/Sao_Paulo')), '2018-11-04 12:00'))
      .toEqual(['2018-11-04T03:00 2018-11-05T02:00']);
    expect(show(grid(days(1), days(1), null, timeZone('America/Havana')), '2023-11-05 04:30'))
      .toEqual(['2023-11-05T04:00 2023-11-06T05:00']);
  });

  it('every moment is in the windows that hold it', () => {
    const random = new Random(7);
    for (let round = 0; round < 60; round++) {
      const zone = random.pick([null, berlin, timeZone('America/Havana'), timeZone('Australia/Lord_Howe')]);
      const slide = random.pick([days(1), days(7), months, new Interval(3, 0, 0n)]);
      const size = random.pick([slide, days(10), new Interval(2, 3, HOUR)]);
      const offset = random.pick([null, days(3), new Interval(0, 0, 5n * HOUR)]);
      const windows = new CalendarGrid({ slide, size, offset, zone });
      const time = stamp('2020-01-01 00:00') + BigInt(random.int(0, 1500)) * DAY + BigInt(random.int(0, 86399)) * 1_000_000n;
      const { starts, ends, from, until } = windows.windowsAt(time);
      starts.forEach((start, i) => expect(start <= time && time < ends[i]).toBe(true));
      expect(from <= time && time < until).toBe(true);
      for (const other of [from, until - 1n]) expect(windows.windowsAt(other)).toEqual({ starts, ends, from, until });
      expect(windows.windowsAt(until)).not.toEqual({ starts, ends, from, until });
      if (size === slide) expect(starts.length).toBe(1);
    }
  });

  it('hours have no calendar of a zone', () => {
    const hours = new Interval(0, 0, HOUR);
    expect(() => new CalendarGrid({ slide: hours, size: hours, offset: null, zone: berlin })).toThrow('whole days or months');
    expect(() => new CalendarGrid({ slide: new Interval(1, 2, 0n), size: hours, offset: null, zone: null })).toThrow('part of a month');
  });
});

describe('cumulate', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))('seed %d', (seed) => {
    const random = new Random(seed);
    const type = random.pick([TIMESTAMP, DATE]);
    const schema: Schema = { columns: [{ name: 't', type }] };
    const unit = type === DATE ? DAY : 1n;
    const step = unit * BigInt(random.int(1, 4));
    const size = step * BigInt(random.int(1, 5));
    const offset = unit * BigInt(random.int(-9, 9));
    const as = (length: bigint): Interval => (random.bool() && length % DAY === 0n
      ? new Interval(0, Number(length / DAY), 0n) : new Interval(0, 0, length));
    const operator = new AssignWindowOperator(schema, 0, new CumulateGrid({ step: as(step), size: as(size), offset: as(offset), zone: null }));
    const times = Array.from({ length: 20 }, () => random.int(-60, 60));
    const want = times.flatMap((n) => {
      const time = BigInt(n) * unit;
      let start = offset - 1000n * size;
      while (start + size <= time) start += size;
      const found: string[] = [];
      for (let end = start + step; end <= start + size; end += step) if (time < end) found.push(rowText([type === DATE ? n : time, start, end]));
      return found;
    });
    expect(listed(operator, schema, times.map((n): Row => [type === DATE ? n : BigInt(n)]))).toEqual(want);
  });

  it('needs whole steps', () => {
    const spec = { step: new Interval(0, 0, 2n), size: new Interval(0, 0, 5n), offset: null, zone: null };
    expect(() => new CumulateGrid(spec)).toThrow('multiple');
  });
});
