// StatelessOperator: what operators without state have in common.
import { Delta } from '../data/delta.ts';
import type { Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize, StepContext } from './operator.ts';
import { eachPiece } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';

export const NO_STATE: StateSize = { rows: 0, bytes: 0 };

export abstract class StatelessOperator implements Operator {
  abstract readonly name: string;
  readonly schema: Schema;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  abstract step(inputs: readonly Delta[], context: StepContext): Delta;

  pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    return eachPiece(this, input, context);
  }

  advance(_watermark: Watermark, _context: StepContext): Delta {
    return Delta.empty(this.schema);
  }

  save(_out: StateWriter): void {
    // Nothing is held.
  }

  restore(_from: StateReader): void {
    // Nothing was saved.
  }

  stateSize(): StateSize {
    return NO_STATE;
  }
}
