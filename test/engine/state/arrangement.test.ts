// Pages, key table, arrangement and consolidation against plain JavaScript models.
import { describe, expect, it } from 'vitest';
import { batchFromRows, datumAt } from '../../../engine/data/access.ts';
import { PAGE_ROWS } from '../../../engine/data/cells.ts';
import type { Datum } from '../../../engine/data/datum.ts';
import { Delta } from '../../../engine/data/delta.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { hashRows } from '../../../engine/data/row-key.ts';
import { FLOAT8, INT2, INT4, INT8, NUMERIC, TEXT, UUID } from '../../../engine/data/types.ts';
import type { Schema } from '../../../engine/data/types.ts';
import { Arrangement } from '../../../engine/state/arrangement.ts';
import { consolidate } from '../../../engine/state/consolidate.ts';
import { KeyTable } from '../../../engine/state/key-table.ts';
import { MemoryState } from '../../../engine/state/memory.ts';
import { Pages } from '../../../engine/state/pages.ts';
import { preparePages } from '../../../engine/state/prepared-pages.ts';
import type { StateWriter } from '../../../engine/state/ports.ts';
import { Tally, deltaOf } from '../../law/law.ts';
import type { Row } from '../../law/law.ts';
import { Random } from '../../support/random.ts';

const SCHEMA: Schema = {
  columns: [
    { name: 'k', type: INT8 }, { name: 't', type: TEXT }, { name: 'f', type: FLOAT8 }, { name: 's', type: INT2 },
    { name: 'u', type: UUID }, { name: 'n', type: NUMERIC },
  ],
};

const UUIDS = ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
/** As text with the representation kept. */
const exactText = (row: Row): string => row.map((d) => (Object.is(d, -0) ? '-0' : plainText(d))).join('|');

function plainText(d: Datum): string {
  if (d instanceof Numeric) return d.toString();
  return typeof d === 'object' ? JSON.stringify(d) : String(d);
}

function randomRow(random: Random, keys: number): Row {
  const maybe = (d: Datum): Datum => (random.float() < 0.1 ? null : d);
  return [
    maybe(BigInt(random.int(0, keys))), maybe('text'.repeat(random.int(0, 20)) + random.int(0, keys)),
    maybe(random.pick([0, -0, 1.5, NaN])), maybe(random.int(-5, 5)), maybe(random.pick(UUIDS)),
    maybe(random.pick(['1', '1.0', '1.00', 'NaN']) === 'NaN' ? Numeric.NAN : Numeric.parse(random.pick(['1', '1.0', '1.00']))),
  ];
}

function tallyOf(scan: Iterable<Delta>): string[] {
  const tally = new Tally(exactText);
  for (const delta of scan) tally.addDelta(delta);
  return tally.lines();
}

for (const keyColumns of [[0], [1], [0, 1], [], null]) {
  describe(`arrangement by ${keyColumns === null ? 'nothing' : `columns ${keyColumns.join()}`}`, () => {
    for (const [keys, rows] of [[3, 6], [200, 400]]) {
      it(`is a Z-set, ${keys} keys`, () => {
        for (let seed = 1; seed <= 8; seed++) runArrangement(new Random(seed), keyColumns, keys, rows);
      });
    }
    it('is a Z-set, pages at one go', () => {
      for (let seed = 1; seed <= 2; seed++) runArrangement(new Random(seed), keyColumns, 200, PAGE_ROWS);
    });
  });
}

