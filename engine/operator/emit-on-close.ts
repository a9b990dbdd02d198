// EmitOnClose: EMIT ON WINDOW CLOSE; emits the rows of a window once, when the watermark passes its end.
import { Batch } from '../data/batch.ts';
import { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import { Int64Vector, isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import { Arrangement } from '../state/arrangement.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize } from './operator.ts';

/**
 * Law: the outputs sum to the rows of the input's windows that are over; rows of a window cancel out before it closes,
 * and each is put out once. A row whose window_end is NULL never is.
 * Requires: no change to a window that is over (late rows are left out at the source).
 */
export class EmitOnCloseOperator implements Operator {
  readonly name = 'emit on window close';
  readonly schema: Schema;
  readonly #windowEnd: number;
  readonly #rows: Arrangement;
  /** Ends of the windows that rows are held for, or were. */
  readonly #open = new Set<bigint>();

  /** `windowEnd`: column of the input. */
  constructor(input: Schema, windowEnd: number) {
    this.schema = input;
    this.#windowEnd = windowEnd;
    this.#rows = new Arrangement(input, [windowEnd]);
  }

  step(inputs: readonly Delta[]): Delta {
    const [input] = inputs;
    if (input.length > 0) {
      this.#rows.apply(input);
      this.#note(input.batch.columns[this.#windowEnd]);
    }
    return Delta.empty(this.schema);
  }

  #note(ends: Vector): void {
    assert(ends.layout === 'int64', 'window_end');
    const { words, values, validity, length } = ends;
    let last = -1;
    for (let i = 0; i < length; i++) {
      if (!isValid(validity, i)) continue;
      if (last >= 0 && words[2 * i] === words[2 * last] && words[2 * i + 1] === words[2 * last + 1]) continue;
      last = i;
      this.#open.add(values[i]);
    }
  }

  advance(watermark: Watermark): Delta {
    if (watermark === null) return Delta.empty(this.schema);
    const over = [...this.#open].filter((end) => end <= watermark).sort((a, b) => (a < b ? -1 : 1));
    if (over.length === 0) return Delta.empty(this.schema);
    for (const end of over) this.#open.delete(end);
    const { type } = this.schema.columns[this.#windowEnd];
    const keys = new Batch([new Int64Vector(type, over.length, BigInt64Array.from(over))], over.length);
    const rows = this.#rows.lookup(keys);
    if (rows.length === 0) return Delta.empty(this.schema);
    this.#rows.apply(rows.negate());
    return rows;
  }

  save(out: StateWriter): void {
    this.#rows.save('rows', out);
  }

  restore(from: StateReader): void {
    this.#rows.restore('rows', from);
    for (const delta of this.#rows.scan([this.#windowEnd])) this.#note(delta.batch.columns[0]);
  }

  stateSize(): StateSize {
    return this.#rows.size();
  }
}
