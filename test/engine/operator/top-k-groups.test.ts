// TopKGroups: rows that come in any order and go again, against sorting; and how many comparisons they take.
import { describe, expect, test } from 'vitest';
import { TopKGroups } from '../../../engine/operator/top-k-groups.ts';
import { Random } from '../../support/random.ts';

const ROWS = 20_000;
/** Pages that no cache governs. */
const NOBODY = { cache: null, dependents: new Set<{ detach(): void }>() };

describe.each([1, 10, 300])('the first %i', (limit) => {
  test.each([false, true])('ties shown: %s', (withTies) => {
    const random = new Random(7 + limit);
    const values = Array.from({ length: ROWS }, () => random.int(0, ROWS / 4));
    let comparisons = 0;
    const keys = (a: number, b: number): number => {
      comparisons++;
      return values[a] - values[b];
    };
    const order = (a: number, b: number): number => keys(a, b) || a - b;
    const groups = new TopKGroups(order, {
      offset: 0, limit, ties: withTies ? keys : null, appendOnly: false,
    }, { rows: NOBODY, groups: NOBODY });
    const weightOf = (): number => 1;
    groups.reserve(ROWS, 1);
    const put = (id: number): void => {
      if (groups.isBehind(0, id)) groups.putBehind(0, id);
      else groups.putInOrder(0, id, 1);
    };
    for (let id = 0; id < ROWS; id++) put(id);
    // About one each, and those of the few rows that come into the tree.
    expect(comparisons).toBeLessThan(2 * ROWS + 80 * limit * Math.log2(ROWS / limit));
    comparisons = 0;
    let removed = 0;
    const there = new Set(values.keys());
    const gone: number[] = [];
    for (let round = 0; round < 400; round++) {
      const shown = groups.window(0);
      const sorted = [...there].sort((a, b) => values[a] - values[b] || a - b);
      const last = values[sorted[limit - 1]];
      const wanted = sorted.filter((id, i) => i < limit || (withTies && values[id] === last));
      if (round % 40 === 0) expect(shown.ids, `round ${round}`).toEqual(wanted);
      for (const id of shown.ids.slice(0, random.int(1, limit))) {
        groups.remove(0, id);
        removed++;
        there.delete(id);
        gone.push(id);
      }
      for (let n = random.int(0, 3); n > 0 && gone.length > 0; n--) {
        const [id] = gone.splice(random.int(0, gone.length - 1), 1);
        there.add(id);
        put(id);
      }
      groups.refill(0, weightOf);
      if (there.size < 2 * limit) break;
    }
    // The pile is looked through for a sixteenth of its rows at a time.
    expect(comparisons / (removed + ROWS / 16)).toBeLessThan(60);
  });
});
