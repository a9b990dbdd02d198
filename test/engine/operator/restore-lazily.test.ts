// After a restore operators read no more of their state than what comes touches, and emit what they had emitted without it.
import { describe, expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT8, TEXT } from '../../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../../engine/data/types.ts';
import { AGGREGATES } from '../../../engine/function/aggregate/index.ts';
import { AggregateOperator } from '../../../engine/operator/aggregate.ts';
import { Join } from '../../../engine/operator/join.ts';
import type { Operator } from '../../../engine/operator/operator.ts';
import { TopK } from '../../../engine/operator/top-k.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import type { StateReader, StoredPage } from '../../../engine/state/ports.ts';
import { stepContext } from '../../law/law.ts';
import { Random } from '../../support/random.ts';
import { restoreWhole } from '../../support/restore-whole.ts';

const ROWS = 100_000;
const KEYS = 300;
const CONTEXT = stepContext(1);

/** What was saved, with how many pages of each state are read; `page`: as another version has left it. */
class Saved implements StateReader {
  readonly reads = new Map<string, number>();
  readonly #state: MemoryState;
  readonly #page: (name: string, page: StoredPage) => StoredPage;

  constructor(state: MemoryState, page: (name: string, page: StoredPage) => StoredPage = (_, stored) => stored) {
    this.#state = state;
    this.#page = page;
  }

  pages(name: string): readonly StoredPage[] {
    return [...this.#state.pages(name)].map((stored) => {
      const { batch, ...rest } = this.#page(name, stored);
      const count = (): void => void this.reads.set(name, (this.reads.get(name) ?? 0) + 1);
      return { ...rest, get batch() { count(); return batch; } };
    });
  }

  of(name: string): number {
    return this.reads.get(name) ?? 0;
  }
}

type Pair = readonly [key: bigint, value: bigint | string];

interface Case {
  readonly input: Schema;
  readonly inputs?: number;
  /** The state that is not to be read as a whole. */
  readonly large: string;
  /** Pages of it that a few insertions may read: the one they go to, and where the best ones are. */
  readonly most: number;
  make(): Operator;
}

const inputOf = (type: LogicalType): Schema => ({ columns: [{ name: 'k', type: INT8 }, { name: 'v', type }] });
const INTS = inputOf(INT8);

function greatest(type: LogicalType): Operator {
  const max = AGGREGATES.find((fn) => fn.name === 'max' && fn.args[0]?.kind === type.kind);
  if (max === undefined) throw new Error('no max');
  const calls = [{ function: max, args: [1], distinct: false, filter: null, orderBy: [], returnType: type }];
  const input = inputOf(type);
  return new AggregateOperator({ schema: input, input, keys: [0], calls, appendOnly: false });
}

const KEY = { kind: 'column', index: 0, type: INT8 } as const;

const CASES: Readonly<Record<string, Case>> = {
  'max of int8': { input: INTS, large: 'call0', most: 1, make: () => greatest(INT8) },
  'max of text': { input: inputOf(TEXT), large: 'call0', most: 25, make: () => greatest(TEXT) },
  'the first rows': {
    // Those of the tree may be anywhere.
    input: INTS, large: 'rows', most: 80, make: () => new TopK({
      schema: INTS, partition: [], order: [{ column: 1, type: INT8, descending: true, nullsFirst: true }], limit: 3, offset: 1,
      withTies: false,
    }),
  },
  join: {
    input: INTS, inputs: 2, large: 'left', most: 1, make: () => new Join({
      kind: 'inner', left: INTS, right: INTS, keys: [{ left: KEY, right: KEY, nullSafe: false }], condition: null,
      schema: { columns: [...INTS.columns, ...INTS.columns] },
    }),
  },
};

const linesOf = ({ batch, weights }: Delta): string[] =>
  batchToRows(batch).map((row, i) => `${weights[i]} ${row.map(String).join('|')}`).toSorted();

describe.each(Object.entries(CASES))('%s', (name, { input, inputs = 1, large, most: few, make }) => {
  const random = new Random(name.length);
  const pair = (): Pair => {
    const value = random.int(0, ROWS);
    return [BigInt(random.int(1, KEYS)), input.columns[1].type === TEXT ? String(value) : BigInt(value)];
  };
  const deltaOf = (rows: readonly Pair[], weight: number): Delta =>
    new Delta(batchFromRows(input, rows.map((row) => [...row])), new Int32Array(rows.length).fill(weight));
  const step = (operator: Operator, delta: Delta): Delta =>
    operator.step(inputs === 1 ? [delta] : [delta, Delta.empty(input)], CONTEXT);
  const held = Array.from({ length: ROWS }, pair);
  const first = make();
  const state = new MemoryState();
  step(first, deltaOf(held, 1));
  if (inputs === 2) first.step([Delta.empty(input), deltaOf(Array.from({ length: 50 }, pair), 1)], CONTEXT);
  first.save(state);

  /** The restored one goes on as the first one does. */
  function expectSame(saved: Saved, most: number): void {
    const model = make();
    const again = make();
    restoreWhole(model, new Saved(state, (_, { summary: _summary, ...page }) => ({ ...page, summary: null, version: page.page })));
    restoreWhole(again, saved);
    for (let n = 0; n < 3; n++) {
      const come = deltaOf(Array.from({ length: 5 }, pair), 1);
      expect(linesOf(step(again, come)), `insertion ${n}`).toEqual(linesOf(step(model, come)));
    }
    expect(saved.of(large)).toBeLessThanOrEqual(most);
    const rest = held.slice();
    for (let n = 0; n < 40; n++) {
      const gone = deltaOf(random.shuffle(rest).splice(0, 200), -1);
      expect(linesOf(step(again, gone)), `retraction ${n}`).toEqual(linesOf(step(model, gone)));
    }
    const later = deltaOf(Array.from({ length: 500 }, pair), 1);
    expect(linesOf(step(again, later)), 'at last').toEqual(linesOf(step(model, later)));
  }

  test('insertions read next to nothing', () => {
    expect([...state.pages(large)].length).toBeGreaterThan(90);
    expectSame(new Saved(state), few);
  });

  test('saved again after a few insertions, nothing is forgotten', () => {
    const operator = make();
    restoreWhole(operator, new Saved(state));
    const more = Array.from({ length: 7 }, pair);
    step(operator, deltaOf(more, 1));
    operator.save(state);
    held.push(...more);
    expectSame(new Saved(state), few);
  });

  test('what an earlier version has left is read as a whole', () => {
    const before = (of: string, page: StoredPage): StoredPage => {
      // Neither hints behind the columns of the groups, nor a tree that is as new as the rows.
      if (of === 'groups') return { ...page, batch: page.batch.select([0, 1]) };
      return { ...page, version: of === 'front' ? 0 : 1 };
    };
    expectSame(new Saved(state, before), Infinity);
  });
});
