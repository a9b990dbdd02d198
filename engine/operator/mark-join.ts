// MarkJoin: the left rows with one more column, what `EXISTS (..)` or `x IN (..)` is for them.
// Law: true for the rows of a semi join, false for those of an anti join (or NotIn) of the same inputs, NULL for the
// rest: L − T − F, which Z-sets can just compute.
import { Batch } from '../data/batch.ts';
import { constantVector } from '../data/access.ts';
import { Delta, concatDeltas } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import { BOOLEAN } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import { cancel } from '../state/consolidate.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { restoreParts, saveParts, sizeOfParts } from './composite.ts';
import type { Operator, Restoring, StateSize, StepContext } from './operator.ts';

export class MarkJoin implements Operator {
  readonly name = 'mark join';
  readonly schema: Schema;
  readonly #whenTrue: Operator;
  /** null: what is not true is false (EXISTS). */
  readonly #whenFalse: Operator | null;

  /** `schema`: the left columns, then a boolean. Both operators take the same two inputs and give left rows. */
  constructor(schema: Schema, whenTrue: Operator, whenFalse: Operator | null) {
    this.schema = schema;
    this.#whenTrue = whenTrue;
    this.#whenFalse = whenFalse;
  }

  step([left, right]: readonly Delta[], context: StepContext): Delta {
    const yes = this.#whenTrue.step([left, right], context);
    const no = this.#whenFalse?.step([left, right], context);
    const parts = no === undefined ? [left, yes.negate()] : [left, yes.negate(), no.negate()];
    const rest = cancel(concatDeltas(parts));
    const marked = [marks(yes, true), marks(rest, no === undefined ? false : null)];
    if (no !== undefined) marked.push(marks(no, false));
    return concatDeltas(marked);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  get #parts(): readonly Operator[] {
    return this.#whenFalse === null ? [this.#whenTrue] : [this.#whenTrue, this.#whenFalse];
  }

  save(out: StateWriter): void {
    saveParts(this.#parts, out);
  }

  restore(from: StateReader): Restoring {
    return restoreParts(this.#parts, from);
  }

  stateSize(): StateSize {
    return sizeOfParts(this.#parts);
  }
}

function marks({ batch, weights, length }: Delta, value: boolean | null): Delta {
  return new Delta(new Batch([...batch.columns, constantVector(BOOLEAN, value, length)], length), weights);
}
