// Ranges are sets: every operation on ranges of small integers is what it is on the sets of their members.
import { describe, expect, test } from 'vitest';
import { decodeBinary, encodeBinary } from '../../../engine/data/binary-format.ts';
import { decodeDatum, encodeDatum } from '../../../engine/data/composite.ts';
import { compareDatums, hashDatum } from '../../../engine/data/datum-order.ts';
import type { Datum, SqlMultirange, SqlRange } from '../../../engine/data/datum.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import {
  containsMultirange, intersectMultiranges, makeMultirange, multirangesOverlap, spanOf, subtractMultiranges,
} from '../../../engine/data/multirange.ts';
import {
  areAdjacent, containsRange, containsValue, differenceOf, intersectionOf, isBefore, makeRange, mergeRanges, overlaps, unionOf,
} from '../../../engine/data/range.ts';
import { RANGE_FAMILIES, rangeFamily } from '../../../engine/data/range-type.ts';
import type { RangeFamily } from '../../../engine/data/range-type.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { formatText, parseText } from '../../../engine/data/text-format.ts';
import { FLOAT8, INT8, TEXT, arrayOf } from '../../../engine/data/types.ts';
import { Random } from '../../support/random.ts';

const [INT4] = RANGE_FAMILIES;
/** Members are looked at from here to there; bounds lie well within. */
const [FIRST, LAST] = [-2, 14];

function members({ ranges }: SqlMultirange): string {
  const out: number[] = [];
  for (let n = FIRST; n <= LAST; n++) if (ranges.some((r) => containsValue(INT4, r, n))) out.push(n);
  return out.join(' ');
}

const one = (range: SqlRange): SqlMultirange => ({ ranges: [range] });
const set = (text: string): readonly string[] => (text === '' ? [] : text.split(' '));
const sorted = (numbers: Iterable<string>): string => [...new Set(numbers)].sort((a, b) => Number(a) - Number(b)).join(' ');
const both = (a: string, b: string): string => sorted(set(a).filter((n) => set(b).includes(n)));
const either = (a: string, b: string): string => sorted([...set(a), ...set(b)]);
const without = (a: string, b: string): string => sorted(set(a).filter((n) => !set(b).includes(n)));

function randomRange(random: Random): SqlRange {
  const [a, b] = [random.int(1, 11), random.int(1, 11)];
  return makeRange(INT4, { value: random.bool(0.1) ? null : Math.min(a, b), inclusive: random.bool() },
    { value: random.bool(0.1) ? null : Math.max(a, b), inclusive: random.bool() });
}

/** null: it raises PostgreSQL's error of a result that is no range. */
function attempt(make: () => SqlRange): SqlRange | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '22000') return null;
    throw error;
  }
}

/** Is it one run of numbers, as far as is looked? */
function isRun(text: string): boolean {
  const numbers = set(text).map(Number);
  return numbers.every((n, i) => i === 0 || n === numbers[i - 1] + 1);
}

/** Of types that users make. */
const MADE: readonly RangeFamily[] = [
  FLOAT8, TEXT, arrayOf(INT8), { kind: 'enum' as const, oid: 20_000, name: 'mood', labels: ['sad', 'ok'] },
].map((bound, i) => {
  const [range, multirange] = [{ oid: 20_010 + i, name: 'r' }, { oid: 20_020 + i, name: 'm' }];
  const family = rangeFamily({ kind: 'range', ...range, bound, multirange });
  if (family === undefined) throw new Error('a range type has a family');
  return family;
});
const LIMITS: { readonly [kind: string]: readonly [string, string] } = {
  text: ['"a \\"b\\""', '"z,"'], array: ['"{1,2}"', '"{1,3}"'], enum: ['sad', 'ok'],
};

const SEED = Number(process.env['RANGE_SEED'] ?? 15);

