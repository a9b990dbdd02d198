// A database that gives others their turn between any two pieces of work, however short.
import type { DatabaseOptions } from '../../sql/index.ts';

export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export const ALWAYS: NonNullable<DatabaseOptions['schedule']> = {
  startSlices: () => turn,
  defer: (task) => void setImmediate(task),
  later: (milliseconds, task) => void setTimeout(task, milliseconds).unref(),
};

/** Whether it ends while some turns pass. */
export async function endsSoon(work: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  work.then(end, end);
  for (let i = 0; i < 50; i++) await turn();
  return ended;
}
