// Clients that mean harm, or do not care: what they send, keep and do not take must not become the others' trouble.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { TEXT } from '../../engine/data/types.ts';
import { FrontendParser } from '../../wire/frontend.ts';
import { CopyDecoder } from '../../wire/copy-in.ts';
import { InputMemory } from '../../wire/input-memory.ts';
import { ProtocolClient, encodeScript } from '../support/protocol-client.ts';
import type { Answer } from '../support/protocol-client.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

/** As startTestServer has it. */
const MAX_CONNECTIONS = 50;

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(async () => { await server.stop(); });

const USER = { user: 'millrace', database: 'millrace' };

async function open(): Promise<{ readonly raw: ProtocolClient; readonly processId: number; readonly secret: number }> {
  const raw = await ProtocolClient.open(server.address);
  const key = (await raw.startup(USER)).find((a) => a.msg === 'BackendKeyData');
  return { raw, processId: Number(key?.['processId']), secret: Number(key?.['secret']) };
}

async function query(raw: ProtocolClient, q: string): Promise<readonly Answer[]> {
  raw.send({ Query: { q } });
  return raw.untilReady();
}

async function value(q: string): Promise<unknown> {
  const { raw } = await open();
  const row = (await query(raw, q)).find((a) => a.msg === 'DataRow')?.['values'];
  raw.close();
  return Array.isArray(row) ? row[0] : null;
}

const errorOf = (answers: readonly Answer[]): unknown => answers.find((a) => a.msg === 'ErrorResponse')?.['C'];

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let n = 0; n < 150; n++) {
    if (await condition()) return;
    await pause(20);
  }
  throw new Error('the condition never came true');
}

function words(...numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * numbers.length);
  numbers.forEach((n, i) => out.writeInt32BE(n, 4 * i));
  return out;
}

const SSL_REQUEST = words(8, 80877103);

describe('a start', () => {
  it('that asks for encryption twice is refused, as in PostgreSQL', async () => {
    const socket = connect(server.address.port, server.address.host);
    let told = '';
    socket.on('data', (chunk) => { told += chunk.toString('latin1'); });
    socket.write(Buffer.concat([SSL_REQUEST, SSL_REQUEST]));
    await until(() => told.includes('unsupported frontend protocol 1234.5679'));
    expect(told[0]).toBe('N');
    socket.destroy();
  });

  it('without a password does not make the server hold a large message', async () => {
    const { raw: admin } = await open();
    await query(admin, 'CREATE ROLE hostile LOGIN PASSWORD \'x\'');
    const raw = await ProtocolClient.open(server.address);
    const asked = raw.startup({ user: 'hostile', database: 'millrace' });
    raw.sendBytes(Buffer.concat([Buffer.from('p'), words(100_000_000), Buffer.alloc(1000)]));
    expect(errorOf(await asked)).toBe('08P01');
    await query(admin, 'DROP ROLE hostile');
    admin.close();
  });
});

describe('connections', () => {
  it('as many as there may be, and a statement can still be cancelled', async () => {
    const { raw: sleeper, processId, secret } = await open();
    sleeper.send({ Query: { q: 'SELECT pg_sleep(60)' } });
    const held: ProtocolClient[] = [];
    for (let n = 0; n < MAX_CONNECTIONS; n++) {
      held.push(await ProtocolClient.open(server.address));
      await held[n].startup(USER);
    }
    const canceller = await ProtocolClient.open(server.address);
    canceller.sendBytes(words(16, 80877102, processId, secret));
    expect(errorOf(await sleeper.untilReady())).toBe('57014');
    for (const raw of [...held, canceller, sleeper]) raw.close();
    await until(() => server.running.server.connections === 0);
  });

  it('that were refused and do not end are ended', async () => {
    const refused: Socket[] = [];
    let ended = 0;
    for (let n = 0; n < 20; n++) {
      const socket = connect({ port: server.address.port, host: server.address.host, allowHalfOpen: true });
      socket.on('error', () => { ended++; });
      socket.on('data', () => undefined);
      socket.write(words(8, 0));
      refused.push(socket);
    }
    await pause(1500);
    // The server's end is gone: what is written now is answered by a reset.
    for (const socket of refused) socket.write('x');
    await pause(50);
    for (const socket of refused) socket.write('x');
    await until(() => ended === refused.length);
  });
});