function runArrangement(random: Random, keyColumns: readonly number[] | null, keys: number, rows: number): void {
  const saved = new MemoryState();
  let arrangement = new Arrangement(SCHEMA, keyColumns);
  let making: Generator<null> | null = null;
  const held: Row[] = [];
  const frozen: { readonly release: () => void; readonly check: () => void }[] = [];
  for (let epoch = 0; epoch < 25; epoch++) {
    const changes: { row: Row; weight: number }[] = [];
    const most = rows >= PAGE_ROWS && random.bool(0.3) ? 0 : Math.min(rows, 300);
    for (let i = random.int(0, most); i > 0; i--) {
      if (held.length > 0 && random.float() < (epoch < 15 ? 0.4 : 0.7)) {
        changes.push({ row: held.splice(random.int(0, held.length - 1), 1)[0], weight: -1 });
      } else {
        const row = random.float() < 0.2 && held.length > 0 ? random.pick(held) : randomRow(random, keys);
        held.push(row);
        changes.push({ row, weight: 1 });
      }
    }
    const delta = changes.length === 0 && rows >= PAGE_ROWS ? bulk(random, arrangement, held) : deltaOf(SCHEMA, random.shuffle(changes));
    arrangement.apply(delta);
    const want = new Tally(exactText);
    for (const row of held) want.add(row, 1);
    const lines = want.lines();
    expect(tallyOf(arrangement.scan()), `seed ${random.seed} epoch ${epoch}`).toEqual(lines);
    expect(arrangement.netRows()).toBe(held.length);
    if (random.float() < 0.3) {
      const snapshot = arrangement.freeze();
      frozen.push({
        release: () => snapshot.release(),
        check: () => expect(tallyOf(snapshot.scan()), `snapshot, seed ${random.seed}`).toEqual(lines),
      });
    }
    if (frozen.length > 2) frozen.shift()?.release();
    for (const snapshot of frozen) snapshot.check();
    if (keyColumns !== null) checkLookup(random, arrangement, held, keyColumns);
    if (random.float() < 0.2) {
      arrangement.save('rows', saved);
      arrangement = new Arrangement(SCHEMA, keyColumns);
      arrangement.restore('rows', saved);
      making = arrangement.key === null ? null : arrangement.making(arrangement.key);
      frozen.length = 0;
    }
    // Changes and look-ups come while the index is half made.
    for (let pieces = random.int(0, 2); pieces > 0; pieces--) making?.next();
  }
}

/** Insertions alone, more than a page of them; their pages are made beforehand or not. */
function bulk(random: Random, { pages }: Arrangement, held: Row[]): Delta {
  const rows = Array.from({ length: random.int(PAGE_ROWS, 3 * PAGE_ROWS) }, () => randomRow(random, 1000));
  held.push(...rows);
  const delta = Delta.insert(batchFromRows(SCHEMA, rows));
  if (random.bool()) preparePages(delta.batch, random.bool(0.8) ? pages.types : pages.types.slice());
  if (random.bool()) pages.freeze().release();
  return delta;
}

function checkLookup(random: Random, arrangement: Arrangement, held: readonly Row[], columns: readonly number[]): void {
  const row = held.length > 0 && random.float() < 0.7 ? random.pick(held) : randomRow(random, 1000);
  const key = batchFromRows({ columns: columns.map((c) => SCHEMA.columns[c]) }, [columns.map((c) => row[c])]);
  const want = new Tally(exactText);
  for (const other of held) if (columns.every((c) => other[c] === row[c])) want.add(other, 1);
  const got = new Tally(exactText);
  got.addDelta(arrangement.lookup(key));
  expect(got.lines(), `lookup, seed ${random.seed}`).toEqual(want.lines());
  expect(arrangement.hasKey(key, 0)).toBe(want.counts.size > 0);
}

