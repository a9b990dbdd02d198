// Pieces: how rows go along the edges of a circuit that runs once, so that nobody has to hold all of them at a time.
import { PAGE_ROWS } from '../data/cells.ts';
import type { Delta } from '../data/delta.ts';
import { concatDeltas, deltaBytes } from '../data/delta.ts';
import type { Operator, StepContext } from './operator.ts';

/** Rows of a portion of a view's step: what most epochs give is one portion, and one is small beside what any server has. */
export const PORTION_ROWS = 64 * PAGE_ROWS;

/**
 * Deltas that sum to what would go along the edge in one step, made as they are asked for. null: still at work; whoever
 * asks hands it on, so that the one who drives the circuit gets a say between any two pieces of work.
 */
export type Pieces = Iterable<Delta | null>;

export interface PieceContext extends StepContext {
  /** Rows that a piece should not have many more of, where an operator makes them. At least 1. */
  readonly pieceRows: number;
  /** Rows to be worked on at a time just now: fewer where rows take long. At least 1. */
  readonly pace: { readonly rows: number };
  /** Bytes of rows are kept for later; fewer are, where the number is negative. Throws 53200. */
  hold(bytes: number): void;
}

/** A step of an operator that needs its inputs whole. */
export function* whole(operator: Operator, inputs: readonly Pieces[], context: PieceContext): Pieces {
  const deltas: Delta[] = [];
  for (const input of inputs) deltas.push(yield* collect(input, context));
  yield operator.step(deltas, context);
  for (const delta of deltas) context.hold(-deltaBytes(delta));
}

/** The sum of the pieces, which is held until the caller says otherwise. Requires: at least one that is not null. */
export function* collect(pieces: Pieces, context: PieceContext): Generator<null, Delta> {
  const parts: Delta[] = [];
  for (const piece of pieces) {
    if (piece !== null) {
      parts.push(piece);
      context.hold(deltaBytes(piece));
    }
    yield null;
  }
  return concatDeltas(parts);
}

/** What is made is small: a piece at a time, through an operator of one input whose outputs sum to that of the whole. */
export function* eachPiece(operator: Operator, input: Pieces, context: PieceContext): Pieces {
  for (const piece of input) {
    if (piece === null) yield null;
    else for (const part of paced(piece, context)) yield operator.step([part], context);
  }
}

/** A piece in parts, as small as is the pace when each is begun. At least one, which may be empty. */
export function* paced(piece: Delta, { pace }: PieceContext): Generator<Delta> {
  let at = 0;
  do {
    const end = Math.min(at + pace.rows, piece.length);
    yield at === 0 && end === piece.length ? piece : piece.slice(at, end);
    at = end;
  } while (at < piece.length);
}

/** A delta in pieces. At least one, which may be empty. */
export function* slices(delta: Delta, rows: number): Pieces {
  if (delta.length <= rows) yield delta;
  else for (let at = 0; at < delta.length; at += rows) yield delta.slice(at, Math.min(at + rows, delta.length));
}
