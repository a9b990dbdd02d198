// The law of operators as a test: random deltas, retractions included, in random epochs; the outputs must sum to the
// query over what the inputs sum to. Used for every operator: see join.test.ts for an example.
import { expect } from 'vitest';
import { batchFromRows, datumAt } from '../../engine/data/access.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { Delta, concatDeltas, deltaBytes } from '../../engine/data/delta.ts';
import type { DatabaseError } from '../../engine/data/error.ts';
import { Interval } from '../../engine/data/interval.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { toEpoch } from '../../engine/data/time.ts';
import type { Watermark } from '../../engine/data/time.ts';
import type { Schema } from '../../engine/data/types.ts';
import type { EvalContext } from '../../engine/expression/context.ts';
import type { Operator, StepContext } from '../../engine/operator/operator.ts';
import type { Pieces } from '../../engine/operator/pieces.ts';
import { MemoryState } from '../../engine/state/memory.ts';
import { looking, tinyCache } from '../support/eviction.ts';
import { restoreWhole } from '../support/restore-whole.ts';
import { saveLate } from '../support/late-state.ts';
import { Random } from '../support/random.ts';

export type Row = readonly Datum[];

export interface Law {
  readonly name: string;
  /** A new operator with no state; called again for every restore. */
  readonly operator: () => Operator;
  readonly inputs: readonly Schema[];
  /** A random row of one input; few distinct values, so that keys meet and rows repeat. */
  readonly row: (random: Random, input: number) => Row;
  /** The query over whole inputs, each a multiset with one entry a row. */
  readonly query: (inputs: readonly (readonly Row[])[]) => readonly Row[];
  /** Chance of a change being a retraction; 0: insert-only. Default 0.45. */
  readonly retractions?: number;
  /** Largest number of changes to one input in an epoch. Default 12. */
  readonly epochRows?: number;
  /** The same of the first epoch. */
  readonly firstRows?: number;
  readonly epochs?: number;
  readonly seeds?: number;
  /** Says that two rows count as the same: default rowText. */
  readonly text?: (row: Row) => string;
  /** Watermark to advance to after an epoch, when the operator is about time. */
  readonly watermark?: (random: Random, inputs: readonly (readonly Row[])[]) => Watermark;
}

export const EVAL: EvalContext = {
  format: DEFAULT_FORMAT,
  transactionTime: 0n,
  statementTime: 0n,
  clock: () => { throw new Error('no clock in an operator'); },
  random: () => { throw new Error('no random in an operator'); },
  catalog: { nameOf: () => null, oidOf: () => { throw new Error('no catalog'); } },
  host: null,
};

interface Failure {
  readonly error: DatabaseError;
  readonly weight: number;
}

export function stepContext(epoch: number, errors: Failure[] = []): StepContext {
  return { epoch: toEpoch(epoch), eval: EVAL, error: (error, weight) => void errors.push({ error, weight }) };
}

/** Equal for rows with equal values: numerics without trailing zeros, −0 as 0. */
export function rowText(row: Row): string {
  return row.map(datumText).join(' | ');
}