describe('key table', () => {
  const cases: readonly { readonly name: string; readonly schema: Schema; readonly row: (r: Random) => Row }[] = [
    { name: 'int8', schema: { columns: [{ name: 'k', type: INT8 }] },
      row: (r) => [r.float() < 0.05 ? null : BigInt(r.int(-300, 300)) * 0x100000001n] },
    { name: 'int2', schema: { columns: [{ name: 'k', type: INT2 }] }, row: (r) => [r.float() < 0.05 ? null : r.int(-300, 300)] },
    { name: 'text', schema: { columns: [{ name: 'k', type: TEXT }] },
      row: (r) => [r.float() < 0.05 ? null : 'k'.repeat(r.int(0, 9)) + r.int(0, 90)] },
    { name: 'two ints', schema: { columns: [{ name: 'k', type: INT8 }, { name: 'l', type: INT4 }] },
      row: (r) => [BigInt(r.int(0, 30)), r.float() < 0.05 ? null : r.int(0, 30)] },
    { name: 'numeric by value', schema: { columns: [{ name: 'k', type: NUMERIC }] },
      row: (r) => [Numeric.parse(`${r.int(0, 200)}${r.pick(['', '.0', '.00', '.5', '.50', `.${'0'.repeat(20)}`])}`)] },
    { name: 'float by value', schema: { columns: [{ name: 'k', type: FLOAT8 }] },
      row: (r) => [r.pick([0, -0, NaN, 1, 2, 3, r.int(0, 100) / 7])] },
  ];
  const valueText = (row: Row): string =>
    row.map((d) => (d instanceof Numeric ? d.canonical().toString() : d === 0 ? '0' : plainText(d))).join('|');

  for (const { name, schema, row } of cases) {
    it(`gives each key one slot: ${name}`, () => {
      for (let seed = 1; seed <= 5; seed++) {
        const random = new Random(seed);
        const table = new KeyTable(new Pages(schema), schema.columns.map((_, c) => c));
        const model = new Map<string, number>();
        for (let round = 0; round < 40; round++) {
          const rows = Array.from({ length: random.int(1, 200) }, () => row(random));
          const { columns } = batchFromRows(schema, rows);
          const out = new Int32Array(rows.length);
          table.find(columns, rows.length, out);
          rows.forEach((r, i) => expect(out[i], `seed ${seed}`).toBe(model.get(valueText(r)) ?? -1));
          const added = table.findOrInsert(columns, rows.length, out);
          let fresh = 0;
          rows.forEach((r, i) => {
            const known = model.get(valueText(r));
            if (known === undefined) {
              model.set(valueText(r), out[i]);
              fresh++;
            } else expect(out[i], `seed ${seed}`).toBe(known);
          });
          expect(added).toBe(fresh);
          expect(table.size).toBe(model.size);
          expect(new Set(model.values()).size).toBe(model.size);
          const victims = [...model].filter(() => random.float() < 0.3);
          for (const [text] of victims) model.delete(text);
          table.remove(Int32Array.from(victims, ([, slot]) => slot), victims.length);
        }
        const slots = Int32Array.from(model.values());
        const keys = table.keys(slots);
        [...model.keys()].forEach((text, i) => {
          expect(valueText(keys.columns.map((c) => datumAt(c, i)))).toBe(text);
        });
      }
    });
  }

  it('tells keys of one hash apart', () => {
    const schema: Schema = { columns: [{ name: 'k', type: TEXT }] };
    const random = new Random(11);
    const words = Array.from({ length: 400_000 }, (_, i): Row => [`${i}-${random.bits()}`]);
    const { columns } = batchFromRows(schema, words);
    const hashes = new Int32Array(words.length);
    hashRows(columns, words.length, hashes);
    const seen = new Map<number, number>();
    const twins: Row[] = [];
    hashes.forEach((hash, i) => {
      const other = seen.get(hash);
      if (other === undefined) seen.set(hash, i);
      else twins.push(words[other], words[i]);
    });
    expect(twins.length).toBeGreaterThan(4);
    const table = new KeyTable(new Pages(schema), [0]);
    const batch = batchFromRows(schema, [...twins, ...twins]);
    const out = new Int32Array(batch.length);
    expect(table.findOrInsert(batch.columns, batch.length, out)).toBe(twins.length);
    expect([...out.subarray(0, twins.length)]).toEqual([...out.subarray(twins.length)]);
    const first = out.slice();
    table.remove(Int32Array.of(out[0]), 1);
    table.find(batch.columns, batch.length, out);
    expect([...out]).toEqual([...first].map((slot) => (slot === first[0] ? -1 : slot)));
    const arrangement = new Arrangement(schema, [0]);
    arrangement.apply(Delta.insert(batch));
    arrangement.apply(Delta.remove(batchFromRows(schema, twins)));
    expect(arrangement.netRows()).toBe(twins.length);
    expect(arrangement.lookup(batchFromRows(schema, [twins[1]])).length).toBe(1);
    const consolidated = consolidate(Delta.insert(batch));
    expect(consolidated.length).toBe(twins.length);
    expect([...new Set(consolidated.weights)]).toEqual([2]);
  });

  it('grows past a hundred thousand keys without losing one', () => {
    const table = new KeyTable(new Pages({ columns: [{ name: 'k', type: INT8 }] }), [0]);
    const random = new Random(7);
    const keys = Array.from({ length: 120_000 }, (_, i) => BigInt(i) * 0x9e3779b97n);
    const out = new Int32Array(1000);
    const slots: number[] = [];
    for (let at = 0; at < keys.length; at += 1000) {
      const { columns } = batchFromRows({ columns: [{ name: 'k', type: INT8 }] }, keys.slice(at, at + 1000).map((k) => [k]));
      expect(table.findOrInsert(columns, 1000, out)).toBe(1000);
      slots.push(...out);
    }
    for (let i = 0; i < 1000; i++) {
      const k = random.int(0, keys.length - 1);
      table.find(batchFromRows({ columns: [{ name: 'k', type: INT8 }] }, [[keys[k]]]).columns, 1, out);
      expect(out[0]).toBe(slots[k]);
    }
  });
});