describe('a client that takes nothing', () => {
  it.each([0, 20, 50, 100, 500])('can be terminated at any moment: after %i ms', async (milliseconds) => {
    const { raw, processId } = await open();
    raw.pause();
    raw.send({ Query: { q: 'SELECT repeat(\'x\', 1000) FROM generate_series(1, 50000)' } });
    const state = (): Promise<unknown> => value(`SELECT count(*) FROM pg_stat_activity WHERE pid = ${processId}`);
    await pause(milliseconds);
    expect(await state()).toBe('1');
    expect(await value(`SELECT pg_terminate_backend(${processId})`)).toBe('t');
    await until(async () => await state() === '0');
    raw.close();
  });

  it('and listens fills the queue of notifications, not the process', async () => {
    const { raw: listener } = await open();
    await query(listener, 'LISTEN flood');
    await query(listener, 'BEGIN');
    const { raw } = await open();
    const flood = 'SELECT count(pg_notify(\'flood\', i || repeat(\'x\', 7900))) FROM generate_series(1, 3000) i';
    const codes: unknown[] = [];
    for (let n = 0; n < 6 && codes.at(-1) === undefined; n++) codes.push(errorOf(await query(raw, flood)));
    expect(codes.at(-1)).toBe('54000');
    listener.close();
    await until(async () => errorOf(await query(raw, 'NOTIFY flood')) === undefined);
    raw.close();
  });
});

describe('a pipeline', () => {
  it('does not keep the thread from others', async () => {
    const { raw } = await open();
    const { raw: other } = await open();
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => encodeScript({ Describe: { name: 's' } })));
    raw.sendBytes(Buffer.concat([encodeScript({ Parse: { name: 's', q: 'SELECT * FROM pg_class' } }), flood, encodeScript('Sync')]));
    const order: string[] = [];
    const flooded = raw.untilReady().then(() => order.push('flood'));
    await query(other, 'SELECT 1').then(() => order.push('other'));
    await flooded;
    expect(order).toEqual(['other', 'flood']);
    raw.close();
    other.close();
  });

  it('goes on behind a query whose text has no end', async () => {
    const { raw } = await open();
    raw.send({ Raw: { hex: '510000000653454c' } });
    const answers = await raw.untilReady();
    expect(answers.map((a) => a['C'] ?? a.msg)).toEqual(['08P01', 'ReadyForQuery']);
    raw.close();
  });
});

describe('a message that is not there yet', () => {
  const large = (size: number): Buffer => Buffer.concat([Buffer.from('Q'), words(size + 5), Buffer.alloc(size, 32), Buffer.alloc(1)]);

  it('is skipped with 53200 where others hold the memory', () => {
    const memory = new InputMemory(5_000_000);
    const [first, second] = [new FrontendParser(memory), new FrontendParser(memory)];
    for (const parser of [first, second]) {
      parser.startupDone();
      parser.authenticated();
    }
    const bytes = large(3_000_000);
    first.push(bytes.subarray(0, 2_900_000));
    expect(first.next()).toBeNull();
    expect(memory.held).toBe(2_900_000);
    // What is announced takes no room.
    second.push(bytes.subarray(0, 1000));
    expect(second.next()).toBeNull();
    let refused = 0;
    for (let at = 1000; at < bytes.length; at += 100_000) {
      second.push(bytes.subarray(at, at + 100_000));
      if (at + 100_000 > 2_100_000 && refused === 0) {
        expect(() => second.next()).toThrow(expect.objectContaining({ code: '53200' }));
        refused = at;
      } else expect(second.next()).toBeNull();
    }
    expect(refused).toBeGreaterThan(0);
    expect(second.broken).toBe(false);
    second.push(encodeScript('Sync'));
    expect(second.next()).toEqual({ kind: 'sync' });
    first.close();
    expect(memory.held).toBe(0);
    second.push(bytes.subarray(0, 1000));
    expect(second.next()).toBeNull();
    second.push(bytes.subarray(1000));
    expect(second.next()).toMatchObject({ kind: 'query' });
    expect(memory.held).toBeGreaterThan(3_000_000);
    expect(second.next()).toBeNull();
    expect(memory.held).toBe(0);
  });
});

describe('a row of COPY that does not end', () => {
  const columns = ['a', 'b'].map((name) => ({ name, type: TEXT, table: 0, attribute: 0 }));
  const common = {
    nullText: '\\N', header: false, quote: '"', escape: '"', forceQuote: [], forceNotNull: [], forceNull: [],
  } as const;

  it('is not read again with every chunk', () => {
    for (const [format, text] of [['csv', 'abcdefgh\n'], ['text', 'abcdefgh\\\n']] as const) {
      const decoder = new CopyDecoder({
        table: 't', columns, format: { ...common, format, delimiter: format === 'csv' ? ',' : '\t' },
      }, () => DEFAULT_FORMAT);
      const chunk = Buffer.from(text.repeat(7000));
      decoder.push(Buffer.from(format === 'csv' ? 'x,"' : 'x\t'));
      const gathered = vi.spyOn(Buffer, 'concat');
      let batches = 0;
      for (let n = 0; n < 200; n++) batches += decoder.push(chunk).length;
      expect(batches).toBe(0);
      expect(decoder.held).toBeGreaterThan(200 * chunk.length);
      const read = gathered.mock.results.reduce((sum, result) => sum + (Buffer.isBuffer(result.value) ? result.value.length : 0), 0);
      gathered.mockRestore();
      expect(read, format).toBeLessThan(2 * decoder.held);
      decoder.push(Buffer.from(format === 'csv' ? '"\n' : 'y\n'));
      expect(decoder.finish()[0].length).toBe(1);
    }
  });
});

