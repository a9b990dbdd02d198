// ProjectSet: each input row once for every row that its set-returning calls give (generate_series in the select list,
// LATERAL function scans); the calls go in step, the shorter ones filled up with NULLs.
// Law: linear: every row's output depends on that row alone. Rows on which a call fails are reported and left out.
import { VectorBuilder, datumAt } from '../data/access.ts';
import { Batch } from '../data/batch.ts';
import type { Datum } from '../data/datum.ts';
import { Delta } from '../data/delta.ts';
import { INT8 } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { compileExpression, evaluateOrReport, rowError } from '../expression/evaluate.ts';
import type { Expression } from '../expression/expression.ts';
import type { CallInfo, TableFunction } from '../function/function.ts';
import type { StepContext } from './operator.ts';
import { paced } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { StatelessOperator } from './stateless.ts';

export interface SetCall {
  /** null: the first argument as a set of one. */
  readonly function: TableFunction | null;
  readonly args: readonly Expression[];
  /** Of the columns it gives. */
  readonly types: readonly LogicalType[];
}

export interface ProjectSetSpec {
  readonly calls: readonly SetCall[];
  /** A row whose calls give nothing is kept, with NULLs. */
  readonly outer: boolean;
  /** One more int8 column, counting from 1. */
  readonly ordinality: boolean;
  /** Of what the calls give for a row, no more than these; null: all. */
  readonly enough: number | null;
  /** The input's columns, those of the calls, the ordinality. */
  readonly schema: Schema;
}

export class ProjectSet extends StatelessOperator {
  readonly name: string;
  readonly #spec: ProjectSetSpec;
  readonly #args;
  /** By call: where its arguments begin in #args. */
  readonly #starts: readonly number[];

  constructor(spec: ProjectSetSpec) {
    super(spec.schema);
    this.name = `project set ${spec.calls.map((c) => c.function?.name ?? 'value').join(', ')}`;
    this.#spec = spec;
    this.#args = spec.calls.flatMap((c) => c.args).map(compileExpression);
    let start = 0;
    this.#starts = spec.calls.map((c) => (start += c.args.length) - c.args.length);
  }

  step([input]: readonly Delta[], context: StepContext): Delta {
    const { kept, vectors } = this.#arguments(input, context);
    const out = this.#expansion(kept);
    for (let row = 0; row < kept.length; row++) {
      // All of a row's sets are there before the first of them is put out: where one fails, nothing of the row is.
      const sets = this.#orReport(kept.weights[row], context, () => this.#sets(vectors, row, context).map((set) => [...set]));
      if (sets !== null) for (const set of sideBySide(sets, this.#spec.outer)) out.add(row, set);
    }
    return out.finish();
  }

  /** A query in which a row fails has no result: what has been put out of its sets by then does no harm. */
  override *pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    for (const piece of input) {
      if (piece === null) yield null;
      else for (const part of paced(piece, context)) yield* this.#expanded(part, context);
    }
  }

  *#expanded(piece: Delta, context: PieceContext): Pieces {
    const { kept, vectors } = this.#arguments(piece, context);
    let out = this.#expansion(kept);
    for (let row = 0; row < kept.length; row++) {
      const weight = kept.weights[row];
      const rows = this.#orReport(weight, context, () => sideBySide(this.#sets(vectors, row, context), this.#spec.outer));
      for (;;) {
        const next = rows === null ? null : this.#orReport(weight, context, () => rows.next());
        if (next === null || next.done === true) break;
        out.add(row, next.value);
        if (out.length < context.pieceRows) continue;
        yield out.finish();
        out = this.#expansion(kept);
      }
    }
    yield out.finish();
  }

  #arguments(input: Delta, context: StepContext): { readonly kept: Delta; readonly vectors: readonly Vector[] } {
    if (this.#args.length === 0 || input.length === 0) return { kept: input, vectors: [] };
    const { rows, vectors } = evaluateOrReport(this.#args, input.batch, input.weights, context);
    return { kept: rows === null ? input : input.take(rows), vectors };
  }

  #expansion(input: Delta): Expansion {
    return new Expansion(this.#spec, input);
  }

  #orReport<T>(weight: number, context: StepContext, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      context.error(rowError(error), weight);
      return null;
    }
  }

  /** What each call gives for a row, made as it is asked for. */
  #sets(vectors: readonly Vector[], row: number, context: StepContext): readonly Iterable<readonly Datum[]>[] {
    return this.#spec.calls.map((call, c) => {
      const args = call.args.map((_, i) => datumAt(vectors[this.#starts[c] + i], row));
      if (call.function === null) return [args.slice(0, 1)];
      if (args.includes(null) && call.function.strict !== false) return [];
      return taken(call.function.rows(args, callInfo(call, context)), this.#spec.enough);
    });
  }
}

/** What stands beside an input row in one row of the output. */
interface SetRow {
  /** By call; null: it has no more rows while others have. */
  readonly values: readonly (readonly Datum[] | null)[];
  /** null: none of the calls gave a row. */
  readonly ordinal: bigint | null;
}

/** The output's rows as they come. */
class Expansion {
  readonly #spec: ProjectSetSpec;
  readonly #input: Delta;
  readonly #from: number[] = [];
  readonly #builders: readonly VectorBuilder[];

  constructor(spec: ProjectSetSpec, input: Delta) {
    this.#spec = spec;
    this.#input = input;
    const types = spec.calls.flatMap((c) => c.types);
    this.#builders = (spec.ordinality ? [...types, INT8] : types).map((type) => new VectorBuilder(type));
  }

  get length(): number {
    return this.#from.length;
  }

  add(row: number, { values, ordinal }: SetRow): void {
    this.#from.push(row);
    let column = 0;
    for (const [c, { types }] of this.#spec.calls.entries()) {
      for (let k = 0; k < types.length; k++) this.#builders[column++].append(values[c]?.[k] ?? null);
    }
    if (this.#spec.ordinality) this.#builders[column].append(ordinal);
  }

  finish(): Delta {
    const repeated = this.#input.take(Int32Array.from(this.#from));
    return new Delta(new Batch([...repeated.batch.columns, ...this.#builders.map((b) => b.finish())], repeated.length),
      repeated.weights);
  }
}

/** The calls' rows in step, the shorter ones filled up. */
function* sideBySide(sets: readonly Iterable<readonly Datum[]>[], outer: boolean): Generator<SetRow> {
  const iterators = sets.map((set) => set[Symbol.iterator]());
  for (let ordinal = 1n; ; ordinal++) {
    let some = false;
    const values = iterators.map((iterator) => {
      const next = iterator.next();
      if (next.done === true) return null;
      some = true;
      return next.value;
    });
    if (!some) {
      if (outer && ordinal === 1n) yield { values, ordinal: null };
      return;
    }
    yield { values, ordinal };
  }
}

function* taken(rows: Iterable<readonly Datum[]>, enough: number | null): Iterable<readonly Datum[]> {
  let left = enough ?? Infinity;
  if (left === 0) return;
  for (const row of rows) {
    yield row;
    if (--left === 0) return;
  }
}

function callInfo({ args, types, function: fn }: SetCall, context: StepContext): CallInfo {
  const returnType: LogicalType = types.length === 1 ? types[0] : {
    kind: 'record', fields: types.map((type, i) => ({ name: fn?.columns?.[i]?.name ?? `column${i + 1}`, type })),
  };
  return { argTypes: args.map((a) => a.type), returnType, context: context.eval };
}
