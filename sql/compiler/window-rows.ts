// Window functions over one ordered partition: ranking, neighbours, values and aggregates of frames (manual 9.22).
import { VectorBuilder, datumAt } from '../../engine/data/access.ts';
import type { Datum, SqlRecord } from '../../engine/data/datum.ts';
import { assert, DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { sliceVector } from '../../engine/data/vector.ts';
import type { Vector } from '../../engine/data/vector.ts';
import type { Accumulator, AggregateFunction } from '../../engine/function/aggregate/aggregate.ts';
import { SlotRows } from '../../engine/function/aggregate/slots.ts';
import type { CallInfo } from '../../engine/function/function.ts';
import { isExcluded, Partition, spanOf } from './window-frame.ts';
import type { Frame, Span, WindowField } from './window-frame.ts';

/** Calls by fields of the partition's rows, of which the first `columns` are shown. */
export interface WindowSpec {
  readonly columns: number;
  readonly order: readonly WindowField[];
  readonly calls: readonly WindowCallSpec[];
}

interface WindowCallSpec {
  readonly name: string;
  readonly aggregate: AggregateFunction | null;
  readonly args: readonly number[];
  readonly argTypes: readonly LogicalType[];
  readonly filter: number | null;
  readonly type: LogicalType;
  readonly frame: Frame;
}

/** `rows`: the array of the partition's rows, in order. */
export function* windowRows(spec: WindowSpec, rows: Datum, call: CallInfo): Generator<readonly Datum[]> {
  assert(typeof rows === 'object' && rows !== null && 'dimensions' in rows, 'rows of a partition');
  const partition = new Partition(rows.values.map(asRecord), spec.order);
  const results = spec.calls.map((c) => (c.aggregate === null ? byName(c, partition)
    : new FrameAggregate(c, c.aggregate, partition, call).values()));
  for (let i = 0; i < partition.length; i++) {
    yield [...partition.rows[i].fields.slice(0, spec.columns), ...results.map((r) => r[i])];
  }
}

function asRecord(d: Datum): SqlRecord {
  assert(typeof d === 'object' && d !== null && 'fields' in d, 'row of a partition');
  return d;
}

function byName(call: WindowCallSpec, partition: Partition): readonly Datum[] {
  const n = partition.length;
  const rank = (i: number): number => partition.startOf(partition.group[i]) + 1;
  const each = (value: (i: number) => Datum): readonly Datum[] => Array.from({ length: n }, (_, i) => value(i));
  switch (call.name) {
    case 'row_number': return each((i) => BigInt(i + 1));
    case 'rank': return each((i) => BigInt(rank(i)));
    case 'dense_rank': return each((i) => BigInt(partition.group[i] + 1));
    case 'percent_rank': return each((i) => (n === 1 ? 0 : (rank(i) - 1) / (n - 1)));
    case 'cume_dist': return each((i) => partition.startOf(partition.group[i] + 1) / n);
    case 'ntile': return ntile(call, partition);
    case 'lag': return each((i) => neighbour(call, partition, i, -1));
    case 'lead': return each((i) => neighbour(call, partition, i, 1));
    case 'first_value': return each((i) => frameRow(call, partition, i, 1));
    case 'last_value': return each((i) => frameRow(call, partition, i, -1));
    case 'nth_value': return each((i) => nthValue(call, partition, i));
    default: throw notSupported(`the window function ${call.name}`);
  }
}

function argument(call: WindowCallSpec, partition: Partition, row: number, arg: number): Datum {
  return partition.rows[row].fields[call.args[arg]];
}

/** The first n mod b buckets have one row more. */
function ntile(call: WindowCallSpec, partition: Partition): readonly Datum[] {
  const n = partition.length;
  const buckets = argument(call, partition, 0, 0);
  if (buckets === null) return Array.from({ length: n }, () => null);
  const count = Number(buckets);
  if (count <= 0) throw new DatabaseError('22014', 'argument of ntile must be greater than zero');
  const size = Math.floor(n / count);
  const larger = n % count;
  const border = larger * (size + 1);
  return Array.from({ length: n }, (_, i) => (i < border ? Math.floor(i / (size + 1)) + 1
    : larger + Math.floor((i - border) / size) + 1));
}

function neighbour(call: WindowCallSpec, partition: Partition, row: number, direction: number): Datum {
  const offset = call.args.length > 1 ? argument(call, partition, row, 1) : 1;
  if (offset === null) return null;
  const at = row + direction * Number(offset);
  if (at >= 0 && at < partition.length) return argument(call, partition, at, 0);
  return call.args.length > 2 ? argument(call, partition, row, 2) : null;
}

/** The frame's nth row from its start (or, negative, from its end). */
function frameRow(call: WindowCallSpec, partition: Partition, row: number, nth: number): Datum {
  const { from, to } = spanOf(call.frame, partition, row);
  const step = nth > 0 ? 1 : -1;
  let left = Math.abs(nth);
  for (let i = nth > 0 ? from : to - 1; i >= from && i < to; i += step) {
    if (!isExcluded(call.frame, partition, row, i) && --left === 0) return argument(call, partition, i, 0);
  }
  return null;
}

function nthValue(call: WindowCallSpec, partition: Partition, row: number): Datum {
  const nth = argument(call, partition, row, 1);
  if (nth === null) return null;
  if (Number(nth) <= 0) throw new DatabaseError('22016', 'argument of nth_value must be greater than zero');
  return frameRow(call, partition, row, Number(nth));
}

const ONE_SLOT = new Int32Array(1);

/** An aggregate whose frame slides: rows that enter are added, rows that leave are taken back. */
class FrameAggregate {
  readonly #call: WindowCallSpec;
  readonly #partition: Partition;
  readonly #info: CallInfo;
  readonly #accumulator: Accumulator;
  readonly #args: readonly Vector[];
  readonly #counts: Int32Array;

  constructor(call: WindowCallSpec, aggregate: AggregateFunction, partition: Partition, info: CallInfo) {
    this.#call = call;
    this.#partition = partition;
    this.#info = info;
    const rows = new SlotRows();
    this.#accumulator = aggregate.accumulator({
      argTypes: call.argTypes, returnType: call.type, orderBy: [], appendOnly: false, rows,
    });
    rows.ensure(1);
    this.#accumulator.ensure(1);
    this.#args = call.args.map((field, a) => {
      const builder = new VectorBuilder(call.argTypes[a], partition.length);
      for (const row of partition.rows) builder.append(row.fields[field]);
      return builder.finish();
    });
    this.#counts = Int32Array.from(partition.rows, (r) => (call.filter === null || r.fields[call.filter] === true ? 1 : 0));
  }

  values(): readonly Datum[] {
    const { frame } = this.#call;
    const out: Datum[] = [];
    let now: Span = { from: 0, to: 0 };
    for (let i = 0; i < this.#partition.length; i++) {
      const next = spanOf(frame, this.#partition, i);
      const same = i > 0 && next.from === now.from && next.to === now.to && frame.exclude === 'no-others';
      this.#move(now, next);
      now = next;
      out.push(same ? out[i - 1] : this.#result(now, i));
    }
    return out;
  }

  #move(now: Span, next: Span): void {
    if (next.from >= now.to || next.to <= now.from) {
      this.#change(now.from, now.to, -1);
      this.#change(next.from, next.to, 1);
      return;
    }
    this.#change(now.from, next.from, -1);
    this.#change(next.from, now.from, 1);
    this.#change(next.to, now.to, -1);
    this.#change(now.to, next.to, 1);
  }

  #change(from: number, to: number, sign: 1 | -1): void {
    if (from >= to) return;
    const length = to - from;
    const weights = this.#counts.slice(from, to);
    if (sign < 0) for (let i = 0; i < length; i++) weights[i] = -weights[i];
    this.#accumulator.update(new Int32Array(length), this.#args.map((a) => sliceVector(a, from, to)), weights, length);
  }

  #result(span: Span, row: number): Datum {
    const excluded: number[] = [];
    if (this.#call.frame.exclude !== 'no-others') {
      for (let i = span.from; i < span.to; i++) {
        if (isExcluded(this.#call.frame, this.#partition, row, i)) excluded.push(i);
      }
    }
    for (const i of excluded) this.#change(i, i + 1, -1);
    const failures: DatabaseError[] = [];
    const vector = this.#accumulator.result(ONE_SLOT, {
      eval: this.#info.context, fail: (_index, error) => { failures.push(error); },
    });
    for (const i of excluded) this.#change(i, i + 1, 1);
    if (failures.length > 0) throw failures[0];
    return datumAt(vector, 0);
  }
}
