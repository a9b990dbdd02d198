// Filter, Project and ProjectSet against doing it row by row; rows that fail are reported and left out.
import { describe, expect, it } from 'vitest';
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN, INT4, INT8, TEXT } from '../../engine/data/types.ts';
import type { LogicalType, Schema } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ScalarFunction, TableFunction } from '../../engine/function/function.ts';
import { Filter } from '../../engine/operator/filter.ts';
import { ProjectSet } from '../../engine/operator/project-set.ts';
import { Project } from '../../engine/operator/project.ts';
import { StatelessOperator } from '../../engine/operator/stateless.ts';
import type { Random } from '../support/random.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { Tally, checkLaw, deltaOf, stepContext } from './law.ts';
import type { Row } from './law.ts';

const SCHEMA: Schema = { columns: [{ name: 'a', type: INT4 }, { name: 'b', type: INT4 }, { name: 't', type: TEXT }] };
const column = (index: number, type: LogicalType): Expression => ({ kind: 'column', index, type });

function scalar(name: string, returns: LogicalType, row: ScalarFunction['row']): ScalarFunction {
  return {
    kind: 'scalar', name, args: [INT4, INT4], returns, description: name, strict: true, volatility: 'immutable', row,
  };
}
const less = scalar('<', BOOLEAN, ([x, y]) => Number(x) < Number(y));
const divide = scalar('/', INT4, ([x, y]) => {
  if (y === 0) throw new DatabaseError('22012', 'division by zero');
  return Math.trunc(Number(x) / Number(y));
});
const A_LESS_B: Expression = { kind: 'call', function: less, args: [column(0, INT4), column(1, INT4)], type: BOOLEAN };
const A_BY_B: Expression = { kind: 'call', function: divide, args: [column(0, INT4), column(1, INT4)], type: INT4 };

const series: TableFunction = {
  kind: 'table', name: 'series', args: [INT4], returns: INT4, description: '1 to n', volatility: 'immutable',
  rows: ([n]) => Array.from({ length: Math.max(0, Number(n)) }, (_, i) => [i + 1]),
};

const maybe = (random: Random, d: Datum): Datum => (random.bool(0.1) ? null : d);
const randomRow = (random: Random): Row =>
  [maybe(random, random.int(-3, 3)), maybe(random, random.int(-1, 3)), maybe(random, random.pick(['x', 'yy']))];

const passes = (r: Row): boolean => r[0] !== null && r[1] !== null && Number(r[0]) < Number(r[1]);

describe('filter and project', () => {
  it('filter', () => {
    checkLaw({
      name: 'filter', operator: () => new Filter(SCHEMA, A_LESS_B), inputs: [SCHEMA], row: randomRow,
      query: ([rows]) => rows.filter(passes),
    });
  });

  it('project, failing rows left out', () => {
    checkLaw({
      name: 'project', inputs: [SCHEMA], row: randomRow,
      operator: () => new Project({ columns: [{ name: 't', type: TEXT }, { name: 'q', type: INT4 }] }, [column(2, TEXT), A_BY_B]),
      query: ([rows]) => rows.filter((r) => r[0] === null || r[1] !== 0)
        .map((r) => [r[2], r[0] === null || r[1] === null ? null : Math.trunc(Number(r[0]) / Number(r[1]))]),
    });
  });

  it('filter and project in one, columns only', () => {
    checkLaw({
      name: 'picks', inputs: [SCHEMA], row: randomRow,
      operator: () => new Project({ columns: [{ name: 't', type: TEXT }] }, [column(2, TEXT)], A_LESS_B),
      query: ([rows]) => rows.filter(passes).map((r) => [r[2]]),
    });
  });

  it('reports each failing row with its weight', () => {
    const operator = new Project({ columns: [{ name: 'q', type: INT4 }] }, [A_BY_B]);
    const errors: { error: DatabaseError; weight: number }[] = [];
    const delta = deltaOf(SCHEMA, [
      { row: [1, 0, null], weight: 2 }, { row: [4, 2, null], weight: 1 }, { row: [5, 0, null], weight: -1 },
    ]);
    const out = new Tally();
    out.addDelta(operator.step([delta], stepContext(1, errors)));
    expect(out.lines()).toEqual(['1 × 2']);
    expect(errors.map((e) => [e.error.code, e.weight])).toEqual([['22012', 2], ['22012', -1]]);
  });
});

describe('stateless operators', () => {
  it('save nothing, hold nothing and have nothing to say when time passes', () => {
    const operator = new Filter(SCHEMA, A_LESS_B);
    expect(operator).toBeInstanceOf(StatelessOperator);
    const pages: string[] = [];
    operator.step([deltaOf(SCHEMA, [{ row: [1, 2, 'x'], weight: 1 }])], stepContext(1));
    operator.save({ page: (name) => void pages.push(name), state: (name) => void pages.push(name) });
    restoreWhole(operator, new MemoryState());
    expect(pages).toEqual([]);
    expect(operator.stateSize()).toEqual({ rows: 0, bytes: 0 });
    expect(operator.advance(5n, stepContext(2)).length).toBe(0);
  });
});

describe('project set', () => {
  const call = { function: series, args: [column(0, INT4)], types: [INT4] };
  const second = { function: series, args: [column(1, INT4)], types: [INT4] };
  const value = { function: null, args: [column(1, INT4)], types: [INT4] };
  const added = (n: number, ordinality: boolean): Schema => ({
    columns: [...SCHEMA.columns, ...Array.from({ length: n }, (_, i) => ({ name: `c${i}`, type: INT4 })),
      ...(ordinality ? [{ name: 'ordinality', type: INT8 }] : [])],
  });
  const counted = (d: Datum): number[] => Array.from({ length: Math.max(0, Number(d ?? 0)) }, (_, i) => i + 1);

  it('one call, with ordinality', () => {
    checkLaw({
      name: 'series', inputs: [SCHEMA], row: randomRow,
      operator: () => new ProjectSet({ calls: [call], outer: false, ordinality: true, enough: null, schema: added(1, true) }),
      query: ([rows]) => rows.flatMap((r) => counted(r[0]).map((n) => [...r, n, BigInt(n)])),
    });
  });

  it('two calls in step and a value, outer', () => {
    checkLaw({
      name: 'two series', inputs: [SCHEMA], row: randomRow,
      operator: () => new ProjectSet({ calls: [call, second], outer: true, ordinality: false, enough: null, schema: added(2, false) }),
      query: ([rows]) => rows.flatMap((r) => {
        const [x, y] = [counted(r[0]), counted(r[1])];
        const n = Math.max(x.length, y.length, 1);
        return Array.from({ length: n }, (_, i) => [...r, x[i] ?? null, y[i] ?? null]);
      }),
    });
  });

  it('no more than enough of each row', () => {
    checkLaw({
      name: 'first two', inputs: [SCHEMA], row: randomRow,
      operator: () => new ProjectSet({ calls: [call], outer: false, ordinality: false, enough: 2, schema: added(1, false) }),
      query: ([rows]) => rows.flatMap((r) => counted(r[0]).slice(0, 2).map((n) => [...r, n])),
    });
  });

  it('a value is a set of one', () => {
    checkLaw({
      name: 'value', inputs: [SCHEMA], row: randomRow,
      operator: () => new ProjectSet({ calls: [call, value], outer: false, ordinality: false, enough: null, schema: added(2, false) }),
      query: ([rows]) => rows.flatMap((r) => {
        const x = counted(r[0]);
        return Array.from({ length: Math.max(1, x.length) }, (_, i) => [...r, x[i] ?? null, i === 0 ? r[1] : null]);
      }),
    });
  });
});
