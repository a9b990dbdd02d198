// Running a compiled query once: sources read from a snapshot, one step, then order, offset and limit.
import { Batch } from '../engine/data/batch.ts';
import type { CircuitSource, CompiledQuery } from '../engine/circuit/contract.ts';
import { Delta, concatDeltas } from '../engine/data/delta.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { sortBatch } from '../engine/data/row-order.ts';
import { compileExpression } from '../engine/expression/evaluate.ts';
import type { Expression } from '../engine/expression/expression.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import type { StepContext } from '../engine/operator/operator.ts';
import { deltaBytes } from '../engine/runtime/append-queue.ts';
import type { Snapshot } from '../engine/runtime/contract.ts';
import { cancel } from '../engine/state/consolidate.ts';

/** Rows a batch handed to the client has at most: small enough that the first rows leave early. */
const BATCH_ROWS = 4096;

export interface QueryRun {
  readonly snapshot: Snapshot;
  readonly context: EvalContext;
  /** Throws when the statement is to end. */
  readonly checkInterrupt: () => void;
  /** Rows that stand for a relation's in this run: the ones a statement has just written. */
  readonly instead?: ReadonlyMap<number, Batch>;
}

/** All rows of the result, in order. */
export function runQuery(query: CompiledQuery, run: QueryRun): Batch {
  const errors = new ErrorSum();
  const context: StepContext = {
    epoch: run.snapshot.epoch, eval: run.context, error: (error, weight) => errors.add(error, weight),
  };
  const held = new QueryMemory(run.snapshot.queryBytes ?? Infinity);
  const inputs = query.circuit.sources.map((source) => readSource(source, run, held));
  run.checkInterrupt();
  const result = query.circuit.step(inputs, context, (source, keys) => readProbed(source, keys, { run, held }));
  errors.raise();
  held.add(deltaBytes(result) + query.circuit.stateSize().bytes);
  run.checkInterrupt();
  return query.late === null ? arrange(query, result) : withLate(query, query.late, result, run.context);
}

/** Rows that OFFSET skips have been computed. */
function withLate(query: CompiledQuery, late: readonly Expression[], result: Delta, context: EvalContext): Batch {
  const { offset, limit } = query;
  const rows = arrange({ ...query, offset: null, limit: limit === null ? null : limit + (offset ?? 0n) }, result);
  const whole = new Batch(late.map((e) => compileExpression(e).evaluate(rows, context)), rows.length);
  return offset === null ? whole : whole.slice(offset > BigInt(rows.length) ? rows.length : Number(offset), rows.length);
}

/** In pieces for the client. */
export function* inBatches(rows: Batch): Generator<Batch> {
  for (let at = 0; at < rows.length; at += BATCH_ROWS) yield rows.slice(at, Math.min(at + BATCH_ROWS, rows.length));
}

function readSource(source: CircuitSource, run: QueryRun, held: QueryMemory): Delta {
  if (source.kind === 'constant') return Delta.insert(source.rows());
  if (source.probe !== undefined) return Delta.empty(source.schema);
  return readRelation(source, run, held);
}

/** More keys than this share of a relation's rows: reading all rows is better. */
const PROBE_SHARE = 8;
const FEW_KEYS = 64;

/** The rows that have the keys of the other side of a join, or all rows. */
function readProbed(
  source: CircuitSource, keys: Delta, { run, held }: { readonly run: QueryRun; readonly held: QueryMemory },
): Delta {
  if (source.kind === 'constant' || source.probe === undefined) return readSource(source, run, held);
  const { relation, columns, probe } = source;
  const few = keys.length <= Math.max(FEW_KEYS, run.snapshot.rowCount(relation) / PROBE_SHARE);
  if (!few || run.instead?.has(relation) === true) return readRelation(source, run, held);
  const error = run.snapshot.error(relation);
  if (error !== null) throw error;
  const found = cancel(run.snapshot.lookup(relation, columns, { columns: probe.columns, keys: keys.batch }));
  held.add(deltaBytes(found));
  return found.length === 0 ? Delta.empty(source.schema) : found;
}

function readRelation(source: CircuitSource & { readonly kind: 'relation' }, run: QueryRun, held: QueryMemory): Delta {
  const { relation, columns } = source;
  const instead = run.instead?.get(relation);
  if (instead !== undefined) return Delta.insert(instead.select(columns));
  const error = run.snapshot.error(relation);
  if (error !== null) throw error;
  if (source.range !== undefined) return cancel(run.snapshot.range(relation, columns, source.range));
  if (source.lookup !== null) return cancel(run.snapshot.lookup(relation, columns, source.lookup));
  const parts: Delta[] = [];
  for (const part of run.snapshot.scan(relation, columns)) {
    parts.push(part);
    held.add(deltaBytes(part));
    if ((parts.length & 15) === 0) run.checkInterrupt();
  }
  // A transaction's own deletions follow what they take back; a circuit that runs once is made for rows that stay.
  return parts.length === 0 ? Delta.empty(source.schema) : cancel(concatDeltas(parts));
}

/** Weights out, rows in order, offset and limit applied, helper columns gone. */
function arrange(query: CompiledQuery, result: Delta): Batch {
  const { order, offset, limit, visible } = query;
  const allOnes = result.weights.every((w) => w === 1);
  const rows = allOnes ? result.batch : repeated(cancel(result));
  const from = offset === null ? 0 : Number(offset > BigInt(rows.length) ? BigInt(rows.length) : offset);
  const left = BigInt(rows.length - from);
  const count = limit === null || limit > left ? Number(left) : Number(limit);
  const picked = Array.from({ length: visible }, (_, i) => i);
  const whole = from === 0 && count === rows.length;
  if (order.length === 0) return (whole ? rows : rows.slice(from, from + count)).select(picked);
  const sorted = sortBatch(rows, order);
  return rows.select(picked).take(whole ? sorted : sorted.subarray(from, from + count));
}

/** Each row as often as its weight says. */
function repeated(delta: Delta): Batch {
  let total = 0;
  for (let i = 0; i < delta.length; i++) total += Math.max(0, delta.weights[i]);
  const rows = new Int32Array(total);
  let at = 0;
  for (let i = 0; i < delta.length; i++) for (let n = 0; n < delta.weights[i]; n++) rows[at++] = i;
  return delta.batch.take(rows);
}

/** What a query holds: rows it reads, and what its operators make of them. */
class QueryMemory {
  readonly #limit: number;
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** 53200 where it is more than the query's share. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= this.#limit) return;
    throw new DatabaseError('53200', 'out of memory', {
      detail: `The query needs more than ${Math.round(this.#limit / 2 ** 20)} MB for its rows.`,
      hint: 'Read less at a time, keep the result as a materialized view, or raise memory_limit.',
    });
  }
}

/** Errors of rows by what they say; those of rows that cancel out do not count. */
class ErrorSum {
  readonly #sums = new Map<string, { readonly error: DatabaseError; weight: number }>();

  add(error: DatabaseError, weight: number): void {
    const id = `${error.code} ${error.message}`;
    const sum = this.#sums.get(id);
    if (sum === undefined) this.#sums.set(id, { error, weight });
    else sum.weight += weight;
  }

  raise(): void {
    for (const { error, weight } of this.#sums.values()) if (weight > 0) throw error;
  }
}
