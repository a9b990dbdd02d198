// An operator restored in one go.
import { atOnce } from '../../engine/data/at-once.ts';
import type { Operator } from '../../engine/operator/operator.ts';
import type { StateReader } from '../../engine/state/ports.ts';

export function restoreWhole(operator: Pick<Operator, 'restore'>, from: StateReader): void {
  const work = operator.restore(from);
  if (work !== undefined) atOnce(work);
}
