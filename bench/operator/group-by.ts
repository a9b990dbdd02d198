// GROUP BY: count, sum and max by an int8 key, by a text key, and per tumbling window; beside db-ivm and a bare loop.
import { D2, MultiSet, groupBy, groupByOperators, map, output } from '@tanstack/db-ivm';
import type { Delta } from '../../engine/data/delta.ts';
import { assert } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import { INT8, NUMERIC, TIMESTAMP, VARCHAR } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import { AGGREGATES } from '../../engine/function/aggregate/index.ts';
import { AggregateOperator } from '../../engine/operator/aggregate.ts';
import type { AggregateCall } from '../../engine/operator/aggregate-call.ts';
import { AssignWindowOperator, windowSpec } from '../../engine/operator/assign-window.ts';
import { DEFAULT_NEXMARK } from '../../wire/connector/nexmark-generator.ts';
import { rate, timeRuns } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import { CONTEXT, KEYS, SPREAD, SPREAD_FROM, consume, epochsOf, maskKeys } from '../nexmark.ts';

const ROWS = 500_000;
const PEER_ROWS = 50_000;

function schemaOf(...types: readonly LogicalType[]): Schema {
  return { columns: types.map((type, i) => ({ name: `c${i}`, type })) };
}

export function aggregateCall(
  name: string, args: readonly number[], type: LogicalType | null, returnType: LogicalType,
): AggregateCall {
  const found = AGGREGATES.find((a) => a.name === name && a.args.length === args.length
    && (type === null || a.args[0].kind === type.kind));
  assert(found !== undefined, `aggregate ${name}`);
  return { function: found, args, distinct: false, filter: null, orderBy: [], returnType };
}

function countSumMax(value: number): readonly AggregateCall[] {
  return [
    aggregateCall('count', [], null, INT8), aggregateCall('sum', [value], INT8, NUMERIC),
    aggregateCall('max', [value], INT8, INT8),
  ];
}

function runThrough(operator: AggregateOperator, epochs: readonly Delta[]): () => void {
  return () => {
    for (const epoch of epochs) consume(operator.step([epoch], CONTEXT));
  };
}

interface PeerRow { readonly auction: number; readonly price: number }

/** The same aggregation in db-ivm, over rows made beforehand. */
function dbIvm(epochs: readonly Delta[]): () => void {
  const graph = new D2();
  const input = graph.newInput<PeerRow>();
  const { count, sum, max } = groupByOperators;
  input.pipe(
    groupBy((row: PeerRow) => ({ auction: row.auction }), {
      n: count(), total: sum((row: PeerRow) => row.price), most: max((row: PeerRow) => row.price),
    }),
    map((row) => row),
    output((message) => { rowsOut += message.getInner().length; }),
  );
  graph.finalize();
  const sets = epochs.map(({ batch }) => {
    const [key, value] = batch.columns;
    assert(key.layout === 'int64' && value.layout === 'int64', 'int8 columns');
    return new MultiSet(Array.from({ length: batch.length }, (_, i): [PeerRow, number] =>
      [{ auction: Number(key.values[i]), price: Number(value.values[i]) }, 1]));
  });
  return () => {
    for (const set of sets) {
      input.sendData(set);
      graph.run();
    }
  };
}
export let rowsOut = 0;

/** By hand: open addressing on the key's words, one slot a group, no output. */
export function bareLoop(epochs: readonly Delta[]): () => void {
  const cells = new Int32Array(KEYS * 4 * 4);
  const mask = KEYS * 4 - 1;
  const sums = new Float64Array(KEYS * 2);
  const maxes = new Float64Array(KEYS * 2);
  const counts = new Int32Array(KEYS * 2);
  let groups = 0;
  return () => {
    for (const { batch, weights } of epochs) {
      const [key, value] = batch.columns;
      assert(key.layout === 'int64' && value.layout === 'int64', 'int8 columns');
      const keys = key.words;
      const { words } = value;
      for (let i = 0; i < batch.length; i++) {
        const low = keys[2 * i];
        const high = keys[2 * i + 1];
        let h = Math.imul(low ^ 0x3c6ef372, 0x9e3779b1);
        h = Math.imul(h ^ (h >>> 15) ^ high, 0x85ebca6b);
        let at = ((h ^ (h >>> 13)) & mask) * 4;
        while (cells[at + 2] !== 0 && (cells[at] !== low || cells[at + 1] !== high)) at = (at + 4) & (mask * 4 + 3);
        if (cells[at + 2] === 0) {
          cells[at] = low;
          cells[at + 1] = high;
          cells[at + 2] = ++groups;
        }
        const group = cells[at + 2];
        const amount = words[2 * i + 1] * 4294967296 + (words[2 * i] >>> 0);
        counts[group] += weights[i];
        sums[group] += amount * weights[i];
        if (amount > maxes[group]) maxes[group] = amount;
      }
    }
    consume(epochs[0]);
  };
}

