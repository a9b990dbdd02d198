// ErrorScope: errors of part of a circuit, kept apart until an operator outside (asked.ts) says whether they count.
import { RowErrors } from './row-errors.ts';
import type { StepContext } from './operator.ts';

export class ErrorScope {
  #pending = new RowErrors();

  /** There are errors that nobody has taken yet. */
  get waiting(): boolean {
    return !this.#pending.isEmpty;
  }

  /** What operators in the scope report since this was called last. */
  take(): RowErrors {
    const taken = this.#pending;
    this.#pending = new RowErrors();
    return taken;
  }

  add: StepContext['error'] = (error, weight) => this.#pending.add(error, weight);
}

/** Where a node's errors go: to those who run the circuit (null), or to scopes. */
export type ErrorTargets = readonly (ErrorScope | null)[];

/** The step as a node sees it whose errors go there. */
export function contextFor<C extends StepContext>(context: C, targets: ErrorTargets): C {
  if (targets.includes(null)) return context;
  return {
    ...context, error: (error, weight) => {
      for (const target of targets) target?.add(error, weight);
    },
  };
}
