// Filter with projection, equi-join of bids and auctions, and the highest bid of each auction, in 1,000-row epochs.
import { D2, MultiSet, filter, join, map, output } from '@tanstack/db-ivm';
import type { Delta } from '../../engine/data/delta.ts';
import { assert } from '../../engine/data/error.ts';
import { BOOLEAN, INT8 } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { SCALAR_FUNCTIONS } from '../../engine/function/registry.ts';
import { Join } from '../../engine/operator/join.ts';
import { Project } from '../../engine/operator/project.ts';
import { TopK } from '../../engine/operator/top-k.ts';
import { DEFAULT_NEXMARK, NEXMARK_SCHEMAS } from '../../wire/connector/nexmark-generator.ts';
import { rate, timeRuns } from '../bench.ts';
import type { BenchResult } from '../bench.ts';
import { CONTEXT, EPOCH_ROWS, KEYS, SPREAD, SPREAD_FROM, consume, epochsOf, joinEpochs, maskKeys } from '../nexmark.ts';

const ROWS = 500_000;
const PEER_ROWS = 50_000;
let peerRowsOut = 0;

function schemaOf(...types: readonly LogicalType[]): Schema {
  return { columns: types.map((type, i) => ({ name: `c${i}`, type })) };
}

function call(name: string, type: LogicalType, args: readonly Expression[]): Expression {
  const found = SCALAR_FUNCTIONS.find((f) => f.name === name && f.operator === true && f.args.length === 2
    && f.args.every((a) => a.kind === 'int8'));
  assert(found !== undefined, `operator ${name}`);
  return { kind: 'call', function: found, args, type };
}

const column = (index: number, type: LogicalType = INT8): Expression => ({ kind: 'column', index, type });
const int8 = (value: bigint): Expression => ({ kind: 'literal', value, type: INT8 });

interface Bid { readonly auction: number; readonly bidder: number; readonly price: number }

/** Rows as objects, made beforehand, for peers that take nothing else. */
function bidSets(epochs: readonly Delta[]): readonly MultiSet<Bid>[] {
  return epochs.map(({ batch }) => {
    const [auction, bidder, price] = batch.columns;
    assert(auction.layout === 'int64' && bidder.layout === 'int64' && price.layout === 'int64', 'int8 columns');
    return new MultiSet(Array.from({ length: batch.length }, (_, i): [Bid, number] => [{
      auction: Number(auction.values[i]), bidder: Number(bidder.values[i]), price: Number(price.values[i]),
    }, 1]));
  });
}

/** SELECT auction, bidder, price * 89 / 100 FROM bid WHERE auction % 7 <> 0 */
function filterProject(): BenchResult {
  const epochs = epochsOf('bid', ROWS, 0, DEFAULT_NEXMARK, [0, 1, 2]);
  const predicate = call('<>', BOOLEAN, [call('%', INT8, [column(0), int8(7n)]), int8(0n)]);
  const price = call('/', INT8, [call('*', INT8, [column(2), int8(89n)]), int8(100n)]);
  const ours = timeRuns({
    rows: ROWS,
    prepare: () => {
      const project = new Project(schemaOf(INT8, INT8, INT8), [column(0), column(1), price], predicate);
      return () => {
        for (const epoch of epochs) consume(project.step([epoch], CONTEXT));
      };
    },
  });
  const peer = timeRuns({
    rows: PEER_ROWS, runs: 5,
    prepare: () => {
      const graph = new D2();
      const input = graph.newInput<Bid>();
      input.pipe(
        filter((bid: Bid) => bid.auction % 7 !== 0),
        map((bid: Bid) => ({ ...bid, price: Math.trunc((bid.price * 89) / 100) })),
        output((message) => { peerRowsOut += message.getInner().length; }),
      );
      graph.finalize();
      return feed(graph, bidSets(epochs.slice(0, PEER_ROWS / EPOCH_ROWS)), (set) => input.sendData(set));
    },
  });
  return {
    name: 'filter + project', rowsPerSecond: ours.cpu, wall: ours.wall, floor: 10e6,
    ratios: [{ to: 'db-ivm', rowsPerSecond: peer.cpu, least: 1 }],
  };
}

