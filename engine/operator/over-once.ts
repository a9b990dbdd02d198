// OVER in a circuit that runs once: all rows sorted by partition and order, then evaluated some thousand at a time.
import { flatColumn } from '../data/cells.ts';
import { Delta, deltaBytes, repeatedRows } from '../data/delta.ts';
import { ascendingOrder, rowOrder, totalOrder } from '../data/row-order.ts';
import type { RowOrder } from '../data/row-order.ts';
import { SORT_BYTES, sorting } from '../data/sort.ts';
import { takeVector } from '../data/vector.ts';
import type { Reach } from '../function/ranking/window-function.ts';
import { cancel } from '../state/consolidate.ts';
import type { OverCalls, OverSpec } from './over-calls.ts';
import { valuesOf } from './over-changes.ts';
import { OverRows } from './over-rows.ts';
import type { RowSource, Segment } from './over-rows.ts';
import { collect } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';

/** What Over's law says of one step. */
export function* overOnce(spec: OverSpec, calls: OverCalls, input: Pieces, context: PieceContext): Pieces {
  const all = yield* collect(input, context);
  const rows = all.weights.every((weight) => weight === 1) ? all : cancel(all);
  context.hold(SORT_BYTES * rows.length);
  const { partition, order } = spec;
  const { columns } = rows.batch;
  const cells = columns.map(flatColumn);
  const byPartition = ascendingOrder(columns.length).filter(({ column }) => partition.includes(column));
  const sorted = yield* sorting(rows.batch, [...byPartition, ...order], totalOrder(cells, []));
  const ids = repeatedRows(sorted, rows.weights);
  const source: RowSource = { gatherColumn: (column, chosen) => takeVector(columns[column], chosen) };
  const keyOrder = order.length === 0 ? null : rowOrder(cells, order);
  const orders: Orders = { partition: rowOrder(cells, byPartition), peers: keyOrder };
  const outer = rows.batch.select(spec.schema.columns.slice(0, spec.schema.columns.length - spec.calls.length).map((_, c) => c));
  yield Delta.empty(spec.schema);
  for (const { from, to, segments } of chunksOf(ids, calls.reach, orders, context.pieceRows)) {
    const loaded = new OverRows(source, ids.subarray(from, to), segments, keyOrder);
    const evaluated = yield* calls.evaluate(loaded, context.eval);
    yield valuesOf(evaluated, (chosen) => outer.take(chosen));
    for (const error of evaluated.errors.values()) context.error(error, 1);
  }
  context.hold(-SORT_BYTES * rows.length - deltaBytes(all));
}

interface Orders {
  /** 0 within a partition. */
  readonly partition: RowOrder;
  /** 0 for peers; null: all rows of a partition are. */
  readonly peers: RowOrder | null;
}

/** Rows from .. to − 1 of all, whose segments count from 0. */
interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly segments: readonly Segment[];
}

/** Partitions together while they are small, parts of those that are large where values look only so far. */
function* chunksOf(ids: Int32Array, reach: Reach, orders: Orders, rows: number): Generator<Chunk> {
  let segments: Segment[] = [];
  let from = 0;
  for (let start = 0, end = 1; start < ids.length; start = end++) {
    while (end < ids.length && orders.partition(ids[end - 1], ids[end]) === 0) end++;
    const divided = partSize(reach, orders, rows) < end - start;
    if (segments.length > 0 && (divided || end - from > rows)) {
      yield { from, to: start, segments };
      segments = [];
    }
    if (segments.length === 0) from = start;
    if (divided) yield* partsOf(ids, { start, end }, { reach, orders, rows });
    else {
      const [first, last] = [start - from, end - from];
      segments.push({ partition: 0, start: first, end: last, from: first, to: last, base: 0, size: end - start });
    }
  }
  if (segments.length > 0) yield { from, to: ids.length, segments };
}

/** Rows of a partition that are evaluated at a time; Infinity: all. */
function partSize({ back, ahead, peers }: Reach, orders: Orders, rows: number): number {
  return peers && orders.peers === null ? Infinity : Math.max(rows, back + ahead);
}

function* partsOf(
  ids: Int32Array, { start, end }: { readonly start: number; readonly end: number },
  { reach, orders, rows }: { readonly reach: Reach; readonly orders: Orders; readonly rows: number },
): Generator<Chunk> {
  const size = partSize(reach, orders, rows);
  for (let first = start, next = start; first < end; first = next) {
    next = Math.min(end, first + size);
    // Peers stay together.
    if (reach.peers) while (next < end && orders.peers?.(ids[next - 1], ids[next]) === 0) next++;
    const from = Math.max(start, first - reach.back);
    const to = Math.min(end, next + reach.ahead);
    const segment = {
      partition: 0, start: 0, end: to - from, from: first - from, to: next - from, base: from - start, size: end - start,
    };
    yield { from, to, segments: [segment] };
  }
}
