// JoinSide: what a join holds of one input: its rows by key, and how many rows of the other side each one matches.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import { nullRows } from '../data/row-key.ts';
import type { Schema } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { compileExpression, evaluateOrReport } from '../expression/evaluate.ts';
import type { CompiledExpression } from '../expression/compiled.ts';
import type { Expression } from '../expression/expression.ts';
import { Arrangement } from '../state/arrangement.ts';
import type { StepContext } from './operator.ts';

/**
 * What the output shows of a row by itself, besides its pairs: nothing; the row padded with NULLs, or just the row,
 * while it has no match; the row while it has one.
 */
export type Shows = 'none' | 'unmatched' | 'matched';

export interface SideKey {
  readonly expression: Expression;
  /** NULL matches NULL (IS NOT DISTINCT FROM). */
  readonly nullSafe: boolean;
}

/** A delta ready to be joined. */
export interface PreparedDelta {
  /** Rows that may match, in the stored schema: the input's columns, then computed keys. */
  readonly keyed: Delta;
  readonly keys: readonly Vector[];
  /** Rows that match nothing, for a NULL in their key; never stored. */
  readonly unkeyed: Delta;
}

export class JoinSide {
  readonly schema: Schema;
  readonly shows: Shows;
  readonly arrangement: Arrangement;
  /** By row id of the arrangement: weight of the matching rows of the other side. Only where a condition decides. */
  counts = new Int32Array(64);
  readonly #keyColumns: readonly number[];
  readonly #computed: readonly CompiledExpression[];
  /** Of the keys, those that a NULL keeps from matching. */
  readonly #strict: readonly number[];

  constructor(schema: Schema, keys: readonly SideKey[], shows: Shows) {
    this.schema = schema;
    this.shows = shows;
    const computed: Expression[] = [];
    this.#keyColumns = keys.map(({ expression }) =>
      (expression.kind === 'column' ? expression.index : schema.columns.length + computed.push(expression) - 1));
    this.#computed = computed.map(compileExpression);
    this.#strict = keys.flatMap((key, i) => (key.nullSafe ? [] : [i]));
    const stored = computed.map((e, i) => ({ name: `key${i}`, type: e.type }));
    this.arrangement = new Arrangement({ columns: [...schema.columns, ...stored] }, this.#keyColumns);
  }

  /** Of rows in the stored schema. */
  keysOf({ batch }: Delta): readonly Vector[] {
    return this.#keyColumns.map((c) => batch.columns[c]);
  }

  prepare(delta: Delta, context: StepContext): PreparedDelta {
    const full = this.#computed.length === 0 ? delta : this.#compute(delta, context);
    const keys = this.keysOf(full);
    const strict = this.#strict.map((k) => keys[k]);
    if (strict.every((v) => v.validity === null)) return { keyed: full, keys, unkeyed: full.slice(0, 0) };
    const marks = new Uint8Array(full.length);
    if (!nullRows(strict, full.length, marks)) return { keyed: full, keys, unkeyed: full.slice(0, 0) };
    const keyed = full.take(marked(marks, 0));
    return { keyed, keys: this.keysOf(keyed), unkeyed: full.take(marked(marks, 1)) };
  }

  #compute(delta: Delta, context: StepContext): Delta {
    const { rows, vectors } = evaluateOrReport(this.#computed, delta.batch, delta.weights, context);
    const kept = rows === null ? delta : delta.take(rows);
    return new Delta(new Batch([...kept.batch.columns, ...vectors], kept.length), kept.weights);
  }

  /** Room in `counts` for every row of the arrangement. */
  reserveCounts(): void {
    const limit = this.arrangement.pages.idLimit;
    if (this.counts.length >= limit) return;
    const counts = new Int32Array(Math.max(limit, this.counts.length * 2));
    counts.set(this.counts);
    this.counts = counts;
  }
}

function marked(marks: Uint8Array, value: number): Int32Array {
  const rows = new Int32Array(marks.length);
  let n = 0;
  for (let i = 0; i < marks.length; i++) if (marks[i] === value) rows[n++] = i;
  return rows.slice(0, n);
}
