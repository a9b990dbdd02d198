// A save whose pages are read later, as a checkpoint does while the operator goes on.
import type { Operator } from '../../engine/operator/operator.ts';
import type { StateWriter } from '../../engine/state/ports.ts';

/** Takes the operator's changed pages now; what is returned reads them into `to`. */
export function saveLate(operator: Pick<Operator, 'save'>, to: StateWriter): () => void {
  const reads: (() => void)[] = [];
  operator.save({
    page: (name, page, content) => void reads.push(() => to.page(name, page, content)),
    state: (name, state) => {
      const changed = state.changedPages();
      reads.push(() => to.state(name, {
        changedPages: () => changed, attach: () => {}, detach: () => {}, bytes: () => state.bytes(),
      }));
    },
  });
  return () => {
    for (const read of reads) read();
  };
}
