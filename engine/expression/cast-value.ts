// CAST and :: as a compiled expression; a constant is converted once a batch.
import { constantVector } from '../data/access.ts';
import type { Batch } from '../data/batch.ts';
import type { LogicalType } from '../data/types.ts';
import type { Vector } from '../data/vector.ts';
import { castDatum, castVector } from './cast.ts';
import { CompiledExpression } from './compiled.ts';
import type { EvalContext } from './context.ts';

export class CastValue extends CompiledExpression {
  readonly #input: CompiledExpression;
  readonly #explicit: boolean;

  constructor(type: LogicalType, input: CompiledExpression, explicit: boolean) {
    super(type);
    this.#input = input;
    this.#explicit = explicit;
  }

  evaluate(batch: Batch, context: EvalContext): Vector {
    const { constant } = this.#input;
    if (constant === undefined || batch.length === 0) {
      return castVector(this.#input.evaluate(batch, context), this.type, this.#explicit, context);
    }
    const target = { from: this.#input.type, to: this.type, explicit: this.#explicit };
    return constantVector(this.type, castDatum(constant, target, context), batch.length);
  }
}
