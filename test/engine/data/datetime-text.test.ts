// Date/time text against PostgreSQL's answers: input under several zones and orders, output in all styles.
import { expect, test } from 'vitest';
import {
  formatDate, formatTime, formatTimeTz, formatTimestamp, formatTimestampTz, parseDate, parseTime, parseTimeTz,
  parseTimestamp, parseTimestampTz,
} from '../../../engine/data/datetime-text.ts';
import { splitMicros } from '../../../engine/data/calendar.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import type { FormatSettings } from '../../../engine/data/settings.ts';

type Kind = 'date' | 'time' | 'timetz' | 'timestamp' | 'timestamptz';
const answers = fixture<{
  readonly input: readonly (Pick<FormatSettings, 'timeZone' | 'dateOrder'>
    & { readonly type: Kind; readonly cases: readonly (readonly [string, string])[] })[];
  readonly outputValues: readonly string[];
  readonly output: readonly (Pick<FormatSettings, 'timeZone' | 'dateOrder' | 'dateStyle'>
    & { readonly texts: readonly (readonly [string, string, string | null])[] })[];
  readonly precision: readonly (readonly [string, number, string])[];
}>('data/datetime');

function roundTrip(type: Kind, text: string, settings: FormatSettings): string {
  switch (type) {
    case 'date': return formatDate(parseDate(text, settings), settings);
    case 'time': return formatTime(parseTime(text, settings));
    case 'timetz': return formatTimeTz(parseTimeTz(text, settings, -1, 0n));
    case 'timestamp': return formatTimestamp(parseTimestamp(text, settings), settings);
    case 'timestamptz': return formatTimestampTz(parseTimestampTz(text, settings), settings);
  }
}

for (const { type, timeZone, dateOrder, cases } of answers.input) {
  test(`input of ${type} in ${timeZone}, ${dateOrder}`, () => {
    const settings = { ...DEFAULT_FORMAT, timeZone, dateOrder };
    const given = cases.map(([text]) => [text, outcome(() => roundTrip(type, text, settings))]);
    expect(given).toEqual(cases);
  });
}

for (const { timeZone, dateOrder, dateStyle, texts } of answers.output) {
  test(`output in ${timeZone}, ${dateStyle}, ${dateOrder}`, () => {
    const settings = { ...DEFAULT_FORMAT, timeZone, dateOrder, dateStyle };
    const given = answers.outputValues.map((value) => {
      const micros = parseTimestampTz(value, DEFAULT_FORMAT);
      const day = value.endsWith('infinity') ? null : formatDate(splitMicros(micros).days, settings);
      return [formatTimestampTz(micros, settings), formatTimestamp(micros, settings), day];
    });
    expect(given).toEqual(texts);
  });
}

test('precision', () => {
  const given = answers.precision.map(([text, p]) =>
    [text, p, formatTimestamp(parseTimestamp(text, DEFAULT_FORMAT, p), DEFAULT_FORMAT)]);
  expect(given).toEqual(answers.precision);
});

test('words relative to the clock', () => {
  const now = parseTimestampTz('2024-03-10 23:30:15.5+00', DEFAULT_FORMAT);
  const settings = { ...DEFAULT_FORMAT, timeZone: 'Europe/Berlin' };
  expect(formatTimestampTz(parseTimestampTz('now', settings, -1, now), settings)).toBe('2024-03-11 00:30:15.5+01');
  expect(formatTimestamp(parseTimestamp('now', settings, -1, now), settings)).toBe('2024-03-11 00:30:15.5');
  expect(formatDate(parseDate('today', settings, now), settings)).toBe('2024-03-11');
  expect(formatDate(parseDate('tomorrow', settings, now), settings)).toBe('2024-03-12');
  expect(formatTimestamp(parseTimestamp('yesterday 04:05', settings, -1, now), settings)).toBe('2024-03-10 04:05:00');
  expect(formatTimestampTz(parseTimestampTz('yesterday', settings, -1, now), settings)).toBe('2024-03-10 00:00:00+01');
  expect(formatTime(parseTime('now', settings, 0, now))).toBe('00:30:16');
});
