// RowErrors: errors of rows with the weights that operators reported, for those who report them on.
import type { DatabaseError } from '../data/error.ts';
import type { StepContext } from './operator.ts';

export class RowErrors {
  readonly #sums = new Map<string, { readonly error: DatabaseError; weight: number }>();

  add(error: DatabaseError, weight: number): void {
    const id = `${error.code} ${error.message}`;
    const sum = this.#sums.get(id);
    if (sum === undefined) this.#sums.set(id, { error, weight });
    else if (sum.weight + weight === 0) this.#sums.delete(id);
    else sum.weight += weight;
  }

  get isEmpty(): boolean {
    return this.#sums.size === 0;
  }

  list(): readonly { readonly error: DatabaseError; readonly weight: number }[] {
    return [...this.#sums.values()];
  }

  addAll(other: RowErrors): void {
    for (const { error, weight } of other.#sums.values()) this.add(error, weight);
  }

  clear(): void {
    this.#sums.clear();
  }

  /** All of them to another step; sign −1 takes them back. */
  report(context: StepContext, sign: 1 | -1): void {
    for (const { error, weight } of this.#sums.values()) context.error(error, sign * weight);
  }

  /** The same step, its errors kept here. */
  collecting(context: StepContext): StepContext {
    return { ...context, error: (error, weight) => this.add(error, weight) };
  }
}
