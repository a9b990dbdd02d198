// Whatever the text, the parser answers with statements or a DatabaseError, and lowering changes only what is ours.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { DatabaseError } from '../../../engine/data/error.ts';
import { loadParser, parse } from '../../../sql/parser/parse.ts';
import { readStatements } from '../../../sql/parser/postgres.ts';
import { CharacterIndex, Source } from '../../../sql/parser/source.ts';
import { readStreaming } from '../../../sql/parser/streaming.ts';
import { tokenize } from '../../../sql/parser/tokens.ts';
import { Random } from '../../support/random.ts';

beforeAll(loadParser);

const statements: readonly { readonly text: string }[] = JSON.parse(
  readFileSync(new URL('fixtures/client-statements.json', import.meta.url), 'utf8'));

const ours = [
  "create table t (a int, ts timestamp, watermark for ts as ts - interval '5 s') append only",
  "create source s (a int, watermark for a as a) with (connector = 'x', b.c = 1) format plain encode json (a = 'b')",
  "create materialized view v with (a = 1) as select * exclude (a) from tumble(t, ts, interval '1 s') group by all "
    + 'qualify rank() over (order by a) < 3 emit on window close late data to l',
  "select * from table(session(table t partition by k, descriptor(ts), interval '1 s')) asof join u on a = b",
  'subscribe to v with (snapshot, progress = true) envelope upsert (key (a, b)) as of 3',
  'copy (subscribe (select a from t qualify a)) to stdout', "fetch 3 from c with (timeout = '1s')",
  "create sink k as with q as (select 1) select * from q with (connector = 'file')",
  'select a from b for system_time as of proctime() as c',
];

test('a text without words of ours is read alike with and without lowering', () => {
  for (const { text } of statements) {
    const whole = new CharacterIndex(text);
    expect(readStreaming(whole)).toEqual(readStatements(new Source(whole, text, 0), undefined));
  }
});

/** Tokens dropped, doubled, swapped, exchanged with another statement's, or cut. */
function mutate(random: Random, texts: readonly string[]): string {
  const text = random.pick(texts);
  const pieces = tokenize(text).map(({ start, end }) => text.slice(start, end));
  const donor = random.pick(texts);
  const foreign = tokenize(donor).map(({ start, end }) => donor.slice(start, end));
  for (let n = random.int(1, 3); n > 0; n--) {
    const at = random.int(0, Math.max(0, pieces.length - 1));
    switch (random.int(0, 4)) {
      case 0: pieces.splice(at, 1); break;
      case 1: pieces.splice(at, 0, pieces[at] ?? ''); break;
      case 2: pieces.splice(at, 1, random.pick(foreign)); break;
      case 3: pieces.splice(at, 0, random.pick(['(', ')', ',', ';', "'", '"', '$$', '/*', '*', '.', 'é😀', '=>', '::'])); break;
      default: pieces.length = at;
    }
  }
  return pieces.join(random.pick([' ', ' ', '\n']));
}

test.each([1, 2, 3])('broken statements, seed %i', (seed) => {
  const random = new Random(seed);
  const texts = [...ours, ...ours, ...ours, ...statements.map(({ text }) => text).filter((text) => text.length < 600)];
  for (let i = 0; i < 2_500; i++) {
    const text = mutate(random, texts);
    try {
      for (const { text: own, location } of parse(text)) expect(text.slice(location, location + own.length)).toBe(own);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw new Error(`seed ${seed}, step ${i}: ${text}`, { cause: error });
      const { position } = error.fields;
      if (position !== undefined && (position < 1 || position > text.length + 1)) {
        throw new Error(`seed ${seed}, step ${i}: position ${position} in ${text}`, { cause: error });
      }
    }
  }
});
