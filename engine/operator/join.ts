// Join: inner, outer, semi and anti joins of two inputs by equal keys (or none) and an optional condition on the pair.
//
// Law: one side at a time: Q(L + ΔL, R) − Q(L, R), then Q(L + ΔL, R + ΔR) − Q(L + ΔL, R). For the pairs that is
// ΔL ⋈ R and (L + ΔL) ⋈ ΔR. What is shown of a row by itself (NULL-padded, semi, anti) follows from whether it has a
// match: without a condition from whether its key is on the other side, else from a count kept with the row.
// A left row of a single join that matches several is an error of the row's weight.
// Pairs come in portions of bounded size, in which the rows of ΔL, and then those of ΔR, are as good as coming one by one.
// Requires: the inputs sum to multisets (no row of negative weight after an epoch).
import { Batch } from '../data/batch.ts';
import { Delta, concatDeltas, deltaBytes } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import { INT8 } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { nullVector } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { compileExpression, predicateOrReport } from '../expression/evaluate.ts';
import type { CompiledExpression } from '../expression/compiled.ts';
import type { Expression } from '../expression/expression.ts';
import { columnsOf } from '../expression/walk.ts';
import type { ChainWalk, Pairs } from '../state/chain-walk.ts';
import { cancel } from '../state/consolidate.ts';
import { liveIds } from '../state/key-index.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { JoinSide } from './join-side.ts';
import type { PreparedDelta, Shows } from './join-side.ts';
import type { Operator, Portions, StateSize, StepContext } from './operator.ts';
import { PORTION_ROWS, paced, whole } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { moreThanOneRow } from './single-row.ts';

/** single: a left join whose left rows must not match more than one row (21000: a scalar subquery). */
export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'single';

export interface JoinSpec {
  readonly kind: JoinKind;
  readonly left: Schema;
  readonly right: Schema;
  /** Equalities, each over the columns of its own side; of one type (layout) on both sides. None: every pair is looked at. */
  readonly keys: readonly { readonly left: Expression; readonly right: Expression; readonly nullSafe: boolean }[];
  /** Over left, then right columns; null: true. */
  readonly condition: Expression | null;
  /** Of the output: left, then right columns; of semi and anti the left ones. */
  readonly schema: Schema;
}

const LEFT_SHOWS: Readonly<Record<JoinKind, Shows>> = {
  inner: 'none', right: 'none', left: 'unmatched', full: 'unmatched', semi: 'matched', anti: 'unmatched',
  single: 'unmatched',
};

export class Join implements Operator {
  readonly name: string;
  readonly schema: Schema;
  readonly #left: JoinSide;
  readonly #right: JoinSide;
  /** Pairs are shown (not for semi and anti). */
  readonly #pairs: boolean;
  /** Left rows of more than one match are an error. */
  readonly #single: boolean;
  readonly #condition: CompiledExpression | null;
  readonly #conditionColumns: ReadonlySet<number>;
  /** Whether a row has a match is not known from its key alone. */
  readonly #counted: boolean;
  /** Counts were not restored and are made again before they are needed. */
  #stale = false;

