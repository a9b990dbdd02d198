// Running a compiled query once: sources are read from a snapshot in pieces, which go through the circuit; then order, offset
// and limit.
import { Batch, concatBatches } from '../engine/data/batch.ts';
import type { CircuitSource, CompiledQuery } from '../engine/circuit/contract.ts';
import { Delta, concatDeltas, deltaBytes, repeated } from '../engine/data/delta.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { SORT_BYTES, sorting } from '../engine/data/sort.ts';
import { compileExpression } from '../engine/expression/evaluate.ts';
import type { Expression } from '../engine/expression/expression.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import type { Soon } from '../engine/data/soon.ts';
import { rowBytes } from './kept-memory.ts';
import type { KeptMemory } from './kept-memory.ts';
import { excess } from './memory-share.ts';
import { Pace } from './pace.ts';
import { runAtOnce, runInTurns, sharing } from './turns.ts';
import type { Work } from './turns.ts';
import { slices } from '../engine/operator/pieces.ts';
import type { Pieces } from '../engine/operator/pieces.ts';
import type { Pause } from '../storage/pause.ts';
import type { QueryMemory, Snapshot } from '../engine/runtime/contract.ts';
import { cancel } from '../engine/state/consolidate.ts';

/** Rows a batch handed to the client has at most: small enough that the first rows leave early. */
const BATCH_ROWS = 4096;

/** Rows of a piece: enough for what a piece costs by itself to be nothing, few enough for the nearer caches and short turns. */
const PIECE_ROWS = 8192;
/** µs for which a query keeps the thread to itself, before what it looks up in indexes is known. */
const PATIENCE = 100_000n;
/** After so many pieces what operators hold is looked at. */
const PIECES_A_LOOK = 8;

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
  return runAtOnce(queryWork(query, run), run.checkInterrupt);
}

/** The same, in turns. Requires: the snapshot, and who reads it, stay as they are until the end. */
export function runQueryInTurns(query: CompiledQuery, run: QueryRun & { readonly pause: Pause }): Soon<Batch> {
  return runInTurns(queryWork(query, run), run);
}

/** The same, for who has more to do. */
export function* queryWork(query: CompiledQuery, run: Omit<QueryRun, 'checkInterrupt'>): Work<Batch> {
  const held = new Held(run.snapshot.queryMemory);
  try {
    return yield* made(query, run, held);
  } finally {
    held.release();
  }
}

function* made(query: CompiledQuery, run: Omit<QueryRun, 'checkInterrupt'>, held: Held): Work<Batch> {
  const errors = new ErrorSum();
  const { circuit } = query;
  const pieceRows = query.pieceRows ?? PIECE_ROWS;
  const pace = new Pace(pieceRows, () => run.context.clock());
  for (const source of circuit.sources) refuseFailing(source, run);
  // Indexes are of the relation as it is: what is looked up in them is, before anybody changes it, if that does not take long.
  let probes = circuit.sources.filter((source) => source.kind === 'relation' && source.probe !== undefined).length;
  const patience = run.context.clock() + PATIENCE;
  const reading = (source: CircuitSource, keys: Delta | null): Pieces => {
    if (keys !== null) probes--;
    return read(source, keys, { ...run, pieceRows, held });
  };
  const pieces = circuit.pieces(reading, {
    epoch: run.snapshot.epoch, eval: run.context, pieceRows, pace,
    error: (error, weight) => errors.add(error, weight), hold: (bytes) => held.add(bytes),
  });
  const parts: Delta[] = [];
  let seen = 0;
  let rows = 0;
  for (const piece of pieces) {
    if (piece !== null && (piece.length > 0 || parts.length === 0)) {
      parts.push(piece);
      held.add(deltaBytes(piece));
    }
    rows += piece?.length ?? 0;
    if (query.enough !== null && rows >= query.enough) break;
    if (++seen % PIECES_A_LOOK === 0) held.state(circuit.stateSize().bytes);
    pace.end();
    yield probes === 0 || run.context.clock() > patience;
    pace.begin();
  }
  errors.raise();
  held.state(circuit.stateSize().bytes);
  const result = concatDeltas(parts);
  if (query.late !== null) return yield* withLate(query, query.late, result, run.context, held);
  return yield* arrange(query, result, held);
}

/** Rows that OFFSET skips have been computed. */
function* withLate(
  query: CompiledQuery, late: readonly Expression[], result: Delta, context: EvalContext, held: Held,
): Work<Batch> {
  const { offset, limit } = query;
  const rows = yield* arrange({ ...query, offset: null, limit: limit === null ? null : limit + (offset ?? 0n) }, result, held);
  const whole = new Batch(late.map((e) => compileExpression(e).evaluate(rows, context)), rows.length);
  return offset === null ? whole : whole.slice(offset > BigInt(rows.length) ? rows.length : Number(offset), rows.length);
}

/** In pieces for the client, which may take its time. */
export function* inBatches(rows: Batch, kept: KeptMemory): Generator<Batch> {
  const bytes = rowBytes(rows);
  kept.keep(bytes);
  try {
    for (let at = 0; at < rows.length; at += BATCH_ROWS) yield rows.slice(at, Math.min(at + BATCH_ROWS, rows.length));
  } finally {
    kept.giveBack(bytes);
  }
}

