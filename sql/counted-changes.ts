// CountedChanges: what a large transaction writes, with its rows and keys counted before it is committed.
import type { Runtime } from '../engine/runtime/contract.ts';
import type { CommitRequest } from './services.ts';
import { sharing } from './turns.ts';
import type { Work } from './turns.ts';

/** What a transaction writes, and what was found out about it. */
export type CountedChanges = Required<Pick<CommitRequest, 'changes' | 'counted'>>;

export function* countedChanges(
  changes: CountedChanges['changes'], counting: NonNullable<ReturnType<Runtime['count']>>,
): Work<CountedChanges> {
  return { changes, counted: yield* sharing(counting) };
}
