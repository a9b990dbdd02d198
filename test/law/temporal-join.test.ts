// Temporal join: each left row keeps what it found when it came; restores in between change nothing.
import { expect, it } from 'vitest';
import { INT4, INT8 } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { TemporalJoin } from '../../engine/operator/temporal-join.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { deltaOf, stepContext, Tally } from './law.ts';
import type { Row } from './law.ts';

const LEFT: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 'x', type: INT4 }] };
const RIGHT: Schema = { columns: [{ name: 'k', type: INT8 }, { name: 'y', type: INT4 }] };
const column = (index: number, type: LogicalType): Expression => ({ kind: 'column', index, type });
const KEYS = [{ left: column(0, INT8), right: column(0, INT8), nullSafe: false }];

interface Change { readonly row: Row; readonly weight: number }

/** A left row that came, with all it is shown as. */
interface Shown { readonly key: string; readonly rows: readonly Row[] }

class Model {
  readonly shown: Shown[] = [];
  readonly #right: Row[] = [];
  readonly #outer: boolean;

  constructor(outer: boolean) {
    this.#outer = outer;
  }

  step(left: readonly Change[], right: readonly Change[]): void {
    for (const { row, weight } of right) {
      for (let n = weight; n > 0; n--) this.#right.push(row);
      if (weight > 0) continue;
      this.#right.splice(this.#right.findIndex((r) => String(r) === String(row)), 1);
    }
    for (const { row, weight } of left.filter((c) => c.weight > 0)) {
      const found = this.#right.filter((r) => row[0] !== null && r[0] === row[0]).map((r) => [...row, ...r]);
      const rows = found.length > 0 ? found : this.#outer ? [[...row, null, null]] : [];
      for (let n = weight; n > 0; n--) this.shown.push({ key: String(row), rows });
    }
    for (const { row } of left.filter((c) => c.weight < 0)) {
      this.shown.splice(this.shown.findLastIndex((s) => s.key === String(row)), 1);
    }
  }
}

function changes(random: Random, held: Row[], make: () => Row): Change[] {
  return Array.from({ length: random.int(0, 6) }, (): Change => {
    if (held.length > 0 && random.bool(0.4)) return { row: held.splice(random.int(0, held.length - 1), 1)[0], weight: -1 };
    const row = make();
    const weight = random.bool(0.2) ? 2 : 1;
    for (let n = weight; n > 0; n--) held.push(row);
    return { row, weight };
  });
}

it.each(Array.from({ length: 40 }, (_, i) => i + 1))('temporal join: seed %d', (seed) => {
  const random = new Random(seed);
  const outer = seed % 2 === 0;
  const make = (): TemporalJoin => new TemporalJoin({ left: LEFT, right: RIGHT, keys: KEYS, condition: null, outer });
  let operator = make();
  const saved = new MemoryState();
  const model = new Model(outer);
  const got = new Tally();
  const held: [Row[], Row[]] = [[], []];
  for (let epoch = 1; epoch <= 15; epoch++) {
    const key = (): bigint | null => (random.bool(0.1) ? null : BigInt(random.int(0, 2)));
    const right = changes(random, held[1], () => [key(), random.int(0, 1)]);
    const left = changes(random, held[0], () => [key(), random.int(0, 1)]);
    got.addDelta(operator.step([deltaOf(LEFT, left), deltaOf(RIGHT, right)], stepContext(epoch)));
    model.step(left, right);
    const want = new Tally();
    for (const { rows } of model.shown) for (const row of rows) want.add(row, 1);
    expect(got.lines(), `seed ${seed}, epoch ${epoch}`).toEqual(want.lines());
    if (random.bool(0.3)) {
      operator.save(saved);
      operator = make();
      restoreWhole(operator, saved);
    }
  }
});