describe(`ranges (RANGE_SEED=${SEED} npx vitest run test/engine/data/range.test.ts)`, () => {
  test('are the sets of their members', () => {
    const random = new Random(SEED);
    for (let i = 0; i < 4000; i++) {
      const [x, y] = [randomRange(random), randomRange(random)];
      const [a, b] = [members(one(x)), members(one(y))];
      const shown = `${formatText(INT4.range, x, DEFAULT_FORMAT)} ${formatText(INT4.range, y, DEFAULT_FORMAT)}`;
      expect([shown, x.empty]).toEqual([shown, a === '']);
      expect([shown, overlaps(INT4, x, y)]).toEqual([shown, both(a, b) !== '']);
      expect([shown, containsRange(INT4, x, y)]).toEqual([shown, without(b, a) === '']);
      expect([shown, members(one(intersectionOf(INT4, x, y)))]).toEqual([shown, both(a, b)]);
      const [union, difference] = [attempt(() => unionOf(INT4, x, y)), attempt(() => differenceOf(INT4, x, y))];
      expect([shown, union === null ? null : members(one(union))]).toEqual([shown, isRun(either(a, b)) ? either(a, b) : null]);
      expect([shown, difference === null ? null : members(one(difference))])
        .toEqual([shown, isRun(without(a, b)) ? without(a, b) : null]);
      expect([shown, containsRange(INT4, mergeRanges(INT4, x, y), x)]).toEqual([shown, true]);
      const touching = a !== '' && b !== '' && both(a, b) === '' && isRun(either(a, b));
      expect([shown, areAdjacent(INT4, x, y)]).toEqual([shown, touching]);
      const last = Number(set(a).at(-1));
      expect([shown, isBefore(INT4, x, y)]).toEqual([shown, a !== '' && b !== '' && last < Number(set(b)[0])]);
      expect([shown, compareDatums(INT4.range, x, y) === 0]).toEqual([shown, a === b]);
    }
  });

  test('and multiranges', () => {
    const random = new Random(SEED);
    const make = (): SqlMultirange => makeMultirange(INT4, Array.from({ length: random.int(0, 4) }, () => randomRange(random)));
    for (let i = 0; i < 2000; i++) {
      const [x, y] = [make(), make()];
      const [a, b] = [members(x), members(y)];
      const shown = `${formatText(INT4.multirange, x, DEFAULT_FORMAT)} ${formatText(INT4.multirange, y, DEFAULT_FORMAT)}`;
      expect([shown, members(intersectMultiranges(INT4, x, y))]).toEqual([shown, both(a, b)]);
      expect([shown, members(subtractMultiranges(INT4, x, y))]).toEqual([shown, without(a, b)]);
      expect([shown, multirangesOverlap(INT4, x, y)]).toEqual([shown, both(a, b) !== '']);
      expect([shown, containsMultirange(INT4, x, y)]).toEqual([shown, without(b, a) === '']);
      expect([shown, members(makeMultirange(INT4, [...x.ranges, ...y.ranges]))]).toEqual([shown, either(a, b)]);
      expect([shown, compareDatums(INT4.multirange, x, y) === 0]).toEqual([shown, a === b]);
      expect([shown, x.ranges.every((r) => containsRange(INT4, spanOf(INT4, x), r))]).toEqual([shown, true]);
      for (let r = 1; r < x.ranges.length; r++) {
        expect([shown, isBefore(INT4, x.ranges[r - 1], x.ranges[r]), areAdjacent(INT4, x.ranges[r - 1], x.ranges[r])])
          .toEqual([shown, true, false]);
      }
    }
  });

  test('are read as they are written, by all types', () => {
    for (const { range, multirange, bound } of [...RANGE_FAMILIES, ...MADE]) {
      const moment = /^(ts|tstz|date)range$/.test(range.kind);
      const [low, high] = moment ? ['2001-01-01', '2001-03-05'] : LIMITS[bound.kind] ?? ['-5', '7'];
      const texts = ['empty', '(,)', `[${low},${high})`, `(${low},)`, `(,${high}]`, `[${low},${low}]`];
      for (const text of [...texts, `{${texts.join(',')}}`, '{}', `{[${low},${high}],(${high},)}`]) {
        const type = text.startsWith('{') ? multirange : range;
        const value = parseText(type, text, DEFAULT_FORMAT);
        const bytes = encodeDatum(type, value);
        expect(decodeDatum(type, bytes, 0, bytes.length)).toEqual(value);
        expect(decodeBinary(type, encodeBinary(type, value))).toEqual(value);
        const again = parseText(type, formatText(type, value, DEFAULT_FORMAT), DEFAULT_FORMAT);
        expect(again).toEqual(value);
        expect(compareDatums(type, value, again)).toBe(0);
        expect(hashDatum(type, value)).toBe(hashDatum(type, again));
      }
    }
  });

  test('a client\'s bytes are checked', () => {
    const code = (bytes: readonly number[]): string => {
      try {
        decodeBinary(INT4.range, Uint8Array.from(bytes));
        return 'none';
      } catch (error) {
        return error instanceof DatabaseError ? error.code : String(error);
      }
    };
    expect(code([])).toBe('08P01');
    expect(code([2, 0, 0, 0])).toBe('08P01');
    expect(code([2, 0, 0, 0, 4, 0, 0, 0, 1])).toBe('08P01');
    expect(code([1, 9])).toBe('22P03');
    expect(code([2, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 1])).toBe('22000');
    expect(code([24])).toBe('none');
  });

  test('ranges of users\' types are in the order of their bounds\' type', () => {
    // Labels are not in the order of their letters; of float8 there are two zeros, which are one, and NaN is greatest.
    const cases: readonly (readonly [RangeFamily, readonly Datum[]])[] = [[MADE[3], ['sad', 'ok']], [MADE[0], [-1, -0, NaN]]];
    for (const [family, values] of cases) {
      const ranges = values.map((lower) => (
        makeRange(family, { value: lower, inclusive: true }, { value: null, inclusive: false })));
      for (const [i, a] of ranges.entries()) for (const [j, b] of ranges.entries()) {
        expect(Math.sign(compareDatums(family.range, a, b)), `${family.range.kind} ${i} ${j}`).toBe(Math.sign(i - j));
      }
      const hashes = ranges.map((range) => hashDatum(family.range, range));
      expect(new Set(hashes).size, 'hashes').toBe(values.length);
    }
    const zeros = [0, -0].map((lower) => makeRange(MADE[0], { value: lower, inclusive: true }, { value: null, inclusive: false }));
    expect(compareDatums(MADE[0].range, zeros[0], zeros[1])).toBe(0);
    expect(hashDatum(MADE[0].range, zeros[0])).toBe(hashDatum(MADE[0].range, zeros[1]));
  });
});
