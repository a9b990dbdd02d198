// An arrangement saved, restored and frozen at random keeps what was put in; pages that empty and fill again are saved.
import { describe, expect, test } from 'vitest';
import { batchFromRows } from '../../../engine/data/access.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { INT8 } from '../../../engine/data/types.ts';
import { Arrangement } from '../../../engine/state/arrangement.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import type { PagesSnapshot } from '../../../engine/state/pages-snapshot.ts';
import { Random } from '../../support/random.ts';

const schema = { columns: [{ name: 'a', type: INT8 }, { name: 'b', type: INT8 }] };
const LOAD = 500;

function load(n: number, weight: number): Delta {
  const batch = batchFromRows(schema, Array.from({ length: LOAD }, (_, i) => [BigInt(n), BigInt(i)]));
  return new Delta(batch, new Int32Array(LOAD).fill(weight));
}

function countByLoad(arrangement: Arrangement): Map<bigint, number> {
  const out = new Map<bigint, number>();
  for (const { batch, weights } of arrangement.scan([0])) {
    const [column] = batch.columns;
    if (column.layout !== 'int64') throw new Error('layout');
    for (let i = 0; i < weights.length; i++) out.set(column.values[i], (out.get(column.values[i]) ?? 0) + weights[i]);
  }
  return out;
}

describe('arrangement', () => {
  test('loads come and go, with saves, snapshots and restores between them', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const state = new MemoryState();
      let arrangement = new Arrangement(schema, null);
      let frozen: PagesSnapshot[] = [];
      const loads = new Set<number>();
      let last = 0;
      for (let step = 0; step < 60; step++) {
        for (let i = random.int(1, 3); i > 0; i--) {
          const gone = loads.size > 0 && random.bool(0.45) ? random.pick([...loads]) : null;
          if (gone === null) loads.add(++last);
          else loads.delete(gone);
          arrangement.apply(gone === null ? load(last, 1) : load(gone, -1));
        }
        if (random.bool(0.3)) frozen.push(arrangement.freeze());
        if (random.bool(0.3)) frozen.shift()?.release();
        if (random.bool(0.2)) arrangement.save('x', state);
        if (random.bool(0.1)) {
          arrangement.save('x', state);
          arrangement = new Arrangement(schema, null);
          arrangement.restore('x', state);
          frozen = [];
        }
        const expected = new Map([...loads].map((n) => [BigInt(n), LOAD]));
        expect(countByLoad(arrangement), `seed ${seed} step ${step}`).toEqual(expected);
      }
    }
  });
});
