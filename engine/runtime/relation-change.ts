// RelationChange: what one step brings for a relation, and how what an epoch brings is cut into steps.
import { concatDeltas, insertsOnly } from '../data/delta.ts';
import type { Delta } from '../data/delta.ts';
import { cancel } from '../state/consolidate.ts';
import { selectColumns } from './relation.ts';

/**
 * Rows a step takes: a group that changes many times in it changes once, and its columns still stay near. The first
 * steps of an epoch take fewer, so that what has never run is compiled before much goes through it.
 */
const STEP_ROWS = 32_768;
const FIRST_STEP_ROWS = 4096;
/** Parts up to this are put together before they are stored. */
const SMALL_ROWS = 2048;

/** `onTime`: without rows that were late by the watermark before their transaction. */
export interface ChangePart {
  readonly delta: Delta;
  readonly onTime: Delta;
}

/** The relation takes the parts as they are; a view those columns that it reads, put together. */
export class RelationChange {
  readonly parts: readonly ChangePart[];

  constructor(parts: readonly ChangePart[]) {
    this.parts = parts;
  }

  get empty(): boolean {
    return this.parts.every(({ delta, onTime }) => delta.length + onTime.length === 0);
  }

  select(columns: readonly number[], onTime: boolean): Delta {
    return concatDeltas(this.parts.map((part) => selectColumns(onTime ? part.onTime : part.delta, columns)));
  }
}

/**
 * The steps of what an epoch brought for one relation, transaction by transaction. Insertions alone stay in their parts.
 * `most`: rows of a step where memory is short.
 */
export function stepsOf(parts: readonly ChangePart[], most = STEP_ROWS): readonly RelationChange[] {
  const pieces = parts.every(({ delta }) => insertsOnly(delta)) ? parts : [together(parts)];
  const steps: RelationChange[] = [];
  let step: ChangePart[] = [];
  let rows = 0;
  for (const piece of pieces.flatMap((part) => sliced(part, Math.min(most, STEP_ROWS)))) {
    const { length } = piece.delta;
    if (step.length > 0 && rows + length > Math.min(most, rowsOfStep(steps.length))) {
      steps.push(new RelationChange(mergeSmall(step)));
      step = [];
      rows = 0;
    }
    step.push(piece);
    rows += length;
  }
  if (step.length > 0) steps.push(new RelationChange(mergeSmall(step)));
  return steps;
}

function rowsOfStep(number: number): number {
  return Math.min(STEP_ROWS, FIRST_STEP_ROWS * 2 ** number);
}

/** Runs of small parts become one each. */
function mergeSmall(parts: readonly ChangePart[]): readonly ChangePart[] {
  const out: ChangePart[] = [];
  let small: ChangePart[] = [];
  const close = (): void => {
    if (small.length > 0) out.push(together(small));
    small = [];
  };
  for (const part of parts) {
    if (part.delta.length > SMALL_ROWS) {
      close();
      out.push(part);
    } else small.push(part);
  }
  close();
  return out;
}

function together(parts: readonly ChangePart[]): ChangePart {
  const delta = cancel(concatDeltas(parts.map((part) => part.delta)));
  const same = parts.every((part) => part.onTime === part.delta);
  return { delta, onTime: same ? delta : cancel(concatDeltas(parts.map((part) => part.onTime))) };
}

function sliced(part: ChangePart, most: number): readonly ChangePart[] {
  const { delta, onTime } = part;
  const longest = Math.max(delta.length, onTime.length);
  if (longest <= most) return [part];
  const out: ChangePart[] = [];
  for (let at = 0; at < longest; at += most) {
    const piece = sliceOf(delta, at, at + most);
    out.push({ delta: piece, onTime: onTime === delta ? piece : sliceOf(onTime, at, at + most) });
  }
  return out;
}

function sliceOf(delta: Delta, from: number, to: number): Delta {
  return delta.slice(Math.min(from, delta.length), Math.min(to, delta.length));
}
