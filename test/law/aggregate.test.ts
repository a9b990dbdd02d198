// Every aggregate: whatever rows came and went, in whatever epochs, the result is that of the rows that are there.
import { describe, expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import { arrayFrom } from '../../engine/data/composite.ts';
import type { Datum, SqlRange } from '../../engine/data/datum.ts';
import { compareDatums } from '../../engine/data/datum-order.ts';
import { Delta } from '../../engine/data/delta.ts';
import type { DatabaseError } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import { makeMultirange } from '../../engine/data/multirange.ts';
import { parseNetwork } from '../../engine/data/network-text.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { makeRange } from '../../engine/data/range.ts';
import { RANGE_FAMILIES, multirangeFamily, rangeFamily } from '../../engine/data/range-type.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { toEpoch } from '../../engine/data/time.ts';
import { BOOLEAN, INT4, INT8, TEXT, arrayOf } from '../../engine/data/types.ts';
import type { Column, EnumType, LogicalType, Schema } from '../../engine/data/types.ts';
import type { AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import { AGGREGATES } from '../../engine/function/aggregate/index.ts';
import { AggregateOperator } from '../../engine/operator/aggregate.ts';
import type { StepContext } from '../../engine/operator/operator.ts';
import { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { saveLate } from '../support/late-state.ts';
import { StatePages } from '../support/state-pages.ts';

const MOOD: EnumType = { kind: 'enum', oid: 20000, name: 'mood', labels: ['sad', 'ok', 'happy'] };

function concrete(type: LogicalType, random: Random): LogicalType {
  switch (type.kind) {
    case 'any': case 'anyelement': case 'anynonarray': return random.pick([INT4, TEXT]);
    case 'anyarray': return arrayOf(INT4);
    case 'anyenum': return MOOD;
    case 'anyrange': return random.pick(RANGE_FAMILIES).range;
    case 'anymultirange': return random.pick(RANGE_FAMILIES).multirange;
    default: return type;
  }
}

const INT8S = [0n, 1n, -1n, 9223372036854775807n, -9223372036854775808n, 9007199254740993n, 1234567890123n];
const NUMERICS = ['0', '1.0', '1.00', '-2.5', 'NaN', 'Infinity', '-Infinity', '123456789012345678901234567890.12345',
  '0.000000001', '99999999999999', '3'];
const FLOATS = [0, -0, 1, 0.1, -0.1, 1e20, -1e20, 1e308, -1e308, 5e-324, NaN, Infinity, -Infinity, 1e-300, 3, 0.3];

function value(type: LogicalType, random: Random, special: boolean): Datum {
  switch (type.kind) {
    case 'boolean': return random.bool();
    case 'int2': return random.pick([0, 1, -1, 32767, -32768, random.int(-100, 100)]);
    case 'int4': case 'oid': return random.pick([0, 1, 2147483647, random.int(0, 20)]);
    case 'date': return random.pick([0, -1, 20000, random.int(-5, 5)]);
    case 'int8': return special && random.bool(0.3) ? random.pick(INT8S) : BigInt(random.int(-10, 10));
    case 'pg_lsn': return BigInt(random.int(-5, 5));
    case 'time': case 'timestamp': case 'timestamptz': return BigInt(random.int(0, 1e6)) * 1000n;
    case 'float4': return Math.fround(random.bool(0.5) ? random.int(-5, 5) : random.float() * 1e10);
    case 'float8': return special && random.bool(0.5) ? random.pick(FLOATS) : random.pick([random.int(-5, 5), random.float()]);
    case 'numeric': {
      if (special && random.bool(0.3)) return Numeric.parse(random.pick(NUMERICS));
      return Numeric.parse(`${random.int(-1000, 1000)}${random.pick(['', '.5', '.25', '.10', '.123456'])}`);
    }
    case 'interval': return new Interval(random.int(-3, 3), random.int(-40, 40), BigInt(random.int(-9e6, 9e6)) * 10000n);
    case 'inet': return parseNetwork(`${random.int(9, 11)}.0.0.${random.int(0, 3)}/${random.pick([8, 31, 32])}`, 'inet');
    case 'bytea': return Uint8Array.from({ length: random.int(0, 4) }, () => random.int(0, 255));
    case 'enum': return random.pick(type.labels);
    case 'timetz': return { micros: BigInt(random.int(0, 86399)) * 1000000n, offsetSeconds: random.pick([0, 3600, -7200]) };
    case 'array': return arrayFrom([value(type.element, random, special), value(type.element, random, special)]);
    case 'uuid': return `00000000-0000-0000-0000-0000000000${random.int(10, 20)}`;
    case 'json': case 'jsonb': return random.pick(['1', '"a"', 'null', '[1, 2]']);
    case 'bit': return random.pick(['101', '110', '000', '011']);
    case 'bpchar': return random.pick(['a', 'a  ', 'b', 'ba']);
    default: return rangeValue(type, random, special) ?? random.pick(['', 'a', 'b', 'ab', 'ä', '日本', 'z'.repeat(random.int(0, 60))]);
  }
}

/** Often empty, unbounded, or beside another. */
function rangeValue(type: LogicalType, random: Random, special: boolean): Datum {
  const family = rangeFamily(type) ?? multirangeFamily(type);
  if (family === undefined) return null;
  const one = (): SqlRange => {
    const [a, b] = [value(family.bound, random, special), value(family.bound, random, special)];
    const [low, high] = compareDatums(family.bound, a, b) <= 0 ? [a, b] : [b, a];
    const bound = (v: Datum): { value: Datum; inclusive: boolean } => ({
      value: random.bool(0.2) || v === 2147483647 || v === 9223372036854775807n ? null : v, inclusive: random.bool(),
    });
    return makeRange(family, bound(low), bound(high));
  };
  return type.kind === family.range.kind ? one() : makeMultirange(family, Array.from({ length: random.int(0, 4) }, one));
}

export function datumText(datum: Datum): string {
  return JSON.stringify(datum, (_, v) =>
    typeof v === 'bigint' ? `${v}n` : v instanceof Numeric ? `#${v}` : Object.is(v, -0) ? '-0'
      : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v instanceof Uint8Array ? [...v] : v);
}

interface Row { readonly values: readonly Datum[] }

class Sink {
  readonly rows = new Map<string, number>();
  readonly errors = new Map<string, number>();

  readonly context: StepContext = {
    epoch: toEpoch(1),
    eval: {
      format: DEFAULT_FORMAT, transactionTime: 0n, statementTime: 0n, clock: () => 0n, random: () => 0,
      catalog: { nameOf: () => null, oidOf: () => 0 }, host: null,
    },
    error: (error: DatabaseError, weight: number): void => add(this.errors, `${error.code} ${error.message}`, weight),
  };

  take(delta: Delta): void {
    const seen = new Set<string>();
    for (let i = 0; i < delta.length; i++) {
      const text = delta.batch.columns.map((c) => datumText(datumAt(c, i))).join(' | ');
      add(this.rows, text, delta.weights[i]);
      const change = delta.distinct ? text : `${delta.weights[i]} ${text}`;
      if (seen.has(change)) throw new Error(`emitted twice: ${change}`);
      seen.add(change);
    }
  }

  text(): string {
    const show = (map: ReadonlyMap<string, number>): string[] => [...map].map(([k, n]) => `${n} x ${k}`).sort();
    return [...show(this.rows), ...show(this.errors)].join('\n');
  }
}

function add(map: Map<string, number>, key: string, weight: number): void {
  const sum = (map.get(key) ?? 0) + weight;
  if (sum === 0) map.delete(key);
  else map.set(key, sum);
}

interface Setup {
  readonly random: Random;
  readonly input: Schema;
  readonly make: () => AggregateOperator;
  readonly special: boolean;
}

function setup(fn: AggregateFunction, random: Random, options: { distinct: boolean; global: boolean; appendOnly: boolean }): Setup {
  const hypothetical = fn.form === 'hypothetical';
  const declared = hypothetical ? [INT4, TEXT, INT4, TEXT] : fn.args;
  const argTypes = declared.map((t) => concrete(t, random));
  const columns: Column[] = [{ name: 'k', type: INT4 }, { name: 'f', type: BOOLEAN },
    ...argTypes.map((type, i) => ({ name: `a${i}`, type })), { name: 'o', type: TEXT }];
  const direct = hypothetical ? argTypes.length / 2 : fn.direct;
  const sorted = fn.form === 'plain' ? [] : argTypes.slice(direct);
  const returnType = typeof fn.returns === 'function' ? fn.returns(argTypes)
    : fn.returns.kind === 'anymultirange' ? rangeFamily(argTypes[0])?.multirange ?? argTypes[0]
      : fn.returns.kind.startsWith('any') ? argTypes[0] : fn.returns;
  const keyTypes = options.global ? [] : [0];
  const orderBy = fn.form !== 'plain'
    ? sorted.map((type, i) => ({ column: 2 + direct + i, type, descending: i === 1, nullsFirst: i === 1 }))
    : fn.ordered && !options.distinct ? [{ column: columns.length - 1, type: TEXT, descending: true, nullsFirst: true }] : [];
  const call = {
    function: fn, args: argTypes.map((_, i) => 2 + i), distinct: options.distinct, filter: random.bool(0.3) ? 1 : null,
    // The sorted columns of an ordered-set aggregate are arguments already.
    orderBy, returnType,
  };
  const schema = { columns: [...keyTypes.map((k) => columns[k]), { name: 'r', type: returnType }] };
  return {
    random, input: { columns }, special: random.bool(0.6),
    make: () => new AggregateOperator({
      schema, input: { columns }, keys: keyTypes, calls: [call], appendOnly: options.appendOnly,
    }),
  };
}

function randomRow({ random, input, special }: Setup, fn: AggregateFunction): Row {
  const direct = fn.form === 'hypothetical' ? (input.columns.length - 3) / 2 : fn.direct;
  return {
    values: input.columns.map(({ type }, c) => {
      if (c === 0) return random.bool(0.1) ? null : random.int(0, 3);
      if (c >= 2 && c < 2 + direct && fn.form !== 'plain') return constant(type);
      return random.bool(0.15) ? null : value(type, random, special);
    }),
  };
}

/** Direct arguments are the same in every row. */
function constant(type: LogicalType): Datum {
  if (type.kind === 'float8') return 0.3;
  if (type.kind === 'array') return arrayFrom([0, 0.5, null, 1]);
  return type.kind === 'int4' ? 7 : 'ab';
}

function delta(input: Schema, rows: readonly (readonly [Row, number])[]): Delta {
  return new Delta(batchFromRows(input, rows.map(([r]) => r.values)), Int32Array.from(rows, ([, w]) => w));
}

function fresh(make: () => AggregateOperator, input: Schema, live: readonly Row[], random: Random): string {
  const sink = new Sink();
  const rows = random.shuffle(live).map((row) => [row, 1] as const);
  sink.take(make().step([delta(input, rows)], sink.context));
  return sink.text();
}

function run(fn: AggregateFunction, seed: number, options: { distinct: boolean; global: boolean; appendOnly: boolean }): void {
  const random = new Random(seed);
  const plan = setup(fn, random, options);
  let operator = plan.make();
  const sink = new Sink();
  const state = new StatePages();
  /** Reads the pages of a save that was taken before this epoch. */
  let readLate: (() => void) | null = null;
  const live: Row[] = [];
  for (let epoch = 0; epoch < 8; epoch++) {
    const changes: (readonly [Row, number])[] = [];
    for (let n = random.int(0, 12); n > 0; n--) {
      const row = randomRow(plan, fn);
      const times = random.bool(0.2) ? random.int(2, 3) : 1;
      changes.push([row, times]);
      for (let t = 0; t < times; t++) live.push(row);
    }
    const removals = options.appendOnly ? 0 : epoch === 6 ? live.length : random.int(0, Math.min(10, live.length));
    for (let n = removals; n > 0; n--) {
      const [row] = live.splice(random.int(0, live.length - 1), 1);
      changes.push([row, -1]);
    }
    const input = delta(plan.input, random.shuffle(changes));
    sink.take(operator.step([input], sink.context));
    if (readLate !== null) {
      readLate();
      readLate = null;
      operator = plan.make();
      restoreWhole(operator, state.reader);
      operator.step([input], new Sink().context);
    }
    if (random.bool(0.3)) {
      operator.save(state.writer);
      operator = plan.make();
      restoreWhole(operator, state.reader);
    } else if (random.bool(0.4)) readLate = saveLate(operator, state.writer);
    const expected = fresh(plan.make, plan.input, live, random);
    expect(sink.text(), `seed ${seed}, epoch ${epoch}: run(${fn.name}, ${seed}, ${JSON.stringify(options)})`).toBe(expected);
  }
}

describe('aggregates', () => {
  const named = AGGREGATES.filter((fn) => fn.args.every((t) => t.kind !== 'tid'));
  it.each(named.map((fn) => [`${fn.name}(${fn.args.map((t) => t.kind).join(', ')})`, fn] as const))('%s', (_, fn) => {
    for (let seed = 1; seed <= 6; seed++) {
      run(fn, seed, { distinct: false, global: seed % 3 === 0, appendOnly: false });
      run(fn, seed + 100, { distinct: false, global: seed % 3 === 0, appendOnly: true });
      const equalCanDiffer = fn.args.some((t) => t.kind === 'numeric' || t.kind.startsWith('float') || t.kind === 'bpchar'
        || t.kind === 'interval');
      if (fn.form === 'plain' && fn.args.length > 0 && !equalCanDiffer) {
        run(fn, seed + 200, { distinct: true, global: seed % 3 === 0, appendOnly: false });
      }
    }
  });
});

describe('max', () => {
  it.each([
    ['int8', INT8, [1n, 2n, 9n]], ['text', TEXT, ['a', 'b', 'z']],
  ] as const)('of %s does not show a value that was taken back before it came', (kind, type, [low, high, owed]) => {
    const [max] = AGGREGATES.filter((fn) => fn.name === 'max' && fn.args[0].kind === kind);
    const input: Schema = { columns: [{ name: 'k', type: INT4 }, { name: 'x', type }] };
    const schema: Schema = { columns: [{ name: 'k', type: INT4 }, { name: 'm', type }] };
    const call = { distinct: false, filter: null, orderBy: [], function: max, args: [1], returnType: type };
    const make = (): AggregateOperator => new AggregateOperator({ schema, input, keys: [0], calls: [call] });
    for (const restored of [false, true]) {
      let operator = make();
      const state = new StatePages();
      const sink = new Sink();
      const step = (rows: readonly (readonly [Datum, number])[]): string => {
        const changes = rows.map(([x, weight]): readonly [Row, number] => [{ values: [1, x] }, weight]);
        sink.take(operator.step([delta(input, changes)], sink.context));
        if (restored) {
          operator.save(state.writer);
          operator = make();
          restoreWhole(operator, state.reader);
        }
        return sink.text();
      };
      const shown = (x: Datum): string => `1 x 1 | ${datumText(x)}`;
      expect(step([[low, 1], [high, 2]])).toBe(shown(high));
      expect(step([[owed, -1]])).toBe(shown(high));
      expect(step([[owed, 1]])).toBe(shown(high));
      expect(step([[owed, 1]])).toBe(shown(owed));
      // As often as it came.
      expect(step([[owed, -1], [high, -1]])).toBe(shown(high));
      expect(step([[high, -1]])).toBe(shown(low));
    }
  });
});

describe('saving', () => {
  it('writes the pages of changed groups alone', () => {
    const [count] = AGGREGATES.filter((fn) => fn.name === 'count' && fn.args.length === 0);
    const [max] = AGGREGATES.filter((fn) => fn.name === 'max' && fn.args[0].kind === 'int4');
    const input = { columns: [{ name: 'k', type: INT4 }, { name: 'x', type: INT4 }] };
    const call = { distinct: false, filter: null, orderBy: [] };
    const operator = new AggregateOperator({
      schema: { columns: [{ name: 'k', type: INT4 }, { name: 'n', type: INT8 }, { name: 'm', type: INT4 }] }, input, keys: [0],
      calls: [{ ...call, function: count, args: [], returnType: INT8 }, { ...call, function: max, args: [1], returnType: INT4 }],
    });
    const state = new StatePages();
    const { context } = new Sink();
    operator.step([Delta.insert(batchFromRows(input, Array.from({ length: 20_000 }, (_, i) => [i, i])))], context);
    operator.save(state.writer);
    expect(state.written).toBeGreaterThan(50);
    state.written = 0;
    operator.save(state.writer);
    expect(state.written).toBe(0);
    operator.step([Delta.insert(batchFromRows(input, [[7, 3]]))], context);
    operator.save(state.writer);
    // The group's numbers, and the new value of max.
    expect(state.written).toBe(2);
  });
});
