// Distinct: every row once (SELECT DISTINCT, UNION over the sum of its inputs).
// Law: as SetOperation's, with one input: a row is in the output while its multiplicity in the input is above 0.
import type { Schema } from '../data/types.ts';
import { eachPiece } from './pieces.ts';
import type { PieceContext, Pieces } from './pieces.ts';
import { SetOperation } from './set-operation.ts';

export class Distinct extends SetOperation {
  constructor(schema: Schema) {
    super(schema, 'distinct');
  }

  override pieces([input]: readonly Pieces[], context: PieceContext): Pieces {
    return eachPiece(this, input, context);
  }
}
