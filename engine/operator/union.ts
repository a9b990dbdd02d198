// Union: the sum of its inputs, each taken with a sign (UNION ALL; the difference of Z-sets).
// Law: linear: the output is Σ sign × ΔI.
import type { Delta } from '../data/delta.ts';
import { concatDeltas } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
import type { Pieces } from './pieces.ts';
import { retypeDelta } from './retype.ts';
import { StatelessOperator } from './stateless.ts';

export class Union extends StatelessOperator {
  readonly name = 'union all';
  readonly #negated: readonly boolean[];

  /** Inputs have the schema's layouts. `negated`: by input, whose weights are turned round; none: no input. */
  constructor(schema: Schema, negated: readonly boolean[] = []) {
    super(schema);
    this.#negated = negated;
  }

  step(inputs: readonly Delta[]): Delta {
    return concatDeltas(inputs.map((input, i) => this.#signed(input, i)));
  }

  override *pieces(inputs: readonly Pieces[]): Pieces {
    for (const [i, input] of inputs.entries()) {
      for (const piece of input) yield piece === null ? null : this.#signed(piece, i);
    }
  }

  #signed(delta: Delta, input: number): Delta {
    return retypeDelta(this.#negated[input] === true ? delta.negate() : delta, this.schema);
  }
}
