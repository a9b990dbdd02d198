// Temporal filter: at each epoch's time the outputs sum to the rows whose bounds hold then, through restores and evictions.
import { expect, it } from 'vitest';
import { TIMESTAMP_INFINITY, TIMESTAMP_NEGATIVE_INFINITY } from '../../engine/data/calendar.ts';
import { INT4, TIMESTAMPTZ } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { TemporalFilter } from '../../engine/operator/temporal-filter.ts';
import type { TimeBound } from '../../engine/operator/temporal-filter.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { looking, tinyCache } from '../support/eviction.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { Random } from '../support/random.ts';
import { Tally, deltaOf, stepContext } from './law.ts';
import type { Row } from './law.ts';

const SCHEMA: Schema = {
  columns: [{ name: 'a', type: TIMESTAMPTZ }, { name: 'b', type: TIMESTAMPTZ }, { name: 'x', type: INT4 }],
};

const BOUNDS: readonly (readonly TimeBound[])[] = [
  [{ column: 0, side: 'from', offset: 0n }],
  [{ column: 0, side: 'until', offset: 10n }],
  [{ column: 0, side: 'from', offset: 0n }, { column: 0, side: 'until', offset: 1n }],
  [{ column: 0, side: 'from', offset: -5n }, { column: 1, side: 'until', offset: 3n }, { column: 0, side: 'until', offset: 40n }],
];

function holds({ column, side, offset }: TimeBound, row: Row, now: bigint): boolean {
  const value = row[column];
  if (typeof value !== 'bigint') return false;
  if (value === TIMESTAMP_INFINITY || value === TIMESTAMP_NEGATIVE_INFINITY) {
    return (side === 'from') === (value === TIMESTAMP_NEGATIVE_INFINITY);
  }
  return side === 'from' ? now >= value + offset : now < value + offset;
}

function run(bounds: readonly TimeBound[], random: Random, evicting: boolean): void {
  const cache = tinyCache();
  const make = (): TemporalFilter => {
    const made = new TemporalFilter(SCHEMA, bounds);
    if (evicting) made.save(looking((state) => state.attach(cache)));
    return made;
  };
  const saved = new MemoryState();
  const held: Row[] = [];
  const got = new Tally();
  let operator = make();
  let now = 100n;
  for (let epoch = 1; epoch <= 30; epoch++) {
    now += BigInt(random.pick([0, 1, 1, 2, 5, 30]));
    const context = { ...stepContext(epoch), time: now };
    // An epoch may come in several steps, time passes at its end.
    for (let step = random.int(0, 2); step > 0; step--) {
      const changes: { row: Row; weight: number }[] = [];
      for (let i = random.int(0, 8); i > 0; i--) {
        if (held.length > 0 && random.bool(0.4)) {
          changes.push({ row: held.splice(random.int(0, held.length - 1), 1)[0], weight: -1 });
          continue;
        }
        const time = (): bigint | null => random.pick([
          null, TIMESTAMP_INFINITY, TIMESTAMP_NEGATIVE_INFINITY,
          ...Array.from({ length: 9 }, () => now + BigInt(random.int(-30, 30))),
        ]);
        const row: Row = [time(), time(), random.int(0, 1)];
        held.push(row);
        changes.push({ row, weight: 1 });
      }
      got.addDelta(operator.step([deltaOf(SCHEMA, changes)], context));
    }
    const due = operator.due();
    if (due !== null && due <= now) got.addDelta(operator.tick(context));
    cache.balance();
    const want = new Tally();
    for (const row of held) if (bounds.every((bound) => holds(bound, row, now))) want.add(row, 1);
    expect(got.lines(), `seed ${random.seed} epoch ${epoch}`).toEqual(want.lines());
    const next = operator.due();
    if (next !== null) expect(next > now, `seed ${random.seed} epoch ${epoch}: what was due is done`).toBe(true);
    if (random.bool(0.2)) {
      operator.save(saved);
      operator = make();
      restoreWhole(operator, saved);
    }
  }
}

for (const [i, bounds] of BOUNDS.entries()) {
  it(`rows come and go with time, bounds ${i + 1}`, () => {
    for (let seed = 1; seed <= 40; seed++) run(bounds, new Random(seed), seed % 2 === 0);
  });
}

it('knows when the next row comes or goes', () => {
  const operator = new TemporalFilter(SCHEMA, BOUNDS[1]);
  const at = (now: bigint): ReturnType<typeof stepContext> => ({ ...stepContext(1), time: now });
  expect(operator.due()).toBe(null);
  operator.step([deltaOf(SCHEMA, [{ row: [50n, null, 1], weight: 1 }, { row: [20n, null, 2], weight: 1 }])], at(10n));
  expect(operator.due()).toBe(30n);
  operator.tick(at(30n));
  expect(operator.due()).toBe(60n);
});
