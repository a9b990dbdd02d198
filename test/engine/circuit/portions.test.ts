// A view's step in portions, however small: it sums to the step taken whole, errors and the time told included.
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../../engine/data/at-once.ts';
import { CircuitBuilder } from '../../../engine/circuit/builder.ts';
import type { Circuit, CircuitSource } from '../../../engine/circuit/contract.ts';
import { Delta } from '../../../engine/data/delta.ts';
import type { Watermark } from '../../../engine/data/time.ts';
import { INT4 } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Join } from '../../../engine/operator/join.ts';
import type { StepContext } from '../../../engine/operator/operator.ts';
import { PORTION_ROWS } from '../../../engine/operator/pieces.ts';
import { StatelessOperator } from '../../../engine/operator/stateless.ts';
import { Union } from '../../../engine/operator/union.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { compileQuery } from '../../../sql/compiler/compile-query.ts';
import { Tally, deltaOf, stepContext } from '../../law/law.ts';
import type { Row } from '../../law/law.ts';
import { MemoryQueries } from '../../support/memory-query.ts';
import { Random } from '../../support/random.ts';

const WHOLE = 1_000_000_000;
const QUERIES = [
  'SELECT t.a, u.c, v.c FROM t JOIN u ON t.a = u.a JOIN v ON u.b = v.b',
  'SELECT t.a, u.c, v.c FROM t LEFT JOIN u ON t.a = u.a LEFT JOIN v ON u.b = v.b AND v.c < t.c',
  'SELECT x.s, y.n, x.b FROM (SELECT t.b, sum(u.c) AS s FROM t JOIN u ON t.a = u.a GROUP BY t.b) x'
    + ' FULL JOIN (SELECT u.b, count(*) AS n FROM u CROSS JOIN v GROUP BY u.b) y ON x.b = y.b',
  'SELECT count(*), sum(x.c + y.c) FROM (SELECT t.b, u.c FROM t JOIN u ON t.a < u.a) x'
    + ' JOIN (SELECT u.b, v.c FROM u JOIN v ON u.a = v.a) y ON x.b = y.b',
  'SELECT count(*), max(t.c), min(u.c) FROM t CROSS JOIN u',
  'SELECT a, b FROM t WHERE EXISTS (SELECT FROM u JOIN v ON u.b = v.b WHERE u.a = t.a AND v.c < t.c)',
  'SELECT a, b FROM t WHERE NOT EXISTS (SELECT FROM u CROSS JOIN v WHERE u.a = t.a)',
  'SELECT a, b, c IN (SELECT u.c FROM u JOIN v ON u.a = v.a) FROM t',
  'SELECT t.a, (SELECT u.c FROM u JOIN v ON u.b = v.b WHERE u.a = t.a AND v.c = t.c) FROM t',
  'SELECT t.a, 10 / (u.c - t.c) FROM t JOIN u ON t.b = u.b',
  'SELECT t.a, u.a FROM t FULL JOIN u ON t.b = u.b AND 10 / t.c > u.c',
  'SELECT t.a, CASE WHEN t.c > 1 THEN (SELECT sum(10 / u.c) FROM u JOIN v ON u.b = v.b WHERE u.a = t.a) END FROM t',
  'SELECT DISTINCT t.c, v.c FROM t CROSS JOIN v',
  'SELECT t.a, u.c FROM t JOIN u ON t.b = u.b ORDER BY t.a DESC, u.c LIMIT 4',
  'SELECT t.a, row_number() OVER (PARTITION BY t.b ORDER BY t.a, u.a, u.c, t.c) FROM t JOIN u ON t.b = u.b',
  'SELECT t.a, u.b FROM t CROSS JOIN u EXCEPT ALL SELECT u.a, v.b FROM u JOIN v ON u.c = v.c',
  'WITH RECURSIVE r AS (SELECT t.a, u.b FROM t JOIN u ON t.c = u.c UNION SELECT r.a, v.a FROM r JOIN v ON r.b = v.b) SELECT * FROM r',
  'SELECT x.a, count(*) FROM (SELECT t.a, u.b FROM t JOIN u ON t.b = u.b) x JOIN (SELECT t.a, v.b FROM t JOIN v ON t.c = v.c) y'
    + ' ON x.a = y.a LEFT JOIN u ON y.b = u.b GROUP BY x.a',
];

