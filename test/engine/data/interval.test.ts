// Intervals against PostgreSQL's answers: input, the four output styles, modifiers, arithmetic, order.
import { expect, test } from 'vitest';
import {
  addIntervals, compareIntervals, divideInterval, intervalSpan, justifyDays, justifyHours, justifyInterval,
  multiplyInterval, readInterval, subtractIntervals, writeInterval,
} from '../../../engine/data/interval.ts';
import { formatInterval, parseInterval } from '../../../engine/data/interval-text.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { parseTypeName } from '../../../engine/data/type-info.ts';
import { typmodOf } from '../../../engine/data/types.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import type { FormatSettings } from '../../../engine/data/settings.ts';

type Style = FormatSettings['intervalStyle'];
const answers = fixture<{
  readonly input: readonly (readonly [string, string])[];
  readonly standardInput: readonly (readonly [string, string])[];
  readonly values: readonly string[];
  readonly output: Readonly<Record<Style, readonly string[]>>;
  readonly typmod: readonly (readonly [string, string, string])[];
  readonly arithmetic: readonly (readonly [string, string, string, string])[];
}>('data/interval');

const styled = (intervalStyle: Style): FormatSettings => ({ ...DEFAULT_FORMAT, intervalStyle });
const read = (text: string) => parseInterval(text, DEFAULT_FORMAT);

test.each(answers.input)('input %j', (text, expected) => {
  expect(outcome(() => formatInterval(read(text), DEFAULT_FORMAT))).toBe(expected);
});

test.each(answers.standardInput)('input %j under sql_standard', (text, expected) => {
  const settings = styled('sql_standard');
  expect(outcome(() => formatInterval(parseInterval(text, settings), settings))).toBe(expected);
});

test.each(['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'] as const)('output in style %s', (style) => {
  expect(answers.values.map((v) => formatInterval(read(v), styled(style)))).toEqual(answers.output[style]);
});

test.each(answers.typmod)('input %j as interval %s', (text, modifier, expected) => {
  const type = parseTypeName(`interval ${modifier}`);
  if (type === null) throw new Error(modifier);
  expect(outcome(() => formatInterval(parseInterval(text, DEFAULT_FORMAT, typmodOf(type)), DEFAULT_FORMAT)))
    .toBe(expected);
});

test.each(answers.arithmetic)('%s(%j, %j)', (operation, a, b, expected) => {
  expect(outcome(() => compute(operation, a, b))).toBe(expected);
});

function compute(operation: string, a: string, b: string): string {
  const x = read(a);
  const show = (v: typeof x): string => formatInterval(v, DEFAULT_FORMAT);
  switch (operation) {
    case 'mul': return show(multiplyInterval(x, Number(b)));
    case 'div': return show(divideInterval(x, Number(b)));
    case 'add': return show(addIntervals(x, read(b)));
    case 'sub': return show(subtractIntervals(x, read(b)));
    case 'cmp': return compareIntervals(x, read(b)).toString();
    case 'justify_hours': return show(justifyHours(x));
    case 'justify_days': return show(justifyDays(x));
    default: return show(justifyInterval(x));
  }
}

test('sixteen bytes and back', () => {
  const bytes = new Uint8Array(40);
  const value = read('-178956970 years -7 mons 2147483647 days -2562047788:00:54.775807');
  writeInterval(bytes, 8, value);
  expect(readInterval(bytes, 8)).toEqual(value);
  expect(intervalSpan(value)).toBe(value.micros + (2147483647n - 2147483647n * 30n) * 86400000000n);
});
