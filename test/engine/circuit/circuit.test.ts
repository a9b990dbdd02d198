// Circuits: wiring, sharing, watermarks, fingerprints, text, save and restore.
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../engine/data/at-once.ts';
import { batchFromRows } from '../../../engine/data/access.ts';
import { Batch } from '../../../engine/data/batch.ts';
import { Delta } from '../../../engine/data/delta.ts';
import type { Watermark } from '../../../engine/data/time.ts';
import { INT4 } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { CircuitBuilder } from '../../../engine/circuit/builder.ts';
import type { Circuit, CircuitSource } from '../../../engine/circuit/contract.ts';
import { Distinct } from '../../../engine/operator/distinct.ts';
import { Join } from '../../../engine/operator/join.ts';
import type { StepContext } from '../../../engine/operator/operator.ts';
import { StatelessOperator } from '../../../engine/operator/stateless.ts';
import { Union } from '../../../engine/operator/union.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { Tally, deltaOf, stepContext } from '../../law/law.ts';

const SCHEMA: Schema = { columns: [{ name: 'a', type: INT4 }] };
const PAIR: Schema = { columns: [...SCHEMA.columns, ...SCHEMA.columns] };

const relation = (id: number): CircuitSource =>
  ({ kind: 'relation', relation: id, columns: [0], lookup: null, late: 'keep', schema: SCHEMA });

/** Counts its steps; emits a row with the watermark when told the time. */
class Probe extends StatelessOperator {
  readonly name = 'probe';
  steps = 0;
  readonly told: Watermark[] = [];
  step([input]: readonly Delta[]): Delta {
    this.steps++;
    return input;
  }
  override advance(watermark: Watermark, _context: StepContext): Delta {
    this.told.push(watermark);
    return deltaOf(SCHEMA, [{ row: [Number(watermark)], weight: 1 }]);
  }
}

function selfJoin(probe = new Probe(SCHEMA)): Circuit {
  const builder = new CircuitBuilder();
  const source = builder.source(relation(7), 'scan t');
  const shared = builder.add(probe, [source]);
  const distinct = builder.add(new Distinct(SCHEMA), [shared]);
  const key = { kind: 'column', index: 0, type: INT4 } as const;
  const join = builder.add(new Join({
    kind: 'inner', left: SCHEMA, right: SCHEMA, keys: [{ left: key, right: key, nullSafe: false }], condition: null,
    schema: PAIR,
  }), [shared, distinct]);
  return builder.finish(join);
}

const insert = (...values: number[]): Delta => deltaOf(SCHEMA, values.map((v) => ({ row: [v], weight: 1 })));

describe('circuit', () => {
  it('computes a node with two readers once', () => {
    const probe = new Probe(SCHEMA);
    const circuit = selfJoin(probe);
    const tally = new Tally();
    tally.addDelta(circuit.step([insert(1, 1, 2)], stepContext(1)));
    expect(probe.steps).toBe(1);
    expect(tally.lines()).toEqual(['1 × 2 | 2', '2 × 1 | 1']);
    circuit.step([Delta.empty(SCHEMA)], stepContext(2));
    expect(probe.steps).toBe(1);
  });

  it('goes on after a restore', () => {
    const saved = [0, 1, 2].map(() => new MemoryState());
    const tally = new Tally();
    let circuit = selfJoin();
    for (let epoch = 1; epoch < 6; epoch++) {
      tally.addDelta(circuit.step([insert(epoch, 1)], stepContext(epoch)));
      circuit.save((operator) => saved[operator]);
      const next = selfJoin();
      expect(next.fingerprint).toBe(circuit.fingerprint);
      atOnce(next.restore((operator) => saved[operator]));
      circuit = next;
    }
    expect(tally.lines()).toEqual(['1 × 2 | 2', '1 × 3 | 3', '1 × 4 | 4', '1 × 5 | 5', '6 × 1 | 1']);
    expect(circuit.stateSize().rows).toBeGreaterThan(0);
  });

  it('carries the least watermark of its inputs, and what closes goes on downstream', () => {
    const builder = new CircuitBuilder();
    const [a, b] = [builder.source(relation(1), 'scan a'), builder.source(relation(2), 'scan b')];
    const constant = builder.source({ kind: 'constant', rows: () => new Batch([], 0), schema: SCHEMA }, 'values');
    const first = new Probe(SCHEMA);
    const second = new Probe(SCHEMA);
    const onA = builder.add(first, [a]);
    const union = builder.add(new Union(SCHEMA), [onA, b, constant]);
    const circuit = builder.finish(builder.add(second, [union]));
    circuit.step([Delta.empty(SCHEMA), Delta.empty(SCHEMA), insert(9)], stepContext(1));
    const out = new Tally();
    out.addDelta(circuit.advance([100n, null, null], stepContext(2)));
    expect(first.told).toEqual([100n]);
    expect(second.told).toEqual([]);
    expect(out.lines()).toEqual(['1 × 100']);
    circuit.advance([100n, 50n, null], stepContext(3));
    expect(first.told).toEqual([100n]);
    expect(second.told).toEqual([50n]);
  });

  it('has a fingerprint of names, schemas and wiring', () => {
    const make = (id: number, twice: boolean): string => {
      const builder = new CircuitBuilder();
      const source = builder.source(relation(id), 'scan');
      const one = builder.add(new Distinct(SCHEMA), [source]);
      return builder.finish(twice ? builder.add(new Distinct(SCHEMA), [one]) : one).fingerprint;
    };
    expect(make(1, false)).toBe(make(1, false));
    expect(new Set([make(1, false), make(2, false), make(1, true)]).size).toBe(3);
  });

  it('prints as a tree', () => {
    const circuit = selfJoin();
    expect(circuit.print()).toEqual([
      'inner join', '  ->  probe [shared 1]', '        ->  scan t', '  ->  distinct', '        ->  probe [shared 1]',
    ]);
    circuit.step([Delta.insert(batchFromRows(SCHEMA, [[1], [2]]))], stepContext(1));
    expect(circuit.print({ state: true })[0]).toMatch(
      /^inner join \(rows in=4 out=2 last in=4 out=2 state rows=4 bytes=\d+\)$/,
    );
  });
});