  constructor(spec: JoinSpec) {
    const { kind, keys, condition } = spec;
    this.name = `${kind} join${keys.length === 0 ? ' (no key)' : ''}${condition === null ? '' : ' with condition'}`;
    this.schema = spec.schema;
    this.#left = new JoinSide(spec.left, keys.map((k) => ({ expression: k.left, nullSafe: k.nullSafe })),
      LEFT_SHOWS[kind]);
    this.#right = new JoinSide(spec.right, keys.map((k) => ({ expression: k.right, nullSafe: k.nullSafe })),
      kind === 'right' || kind === 'full' ? 'unmatched' : 'none');
    this.#pairs = kind !== 'semi' && kind !== 'anti';
    this.#single = kind === 'single';
    this.#condition = condition === null ? null : compileExpression(condition);
    this.#conditionColumns = new Set(condition === null ? [] : columnsOf(condition));
    this.#counted = condition !== null || this.#single;
  }

  step(inputs: readonly Delta[], context: StepContext): Delta {
    const portions = this.portions(inputs, context);
    const parts: Delta[] = [];
    for (;;) {
      const next = portions.next();
      parts.push(next.value);
      if (next.done === true) return concatDeltas(parts);
    }
  }

  *portions([left, right]: readonly Delta[], context: StepContext): Portions {
    const run: Run = { context, rows: context.portionRows ?? PORTION_ROWS, out: [] };
    if (this.#stale) yield* this.#recount(run);
    if (left.length > 0) yield* this.#update(this.#left, left, run);
    if (right.length > 0) yield* this.#update(this.#right, right, run);
    return this.#taken(run.out);
  }

  /** What is there to be put out so far. */
  #taken(out: Delta[]): Delta {
    return out.length === 0 ? Delta.empty(this.schema) : concatDeltas(out.splice(0));
  }

  /** One side is held, through which the other is led. */
  *pieces(inputs: readonly Pieces[], context: PieceContext): Pieces {
    const [left, right] = inputs;
    if (this.#left.shows === 'none' && this.#right.shows === 'none') yield* this.#leadLonger(left, right, context);
    else if (this.#right.shows === 'none') yield* this.#lead(this.#left, left, right, context);
    else if (this.#left.shows === 'none') yield* this.#lead(this.#right, right, left, context);
    else yield* whole(this, inputs, context);
  }

  *#lead(self: JoinSide, pieces: Pieces, others: Pieces, context: PieceContext): Pieces {
    const other = this.#other(self);
    for (const piece of others) {
      for (const part of piece === null || piece.length === 0 ? [] : paced(piece, context)) {
        other.arrangement.apply(other.prepare(part, context).keyed);
        yield null;
      }
      if (piece === null) yield null;
    }
    for (const piece of pieces) {
      if (piece === null) yield null;
      else yield* this.#leadPiece(self, piece, context);
    }
  }

  /** The side that ends first is held. */
  *#leadLonger(left: Pieces, right: Pieces, context: PieceContext): Pieces {
    const sides = [left, right].map((pieces) => ({ rest: pieces[Symbol.iterator](), first: new Array<Delta>() }));
    let ended: number | null = null;
    while (ended === null) {
      for (const [i, { rest, first }] of sides.entries()) {
        const next = rest.next();
        if (next.done === true) {
          ended = i;
          break;
        }
        if (next.value !== null) {
          first.push(next.value);
          context.hold(deltaBytes(next.value));
        }
        yield null;
      }
    }
    const [held, led] = [sides[ended], sides[1 - ended]];
    yield* this.#lead(ended === 0 ? this.#right : this.#left, resumed(led, context), resumed(held, context), context);
  }

  *#leadPiece(self: JoinSide, piece: Delta, context: PieceContext): Pieces {
    const run: Run = { context, get rows() { return Math.min(context.pieceRows, context.pace.rows); }, out: [] };
    for (const part of paced(piece, context)) {
      const prepared = this.#prepare(self, part, run);
      if (prepared.keyed.length > 0) yield* this.#meet(self, prepared, run);
      yield this.#taken(run.out);
    }
  }

  #prepare(self: JoinSide, delta: Delta, { context, out }: Run): PreparedDelta {
    const prepared = self.prepare(delta, context);
    if (prepared.unkeyed.length > 0 && self.shows === 'unmatched') out.push(this.#alone(self, prepared.unkeyed));
    return prepared;
  }

  *#update(self: JoinSide, delta: Delta, run: Run): Generator<Delta, void> {
    const prepared = this.#prepare(self, delta, run);
    if (prepared.keyed.length === 0) return;
    const { keyed, counts } = yield* this.#meet(self, prepared, run);
    if (counts !== null) self.arrangement.apply(keyed, (rows, ids) => {
      self.reserveCounts();
      for (let i = 0; i < rows.length; i++) self.counts[ids[i]] = counts[rows[i]];
    });
    else if (this.#counted || this.#other(self).shows === 'none') self.arrangement.apply(keyed);
    else yield* this.#applyAndShow(self, keyed, run);
  }

  #other(self: JoinSide): JoinSide {
    return self === this.#left ? this.#right : this.#left;
  }

  /** Rows of one side, not applied yet, meet the other as it stands. */
  *#meet(self: JoinSide, prepared: PreparedDelta, run: Run): Generator<Delta, Met> {
    if (!this.#pairs && !this.#counted) {
      this.#showMatched(self, prepared, run.out);
      return { keyed: prepared.keyed, counts: null };
    }
    const { keyed, walk, first } = this.#walk(self, prepared, run.rows);
    const counts = this.#counted && self.shows !== 'none' ? new Int32Array(keyed.length) : null;
    const meeting: Meeting = { context: run.context, rows: run.rows, out: run.out, self, keyed, counts };
    for (let pairs = first; ; pairs = walk.next(run.rows)) {
      if (pairs.rowIds.length > 0) this.#showPairs(pairs, meeting);
      if (walk.isOver) break;
      yield this.#taken(run.out);
    }
    if (counts !== null) this.#showCounted(self, keyed, counts, run);
    else if (self.shows !== 'none') this.#showFound(self, keyed, walk.heads, run.out);
    return { keyed, counts };
  }

  /**
   * Whoever reads several portions must not see rows taken away that are still to come: what cancels out within the change
   * goes before, and then each portion leaves a multiset.
   */
  #walk(self: JoinSide, { keyed, keys }: PreparedDelta, rows: number): Walk {
    const { arrangement } = this.#other(self);
    const walk = arrangement.walk(keys, keyed.length);
    const first = walk.next(rows);
    const net = walk.isOver ? keyed : cancel(keyed);
    if (net === keyed) return { keyed, walk, first };
    const anew = arrangement.walk(self.keysOf(net), net.length);
    return { keyed: net, walk: anew, first: anew.next(rows) };
  }

  #showPairs(pairs: Pairs, meeting: Meeting): void {
    const { self, keyed, counts, out, context } = meeting;
    const other = this.#other(self);
    const hits = this.#matching(self, keyed, pairs, context);
    if (this.#pairs && hits.rowIds.length > 0) out.push(this.#pairRows(self, keyed, hits));
    if (counts !== null) {
      const { pages } = other.arrangement;
      for (let i = 0; i < hits.rowIds.length; i++) counts[hits.probeRows[i]] += pages.weight(hits.rowIds[i]);
    }
    if (this.#counted && other.shows !== 'none') this.#countOther(other, keyed.weights, hits, meeting);
  }

  /** Where rows are shown by themselves alone, whether there is a match is all that counts. */
  #showMatched(self: JoinSide, { keyed, keys }: Pick<PreparedDelta, 'keyed' | 'keys'>, out: Delta[]): void {
    if (self.shows === 'none') return;
    const found = new Int32Array(keyed.length);
    this.#other(self).arrangement.probeHeads(keys, keyed.length, found);
    this.#showFound(self, keyed, found, out);
  }

  #showFound(self: JoinSide, keyed: Delta, found: Int32Array, out: Delta[]): void {
    const shown = rowsWhere(found, self.shows === 'matched');
    if (shown.length > 0) out.push(this.#alone(self, keyed.take(shown)));
  }

  /** Applies the change of `self`; rows of the other side whose key came or went there begin or cease to be shown. */
  *#applyAndShow(self: JoinSide, keyed: Delta, { rows, out }: Run): Generator<Delta, void> {
    const other = this.#other(self);
    const { length } = keyed;
    const keys = self.keysOf(keyed);
    const before = new Int32Array(length);
    const after = new Int32Array(length);
    self.arrangement.probeHeads(keys, length, before);
    self.arrangement.apply(keyed);
    self.arrangement.probeHeads(keys, length, after);
    const came = firstOfKeys(after, before);
    const went = firstOfKeys(before, after);
    const sign = other.shows === 'matched' ? 1 : -1;
    for (const [some, weight] of [[came, sign], [went, -sign]] as const) {
      if (some.length === 0) continue;
      const walk = other.arrangement.walk(self.keysOf(keyed.take(some)), some.length);
      for (;;) {
        const { rowIds } = walk.next(rows);
        if (rowIds.length > 0) out.push(this.#aloneById(other, rowIds, () => weight));
        if (walk.isOver) break;
        yield this.#taken(out);
      }
    }
  }

  /** The pairs on which the condition is true. */
  #matching(self: JoinSide, keyed: Delta, pairs: Pairs, context: StepContext): Pairs {
    const condition = this.#condition;
    if (pairs.rowIds.length === 0 || condition === null) return pairs;
    const batch = this.#pairBatch(self, keyed.batch, pairs, this.#conditionColumns);
    const hits = predicateOrReport(condition, batch, this.#pairWeights(self, keyed, pairs), context);
    if (hits.length === pairs.rowIds.length) return pairs;
    return {
      probeRows: hits.map((hit) => pairs.probeRows[hit]),
      rowIds: hits.map((hit) => pairs.rowIds[hit]),
    };
  }

  /** `counts`: how many rows each matches. */
  #showCounted(self: JoinSide, keyed: Delta, counts: Int32Array, { context, out }: Run): void {
    if (this.#single) reportSeveral(counts, keyed.weights, context);
    const shown = countsWhere(counts, self.shows === 'matched');
    if (shown.length > 0) out.push(this.#alone(self, keyed.take(shown)));
  }

  /** Adds the weights of matching rows to the counts of the other side; its rows are shown or not accordingly. */
  #countOther(other: JoinSide, weights: Int32Array, { probeRows, rowIds }: Pairs, { context, out }: Run): void {
    other.reserveCounts();
    const { counts } = other;
    const before = new Map<number, number>();
    for (let i = 0; i < rowIds.length; i++) {
      const id = rowIds[i];
      if (!before.has(id)) before.set(id, counts[id]);
      counts[id] += weights[probeRows[i]];
    }
    const changed: number[] = [];
    for (const [id, count] of before) {
      if ((count > 0) !== (counts[id] > 0)) changed.push(id);
      if (!this.#single || (count > 1) === (counts[id] > 1)) continue;
      const weight = other.arrangement.pages.weight(id);
      context.error(moreThanOneRow(), counts[id] > 1 ? weight : -weight);
    }
    if (changed.length === 0) return;
    const matched = other.shows === 'matched';
    out.push(this.#aloneById(other, Int32Array.from(changed), (id) => ((counts[id] > 0) === matched ? 1 : -1)));
  }

  /** After a restore. Nothing is put out; it takes turns with whoever takes the portions. */
  *#recount({ context, rows, out }: Run): Generator<Delta, void> {
    this.#stale = false;
    if (!this.#counted) return;
    // These pairs' errors were reported when they came.
    const quiet: StepContext = { epoch: context.epoch, eval: context.eval, error: () => undefined };
    for (const self of [this.#left, this.#right]) {
      if (self.shows === 'none') continue;
      const other = this.#other(self).arrangement;
      const { pages } = self.arrangement;
      self.reserveCounts();
      for (let number = 0; number < pages.pageCount; number++) {
        const ids = liveIds(pages, number);
        if (ids.length === 0) continue;
        const held = self.arrangement.gather(ids);
        self.counts.fill(0, ids[0], ids[ids.length - 1] + 1);
        const walk = other.walk(self.keysOf(held), ids.length);
        for (;;) {
          const { probeRows, rowIds } = this.#matching(self, held, walk.next(rows), quiet);
          for (let i = 0; i < rowIds.length; i++) self.counts[ids[probeRows[i]]] += other.pages.weight(rowIds[i]);
          if (walk.isOver) break;
          yield this.#taken(out);
        }
      }
    }
  }

  #pairRows(self: JoinSide, keyed: Delta, probe: Pairs): Delta {
    return new Delta(this.#pairBatch(self, keyed.batch, probe, null), this.#pairWeights(self, keyed, probe));
  }

  #pairWeights(self: JoinSide, { weights }: Delta, { probeRows, rowIds }: Pairs): Int32Array {
    const out = this.#other(self).arrangement.pages.gatherWeights(rowIds);
    for (let i = 0; i < out.length; i++) out[i] *= weights[probeRows[i]];
    return out;
  }

  /** Left, then right columns of the pairs; columns outside `wanted` are left empty. */
  #pairBatch(self: JoinSide, batch: Batch, { probeRows, rowIds }: Pairs, wanted: ReadonlySet<number> | null): Batch {
    const other = this.#other(self);
    const selfAt = self === this.#left ? 0 : this.#left.schema.columns.length;
    const otherAt = self === this.#left ? this.#left.schema.columns.length : 0;
    const mine = pick(self.schema, selfAt, wanted);
    const theirs = pick(other.schema, otherAt, wanted);
    const chosen = batch.select(mine);
    // Each row found once is nothing to copy.
    const taken = areConsecutive(probeRows) ? chosen.slice(probeRows[0], probeRows[0] + probeRows.length)
      : chosen.take(probeRows);
    const found = other.arrangement.pages.gather(rowIds, theirs);
    const columns: Vector[] = [];
    self.schema.columns.forEach(({ type }, c) => {
      const at = mine.indexOf(c);
      columns[selfAt + c] = at < 0 ? nullVector(type, 0) : taken.columns[at];
    });
    other.schema.columns.forEach(({ type }, c) => {
      const at = theirs.indexOf(c);
      columns[otherAt + c] = at < 0 ? nullVector(type, 0) : found.columns[at];
    });
    return new Batch(columns, rowIds.length);
  }

  /** Rows of one side as the output shows them by themselves. */
  #alone(self: JoinSide, { batch, weights, length }: Delta): Delta {
    const own = batch.columns.slice(0, self.schema.columns.length);
    if (!this.#pairs) return new Delta(new Batch(own, length), weights);
    const padding = this.#other(self).schema.columns.map((c) => nullVector(c.type, length));
    return new Delta(new Batch(self === this.#left ? [...own, ...padding] : [...padding, ...own], length), weights);
  }

  #aloneById(self: JoinSide, ids: Int32Array, sign: (id: number) => number): Delta {
    const rows = self.arrangement.gather(ids);
    const weights = rows.weights.map((w, i) => w * sign(ids[i]));
    return this.#alone(self, new Delta(rows.batch, weights));
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(out: StateWriter): void {
    this.#left.arrangement.save('left', out);
    this.#right.arrangement.save('right', out);
  }

  restore(from: StateReader): void {
    this.#left.arrangement.restore('left', from);
    this.#right.arrangement.restore('right', from);
    this.#stale = true;
  }

  stateSize(): StateSize {
    const left = this.#left.arrangement.size();
    const right = this.#right.arrangement.size();
    return { rows: left.rows + right.rows, bytes: left.bytes + right.bytes };
  }
}

/** What had been taken of the pieces, let go as it is, and then the rest. */
function* resumed(
  { first, rest }: { readonly first: Delta[]; readonly rest: Iterator<Delta | null> }, context: PieceContext,
): Pieces {
  for (const piece of first.splice(0)) {
    context.hold(-deltaBytes(piece));
    yield piece;
  }
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

interface Run {
  readonly context: StepContext;
  /** Pairs to make at a time. */
  readonly rows: number;
  readonly out: Delta[];
}

interface Meeting extends Run, Met {
  readonly self: JoinSide;
}

interface Walk {
  readonly keyed: Delta;
  readonly walk: ChainWalk;
  readonly first: Pairs;
}

/** Rows as they are to be applied; `counts`: how many rows each matches, where that is to be kept. */
interface Met {
  readonly keyed: Delta;
  readonly counts: Int32Array | null;
}

/** Columns of a side that stand at `at` in the pair, those wanted. */
function pick(schema: Schema, at: number, wanted: ReadonlySet<number> | null): number[] {
  const all = schema.columns.map((_, c) => c);
  return wanted === null ? all : all.filter((c) => wanted.has(at + c));
}

/** Not of no rows. */
function areConsecutive(rows: Int32Array): boolean {
  for (let i = 0; i < rows.length; i++) if (rows[i] !== rows[0] + i) return false;
  return rows.length > 0;
}

function reportSeveral(counts: Int32Array, weights: Int32Array, context: StepContext): void {
  for (let i = 0; i < counts.length; i++) if (counts[i] > 1) context.error(moreThanOneRow(), weights[i]);
}

/** Rows with (or without) an id. */
function rowsWhere(found: Int32Array, wanted: boolean): Int32Array {
  const rows = new Int32Array(found.length);
  let n = 0;
  for (let i = 0; i < found.length; i++) if (found[i] >= 0 === wanted) rows[n++] = i;
  return rows.subarray(0, n);
}

function countsWhere(counts: Int32Array, wanted: boolean): Int32Array {
  const rows = new Int32Array(counts.length);
  let n = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0 === wanted) rows[n++] = i;
  return rows.subarray(0, n);
}

/** One row a key that is in `here` (ids of the keys' first rows) and not in `there`. */
function firstOfKeys(here: Int32Array, there: Int32Array): Int32Array {
  const seen = new Set<number>();
  const rows: number[] = [];
  for (let i = 0; i < here.length; i++) {
    if (here[i] < 0 || there[i] >= 0 || seen.has(here[i])) continue;
    seen.add(here[i]);
    rows.push(i);
  }
  return Int32Array.from(rows);
}

/** As KEPT_CELLS. */
const KEPT_SIDE: Schema = { columns: [{ name: 'key', type: INT8 }] };
const KEPT_KEY: Expression = { kind: 'column', index: 0, type: INT8 };
export const KEPT_JOIN = new Join({
  kind: 'inner', left: KEPT_SIDE, right: KEPT_SIDE, keys: [{ left: KEPT_KEY, right: KEPT_KEY, nullSafe: false }],
  condition: null, schema: { columns: [...KEPT_SIDE.columns, ...KEPT_SIDE.columns] },
});
