// Union: the sum of its inputs, each taken with a sign (UNION ALL; the difference of Z-sets).
// Law: linear: the output is Σ sign × ΔI.
import type { Delta } from '../data/delta.ts';
import { concatDeltas } from '../data/delta.ts';
import type { Schema } from '../data/types.ts';
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
    const parts = inputs.map((input, i) => retypeDelta(this.#negated[i] === true ? input.negate() : input, this.schema));
    return concatDeltas(parts);
  }
}
