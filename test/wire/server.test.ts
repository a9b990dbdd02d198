// The server against clients that do what clients do: authenticate, vanish, lie, stall, come in crowds.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProtocolClient } from '../support/protocol-client.ts';
import type { Answer } from '../support/protocol-client.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(async () => { await server.stop(); });

const client = (over: { readonly user?: string; readonly password?: string; readonly database?: string } = {}): Client =>
  new Client({ host: '127.0.0.1', port: server.address.port, user: 'millrace', database: 'millrace', ...over });

async function open(): Promise<ProtocolClient> {
  const raw = await ProtocolClient.open(server.address);
  await raw.startup({ user: 'millrace', database: 'millrace' });
  return raw;
}

async function rows(sql: string): Promise<readonly Answer[]> {
  const raw = await open();
  raw.send({ Query: { q: sql } });
  const answers = await raw.untilReady();
  raw.close();
  return answers;
}

async function single(sql: string): Promise<unknown> {
  const row = (await rows(sql)).find((a) => a.msg === 'DataRow')?.['values'];
  return Array.isArray(row) ? row[0] : null;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 100; n++) {
    if (await condition()) return;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  throw new Error('the condition never came true');
}

describe('node-postgres', () => {
  it('queries with parameters of many types, and streams nothing it did not ask for', async () => {
    const pg = client();
    await pg.connect();
    const { rows: [row] } = await pg.query(
      'SELECT $1::int8 AS big, $2::text AS t, $3::bool AS b, $4::timestamptz AS at, $5::jsonb AS j, $6::int4[] AS a',
      ['9007199254740993', 'ünï', true, new Date('2026-01-01T00:00:00Z'), { b: 1, a: [null] }, [1, 2]]);
    expect(row).toEqual({
      big: '9007199254740993', t: 'ünï', b: true, at: new Date('2026-01-01T00:00:00Z'), j: { b: 1, a: [null] }, a: [1, 2],
    });
    await pg.end();
  });
});

describe('network addresses', () => {
  it('of both ends are inet', async () => {
    const pg = client();
    await pg.connect();
    const { rows: [row] } = await pg.query(`SELECT inet_client_addr() AS them, inet_server_addr() AS us,
      inet_server_port() AS port, pg_typeof(inet_server_addr())::text AS type, (SELECT client_addr = inet_client_addr() AND client_port = inet_client_port()
        FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS same`);
    expect(row).toEqual({ them: '127.0.0.1', us: '127.0.0.1', port: server.address.port, type: 'inet', same: true });
    await pg.end();
  });

  it('go through parameters as text', async () => {
    const pg = client();
    await pg.connect();
    const { rows: [row] } = await pg.query('SELECT $1::inet + 1 AS next, $2::cidr AS net, $3::macaddr AS mac, $4::inet[] AS list',
      ['10.0.0.255', '10.1/16', '0800.2b01.0203', ['::1', null]]);
    expect(row).toEqual({ next: '10.0.1.0', net: '10.1.0.0/16', mac: '08:00:2b:01:02:03', list: ['::1', null] });
    await pg.end();
  });
});

describe('passwords', () => {
  it('are asked for once one is set, by SCRAM-SHA-256; wrong ones and unknown users are told the same', async () => {
    await rows('CREATE ROLE guarded LOGIN PASSWORD \'right\'');
    const good = client({ user: 'guarded', password: 'right' });
    await good.connect();
    expect((await good.query('SELECT current_user AS u')).rows).toEqual([{ u: 'guarded' }]);
    await good.end();
    for (const [user, password] of [['guarded', 'wrong'], ['nobody', 'right']] as const) {
      const bad = client({ user, password });
      bad.on('error', () => undefined);
      await expect(bad.connect()).rejects.toMatchObject({
        code: '28P01', message: `password authentication failed for user "${user}"`,
      });
    }
    await rows('DROP ROLE guarded');
  });
});