function feed<T>(graph: D2, sets: readonly T[], send: (set: T) => void): () => void {
  return () => {
    for (const set of sets) {
      send(set);
      graph.run();
    }
  };
}

/** SELECT .. FROM bid JOIN auction ON bid.auction = auction.id */
function equiJoin(): BenchResult {
  const epochs = joinEpochs(ROWS);
  const bid = schemaOf(INT8, INT8, INT8);
  const auction: Schema = { columns: [0, 7, 8].map((c) => NEXMARK_SCHEMAS.auction.columns[c]) };
  const rows = epochs.reduce((sum, e) => sum + e.bids.length + e.auctions.length, 0);
  const ours = timeRuns({
    rows,
    prepare: () => {
      const joined = new Join({
        kind: 'inner', left: bid, right: auction, condition: null,
        keys: [{ left: column(0), right: column(0), nullSafe: false }],
        schema: { columns: [...bid.columns, ...auction.columns] },
      });
      return () => {
        for (const epoch of epochs) consume(joined.step([epoch.bids, epoch.auctions], CONTEXT));
      };
    },
  });
  const few = epochs.slice(0, PEER_ROWS / EPOCH_ROWS);
  const fewRows = few.reduce((sum, e) => sum + e.bids.length + e.auctions.length, 0);
  const peer = timeRuns({ rows: fewRows, runs: 5, prepare: () => peerJoin(few) });
  return {
    name: 'equi-join bid with auction', rowsPerSecond: ours.cpu, wall: ours.wall, floor: 0.8e6,
    ratios: [{ to: 'db-ivm', rowsPerSecond: peer.cpu, least: 1 }],
  };
}

function peerJoin(epochs: readonly { readonly bids: Delta; readonly auctions: Delta }[]): () => void {
  const graph = new D2();
  const left = graph.newInput<Bid>();
  const right = graph.newInput<Bid>();
  left.pipe(
    map((bid: Bid): [number, Bid] => [bid.auction, bid]),
    join(right.pipe(map((auction: Bid): [number, Bid] => [auction.auction, auction])), 'inner'),
    output((message) => { peerRowsOut += message.getInner().length; }),
  );
  graph.finalize();
  const bids = bidSets(epochs.map((e) => e.bids));
  const auctions = bidSets(epochs.map((e) => e.auctions));
  return () => {
    for (let i = 0; i < bids.length; i++) {
      left.sendData(bids[i]);
      right.sendData(auctions[i]);
      graph.run();
    }
  };
}

/** The highest bid of each of 65 k auctions, ties to the lower bidder. */
function topOne(): BenchResult[] {
  const epochs = maskKeys(epochsOf('bid', ROWS, SPREAD_FROM, SPREAD, [0, 1, 2]), KEYS);
  const schema = schemaOf(INT8, INT8, INT8);
  const order = [
    { column: 2, type: INT8, descending: true, nullsFirst: false },
    { column: 1, type: INT8, descending: false, nullsFirst: false },
  ];
  const ours = (appendOnly: boolean) => timeRuns({
    rows: ROWS,
    prepare: () => {
      const top = new TopK({ schema, partition: [0], order, limit: 1, offset: 0, withTies: false, appendOnly });
      return () => {
        for (const epoch of epochs) consume(top.step([epoch], CONTEXT));
      };
    },
  });
  const appendOnly = ours(true);
  const any = ours(false);
  console.log(`  top-1 with deletes possible ${rate(any.cpu)}`);
  return [
    { name: 'top-1 of each of 65 k keys', rowsPerSecond: appendOnly.cpu, wall: appendOnly.wall, floor: 2e6 },
    { name: 'top-1 of each of 65 k keys with deletes possible', rowsPerSecond: any.cpu, wall: any.wall },
  ];
}

export function relationalBenches(): BenchResult[] {
  return [filterProject(), equiJoin(), ...topOne()];
}
