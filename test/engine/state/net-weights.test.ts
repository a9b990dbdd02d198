// NetWeights over keys of one hash: texts that are empty and NULLs, which hash alike wherever they stand.
import { expect, test } from 'vitest';
import { vectorFromDatums } from '../../../engine/data/access.ts';
import { TEXT } from '../../../engine/data/types.ts';
import type { Vector } from '../../../engine/data/vector.ts';
import { NetWeights } from '../../../engine/state/net-weights.ts';
import { Random } from '../../support/random.ts';

const columnsOf = (rows: readonly (readonly (string | null)[])[]): readonly Vector[] =>
  [0, 1, 2].map((c) => vectorFromDatums(TEXT, rows.map((row) => row[c])));

test('a key keeps its slot while the directory grows', () => {
  const random = new Random(11);
  for (let round = 0; round < 40; round++) {
    const net = new NetWeights(columnsOf([]), 'exact', 'group');
    const slots = new Map<string, number>();
    const counts = new Map<string, number>();
    for (let batch = 0; batch < 4; batch++) {
      const rows = Array.from({ length: random.int(1, 2000) }, () =>
        [0, 1, 2].map(() => (random.bool(0.1) ? `${random.int(0, 30)}` : random.bool() ? '' : null)));
      const found = net.add(columnsOf(rows), new Int32Array(rows.length).fill(1), 1);
      for (const [i, row] of rows.entries()) {
        const key = JSON.stringify(row);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        expect([round, batch, i, key, found[i]]).toEqual([round, batch, i, key, slots.get(key) ?? found[i]]);
        slots.set(key, found[i]);
      }
    }
    expect(net.size).toBe(slots.size);
    for (const [key, slot] of slots) expect([key, net.net(slot)]).toEqual([key, counts.get(key)]);
  }
});
