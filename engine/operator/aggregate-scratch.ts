// What the group aggregate works with in a step: arrays as long as its input, what goes from one part of the step to the next,
// and the weights that count.
import type { Delta } from '../data/delta.ts';
import { assert } from '../data/error.ts';
import { isValid } from '../data/vector.ts';
import type { Vector } from '../data/vector.ts';
import type { ResultColumn } from '../function/aggregate/result-column.ts';
import type { Groups } from './changed-rows.ts';
import type { StepContext } from './operator.ts';

export interface Scratch {
  /** Of each row. */
  readonly slots: Int32Array;
  readonly touched: Groups;
  readonly old: Groups;
  readonly fresh: Groups;
  /** For those of both. */
  readonly joined: Int32Array;
}

/** Rows whose groups are known. */
export interface Located {
  /** Of each row. */
  readonly slots: Int32Array;
  readonly context: StepContext;
}

/** Where results go, and what they may depend on. */
export interface ResultsOf {
  readonly results: readonly ResultColumn[];
  readonly context: StepContext;
}

/** What was shown and is to be shown, put together into a delta. */
export interface Change {
  readonly results: readonly ResultColumn[];
  readonly touched: Int32Array;
  readonly input: Delta;
  /** The input had insertions alone. */
  readonly grown: boolean;
}

export function makeScratch(length: number): Scratch {
  const groups = (): Groups => ({ slots: new Int32Array(length), rows: new Int32Array(length) });
  return {
    slots: new Int32Array(length), touched: groups(), old: groups(), fresh: groups(), joined: new Int32Array(2 * length),
  };
}

export function onlyInsertions(weights: Int32Array, length: number): boolean {
  let least = 1;
  for (let i = 0; i < length; i++) if (weights[i] < least) least = weights[i];
  return least > 0;
}

/** Weights, 0 where the condition is not true. */
export function filtered(weights: Int32Array, condition: Vector): Int32Array {
  assert(condition.layout === 'bool', 'FILTER is boolean');
  const { values, validity, length } = condition;
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = values[i] !== 0 && isValid(validity, i) ? weights[i] : 0;
  return out;
}