function datumText(datum: Datum): string {
  if (datum === null) return 'NULL';
  if (datum instanceof Numeric) return datum.canonical().toString();
  if (datum instanceof Interval) return `${datum.months}m${datum.days}d${datum.micros}`;
  if (typeof datum === 'number') return datum === 0 ? '0' : String(datum);
  if (typeof datum === 'object') {
    return JSON.stringify(datum, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
  }
  return typeof datum === 'string' ? JSON.stringify(datum) : String(datum);
}

/** A Z-set of row texts. */
export class Tally {
  readonly counts = new Map<string, number>();
  readonly #text: (row: Row) => string;

  constructor(text: (row: Row) => string = rowText) {
    this.#text = text;
  }

  add(row: Row, weight: number): void {
    const key = this.#text(row);
    const sum = (this.counts.get(key) ?? 0) + weight;
    if (sum === 0) this.counts.delete(key);
    else this.counts.set(key, sum);
  }

  addDelta({ batch, weights, length }: Delta): void {
    for (let i = 0; i < length; i++) this.add(batch.columns.map((c) => datumAt(c, i)), weights[i]);
  }

  /** No row is there less than not at all. */
  get isMultiset(): boolean {
    return [...this.counts.values()].every((count) => count > 0);
  }

  lines(): string[] {
    return [...this.counts].map(([row, count]) => `${count} × ${row}`).toSorted();
  }
}

export function deltaOf(schema: Schema, rows: readonly { readonly row: Row; readonly weight: number }[]): Delta {
  return new Delta(batchFromRows(schema, rows.map((r) => r.row)), Int32Array.from(rows, (r) => r.weight));
}

/** Throws with the seed in its message when the law is broken. `seed`: only that one. */
export function checkLaw(law: Law, seed?: number): void {
  const seeds = seed === undefined ? Array.from({ length: law.seeds ?? 20 }, (_, i) => i + 1) : [seed];
  for (const s of seeds) {
    try {
      runSeed(law, new Random(s), s % 2 === 0);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${law.name}: seed ${s} — reproduce with checkLaw(law, ${s})\n${reason}`, { cause: error });
    }
  }
}

/** `evicting`: no page stays in memory that need not. */
function runSeed(law: Law, random: Random, evicting: boolean): void {
  const held: Row[][] = law.inputs.map(() => []);
  const got = new Tally(law.text);
  const saved = new MemoryState();
  const cache = tinyCache();
  const make = (): Operator => {
    const made = law.operator();
    if (evicting) made.save(looking((state) => state.attach(cache)));
    return made;
  };
  let operator = make();
  /** Reads the pages of a save that has been taken before this epoch. */
  let readLate: (() => void) | null = null;
  /** By the epoch before. */
  let given: { readonly deltas: readonly Delta[]; readonly lines: readonly string[] } = { deltas: [], lines: [] };
  const epochs = law.epochs ?? 12;
  const first: Law = law.firstRows === undefined ? law : { ...law, epochRows: law.firstRows };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const deltas = law.inputs.map((schema, input) => randomDelta(epoch === 1 ? first : law, random, { schema, input, rows: held[input] }));
    const watermark = law.watermark?.(random, held);
    const context = { ...stepContext(epoch), portionRows: 1 + epoch % 5 };
    const run = (of: Operator): readonly Delta[] => [
      ...(epoch === 1 || deltas.some((d) => d.length > 0) ? portionsOf(of, deltas, context) : []),
      ...(watermark === undefined ? [] : [of.advance(watermark, context)]),
    ];
    const out = run(operator);
    expect(tallyOf(law, given.deltas), `what epoch ${epoch - 1} has put out is the reader's`).toEqual(given.lines);
    given = { deltas: out, lines: tallyOf(law, out) };
    for (const delta of out) {
      got.addDelta(delta);
      expect(got.isMultiset, `a multiset after each portion of epoch ${epoch}`).toBe(true);
    }
    cache.balance();
    if (readLate !== null) {
      readLate();
      readLate = null;
      operator = make();
      restoreWhole(operator, saved);
      expect(tallyOf(law, run(operator)), `epoch ${epoch} after a restore`).toEqual(tallyOf(law, out));
    }
    const want = new Tally(law.text);
    for (const row of law.query(held)) want.add(row, 1);
    expect(got.lines(), `after epoch ${epoch}`).toEqual(want.lines());
    if (random.float() < 0.3) {
      operator.save(saved);
      operator = make();
      restoreWhole(operator, saved);
    } else if (random.bool(0.3)) readLate = saveLate(operator, saved);
  }
  checkFilling(law, random, make);
  checkPieces(law, random);
  checkPortions(law, random);
}

/** A step in portions, or the step where there are none. */
function portionsOf(operator: Operator, deltas: readonly Delta[], context: StepContext): readonly Delta[] {
  if (operator.portions === undefined) return [operator.step(deltas, context)];
  const portions = operator.portions(deltas, context);
  const out: Delta[] = [];
  for (;;) {
    const next = portions.next();
    out.push(next.value);
    if (next.done === true) return out;
  }
}

/** Portions are no larger than asked for, but for rows that are there already, and nothing fails otherwise. */
function checkPortions(law: Law, random: Random): void {
  const [whole, portioned] = [law.operator(), law.operator()];
  if (portioned.portions === undefined) return;
  const held: Row[][] = law.inputs.map(() => []);
  const errors: Failure[][] = [[], []];
  for (let epoch = 1; epoch <= 4; epoch++) {
    const deltas = law.inputs.map((schema, input) => randomDelta(law, random, { schema, input, rows: held[input] }));
    const portionRows = random.int(1, 20);
    const out = portionsOf(portioned, deltas, { ...stepContext(epoch, errors[1]), portionRows });
    expect(tallyOf(law, out), 'in portions').toEqual(tallyOf(law, [whole.step(deltas, stepContext(epoch, errors[0]))]));
    expect(failures(errors[1]), 'errors in portions').toEqual(failures(errors[0]));
    const given = deltas.reduce((sum, delta) => sum + delta.length, 0);
    for (const { length } of out) expect(length).toBeLessThanOrEqual(4 * portionRows + given);
  }
}

/** What a view is filled with comes to the same as a step; from then on so do steps. */
function checkFilling(law: Law, random: Random, make: () => Operator): void {
  const filled = make();
  if (filled.absorb === undefined || filled.settle === undefined) return;
  const whole = law.operator();
  const held: Row[][] = law.inputs.map(() => []);
  const next = (): Delta[] => law.inputs.map((schema, input) => randomDelta(law, random, { schema, input, rows: held[input] }));
  const errors: Failure[][] = [[], []];
  const given = [1, 2, 3].map(next);
  for (const deltas of given) filled.absorb(deltas, stepContext(1, errors[1]));
  const want = whole.step(law.inputs.map((_, input) => concatDeltas(given.map((deltas) => deltas[input]))), stepContext(1, errors[0]));
  const settled = [...filled.settle(stepContext(1, errors[1]))].filter((part) => part !== null);
  expect(tallyOf(law, settled), 'filled').toEqual(tallyOf(law, [want]));
  for (let epoch = 2; epoch <= 4; epoch++) {
    const deltas = next();
    if (deltas.every((delta) => delta.length === 0)) continue;
    const out = [filled.step(deltas, stepContext(epoch, errors[1]))];
    expect(tallyOf(law, out), `epoch ${epoch} after it was filled`).toEqual(tallyOf(law, [whole.step(deltas, stepContext(epoch, errors[0]))]));
    expect(failures(errors[1]), 'errors').toEqual(failures(errors[0]));
  }
}

/** A circuit that runs once is given its rows in pieces: the outputs sum to those of one step, in which nothing fails otherwise. */
function checkPieces(law: Law, random: Random): void {
  const operator = law.operator();
  if (operator.pieces === undefined) return;
  const deltas = law.inputs.map((schema, input) => {
    const rows: Row[] = [];
    return concatDeltas([1, 2, 3].map(() => randomDelta(law, random, { schema, input, rows })));
  });
  const errors: Failure[] = [];
  const want = tallyOf(law, [law.operator().step(deltas, stepContext(1, errors))]);
  const pieceErrors: Failure[] = [];
  let bytes = 0;
  const pieces = operator.pieces(deltas.map((delta) => cutAtRandom(delta, random)), {
    ...stepContext(1, pieceErrors), pieceRows: random.int(1, 20), pace: { rows: random.int(1, 20) }, hold: (more) => { bytes += more; },
  });
  const got = [...pieces].filter((piece) => piece !== null);
  expect(tallyOf(law, got), 'in pieces').toEqual(want);
  expect(got.length, 'at least one piece').toBeGreaterThan(0);
  expect(bytes, 'what is held at the end').toBeLessThanOrEqual(deltas.reduce((sum, delta) => sum + deltaBytes(delta), 0));
  expect(failures(pieceErrors), 'errors in pieces').toEqual(failures(errors));
}

function* cutAtRandom(delta: Delta, random: Random): Pieces {
  if (delta.length === 0) yield delta;
  for (let at = 0; at < delta.length;) {
    if (random.bool(0.2)) yield null;
    const end = Math.min(delta.length, at + random.int(0, 9));
    yield delta.slice(at, end);
    at = end;
  }
}

/** Messages by weight. */
function failures(errors: readonly Failure[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { error, weight } of errors) sums.set(error.message, (sums.get(error.message) ?? 0) + weight);
  return new Map([...sums].filter(([, weight]) => weight !== 0));
}

function tallyOf(law: Law, deltas: readonly Delta[]): string[] {
  const tally = new Tally(law.text);
  for (const delta of deltas) tally.addDelta(delta);
  return tally.lines();
}

function randomDelta(
  law: Law, random: Random, { schema, input, rows }: { schema: Schema; input: number; rows: Row[] },
): Delta {
  const changes: { row: Row; weight: number }[] = [];
  const count = random.float() < 0.15 ? 0 : random.int(0, law.epochRows ?? 12);
  for (let i = 0; i < count; i++) {
    if (rows.length > 0 && random.float() < (law.retractions ?? 0.45)) {
      const [row] = rows.splice(random.int(0, rows.length - 1), 1);
      changes.push({ row, weight: -1 });
    } else {
      const row = law.row(random, input);
      const copies = random.float() < 0.1 ? 2 : 1;
      for (let c = 0; c < copies; c++) rows.push(row);
      changes.push({ row, weight: copies });
    }
  }
  // Order within a delta must not matter.
  return deltaOf(schema, random.shuffle(changes));
}
