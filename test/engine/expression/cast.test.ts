// Casts and text forms against PostgreSQL's answers, and column kernels against the row bodies.
import { expect, test } from 'vitest';
import { datumAt, vectorFromDatums } from '../../../engine/data/access.ts';
import { DatabaseError } from '../../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../../engine/data/settings.ts';
import { formatText, parseText } from '../../../engine/data/text-format.ts';
import { parseTypeName } from '../../../engine/data/type-info.ts';
import { castDatum, castVector } from '../../../engine/expression/cast.ts';
import { castContext } from '../../../engine/expression/cast-table.ts';
import { fixture, outcome } from '../../support/fixture.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import type { EvalContext } from '../../../engine/expression/context.ts';

const answers = fixture<{
  readonly text: readonly (readonly [string, string, string | null])[];
  readonly cast: readonly (readonly [string, string, string, string | null])[];
  readonly context: readonly (readonly [string, string, readonly string[]])[];
}>('data/cast');

function typeOf(name: string): LogicalType {
  const type = parseTypeName(name);
  if (type === null) throw new Error(`no type ${name}`);
  return type;
}

const context: EvalContext = {
  format: { ...DEFAULT_FORMAT, timeZone: 'America/New_York' },
  transactionTime: 0n,
  statementTime: 0n,
  clock: () => 0n,
  random: () => 0,
  catalog: {
    nameOf: (_, oid) => (oid === 23 ? 'integer' : null),
    oidOf: (_, name) => {
      if (name === 'int4') return 23;
      throw new DatabaseError('42P01', 'no names here');
    },
  },
  host: null,
};

test.each(answers.text)('%s %j', (name, text, expected) => {
  const type = typeOf(name);
  // As `'..'::type` reads a literal: the type's input, then its modifiers as an explicit cast applies them.
  expect(outcome(() => cast({ kind: 'unknown' }, text, type))).toBe(expected);
});

function cast(from: LogicalType, text: string, to: LogicalType): string | null {
  const datum = parseText(from, text, context.format, { names: context.catalog });
  const result = castDatum(datum, { from, to, explicit: true }, context);
  if (result === null) return null;
  const asText = castDatum(result, { from: to, to: { kind: 'text' }, explicit: true }, context);
  return typeof asText === 'string' ? asText : 'no text';
}

test.each(answers.cast)('%s %j to %s', (fromName, text, toName, expected) => {
  const from = typeOf(fromName);
  const to = typeOf(toName);
  if (expected === '!42846') expect(castContext(from, to)).toBeNull();
  else expect(outcome(() => cast(from, text, to))).toBe(expected);
});

test.each(answers.context)('%s becomes %s', (fromName, wanted, targets) => {
  const from = typeOf(fromName);
  const names = answers.context.flatMap(([name]) => name).filter((name, i, all) => all.indexOf(name) === i);
  const given = names.filter((name) => castContext(from, typeOf(name)) === wanted);
  expect(given).toEqual(names.filter((name) => targets.includes(name)));
});

/** All values of the fixture of one type in one column, NULLs between them, against castDatum. */
const sources = [...new Set(answers.cast.map(([from]) => from))];
test.each(sources)('columns of %s as rows', (fromName) => {
  const from = typeOf(fromName);
  const texts = [...new Set(answers.cast.filter(([name]) => name === fromName).map(([, text]) => text))];
  const datums = texts.map((text) => parseText(from, text, context.format, { names: context.catalog }));
  for (const toName of new Set(answers.cast.map(([, , to]) => to))) {
    const to = typeOf(toName);
    if (castContext(from, to) === null) continue;
    const target = { from, to, explicit: true };
    const convertible = datums.filter((datum) => {
      try {
        castDatum(datum, target, context);
        return true;
      } catch {
        return false;
      }
    });
    const column = vectorFromDatums(from, convertible.flatMap((datum) => [null, datum]));
    const result = castVector(column, to, true, context);
    const rows = convertible.flatMap((_, i) => [datumAt(result, 2 * i), datumAt(result, 2 * i + 1)]);
    expect([toName, rows]).toEqual([toName, convertible.flatMap((d) => [null, castDatum(d, target, context)])]);
    const failing = datums.find((datum) => !convertible.includes(datum));
    if (failing === undefined) continue;
    const alone = vectorFromDatums(from, [null, failing]);
    expect(() => castVector(alone, to, true, context)).toThrow(DatabaseError);
  }
});

test('values go by their text as formatText writes it', () => {
  expect(formatText(typeOf('boolean'), true, DEFAULT_FORMAT)).toBe('t');
  expect(castDatum(true, { from: typeOf('boolean'), to: typeOf('text'), explicit: true }, context)).toBe('true');
});