describe('a COPY', () => {
  it('with a bad value in line 70,000 tells the line, leaves nothing behind, and the session goes on', async () => {
    const raw = await open();
    await raw.play([{ Query: { q: 'CREATE TABLE lines (a int, b text)' } }, { Query: { q: 'COPY lines FROM STDIN' } }]);
    for (let block = 0; block < 100; block++) {
      const data = Array.from({ length: 1000 }, (_, i) => {
        const line = block * 1000 + i + 1;
        return `${line === 70_000 ? 'seventy' : line}\tx\n`;
      }).join('');
      raw.send({ CopyData: { data } });
    }
    raw.send('CopyDone');
    const [error, ready] = await raw.untilReady();
    expect(error).toMatchObject({
      msg: 'ErrorResponse', C: '22P02', M: 'invalid input syntax for type integer: "seventy"',
      W: 'COPY lines, line 70000, column a: "seventy"',
    });
    expect(ready).toEqual({ msg: 'ReadyForQuery', status: 'I' });
    raw.send({ Query: { q: 'SELECT count(*) FROM lines' } });
    expect((await raw.untilReady())[1]).toEqual({ msg: 'DataRow', values: ['0'] });
    raw.close();
  });

  it('whose client vanishes leaves nothing behind', async () => {
    const raw = await open();
    await raw.play([{ Query: { q: 'CREATE TABLE vanished (a int)' } }, { Query: { q: 'COPY vanished FROM STDIN' } }]);
    raw.send({ CopyData: { data: '1\n2\n'.repeat(50_000) } });
    raw.close();
    await until(async () => await single('SELECT count(*) FROM pg_stat_activity WHERE query LIKE \'COPY vanished%\'') === '0');
    expect(await single('SELECT count(*) FROM vanished')).toBe('0');
  });

  it('takes what is cut anywhere, in every format', async () => {
    const raw = await open();
    await raw.play([{ Query: { q: 'CREATE TABLE cut (a int, b text)' } }]);
    const texts: readonly (readonly [string, string])[] = [
      ['COPY cut FROM STDIN', '1\ta\\tb\n2\t\\N\n3\tüü\n'],
      ['COPY cut FROM STDIN (FORMAT csv)', '1,"a\tb"\r\n2,\r\n3,üü\r\n'],
    ];
    for (const [sql, text] of texts) {
      const bytes = Buffer.from(text);
      for (let size = 1; size < bytes.length; size += 3) {
        await raw.play([{ Query: { q: 'TRUNCATE cut' } }, { Query: { q: sql } }]);
        for (let at = 0; at < bytes.length; at += size) {
          const piece = bytes.subarray(at, at + size);
          const header = Buffer.from([0x64, 0, 0, 0, 0]);
          header.writeInt32BE(piece.length + 4, 1);
          raw.sendBytes(Buffer.concat([header, piece]));
        }
        raw.send('CopyDone');
        expect((await raw.untilReady())[0]).toEqual({ msg: 'CommandComplete', tag: 'COPY 3' });
        raw.send({ Query: { q: 'SELECT * FROM cut ORDER BY a' } });
        expect((await raw.untilReady()).filter((a) => a.msg === 'DataRow').map((a) => a['values']))
          .toEqual([['1', 'a\tb'], ['2', null], ['3', 'üü']]);
      }
    }
    raw.close();
  });
});

