// ProjectSet: each input row once for every row that its set-returning calls give (generate_series in the select list,
// LATERAL function scans); the calls go in step, the shorter ones filled up with NULLs.
// Law: linear: every row's output depends on that row alone. Rows on which a call fails are reported and left out.
import { VectorBuilder, datumAt } from '../data/access.ts';
import { Batch } from '../data/batch.ts';
import type { Datum } from '../data/datum.ts';
import { Delta } from '../data/delta.ts';
import { DatabaseError } from '../data/error.ts';
import { INT8 } from '../data/types.ts';
import type { LogicalType, Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { compileExpression, evaluateOrReport } from '../expression/evaluate.ts';
import type { Expression } from '../expression/expression.ts';
import type { CallInfo, TableFunction } from '../function/function.ts';
import type { StepContext } from './operator.ts';
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

type Rows = readonly (readonly Datum[])[];

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
    if (input.length === 0) return Delta.empty(this.schema);
    const { rows, vectors } = this.#args.length === 0 ? { rows: null, vectors: [] }
      : evaluateOrReport(this.#args, input.batch, input.weights, context);
    const kept = rows === null ? input : input.take(rows);
    const from: number[] = [];
    const builders = this.#builders();
    for (let row = 0; row < kept.length; row++) {
      const sets = this.#sets(vectors, row, kept.weights[row], context);
      if (sets !== null) this.#emit(sets, row, from, builders);
    }
    const repeated = kept.take(Int32Array.from(from));
    const columns = [...repeated.batch.columns, ...builders.map((b) => b.finish())];
    return new Delta(new Batch(columns, repeated.length), repeated.weights);
  }

  #builders(): VectorBuilder[] {
    const types = this.#spec.calls.flatMap((c) => c.types);
    return (this.#spec.ordinality ? [...types, INT8] : types).map((type) => new VectorBuilder(type));
  }

  /** What each call gives for a row; null when one fails. */
  #sets(vectors: readonly Vector[], row: number, weight: number, context: StepContext): Rows[] | null {
    try {
      return this.#spec.calls.map((call, c) => {
        const args = call.args.map((_, i) => datumAt(vectors[this.#starts[c] + i], row));
        if (call.function === null) return [args.slice(0, 1)];
        if (args.includes(null) && call.function.strict !== false) return [];
        return taken(call.function.rows(args, callInfo(call, context)), this.#spec.enough);
      });
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      context.error(error, weight);
      return null;
    }
  }

  #emit(sets: readonly Rows[], row: number, from: number[], builders: readonly VectorBuilder[]): void {
    const longest = Math.max(0, ...sets.map((s) => s.length));
    const count = longest === 0 && this.#spec.outer ? 1 : longest;
    for (let i = 0; i < count; i++) {
      from.push(row);
      let column = 0;
      sets.forEach((set, c) => {
        const values = i < set.length ? set[i] : null;
        for (let k = 0; k < this.#spec.calls[c].types.length; k++) {
          builders[column++].append(values === null ? null : values[k] ?? null);
        }
      });
      if (this.#spec.ordinality) builders[column].append(longest === 0 ? null : BigInt(i + 1));
    }
  }
}

function taken(rows: Iterable<readonly Datum[]>, enough: number | null): Rows {
  if (enough === null) return [...rows];
  const first: (readonly Datum[])[] = [];
  if (enough === 0) return first;
  for (const row of rows) {
    first.push(row);
    if (first.length === enough) break;
  }
  return first;
}

function callInfo({ args, types, function: fn }: SetCall, context: StepContext): CallInfo {
  const returnType: LogicalType = types.length === 1 ? types[0] : {
    kind: 'record', fields: types.map((type, i) => ({ name: fn?.columns?.[i]?.name ?? `column${i + 1}`, type })),
  };
  return { argTypes: args.map((a) => a.type), returnType, context: context.eval };
}
