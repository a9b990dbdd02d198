// WITH RECURSIVE against a walk over the graph: epochs of insertions and retractions, cycles, restores.
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../engine/circuit/builder.ts';
import { Batch } from '../../engine/data/batch.ts';
import type { Delta } from '../../engine/data/delta.ts';
import type { DatabaseError } from '../../engine/data/error.ts';
import { INT4 } from '../../engine/data/types.ts';
import type { Schema } from '../../engine/data/types.ts';
import { Join } from '../../engine/operator/join.ts';
import { Project } from '../../engine/operator/project.ts';
import { Recursive } from '../../engine/operator/recursive.ts';
import type { RecursiveSpec, StepCircuit } from '../../engine/operator/recursive.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { checkLaw, deltaOf, rowText, stepContext, Tally } from './law.ts';
import type { Row } from './law.ts';

const NODE: Schema = { columns: [{ name: 'n', type: INT4 }] };
const EDGE: Schema = { columns: [{ name: 'a', type: INT4 }, { name: 'b', type: INT4 }] };
const column = (index: number): { kind: 'column'; index: number; type: typeof INT4 } => ({ kind: 'column', index, type: INT4 });

/** SELECT b FROM working JOIN edge ON a = n. */
function step(): StepCircuit {
  const builder = new CircuitBuilder();
  const source = (schema: Schema): ReturnType<CircuitBuilder['source']> =>
    builder.source({ kind: 'constant', rows: () => Batch.empty(schema), schema }, 'source');
  const [working, edges] = [source(NODE), source(EDGE)];
  const joined = builder.add(new Join({
    kind: 'inner', left: NODE, right: EDGE, keys: [{ left: column(0), right: column(0), nullSafe: false }],
    condition: null, schema: { columns: [...NODE.columns, ...EDGE.columns] },
  }), [working, edges]);
  return builder.finish(builder.add(new Project(NODE, [column(2)], null), [joined]));
}

const SPEC: RecursiveSpec = {
  name: 'r', schema: NODE, all: false, reads: [EDGE], step, shape: 'monotone', once: false, enough: null,
  limits: { iterations: 1000, rows: 10_000 },
};

function reached(base: readonly Row[], edges: readonly Row[]): Row[] {
  const seen = new Map(base.map((row) => [rowText(row), row]));
  for (const row of seen.values()) {
    for (const [a, b] of edges) if (a !== null && a === row[0]) seen.set(rowText([b]), [b]);
  }
  return [...seen.values()];
}

/** All walks, each with its multiplicity. Requires: no cycle. */
function walks(base: readonly Row[], edges: readonly Row[]): Row[] {
  const out: Row[] = [...base];
  for (const row of out) for (const [a, b] of edges) if (a !== null && a === row[0]) out.push([b]);
  return out;
}

const node = (random: Random): number | null => (random.bool(0.05) ? null : random.int(0, 9));

describe('recursive union', () => {
  for (const shape of ['monotone', 'linear', 'general'] as const) {
    for (const retractions of [0, 0.45]) {
      it(`${shape}, retractions ${retractions}`, () => {
        checkLaw({
          name: 'recursive union', operator: () => new Recursive({ ...SPEC, shape }), inputs: [NODE, EDGE], seeds: 40,
          retractions, epochRows: 5, row: (random, input) => (input === 0 ? [node(random)] : [node(random), node(random)]),
          query: ([base, edges]) => reached(base, edges),
        });
      });
      it(`all, ${shape}, retractions ${retractions}`, () => {
        checkLaw({
          name: 'recursive union all', operator: () => new Recursive({ ...SPEC, shape, all: true }), inputs: [NODE, EDGE],
          seeds: 40, retractions, epochRows: 4,
          row: (random, input) => {
            const a = random.int(0, 8);
            return input === 0 ? [a] : [a, random.int(a + 1, 9)];
          },
          query: ([base, edges]) => walks(base, edges),
        });
      });
    }
  }

  it('a large graph loses and regains parts, few and many', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = new Random(seed);
      let operator = new Recursive(SPEC);
      const saved = new MemoryState();
      const got = new Tally();
      // A tree, and edges across and back that keep some of it in other ways.
      let edges: Row[] = Array.from({ length: 800 }, (_, i) => [i >> 1, i + 1]);
      for (let i = 0; i < 60; i++) edges.push([random.int(0, 800), random.int(0, 800)]);
      let delta = deltaOf(EDGE, edges.map((row) => ({ row, weight: 1 })));
      let base = deltaOf(NODE, [{ row: [0], weight: 1 }]);
      for (let epoch = 1; epoch < 25; epoch++) {
        got.addDelta(operator.step([base, delta], stepContext(epoch)));
        const want = new Tally();
        for (const row of reached([[0]], edges)) want.add(row, 1);
        expect(got.lines(), `seed ${seed} epoch ${epoch}`).toEqual(want.lines());
        base = deltaOf(NODE, []);
        const gone = new Set(Array.from({ length: random.int(0, 4) }, () => random.int(0, edges.length - 1)));
        const lost = edges.filter((_, i) => gone.has(i));
        const won = Array.from({ length: random.int(0, 4) }, (): Row => [random.int(0, 800), random.int(0, 800)]);
        edges = [...edges.filter((_, i) => !gone.has(i)), ...won];
        delta = deltaOf(EDGE, [...lost.map((row) => ({ row, weight: -1 })), ...won.map((row) => ({ row, weight: 1 }))]);
        if (random.bool(0.8)) continue;
        operator.save(saved);
        operator = new Recursive(SPEC);
        restoreWhole(operator, saved);
      }
    }
  });

  it('has an error instead of rows while it does not end', () => {
    const operator = new Recursive({ ...SPEC, all: true });
    const errors: { error: DatabaseError; weight: number }[] = [];
    const got = new Tally();
    const run = (epoch: number, base: Delta, edges: Delta): void =>
      got.addDelta(operator.step([base, edges], stepContext(epoch, errors)));
    const edge = (a: number, b: number, weight: number): { row: Row; weight: number } => ({ row: [a, b], weight });
    run(1, deltaOf(NODE, [{ row: [1], weight: 1 }]), deltaOf(EDGE, [edge(1, 2, 1)]));
    expect(got.lines()).toEqual(['1 × 1', '1 × 2']);
    run(2, deltaOf(NODE, []), deltaOf(EDGE, [edge(2, 1, 1)]));
    expect(got.lines()).toEqual([]);
    expect(errors.map((e) => [e.error.code, e.weight])).toEqual([['54001', 1]]);
    run(3, deltaOf(NODE, []), deltaOf(EDGE, [edge(2, 1, -1)]));
    expect(errors.map((e) => e.weight)).toEqual([1, -1]);
    expect(got.lines()).toEqual(['1 × 1', '1 × 2']);
    run(4, deltaOf(NODE, []), deltaOf(EDGE, [edge(1, 1, 2)]));
    expect(errors.at(-1)?.error.code).toBe('53400');
  });
});