/** Long enough that most epochs find their groups there. */
const KEY_ROWS = 1_000_000;

function byKey(): BenchResult[] {
  const epochs = maskKeys(epochsOf('bid', KEY_ROWS, SPREAD_FROM, SPREAD, [0, 2]), KEYS);
  const input = schemaOf(INT8, INT8);
  const schema = schemaOf(INT8, INT8, NUMERIC, INT8);
  const ours = (appendOnly: boolean) => timeRuns({
    rows: KEY_ROWS,
    prepare: () => runThrough(
      new AggregateOperator({ schema, input, keys: [0], calls: countSumMax(1), appendOnly }), epochs,
    ),
  });
  const appendOnly = ours(true);
  const bare = timeRuns({ rows: KEY_ROWS, prepare: () => bareLoop(epochs) });
  const few = epochs.slice(0, PEER_ROWS / 1000);
  const peer = timeRuns({ rows: PEER_ROWS, prepare: () => dbIvm(few), runs: 5 });
  const again = ours(true);
  const cpu = Math.max(appendOnly.cpu, again.cpu);
  const counted = timeRuns({
    rows: KEY_ROWS,
    prepare: () => runThrough(new AggregateOperator({
      schema: schemaOf(INT8, INT8, NUMERIC), input, keys: [0], calls: countSumMax(1).slice(0, 2),
    }), epochs),
  });
  const retractable = ours(false);
  console.log(`  hand-written loop ${rate(bare.cpu)}, db-ivm ${rate(peer.cpu)}`);
  return [
    {
      name: 'group-by 65 k keys: count, sum, max', rowsPerSecond: cpu, wall: appendOnly.wall, floor: 3e6,
      ratios: [
        { to: 'db-ivm', rowsPerSecond: peer.cpu, least: 25 },
        { to: 'hand-written loop', rowsPerSecond: bare.cpu, least: 0.2 },
      ],
    },
    { name: 'group-by 65 k keys: count, sum', rowsPerSecond: counted.cpu, wall: counted.wall },
    { name: 'group-by 65 k keys: .., max with deletes', rowsPerSecond: retractable.cpu, wall: retractable.wall },
  ];
}

function byText(): BenchResult {
  const epochs = epochsOf('bid', ROWS, 0, DEFAULT_NEXMARK, [4, 2]);
  const { cpu, wall } = timeRuns({
    rows: ROWS,
    prepare: () => runThrough(new AggregateOperator({
      schema: schemaOf(VARCHAR, INT8, NUMERIC, INT8), input: schemaOf(VARCHAR, INT8), keys: [0], calls: countSumMax(1),
      appendOnly: true,
    }), epochs),
  });
  return { name: 'group-by url (text, 10 k keys)', rowsPerSecond: cpu, wall, floor: 1e6 };
}

function byWindow(): BenchResult {
  const epochs = epochsOf('bid', ROWS, 0, DEFAULT_NEXMARK, [0, 5]);
  const input = schemaOf(INT8, TIMESTAMP);
  const tenSeconds = new Interval(0, 0, 10_000_000n);
  const { cpu, wall } = timeRuns({
    rows: ROWS,
    prepare: () => {
      const window = new AssignWindowOperator(input, 1, windowSpec(tenSeconds, tenSeconds, null));
      const aggregate = new AggregateOperator({
        schema: schemaOf(INT8, TIMESTAMP, INT8), input: window.schema, keys: [0, 2],
        calls: [aggregateCall('count', [], null, INT8)], appendOnly: true,
      });
      return () => {
        for (const epoch of epochs) consume(aggregate.step([window.step([epoch], CONTEXT)], CONTEXT));
      };
    },
  });
  return { name: 'count by auction and 10 s window', rowsPerSecond: cpu, wall, floor: 2e6 };
}

export function groupByBenches(): BenchResult[] {
  return [...byKey(), byText(), byWindow()];
}