/** A circuit of a view over t, u and v, with what has come out of it. */
class Running {
  readonly rows = new Tally();
  readonly errors = new Map<string, number>();
  readonly #saved = new Map<number, MemoryState>();
  readonly #make: () => Circuit;
  circuit: Circuit;

  constructor(make: () => Circuit) {
    this.#make = make;
    this.circuit = make();
  }

  take(epoch: number, deltas: readonly Delta[], portionRows: number, inTurns: boolean): number {
    const context: StepContext = { ...stepContext(epoch), portionRows, error: (error, weight) => this.fail(error.message, weight) };
    let portions = 0;
    if (!inTurns) this.rows.addDelta(this.circuit.step(deltas, context));
    else {
      for (const delta of this.circuit.steps(deltas, context)) {
        this.rows.addDelta(delta);
        portions++;
        expect(this.rows.isMultiset, 'a multiset after each portion').toBe(true);
      }
    }
    return portions;
  }

  fail(message: string, weight: number): void {
    const sum = (this.errors.get(message) ?? 0) + weight;
    if (sum === 0) this.errors.delete(message);
    else this.errors.set(message, sum);
  }

  restart(): void {
    this.circuit.save((operator) => {
      const state = this.#saved.get(operator) ?? new MemoryState();
      this.#saved.set(operator, state);
      return state;
    });
    this.circuit = this.#make();
    atOnce(this.circuit.restore((operator) => this.#saved.get(operator) ?? new MemoryState()));
  }
}

const queries = new MemoryQueries();
for (const name of ['t', 'u', 'v']) queries.table({ name, columns: 'a int4, b int4, c int4', rows: [] });

describe('a step in portions', () => {
  for (const sql of QUERIES) {
    it(sql, () => {
      let most = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const random = new Random(seed);
        const make = (): Circuit => compileQuery(queries.bind(sql), queries.options({ mode: 'view' })).circuit;
        const [whole, portioned] = [new Running(make), new Running(make)];
        const held = new Map<number, Row[]>();
        for (let epoch = 1; epoch <= 8; epoch++) {
          const changes = new Map<number, { row: Row; weight: number }[]>();
          const deltas = whole.circuit.sources.map((source) => {
            if (source.kind === 'constant') return epoch === 1 ? Delta.insert(source.rows()) : Delta.empty(source.schema);
            const rows = held.get(source.relation) ?? [];
            held.set(source.relation, rows);
            const made = changes.get(source.relation) ?? changesOf(random, rows);
            changes.set(source.relation, made);
            return deltaOf(source.schema, made.map(({ row, weight }) => ({ row: source.columns.map((c) => row[c]), weight })));
          });
          whole.take(epoch, deltas, WHOLE, false);
          most = Math.max(most, portioned.take(epoch, deltas, random.int(1, 6), random.bool(0.7)));
          expect(portioned.rows.lines(), `seed ${seed}, epoch ${epoch}`).toEqual(whole.rows.lines());
          expect(portioned.errors, `errors, seed ${seed}, epoch ${epoch}`).toEqual(whole.errors);
          if (random.bool(0.3)) portioned.restart();
        }
      }
      expect(most, 'portions of a step').toBeGreaterThan(1);
    });
  }
});

function changesOf(random: Random, held: Row[]): { row: Row; weight: number }[] {
  return random.shuffle(Array.from({ length: random.int(0, 9) }, () => {
    if (held.length > 0 && random.bool(0.45)) return { row: held.splice(random.int(0, held.length - 1), 1)[0], weight: -1 };
    const row = [random.bool(0.1) ? null : random.int(0, 3), random.int(0, 3), random.bool(0.1) ? null : random.int(0, 3)];
    held.push(row);
    return { row, weight: 1 };
  }));
}

const SCHEMA: Schema = { columns: [{ name: 'a', type: INT4 }] };
const PAIR: Schema = { columns: [...SCHEMA.columns, ...SCHEMA.columns] };
const numbers = (...values: number[]): Delta => deltaOf(SCHEMA, values.map((v) => ({ row: [v], weight: 1 })));
const relation = (id: number): CircuitSource =>
  ({ kind: 'relation', relation: id, columns: [0], lookup: null, late: 'keep', schema: SCHEMA });

/** Has rows of its own once the time is told. */
class Closing extends StatelessOperator {
  readonly name = 'closing';
  step(): Delta {
    return Delta.empty(SCHEMA);
  }
  override advance(): Delta {
    return numbers(1, 2, 3, 4, 5);
  }
}

/** Notes what it is given, and when it is told the time. */
class Noting extends StatelessOperator {
  readonly name = 'noting';
  readonly notes: string[] = [];
  step([input]: readonly Delta[]): Delta {
    this.notes.push(String(input.length));
    return input;
  }
  override advance(watermark: Watermark): Delta {
    this.notes.push(`told ${watermark}`);
    return Delta.empty(this.schema);
  }
}

function crossed(noting: Noting, timer: (() => number) | null = null): Circuit {
  const builder = new CircuitBuilder();
  const [a, b] = [builder.source(relation(1), 'scan a'), builder.source(relation(2), 'scan b')];
  const closing = builder.add(new Closing(SCHEMA), [a]);
  const all = builder.add(new Union(SCHEMA), [closing, a]);
  const join = builder.add(new Join({ kind: 'inner', left: SCHEMA, right: SCHEMA, keys: [], condition: null, schema: PAIR }), [all, b]);
  return builder.finish(builder.add(noting, [join]), timer);
}

describe('portions of a circuit', () => {
  it('all come before a node behind is told the time', () => {
    const noting = new Noting(PAIR);
    const circuit = crossed(noting);
    circuit.step([Delta.empty(SCHEMA), numbers(7, 8, 9, 10)], stepContext(1));
    noting.notes.splice(0);
    const rows = new Tally();
    rows.addDelta(circuit.advance([100n, 100n], { ...stepContext(2), portionRows: 7 }));
    expect(noting.notes).toEqual(['7', '7', '6', 'told 100']);
    expect(rows.lines()).toHaveLength(20);
  });

  it('have rows counted as those of a step', () => {
    const circuit = crossed(new Noting(PAIR), () => 0);
    const portions = [...circuit.steps([numbers(1, 2, 3), numbers(4, 5, 6, 7)], { ...stepContext(1), portionRows: 5 })];
    expect(portions.map((portion) => portion.length)).toEqual([5, 5, 2]);
    expect(circuit.print({ state: true }).slice(0, 2).map((line) => line.replace(/ (time|state|bytes)[^)]*/, ''))).toEqual([
      expect.stringContaining('rows in=12 out=12 last in=12 out=12'), expect.stringContaining('rows in=7 out=12 last in=7 out=12'),
    ]);
  });

  it('have a size by themselves', () => {
    const circuit = crossed(new Noting(PAIR));
    const many = numbers(...Array.from({ length: 500 }, (_, i) => i));
    const sizes = [...circuit.steps([many, many], stepContext(1))].map((portion) => portion.length);
    expect(Math.max(...sizes)).toBe(PORTION_ROWS);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(250_000);
  });

  it('that cancel out do not add up', () => {
    const { circuit } = compileQuery(queries.bind('SELECT count(*) FROM t CROSS JOIN u'), queries.options({ mode: 'view' }));
    const rows = (n: number): Delta[] => circuit.sources.map((source) => {
      if (source.kind === 'constant') return Delta.empty(source.schema);
      const row = source.columns.map(() => 1);
      return deltaOf(source.schema, Array.from({ length: n }, () => ({ row, weight: 1 })));
    });
    const change = circuit.step(rows(100), { ...stepContext(1), portionRows: 1 });
    const sum = new Tally();
    sum.addDelta(change);
    expect(sum.lines()).toEqual(['1 × 10000']);
    expect(change.length).toBeLessThan(5000);
  });
});
