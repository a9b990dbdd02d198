// What the weights of all rows come to, without a look at those of pages whose rows are all there once.
import type { Pages } from './pages.ts';

/** Their sum: how many rows a reader counts. */
export function netRows(pages: Pages): number {
  let total = 0;
  for (let number = 0; number < pages.pageCount; number++) {
    const { isOnes, weights, used } = pages.page(number);
    if (isOnes) total += used;
    else for (let i = 0; i < used; i++) total += weights[i];
  }
  return total;
}

/** Whether one is below 0. */
export function owesRows(pages: Pages): boolean {
  for (let number = 0; number < pages.pageCount; number++) {
    const { isOnes, weights, used } = pages.page(number);
    if (isOnes) continue;
    for (let i = 0; i < used; i++) if (weights[i] < 0) return true;
  }
  return false;
}
