// NotIn: left rows for which `operand NOT IN (right rows of the same correlation keys)` is true, NULLs as SQL has them.
//
// Law: a left row passes when no right row of its keys has an operand equal to its own, none has a NULL one, and, if
// its own is NULL, when there is no right row of its keys at all. Each of the three is an anti join by key, so a change
// costs what it touches; a composition of operators that keep their law keeps it.
import type { Delta } from '../data/delta.ts';
import { Delta as Deltas, concatDeltas } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import { BOOLEAN } from '../data/types.ts';
import type { Schema } from '../data/types.ts';
import type { Expression } from '../expression/expression.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import { restoreParts, saveParts, sizeOfParts } from './composite.ts';
import { Filter } from './filter.ts';
import { Join } from './join.ts';
import type { JoinSpec } from './join.ts';
import type { Operator, Restoring, StateSize, StepContext } from './operator.ts';

export interface NotInSpec {
  readonly left: Schema;
  readonly right: Schema;
  /** Correlation: which right rows the list is made of for a left row. */
  readonly keys: JoinSpec['keys'];
  /** The two sides of the comparison, of one type, each over its own side. */
  readonly operand: { readonly left: Expression; readonly right: Expression };
}

export class NotIn implements Operator {
  readonly name = 'not in';
  readonly schema: Schema;
  readonly #equal: Join;
  readonly #rightNull: Join;
  readonly #any: Join;
  readonly #rightNulls: Filter;
  readonly #leftNulls: Filter;
  readonly #leftValues: Filter;

  constructor({ left, right, keys, operand }: NotInSpec) {
    this.schema = left;
    const anti = (by: JoinSpec['keys']): Join =>
      new Join({ kind: 'anti', left, right, keys: by, condition: null, schema: left });
    this.#equal = anti([...keys, { ...operand, nullSafe: false }]);
    this.#rightNull = anti(keys);
    this.#any = anti(keys);
    this.#rightNulls = new Filter(right, isNull(operand.right, false));
    this.#leftNulls = new Filter(left, isNull(operand.left, false));
    this.#leftValues = new Filter(left, isNull(operand.left, true));
  }

  step([left, right]: readonly Delta[], context: StepContext): Delta {
    const unequal = this.#equal.step([left, right], context);
    const sure = this.#rightNull.step([unequal, this.#rightNulls.step([right], context)], context);
    const values = this.#leftValues.step([sure], context);
    const nulls = this.#any.step([this.#leftNulls.step([sure], context), right], context);
    return concatDeltas([values, nulls]);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Deltas.empty(this.schema);
  }

  get #parts(): readonly Operator[] {
    return [this.#equal, this.#rightNull, this.#any];
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

function isNull(input: Expression, negated: boolean): Expression {
  return { kind: 'test', test: 'null', negated, input, type: BOOLEAN };
}