/** A view that has an error answers with it. */
function refuseFailing(source: CircuitSource, { snapshot, instead }: Pick<QueryRun, 'snapshot' | 'instead'>): void {
  if (source.kind === 'constant' || instead?.has(source.relation) === true) return;
  const error = snapshot.error(source.relation);
  if (error !== null) throw error;
}

/** More keys than this share of a relation's rows: reading all rows is better. */
const PROBE_SHARE = 8;
const FEW_KEYS = 64;

type RelationSource = CircuitSource & { readonly kind: 'relation' };

interface SourceRun extends Omit<QueryRun, 'checkInterrupt'> {
  readonly pieceRows: number;
  readonly held: Held;
}

function read(source: CircuitSource, keys: Delta | null, run: SourceRun): Pieces {
  const { snapshot, instead, pieceRows, held } = run;
  if (source.kind === 'constant') return slices(Delta.insert(source.rows()), pieceRows);
  const { relation, columns, probe, range, lookup, schema } = source;
  const found = (rows: Delta): Pieces => {
    held.add(deltaBytes(rows));
    return slices(rows.length === 0 ? Delta.empty(schema) : cancel(rows), pieceRows);
  };
  const given = instead?.get(relation);
  if (given !== undefined) return slices(Delta.insert(given.select(columns)), pieceRows);
  if (range !== undefined) return found(snapshot.range(relation, columns, range));
  if (lookup !== null) return found(snapshot.lookup(relation, columns, lookup));
  const few = keys !== null && keys.length <= Math.max(FEW_KEYS, snapshot.rowCount(relation) / PROBE_SHARE);
  if (few && probe !== undefined) return found(snapshot.lookup(relation, columns, { columns: probe.columns, keys: keys.batch }));
  return snapshot.stands?.(relation) === true ? scanned(source, snapshot, pieceRows) : changed(source, run);
}

function* scanned({ relation, columns, schema }: RelationSource, snapshot: Snapshot, pieceRows: number): Pieces {
  let parts: Delta[] = [];
  let rows = 0;
  for (const part of snapshot.scan(relation, columns)) {
    if (rows > 0 && rows + part.length > pieceRows) {
      yield concatDeltas(parts);
      parts = [];
      rows = 0;
    }
    parts.push(part);
    rows += part.length;
  }
  yield parts.length === 0 ? Delta.empty(schema) : concatDeltas(parts);
}

/** A transaction's own deletions follow what they take back; a circuit that runs once is made for rows that stay. */
function* changed({ relation, columns, schema }: RelationSource, { snapshot, pieceRows, held }: SourceRun): Pieces {
  const parts = [Delta.empty(schema)];
  let bytes = 0;
  for (const part of snapshot.scan(relation, columns)) {
    parts.push(part);
    held.add(deltaBytes(part));
    bytes += deltaBytes(part);
    if ((parts.length & 15) === 0) yield null;
  }
  yield* slices(cancel(concatDeltas(parts)), pieceRows);
  held.add(-bytes);
}

/** Weights out, rows in order, offset and limit applied, helper columns gone. */
function* arrange(query: CompiledQuery, result: Delta, held: Held): Work<Batch> {
  const { order, offset, limit, visible } = query;
  const allOnes = result.weights.every((w) => w === 1);
  const rows = allOnes ? result.batch : repeated(cancel(result));
  const from = offset === null ? 0 : Number(offset > BigInt(rows.length) ? BigInt(rows.length) : offset);
  const left = BigInt(rows.length - from);
  const count = limit === null || limit > left ? Number(left) : Number(limit);
  const picked = Array.from({ length: visible }, (_, i) => i);
  const whole = from === 0 && count === rows.length;
  if (order.length === 0) return (whole ? rows : rows.slice(from, from + count)).select(picked);
  held.add(SORT_BYTES * rows.length);
  const sorted = (yield* sharing(sorting(rows, order))).subarray(from, from + count);
  const shown = rows.select(picked);
  if (count <= PIECE_ROWS) return shown.take(sorted);
  const parts: Batch[] = [];
  for (let at = 0; at < count; at += PIECE_ROWS) {
    parts.push(shown.take(sorted.subarray(at, at + PIECE_ROWS)));
    yield true;
  }
  return concatBatches(parts);
}

/** What a query holds: rows on their way, and what its operators keep. */
class Held {
  readonly #memory: QueryMemory | undefined;
  #bytes = 0;
  /** What operators held when they were asked last. */
  #state = 0;
  /** Of which all queries' memory knows. */
  #told = 0;

  constructor(memory: QueryMemory | undefined) {
    this.#memory = memory;
  }

  /** 53200 where it is more than the query's share, or all queries together have no more. */
  add(bytes: number): void {
    this.#bytes += bytes;
    this.#check();
  }

  /** The same, of what operators hold now. */
  state(bytes: number): void {
    this.#state = bytes;
    this.#check();
  }

  #check(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    const own = this.#bytes + this.#state;
    const grows = own > this.#told;
    memory.held += own - this.#told;
    this.#told = own;
    const much = grows ? excess(memory, own, memory.held) : null;
    if (much === null) return;
    throw new DatabaseError('53200', 'out of memory', {
      detail: much === 'own' ? `The query needs more than ${megabytes(memory.most)} MB for its rows.`
        : `The queries that run need more than ${megabytes(memory.mostOfAll)} MB for their rows.`,
      hint: `Read less at a time, keep the result as a materialized view, or raise memory_limit.`,
    });
  }

  release(): void {
    if (this.#memory !== undefined) this.#memory.held -= this.#told;
    this.#told = 0;
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

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