describe('malformed input', () => {
  it('of a message body is an error of the session, which goes on', async () => {
    const raw = await open();
    // Bind that claims 60,000 parameters and has none.
    raw.send({ Raw: { hex: '420000000a00000000ea60' } }, 'Sync');
    const answers = await raw.untilReady();
    expect(answers[0]).toMatchObject({ msg: 'ErrorResponse', C: '08P01', S: 'ERROR' });
    raw.send({ Query: { q: 'SELECT 1' } });
    expect((await raw.untilReady())[1]).toEqual({ msg: 'DataRow', values: ['1'] });
    raw.close();
  });

  it('of a length or message type ends that connection, not the server', async () => {
    for (const hex of ['517fffffff', '00ffffffff', '5100000002']) {
      const raw = await open();
      raw.send({ Raw: { hex } });
      const answers = await raw.untilReady();
      expect(answers.map((a) => a['C'] ?? a.msg)).toEqual(['08P01', '<connection closed by server>']);
    }
    expect(await single('SELECT 1')).toBe('1');
  });

  it('of nothing but noise is survived, as are resets', async () => {
    for (let n = 0; n < 50; n++) {
      const socket = connect(server.address.port, server.address.host);
      socket.on('error', () => undefined);
      await new Promise((resolve) => { socket.once('connect', resolve); });
      socket.write(Buffer.from(Array.from({ length: n * 7 + 1 }, (_, i) => (i * 37 + n * 11) & 0xff)));
      if (n % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    expect(await single('SELECT 1')).toBe('1');
  });
});

describe('a slow reader', () => {
  it('does not make the server hold its whole result, and blocks nobody', async () => {
    const slow = await ProtocolClient.open(server.address);
    await slow.startup({ user: 'millrace', database: 'millrace' });
    slow.pause();
    slow.send({ Query: { q: 'SELECT repeat(\'x\', 1000) FROM generate_series(1, 50000)' } });
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect(await single('SELECT 2')).toBe('2');
    slow.resume();
    const answers = await slow.untilReady();
    expect(answers.filter((a) => a.msg === 'DataRow')).toHaveLength(50_000);
    slow.close();
  });
});

describe('a page that is full to the byte', () => {
  it('is sent, and the rows go on', async () => {
    // RowDescription takes 32 bytes, a row 11 and its text: 92 rows of 701 characters fill 64 KiB exactly.
    for (const length of [699, 700, 701, 702]) {
      const answers = await rows(`SELECT repeat('x', ${length}) FROM generate_series(1, 300)`);
      expect(answers.filter((a) => a.msg === 'DataRow')).toHaveLength(300);
    }
  });
});

describe('limits', () => {
  it('too many connections are told 53300', async () => {
    const held: ProtocolClient[] = [];
    for (let n = 0; n < 60; n++) {
      const raw = await ProtocolClient.open(server.address);
      held.push(raw);
      const answers = await raw.startup({ user: 'millrace', database: 'millrace' });
      const error = answers.find((a) => a.msg === 'ErrorResponse');
      if (error === undefined) continue;
      expect(error).toMatchObject({ S: 'FATAL', C: '53300', M: 'sorry, too many clients already' });
      break;
    }
    expect(held.length).toBeLessThan(60);
    for (const raw of held) raw.close();
    await until(async () => (await rows('SELECT 1')).some((a) => a.msg === 'DataRow'));
  });
});

describe('SUBSCRIBE', () => {
  it('pushes changes while it runs, as rows and inside COPY, until it is cancelled', async () => {
    await rows('CREATE TABLE watched (a int)');
    await rows('CREATE MATERIALIZED VIEW counted AS SELECT a, count(*) AS n FROM watched GROUP BY a');
    for (const sql of ['SUBSCRIBE TO counted WITH (snapshot)', 'COPY (SUBSCRIBE TO counted WITH (snapshot)) TO STDOUT']) {
      await rows('TRUNCATE watched; INSERT INTO watched VALUES (1)');
      const raw = await ProtocolClient.open(server.address);
      const opened = await raw.startup({ user: 'millrace', database: 'millrace' });
      const key = opened.find((a) => a.msg === 'BackendKeyData');
      raw.send({ Query: { q: sql } });
      expect((await raw.next()).msg).toMatch(/RowDescription|CopyOutResponse/);
      const values = async (): Promise<readonly unknown[]> => {
        const answer = await raw.next();
        const data = answer['data'];
        return typeof data === 'string' ? data.trim().split('\t').slice(1) : Array.isArray(answer['values']) ? answer['values'].slice(1) : [answer];
      };
      expect(await values()).toEqual(['1', '1', '1']);
      await rows('INSERT INTO watched VALUES (1), (2)');
      const changes = [await values(), await values(), await values()].map((v) => v.join()).toSorted();
      expect(changes).toEqual(['-1,1,1', '1,1,2', '1,2,1']);
      const canceller = await ProtocolClient.open(server.address);
      canceller.sendBytes(cancelRequest(Number(key?.['processId']), Number(key?.['secret'])));
      const rest = await raw.untilReady();
      expect(rest.find((a) => a.msg === 'ErrorResponse')).toMatchObject({ C: '57014' });
      raw.close();
      canceller.close();
    }
  });
});

function cancelRequest(processId: number, secret: number): Buffer {
  const out = Buffer.alloc(16);
  out.writeInt32BE(16, 0);
  out.writeInt32BE(80877102, 4);
  out.writeInt32BE(processId, 8);
  out.writeInt32BE(secret, 12);
  return out;
}
