// Over against window functions computed row by row from whole partitions.
import { describe, it } from 'vitest';
import { compareDatums } from '../../engine/data/datum-order.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { FLOAT8, INT4, INT8, TEXT } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import { AGGREGATES } from '../../engine/function/aggregate/index.ts';
import { RANKING_FUNCTIONS } from '../../engine/function/ranking/index.ts';
import type { OverArgument } from '../../engine/function/ranking/window-function.ts';
import { Over } from '../../engine/operator/over.ts';
import type { OverCall, OverSpec } from '../../engine/operator/over-calls.ts';
import type { Bound, Frame } from '../../engine/operator/over-frame.ts';
import { Random } from '../support/random.ts';
import { checkLaw, rowText } from './law.ts';
import type { Row } from './law.ts';

const INPUT: Schema = {
  columns: [{ name: 'k', type: INT4 }, { name: 'v', type: INT4 }, { name: 'x', type: INT4 }, { name: 't', type: TEXT }],
};

function randomRow(values: number): (random: Random) => Row {
  return (random) => [
    random.pick([null, 1, 2]), random.pick([null, random.int(0, values), random.int(0, values)]),
    random.pick([null, random.int(-9, 9), random.int(-9, 9)]), random.pick(['a', 'b', 'é']),
  ];
}

function compareNullable(type: LogicalType, a: Datum, b: Datum): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return compareDatums(type, a, b);
}

/** NULLS LAST, or FIRST when descending. */
function compareKeys(spec: OverSpec, a: Row, b: Row): number {
  for (const key of spec.order) {
    const order = compareNullable(key.type, a[key.column], b[key.column]);
    if (order !== 0) return key.descending ? -order : order;
  }
  return 0;
}

