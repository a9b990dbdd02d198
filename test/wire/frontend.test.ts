// Frontend parser: what pg-protocol writes we read; what nobody should write is refused, bounded, and loses no step.
import { Buffer } from 'node:buffer';
import { serialize } from 'pg-protocol';
import { describe, expect, it } from 'vitest';
import { FrontendParser, LARGE_MAX } from '../../wire/frontend.ts';
import { InputMemory } from '../../wire/input-memory.ts';
import type { FrontendMessage } from '../../wire/frontend.ts';
import { Random } from '../support/random.ts';

function parseAll(bytes: Buffer, cuts: (left: number) => number): FrontendMessage[] {
  const parser = new FrontendParser(new InputMemory(LARGE_MAX));
  parser.startupDone();
  parser.authenticated();
  const out: FrontendMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(cuts(bytes.length - at), bytes.length - at);
    parser.push(bytes.subarray(at, at + size));
    at += size;
    for (let message = parser.next(); message !== null; message = parser.next()) {
      // Views are only good until the next push.
      out.push(message.kind === 'copyData' ? { ...message, bytes: new Uint8Array(message.bytes) } : message);
    }
  }
  expect(parser.buffered).toBe(0);
  return out;
}

const CONVERSATION = Buffer.concat([
  serialize.query('select 1 -- ünïcode 😀'),
  serialize.parse({ name: 's1', text: 'select $1', types: [23, 0, 3000000000] }),
  serialize.bind({ portal: 'p', statement: 's1', values: ['a', null, Buffer.from([0, 1, 2])] }),
  serialize.describe({ type: 'S', name: 's1' }),
  serialize.describe({ type: 'P', name: '' }),
  serialize.execute({ portal: 'p', rows: 17 }),
  serialize.close({ type: 'P', name: 'p' }),
  serialize.copyData(Buffer.from('1\tx\n'.repeat(3000))),
  serialize.copyDone(),
  serialize.copyFail('no more'),
  serialize.flush(),
  serialize.sync(),
  serialize.end(),
]);

describe('frontend parser', () => {
  it('reads what an independent client writes', () => {
    const [query, parse, bind, ...rest] = parseAll(CONVERSATION, (left) => left);
    expect(query).toEqual({ kind: 'query', text: 'select 1 -- ünïcode 😀' });
    expect(parse).toEqual({ kind: 'parse', name: 's1', text: 'select $1', types: [23, 0, 3000000000] });
    expect(bind).toMatchObject({ kind: 'bind', portal: 'p', statement: 's1' });
    if (bind.kind !== 'bind') throw new Error('not a bind');
    expect(bind.parameters.map((p) => p.format)).toEqual([0, 0, 1]);
    expect(bind.parameters[1].bytes).toBeNull();
    expect(rest.map((m) => m.kind)).toEqual(
      ['describe', 'describe', 'execute', 'close', 'copyData', 'copyDone', 'copyFail', 'flush', 'sync', 'terminate']);
  });

  it('reads the same however the bytes are cut', () => {
    const whole = parseAll(CONVERSATION, (left) => left);
    expect(parseAll(CONVERSATION, () => 1)).toEqual(whole);
    const random = new Random(7);
    for (let n = 0; n < 30; n++) expect(parseAll(CONVERSATION, () => random.int(1, 700))).toEqual(whole);
  });

  it('refuses a length beyond the bound, and is broken then', () => {
    const parser = new FrontendParser(new InputMemory(LARGE_MAX));
    parser.startupDone();
    parser.authenticated();
    parser.push(Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]));
    expect(() => parser.next()).toThrow(expect.objectContaining({ code: '08P01' }));
    expect(parser.broken).toBe(true);
  });

  it('refuses an unknown message type, and is broken then', () => {
    const parser = new FrontendParser(new InputMemory(LARGE_MAX));
    parser.startupDone();
    parser.authenticated();
    parser.push(Buffer.from([0x01, 0, 0, 0, 4]));
    expect(() => parser.next()).toThrow(expect.objectContaining({ code: '08P01', message: 'invalid frontend message type 1' }));
    expect(parser.broken).toBe(true);
  });

  it('refuses a body that ends early, and stays in step', () => {
    const parser = new FrontendParser(new InputMemory(LARGE_MAX));
    parser.startupDone();
    parser.authenticated();
    // Bind that claims 60,000 parameters and has none.
    const bad = Buffer.from([0x42, 0, 0, 0, 10, 0, 0, 0, 0, 0xea, 0x60]);
    parser.push(Buffer.concat([bad, serialize.sync()]));
    expect(() => parser.next()).toThrow(expect.objectContaining({ code: '08P01' }));
    expect(parser.broken).toBe(false);
    expect(parser.next()).toEqual({ kind: 'sync' });
  });

  it('refuses text that is not UTF-8, naming the bytes', () => {
    const parser = new FrontendParser(new InputMemory(LARGE_MAX));
    parser.startupDone();
    parser.authenticated();
    parser.push(Buffer.from([0x51, 0, 0, 0, 8, 0x61, 0xff, 0x62, 0]));
    expect(() => parser.next()).toThrow(expect.objectContaining(
      { code: '22021', message: 'invalid byte sequence for encoding "UTF8": 0xff' }));
  });

  it('survives random bytes without throwing anything but a protocol error', () => {
    const seed = 20261125;
    const random = new Random(seed);
    for (let n = 0; n < 2000; n++) {
      const parser = new FrontendParser(new InputMemory(LARGE_MAX));
      parser.startupDone();
      parser.authenticated();
      const bytes = Buffer.from(Array.from({ length: random.int(1, 60) }, () => random.int(0, 255)));
      try {
        parser.push(bytes);
        while (parser.next() !== null);
      } catch (error) {
        expect(error, `seed ${seed}, round ${n}, bytes ${bytes.toString('hex')}`)
          .toMatchObject({ name: 'DatabaseError' });
      }
    }
  });

  it('bounds startup packets', () => {
    for (const length of [0, 7, 10_001, 0x7fffffff]) {
      const parser = new FrontendParser(new InputMemory(LARGE_MAX));
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(length);
      parser.push(bytes);
      expect(() => parser.nextStartup()).toThrow(expect.objectContaining({ code: '08P01' }));
    }
  });
});