describe('a query text', () => {
  it('of too many words is refused before it is read', async () => {
    const { raw } = await open();
    expect(errorOf(await query(raw, ';'.repeat((1 << 22) + 1)))).toBe('54001');
    raw.close();
  });

  it('is shown by its beginning', async () => {
    const long = `SELECT octet_length(query) FROM pg_stat_activity WHERE pid = pg_backend_pid() -- ${'ü'.repeat(2000)}`;
    expect(await value(long)).toBe('1023');
    expect(await value(`${long.slice(0, 77)}  -- ${'ü'.repeat(2000)}`)).toBe('1022');
  });
});

describe('a session that idles', () => {
  it('is told which limit it has passed', async () => {
    for (const [setting, begin, code] of [
      ['idle_session_timeout', 'SELECT 1', '57P05'], ['idle_in_transaction_session_timeout', 'BEGIN', '25P03'],
    ] as const) {
      const { raw } = await open();
      await query(raw, `SET ${setting} = 100`);
      await query(raw, begin);
      // Each Sync ends what idles; a statement that runs is not idle.
      raw.send('Sync', 'Sync');
      await raw.untilReady();
      await raw.untilReady();
      expect(errorOf(await query(raw, 'SELECT pg_sleep(0.3)'))).toBeUndefined();
      expect(await raw.next()).toMatchObject({ S: 'FATAL', C: code });
      raw.close();
    }
  });
});

describe('what a session keeps', () => {
  it('counts until it is closed: cursors, portals, statements, channels', async () => {
    const memory = { most: 2_000_000, mostOfAll: 2_000_000, held: 0 };
    const { KeptMap, KeptMemory } = await import('../../sql/kept-memory.ts');
    const kept = new KeptMap<string>(new KeptMemory(memory), (text) => text.length);
    kept.set('a', 'x'.repeat(1_500_000));
    expect(() => kept.set('b', 'x'.repeat(1_500_000))).toThrow(DatabaseError);
    expect(kept.has('b')).toBe(false);
    kept.set('a', 'x'.repeat(100_000));
    kept.set('b', 'x'.repeat(1_500_000));
    kept.delete('b');
    expect(memory.held).toBe(100_000);
    kept.clear();
    expect(memory.held).toBe(0);
  });
});

describe('a client that goes in the middle of what it sends', () => {
  const text = (q: string): Buffer => {
    const body = Buffer.from(`${q}\0`);
    return Buffer.concat([Buffer.from('Q'), words(body.length + 4), body]);
  };

  it('what had arrived whole is worked on', async () => {
    await value('CREATE TABLE forgotten (i int)');
    const { raw } = await open();
    raw.sendBytes(Buffer.concat([...Array.from({ length: 300 }, (_, i) => text(`INSERT INTO forgotten VALUES (${i})`)), Buffer.from('X'), words(4)]));
    raw.close();
    await until(async () => await value('SELECT count(*) FROM forgotten') === '300');
  });

  it('a half message is no message: its bytes are not read as if one began there', async () => {
    await value('CREATE TABLE smuggled (i int)');
    const { raw } = await open();
    const hidden = Buffer.concat([Buffer.alloc(1000), text('INSERT INTO smuggled VALUES (666)')]);
    // A query that announces more than what comes.
    raw.sendBytes(Buffer.concat([text('SELECT pg_sleep(0.3)'), Buffer.from('Q'), words(100_000), Buffer.alloc(1000)]));
    await pause(100);
    raw.sendBytes(hidden.subarray(1000));
    await pause(50);
    raw.close();
    await pause(500);
    expect(await value('SELECT count(*) FROM smuggled')).toBe('0');
  });
});

it('answers before Terminate in one write are sent', async () => {
  const { raw } = await open();
  raw.sendBytes(Buffer.concat([encodeScript({ Query: { q: 'SELECT 42' } }), encodeScript({ Query: { q: 'SELECT 43' } }), Buffer.from('X'), words(4)]));
  expect((await raw.untilReady()).some((a) => a.msg === 'DataRow')).toBe(true);
  expect((await raw.untilReady()).some((a) => a.msg === 'CommandComplete')).toBe(true);
});
