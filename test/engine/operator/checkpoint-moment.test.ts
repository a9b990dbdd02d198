// A checkpoint is taken in a moment: what it writes is made later, page by page, and is what it was in that moment.
import { expect, test } from 'vitest';
import { batchFromRows, batchToRows } from '../../../engine/data/access.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT8, NUMERIC } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { AGGREGATES } from '../../../engine/function/aggregate/index.ts';
import { AggregateOperator } from '../../../engine/operator/aggregate.ts';
import type { Operator } from '../../../engine/operator/operator.ts';
import { TopK } from '../../../engine/operator/top-k.ts';
import { PageCache } from '../../../engine/state/page-cache.ts';
import type { PageContent, PageFile, StateReader } from '../../../engine/state/ports.ts';
import { stepContext } from '../../law/law.ts';
import { MemoryPageFile, looking } from '../../support/eviction.ts';
import { restoreWhole } from '../../support/restore-whole.ts';
import { Random } from '../../support/random.ts';

const INPUT: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 'v', type: INT8 }] };
const CONTEXT = stepContext(1);
const KEYS = 60_000;

/** Counts what is read. */
class CountingFile extends MemoryPageFile {
  reads = 0;

  override write(bytes: readonly Uint8Array[]): ReturnType<PageFile['write']> {
    const slot = super.write(bytes);
    return {
      read: () => {
        this.reads++;
        return slot.read();
      },
      free: () => slot.free(),
    };
  }
}

function sums(): Operator {
  const found = AGGREGATES.find((fn) => fn.name === 'sum' && fn.args[0]?.kind === 'int8');
  if (found === undefined) throw new Error('no sum');
  const calls = [{ function: found, args: [1], distinct: false, filter: null, orderBy: [], returnType: NUMERIC }];
  const schema = { columns: [INPUT.columns[0], { name: 'sum', type: calls[0].returnType }] };
  return new AggregateOperator({ schema, input: INPUT, keys: [0], calls, appendOnly: false });
}

const first = (): Operator => new TopK({
  schema: INPUT, partition: [], order: [{ column: 1, type: INT8, descending: true, nullsFirst: true }], limit: 500, offset: 0,
  withTies: false,
});

const rows = (all: readonly (readonly [number, number])[], weight = 1): Delta => new Delta(
  batchFromRows(INPUT, all.map(([k, v]) => [BigInt(k), BigInt(v)])), new Int32Array(all.length).fill(weight));

const linesOf = ({ batch, weights }: Delta): string[] =>
  batchToRows(batch).map((row, i) => `${weights[i]} ${row.map(String).join('|')}`).toSorted();

/** What is saved in this moment; images are made when they are asked for. */
function taken(operator: Operator): { readonly made: () => StateReader } {
  const contents: { readonly name: string; readonly page: number; readonly content: PageContent | null }[] = [];
  operator.save({
    page: (name, page, content) => void contents.push({ name, page, content }),
    state: (name, state) => {
      for (const { page, content } of state.changedPages()) contents.push({ name, page, content });
    },
  });
  return {
    made: () => {
      const pages = contents.flatMap(({ name, page, content }) => (
        content === null ? [] : [{ name, page, version: 1, summary: null, batch: content.image() }]));
      return { pages: (name) => pages.filter((page) => page.name === name) };
    },
  };
}

test.each([['sums of more groups than memory takes', sums, 300_000], ['the first rows', first, Infinity]] as const)(
  '%s', (_, make, budget) => {
    const random = new Random(5);
    const file = new CountingFile();
    const cache = new PageCache(budget, file);
    const operator = make();
    const model = make();
    operator.save(looking((state) => state.attach(cache)));
    const step = (delta: Delta, of: readonly Operator[] = [operator, model]): Delta => {
      const out = of.map((one) => one.step([delta], CONTEXT));
      cache.balance();
      return out[0];
    };
    for (let at = 0; at < KEYS; at += 6000) step(rows(Array.from({ length: 6000 }, (_n, i) => [at + i, random.int(0, 1e6)])));
    if (budget !== Infinity) expect(cache.statistics().evictions).toBeGreaterThan(10);
    const readBefore = file.reads;
    const checkpoint = taken(operator);
    expect(file.reads, 'read while it is taken').toBe(readBefore);
    for (let n = 0; n < 4; n++) {
      step(rows(Array.from({ length: 300 }, () => [random.int(0, 2 * KEYS), random.int(0, 2e6)])), [operator]);
    }
    const again = make();
    restoreWhole(again, checkpoint.made());
    for (let at = 0; at < 2 * KEYS; at += 20_000) {
      const delta = rows(Array.from({ length: 20_000 }, (_n, i) => [at + i, 3e6 + i]));
      expect(linesOf(again.step([delta], CONTEXT))).toEqual(linesOf(step(delta, [model])));
    }
  });