function compareRows(spec: OverSpec, a: Row, b: Row): number {
  const byKeys = compareKeys(spec, a, b);
  if (byKeys !== 0) return byKeys;
  for (let c = 0; c < INPUT.columns.length; c++) {
    const order = compareNullable(INPUT.columns[c].type, a[c], b[c]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Whether row j is on the right side of one limit of row i's frame, straight from the definition. */
function isWithin(spec: OverSpec, rows: readonly Row[], limit: { frame: Frame; bound: Bound; end: boolean; i: number; j: number }): boolean {
  const { frame, bound, end, i, j } = limit;
  const sign = end ? 1 : -1;
  if (bound.kind === 'unbounded-preceding') return !end;
  if (bound.kind === 'unbounded-following') return end;
  const step = bound.kind === 'current-row' ? 0 : Number('offset' in bound ? bound.offset : rows[i][bound.column]) * (bound.kind === 'following' ? 1 : -1);
  switch (frame.mode) {
    case 'rows': return (j - (i + step)) * sign <= 0;
    case 'groups': {
      const groups = rows.map((r) => rows.findIndex((o) => compareKeys(spec, o, r) === 0));
      const distinct = [...new Set(groups)];
      return (distinct.indexOf(groups[j]) - (distinct.indexOf(groups[i]) + step)) * sign <= 0;
    }
    case 'range': {
      if (bound.kind === 'current-row') return compareKeys(spec, rows[j], rows[i]) * sign <= 0;
      const [key] = spec.order;
      const [a, b] = [rows[i][key.column], rows[j][key.column]];
      if (a === null || b === null) return compareKeys(spec, rows[j], rows[i]) * sign <= 0;
      const distance = (Number(b) - Number(a)) * (key.descending ? -1 : 1);
      return (distance - step) * sign <= 0;
    }
  }
}

function frameOf(spec: OverSpec, frame: Frame, rows: readonly Row[], i: number): readonly Row[] {
  return rows.filter((row, j) => {
    if (!isWithin(spec, rows, { frame, bound: frame.start, end: false, i, j })) return false;
    if (!isWithin(spec, rows, { frame, bound: frame.end, end: true, i, j })) return false;
    const peer = compareKeys(spec, row, rows[i]) === 0;
    switch (frame.exclude) {
      case 'no-others': return true;
      case 'current-row': return j !== i;
      case 'group': return !peer;
      case 'ties': return !peer || j === i;
    }
  });
}

function valueOf(spec: OverSpec, call: OverCall, rows: readonly Row[], i: number): Datum {
  const argument = (n: number, row: Row): Datum => {
    const arg = call.args[n];
    return arg.kind === 'constant' ? arg.value : row[arg.column];
  };
  const before = rows.filter((r) => compareKeys(spec, r, rows[i]) < 0);
  const upTo = rows.filter((r) => compareKeys(spec, r, rows[i]) <= 0).length;
  const frame = frameOf(spec, call.frame, rows, i).filter((r) => call.filter?.kind !== 'column' || r[call.filter.column] === true);
  const present = frame.flatMap((r) => (call.args.length === 0 ? [] : [argument(0, r)])).filter((x) => x !== null);
  switch (call.function.name) {
    case 'row_number': return BigInt(i + 1);
    case 'rank': return BigInt(before.length + 1);
    case 'dense_rank': return BigInt(new Set(before.map((r) => rowText(spec.order.map((k) => r[k.column])))).size + 1);
    case 'percent_rank': return rows.length === 1 ? 0 : before.length / (rows.length - 1);
    case 'cume_dist': return upTo / rows.length;
    case 'ntile': {
      const buckets = Number(argument(0, rows[0]));
      const sizes = Array.from({ length: buckets }, (_, b) => Math.floor(rows.length / buckets) + (b < rows.length % buckets ? 1 : 0));
      return sizes.flatMap((size, b) => Array.from({ length: size }, () => b + 1))[i];
    }
    case 'lag': case 'lead': {
      const at = i + Number(argument(1, rows[i])) * (call.function.name === 'lag' ? -1 : 1);
      if (argument(1, rows[i]) === null) return null;
      return at >= 0 && at < rows.length ? argument(0, rows[at]) : call.args.length > 2 ? argument(2, rows[i]) : null;
    }
    case 'first_value': return frame.length === 0 ? null : argument(0, frame[0]);
    case 'last_value': return frame.length === 0 ? null : argument(0, frame[frame.length - 1]);
    case 'nth_value': return frame.length < 2 ? null : argument(0, frame[1]);
    case 'count': return BigInt(present.length);
    case 'sum': return present.length === 0 ? null : present.reduce<bigint>((sum, x) => sum + BigInt(Number(x)), 0n);
    case 'max': return present.length === 0 ? null : Math.max(...present.map(Number));
    case 'string_agg': return present.length === 0 ? null : present.join(',');
    default: throw new TypeError(call.function.name);
  }
}

function model(spec: OverSpec, rows: readonly Row[]): Row[] {
  const partitions = new Map<string, Row[]>();
  for (const row of rows) {
    const key = rowText(spec.partition.map((c) => row[c]));
    const partition = partitions.get(key);
    if (partition === undefined) partitions.set(key, [row]);
    else partition.push(row);
  }
  return [...partitions.values()].flatMap((partition) => {
    const sorted = partition.toSorted((a, b) => compareRows(spec, a, b));
    return sorted.map((row, i) => [...row, ...spec.calls.map((call) => valueOf(spec, call, sorted, i))]);
  });
}

const RUNNING: Frame = {
  mode: 'range', start: { kind: 'unbounded-preceding' }, end: { kind: 'current-row' }, exclude: 'no-others',
};
const column = (c: number): OverArgument => ({ kind: 'column', column: c, type: INPUT.columns[c].type });
const constant = (value: Datum, type: LogicalType = INT4): OverArgument => ({ kind: 'constant', value, type });

function ranking(name: string, type: LogicalType, args: readonly OverArgument[] = [], frame = RUNNING): OverCall {
  const found = RANKING_FUNCTIONS.find((f) => f.name === name);
  if (found === undefined) throw new TypeError(name);
  return { function: found, args, type, filter: null, frame };
}

function aggregate(name: string, args: readonly OverArgument[], type: LogicalType, frame = RUNNING): OverCall {
  const of = (f: AggregateFunction): boolean => f.name === name && f.args.length === args.length
    && f.args.every((a, i) => a.kind === args[i].type.kind || a.kind.startsWith('any'));
  const found = AGGREGATES.find(of);
  if (found === undefined) throw new TypeError(name);
  return { function: found, args, type, filter: null, frame };
}

function spec(calls: readonly OverCall[], more: Partial<Pick<OverSpec, 'partition' | 'order'>> = {}): OverSpec {
  return {
    input: INPUT, partition: [0], order: [{ column: 1, type: INT4, descending: false, nullsFirst: false }], ...more, calls,
    schema: { columns: [...INPUT.columns, ...calls.map((c) => ({ name: c.function.name, type: c.type }))] },
  };
}

function check(name: string, of: OverSpec): void {
  for (const values of [4, 1000]) {
    checkLaw({
      name, operator: () => new Over(of), inputs: [INPUT], row: randomRow(values), query: ([rows]) => model(of, rows),
      seeds: 8, epochRows: 14,
    });
  }
}

const DESCENDING = [{ column: 1, type: INT4, descending: true, nullsFirst: true }] as const;
const RANKS: readonly OverCall[] = [
  ranking('row_number', INT8), ranking('rank', INT8), ranking('dense_rank', INT8), ranking('percent_rank', FLOAT8),
  ranking('cume_dist', FLOAT8), ranking('ntile', INT4, [constant(3)]),
  ranking('lag', INT4, [column(2), constant(1)]), ranking('lead', INT4, [column(2), constant(2), constant(77)]),
  ranking('lag', INT4, [column(2), column(2), column(1)]),
  ranking('first_value', INT4, [column(2)]), ranking('last_value', INT4, [column(2)]),
  ranking('nth_value', INT4, [column(2), constant(2)]),
  aggregate('count', [column(2)], INT8), aggregate('sum', [column(2)], INT8), aggregate('max', [column(2)], INT4),
  aggregate('string_agg', [column(3), constant(',', TEXT)], TEXT),
];

describe('over: one call', () => {
  RANKS.forEach((call, i) => {
    it(`${call.function.name} ${i}`, () => {
      check(call.function.name, spec([call]));
      check(`${call.function.name} without partition`, spec([call], { partition: [], order: DESCENDING }));
      check(`${call.function.name} without order`, spec([call], { order: [] }));
    });
  });
});

describe('over: several calls', () => {
  it('ranks together', () => check('ranks', spec(RANKS.slice(0, 3))));
  it('near rows only', () => check('near', spec([RANKS[1], RANKS[6], RANKS[7]])));
  it('all', () => check('all', spec(RANKS)));
});

function randomFrame(random: Random, mode: Frame['mode']): Frame {
  const bound = (end: boolean): Bound => random.pick<Bound>([
    end ? { kind: 'unbounded-following' } : { kind: 'unbounded-preceding' }, { kind: 'current-row' },
    { kind: 'preceding', offset: random.int(0, 3) }, { kind: 'following', offset: random.int(0, 3) },
  ]);
  return {
    mode, start: bound(false), end: bound(true), exclude: random.pick(['no-others', 'no-others', 'current-row', 'group', 'ties']),
  };
}

describe('over: frames', () => {
  it('offsets that columns give, the same in all rows of a partition', () => {
    const random = new Random(5);
    for (let n = 0; n < 30; n++) {
      const frame = randomFrame(random, random.pick(['rows', 'range', 'groups'] as const));
      const moved = (bound: Bound): Bound => ('offset' in bound ? { kind: bound.kind, column: 0 } : bound);
      const calls = [
        aggregate('sum', [column(2)], INT8, { ...frame, start: moved(frame.start), end: moved(frame.end) }),
        ranking('last_value', INT4, [column(2)], { ...frame, start: moved(frame.start), end: moved(frame.end) }),
      ];
      const of = spec(calls, random.bool() ? {} : { order: DESCENDING });
      checkLaw({
        name: JSON.stringify(frame), operator: () => new Over(of), inputs: [INPUT],
        row: (r) => [r.int(0, 3), ...randomRow(6)(r).slice(1)], query: ([rows]) => model(of, rows), seeds: 2, epochs: 8,
      });
    }
  });
  it('few changes of large partitions', () => {
    const random = new Random(17);
    for (let n = 0; n < 40; n++) {
      const finite = (end: boolean): Bound => random.pick<Bound>([
        { kind: 'current-row' }, { kind: 'preceding', offset: random.int(0, 4) },
        ...(end ? [{ kind: 'following' as const, offset: random.int(0, 4) }] : []),
      ]);
      const sliding: Frame = {
        mode: random.pick(['rows', 'range', 'groups']), start: finite(false), end: finite(true),
        exclude: random.pick(['no-others', 'no-others', 'current-row', 'group', 'ties']),
      };
      const mode = random.pick(['rows', 'rows', 'range', 'groups'] as const);
      const running: Frame = {
        mode, start: { kind: 'unbounded-preceding' }, end: mode === 'rows' ? finite(true) : { kind: 'current-row' }, exclude: 'no-others',
      };
      const near = [
        aggregate('sum', [column(2)], INT8, sliding), aggregate('max', [column(2)], INT4, sliding),
        ranking('lag', INT4, [column(2), constant(3)]), ranking('lead', INT4, [column(2), constant(2), constant(77)]),
        ranking('first_value', INT4, [column(2)], sliding),
      ];
      const onwards = [
        aggregate('sum', [column(2)], INT8, running), aggregate('count', [column(2)], INT8, running),
        ranking('last_value', INT4, [column(2)], running), ranking('row_number', INT8), ranking('rank', INT8),
      ];
      const calls = random.pick([near, onwards, [...near, ...onwards], [random.pick(near)], [random.pick(onwards)]]);
      const of = spec(calls, { partition: random.pick([[], [0]]), ...(random.bool() ? {} : { order: DESCENDING }) });
      checkLaw({
        name: JSON.stringify([calls.map((c) => c.function.name), sliding, running]), operator: () => new Over(of), inputs: [INPUT],
        row: randomRow(random.pick([20, 1000])), query: ([rows]) => model(of, rows), seeds: 2, epochs: 8, firstRows: 160, epochRows: 4,
      });
    }
  });
  it('of partitions that go in lanes', () => {
    const random = new Random(11);
    for (let n = 0; n < 8; n++) {
      const mode = random.pick(['rows', 'rows', 'range', 'groups'] as const);
      const frame = n % 2 === 0 ? randomFrame(random, mode) : { ...RUNNING, mode };
      const calls = [
        aggregate('sum', [column(2)], INT8, frame), aggregate('string_agg', [column(3), constant(',', TEXT)], TEXT, frame),
        aggregate('max', [column(2)], INT4, frame),
      ];
      const of = spec(calls, { partition: random.bool() ? [] : [0] });
      checkLaw({
        name: JSON.stringify(frame), operator: () => new Over(of), inputs: [INPUT], row: randomRow(500),
        query: ([rows]) => model(of, rows), seeds: 1, epochs: 2, epochRows: 200,
      });
    }
  });
  for (const mode of ['rows', 'range', 'groups'] as const) {
    it(mode, () => {
      const random = new Random(mode.length);
      for (let n = 0; n < 25; n++) {
        const frame = randomFrame(random, mode);
        const calls = [
          aggregate('sum', [column(2)], INT8, frame), aggregate('string_agg', [column(3), constant(',', TEXT)], TEXT, frame),
          aggregate('max', [column(2)], INT4, frame), ranking('nth_value', INT4, [column(2), constant(2)], frame),
          ranking('last_value', INT4, [column(2)], frame),
        ];
        const of = spec(random.bool() ? calls : [random.pick(calls)], random.bool() ? {} : { order: DESCENDING });
        checkLaw({
          name: JSON.stringify(frame), operator: () => new Over(of), inputs: [INPUT], row: randomRow(6),
          query: ([rows]) => model(of, rows), seeds: 2, epochs: 8,
        });
      }
    });
  }
});