describe('consolidate', () => {
  it('adds weights of equal rows and drops zeros', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const pool = Array.from({ length: 10 }, () => randomRow(random, 3));
      const changes = Array.from({ length: random.int(0, 60) }, () => ({ row: random.pick(pool), weight: random.int(-2, 2) }));
      const delta = deltaOf(SCHEMA, changes);
      const want = new Tally(exactText);
      want.addDelta(delta);
      const got = consolidate(delta);
      expect(tallyOf([got]), `seed ${seed}`).toEqual(want.lines());
      expect(got.length, `seed ${seed}`).toBe(want.counts.size);
    }
  });
});

describe('pages', () => {
  it('scan a full page without copying, and give memory back when it empties', () => {
    const schema: Schema = { columns: [{ name: 'k', type: INT8 }] };
    const arrangement = new Arrangement(schema, [0]);
    const rows = Array.from({ length: 1024 }, (_, i): Row => [BigInt(i)]);
    arrangement.apply(Delta.insert(batchFromRows(schema, rows)));
    const [first] = arrangement.scan();
    const column = first.batch.columns[0];
    expect(column.layout === 'int64' && column.values.buffer === arrangement.pages.columns[0][0].i64.buffer).toBe(true);
    const full = arrangement.pages.bytes();
    arrangement.apply(Delta.remove(batchFromRows(schema, rows)));
    expect(arrangement.rows).toBe(0);
    expect(arrangement.pages.bytes()).toBeLessThan(full / 4);
  });

  it('save only what changed', () => {
    const schema: Schema = { columns: [{ name: 'k', type: INT8 }] };
    const arrangement = new Arrangement(schema, [0]);
    arrangement.apply(Delta.insert(batchFromRows(schema, Array.from({ length: 5000 }, (_, i): Row => [BigInt(i)]))));
    const written: number[] = [];
    const writer: StateWriter = {
      page: (_, page) => void written.push(page),
      state: (_, state) => written.push(...state.changedPages().map(({ page }) => page)),
    };
    arrangement.save('rows', writer);
    expect(written).toEqual([0, 1, 2, 3, 4]);
    written.length = 0;
    arrangement.apply(Delta.remove(batchFromRows(schema, [[1500n]])));
    arrangement.save('rows', writer);
    expect(written).toEqual([1]);
  });
});
