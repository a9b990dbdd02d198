// Kernels of comparison against the comparison of single values: numerics of many scales, char(n) with trailing blanks.
import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { encodeNumeric } from '../../../engine/data/numeric-bytes.ts';
import { Numeric } from '../../../engine/data/numeric.ts';
import { BPCHAR, NUMERIC } from '../../../engine/data/types.ts';
import type { LogicalType } from '../../../engine/data/types.ts';
import { BytesVector } from '../../../engine/data/vector.ts';
import { equalNumeric, equalPadded, lessNumeric, lessPadded } from '../../../engine/function/scalar/comparison-kernels.ts';
import { Random } from '../../support/random.ts';

function vectorOf(type: LogicalType, values: readonly Uint8Array[]): BytesVector {
  const offsets = new Int32Array(values.length + 1);
  values.forEach((value, i) => { offsets[i + 1] = offsets[i] + value.length; });
  return new BytesVector(type, values.length, offsets, Buffer.concat(values), null);
}

const DIGITS = ['1', '9', '10', '9007199254740991', '9007199254740992', '9007199254740993', '281474976710655', '281474976710656'];

function randomNumeric(random: Random): Numeric {
  if (random.float() < 0.05) return random.pick([Numeric.NAN, Numeric.INFINITY, Numeric.NEGATIVE_INFINITY, Numeric.parse('0')]);
  const digits = random.float() < 0.5 ? random.pick(DIGITS) : String(random.int(0, 2000));
  const scale = random.int(0, 18);
  const padded = digits.padStart(scale + 1, '0') + '0'.repeat(random.int(0, 1) * random.int(0, 6));
  const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  return Numeric.parse(random.float() < 0.3 ? `-${text}` : text);
}

it('compares numerics as Numeric does', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const a = Array.from({ length: 2000 }, () => randomNumeric(random));
    const b = a.map((value) => (random.float() < 0.2 ? value : randomNumeric(random)));
    const [x, y] = [a, b].map((values) => vectorOf(NUMERIC, values.map(encodeNumeric)));
    const [equal, less] = [new Uint8Array(2000), new Uint8Array(2000)];
    equalNumeric(x, y, equal, null);
    lessNumeric(x, y, less, null);
    a.forEach((value, i) => {
      const order = value.compare(b[i]);
      const said = `seed ${seed}: ${String(value)} and ${String(b[i])}`;
      expect([said, equal[i], less[i]]).toEqual([said, order === 0 ? 1 : 0, order < 0 ? 1 : 0]);
    });
  }
});

it('compares char(n) without trailing blanks', () => {
  const random = new Random(1);
  const texts = ['', ' ', 'a', 'a ', 'a  ', ' a', 'ab', 'b', 'a b', 'a\u0000', 'ä ', 'ä'];
  const a = Array.from({ length: 2000 }, () => random.pick(texts));
  const b = a.map(() => random.pick(texts));
  const [x, y] = [a, b].map((values) => vectorOf(BPCHAR, values.map((text) => Buffer.from(text))));
  const [equal, less] = [new Uint8Array(2000), new Uint8Array(2000)];
  equalPadded(x, y, equal);
  lessPadded(x, y, less);
  const bare = (text: string): Buffer => Buffer.from(text.replace(/ +$/, ''));
  a.forEach((text, i) => {
    const order = Buffer.compare(bare(text), bare(b[i]));
    expect([text, b[i], equal[i], less[i]]).toEqual([text, b[i], order === 0 ? 1 : 0, order < 0 ? 1 : 0]);
  });
});
