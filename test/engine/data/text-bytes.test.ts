// Quick readers and writers of text agree with parseText and formatText, on plain values and on everything else.
import { expect, test } from 'vitest';
import { columnBuilder, datumAt, vectorFromDatums } from '../../../engine/data/access.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { parseBytesInto } from '../../../engine/data/text-bytes.ts';
import { formatText, parseText } from '../../../engine/data/text-format.ts';
import { quickText } from '../../../engine/data/text-writer.ts';
import { parseTypeName } from '../../../engine/data/type-info.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import { Random } from '../../support/random.ts';
import type { TextPage } from '../../../engine/data/text-writer.ts';
import type { LogicalType } from '../../../engine/data/types.ts';

const settings = { ...DEFAULT_FORMAT, timeZone: 'Europe/Berlin' };
const answers = fixture<{ readonly text: readonly (readonly [string, string, string])[] }>('data/cast');
const dates = fixture<{
  readonly input: readonly { readonly type: string; readonly cases: readonly (readonly [string, string])[] }[];
}>('data/datetime');

function typeOf(name: string): LogicalType {
  const type = parseTypeName(name);
  if (type === null) throw new Error(name);
  return type;
}

function readBytes(type: LogicalType, text: string): string | null {
  const bytes = new TextEncoder().encode(`\t${text}\t`);
  return outcome(() => {
    const column = columnBuilder(type);
    parseBytesInto(column, bytes, 1, bytes.length - 1, settings);
    return formatText(type, datumAt(column.finish(), 0), settings);
  });
}
const readText = (type: LogicalType, text: string): string | null =>
  outcome(() => formatText(type, parseText(type, text, settings), settings));

test('every text of the fixtures reads the same from bytes', () => {
  const cases = [...answers.text.map(([name, text]) => [name, text]),
    ...dates.input.flatMap(({ type, cases: texts }) => texts.map(([text]) => [type, text]))];
  for (const [name, text] of cases) {
    const type = typeOf(name);
    expect([name, text, readBytes(type, text)]).toEqual([name, text, readText(type, text)]);
  }
});

const two = (n: number): string => n.toString().padStart(2, '0');

function randomText(random: Random, name: string): string {
  const sign = random.int(0, 2) === 0 ? '-' : '';
  const digits = (n: number): string => Array.from({ length: n }, () => random.int(0, 9)).join('');
  const date = `${random.int(900, 9999)}-${two(random.int(1, 12))}-${two(random.int(1, 31))}`;
  const fraction = random.int(0, 1) === 0 ? '' : `.${digits(random.int(1, 7))}`;
  const time = `${two(random.int(0, 24))}:${two(random.int(0, 59))}:${two(random.int(0, 60))}${fraction}`;
  switch (name) {
    case 'date': return date;
    case 'timestamp': return `${date}${random.pick([' ', 'T'])}${time}`;
    case 'timestamptz': return `${date} ${time}${random.pick(['', 'Z', '+02', '-05:30', '+0530', ' UTC', '+16'])}`;
    case 'numeric': case 'numeric(10,4)': case 'numeric(4,4)': case 'float8': {
      const tail = random.pick(['', '.', `.${digits(random.int(1, 8))}`]);
      return `${sign}${digits(random.int(1, 17))}${tail}`;
    }
    case 'inet': case 'cidr': {
      const octets = Array.from({ length: random.pick([4, 4, 4, 3, 5]) }, () => random.pick(['0', '7', '10', '255', '256', '007', '']));
      return octets.join(random.pick(['.', '.', '.', ':'])) + random.pick(['', '', '/8', '/32', '.']);
    }
    case 'macaddr': case 'macaddr8': {
      const pairs = Array.from({ length: random.pick([6, 8, 8, 7]) }, () => random.pick(['00', 'ff', 'A0', '7f', '0', 'g0']));
      return pairs.join(random.pick([':', ':', ':', '-', '']));
    }
    default: return sign + digits(random.int(1, 20));
  }
}

test.each(['int2', 'int4', 'int8', 'float8', 'numeric', 'numeric(10,4)', 'numeric(4,4)', 'date', 'timestamp', 'timestamptz',
  'inet', 'cidr', 'macaddr', 'macaddr8'])(
  'random %s read from bytes, written to a page', (name) => {
    const seed = 7;
    const random = new Random(seed);
    const type = typeOf(name);
    for (let round = 0; round < 1500; round++) {
      const text = randomText(random, name);
      const expected = readText(type, text);
      expect([seed, round, text, readBytes(type, text)]).toEqual([seed, round, text, expected]);
      if (expected === null || expected.startsWith('!')) continue;
      expect([text, written(type, text)]).toEqual([text, expected]);
    }
  });

function written(type: LogicalType, text: string): string {
  const vector = vectorFromDatums(type, [null, parseText(type, text, settings)]);
  const page: TextPage = {
    bytes: new Uint8Array(4),
    at: 3,
    ensure(count) {
      if (this.at + count <= this.bytes.length) return;
      const grown = new Uint8Array(this.at + count);
      grown.set(this.bytes);
      this.bytes = grown;
    },
  };
  const quick = quickText(vector, type, settings);
  if (quick === null || !quick(page, 1)) return formatText(type, datumAt(vector, 1), settings);
  return new TextDecoder().decode(page.bytes.subarray(3, page.at));
}

test.each([
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], ['bytea', '\\x00ff10'], ['bytea', '\\x'], ['date', 'infinity'],
  ['date', '0044-03-15 BC'], ['date', '0001-01-01'], ['date', '10000-01-01'], ['timestamp', '-infinity'],
  ['timestamp', '1684-01-01 00:00:00'], ['timestamptz', '1850-06-01 00:00:00+00'], ['numeric', 'NaN'],
  ['numeric', '0.000000000000001'], ['numeric', '-0.5'], ['numeric', '281474976710655.5'], ['date', '9999-12-31'],
  ['inet', '255.10.9.0'], ['inet', '10.1.2.3/8'], ['inet', '10.0.0.0/8'], ['inet', '::1'], ['cidr', '1.2.3.4'], ['macaddr8', '08:00:2b:01:02:03'],
  ['inet', '100.200.30.1/31'],
])('%s %s written to a page', (name, text) => {
  const type = typeOf(name);
  expect(written(type, text)).toBe(formatText(type, parseText(type, text, settings), settings));
});
