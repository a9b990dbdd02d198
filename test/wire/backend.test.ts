// Backend encoder: what we write, pg-protocol's parser reads.
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { parse } from 'pg-protocol';
import { describe, expect, it } from 'vitest';
import { batchFromRows } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { BOOLEAN, BYTEA, INT2, INT4, INT8, TEXT, numericType } from '../../engine/data/types.ts';
import * as backend from '../../wire/backend.ts';
import { Page } from '../../wire/page.ts';
import { RowEncoder } from '../../wire/result.ts';

const SETTINGS = { format: DEFAULT_FORMAT, names: { nameOf: () => null, oidOf: () => 0 } };

interface Parsed { readonly name: string; readonly [key: string]: unknown }

async function read(write: (page: Page) => void): Promise<readonly Parsed[]> {
  const page = new Page(16);
  write(page);
  const out: Parsed[] = [];
  await parse(Readable.from([page.take()]), (message) => out.push({ ...message }));
  return out;
}

describe('backend encoder', () => {
  it('writes errors with all fields', async () => {
    const error = new DatabaseError('23505', 'duplicate key value violates unique constraint "t_pkey"', {
      detail: 'Key (a)=(1) already exists.', schema: 'public', table: 't', constraint: 't_pkey', position: 7,
      hint: 'h', where: 'w', column: 'c', dataType: 'd',
    });
    const [message] = await read((page) => backend.errorOrNotice(page, 'ERROR', error));
    expect(message).toMatchObject({
      name: 'error', severity: 'ERROR', code: '23505', detail: 'Key (a)=(1) already exists.', schema: 'public',
      table: 't', constraint: 't_pkey', position: '7', hint: 'h', where: 'w', column: 'c', dataType: 'd',
    });
  });

  it('writes a row description and rows in both formats', async () => {
    const types = [INT2, INT4, INT8, BOOLEAN, TEXT, BYTEA];
    const columns = types.map((type, i) => ({ name: `c${i}`, type, table: 0, attribute: 0 }));
    const rows = [
      [-32768, -2147483648, -9223372036854775808n, true, 'ä'.repeat(60), new Uint8Array([0, 255])],
      [0, 0, 9007199254740993n, false, '', new Uint8Array()],
      [32767, 2147483647, 9223372036854775807n, null, null, null],
      [-1, 10, 99n, true, 'x', new Uint8Array([1])],
    ];
    const batch = batchFromRows({ columns }, rows);
    const text = await read((page) => {
      backend.rowDescription(page, columns, []);
      new RowEncoder(types.map((type) => ({ type, binary: false })))
        .encode(page, batch, { from: 0, untilBytes: 1e6, settings: SETTINGS });
    });
    expect(text[0]).toMatchObject({ name: 'rowDescription', fieldCount: 6 });
    expect(text.slice(1).map((m) => m['fields'])).toEqual([
      ['-32768', '-2147483648', '-9223372036854775808', 't', 'ä'.repeat(60), '\\x00ff'],
      ['0', '0', '9007199254740993', 'f', '', '\\x'],
      ['32767', '2147483647', '9223372036854775807', null, null, null],
      ['-1', '10', '99', 't', 'x', '\\x01'],
    ]);
  });

  it('goes on where the page was full', () => {
    const columns = [{ name: 'a', type: INT4 }];
    const batch = batchFromRows({ columns }, Array.from({ length: 1000 }, (_, i) => [i]));
    const encoder = new RowEncoder([{ type: INT4, binary: true }]);
    let at = 0;
    let pages = 0;
    const whole: Buffer[] = [];
    while (at < batch.length) {
      const page = new Page(64);
      at = encoder.encode(page, batch, { from: at, untilBytes: 300, settings: SETTINGS });
      whole.push(page.take());
      pages++;
    }
    expect(pages).toBeGreaterThan(10);
    const bytes = Buffer.concat(whole);
    expect(bytes.length).toBe(1000 * 15);
    for (let i = 0; i < 1000; i++) expect(bytes.readInt32BE(i * 15 + 11)).toBe(i);
  });

  it('writes the small messages', async () => {
    const messages = await read((page) => {
      backend.authentication(page, 0);
      backend.backendKeyData(page, 7, -1);
      backend.parameterStatus(page, 'TimeZone', 'UTC');
      backend.parseComplete(page);
      backend.bindComplete(page);
      backend.closeComplete(page);
      backend.noData(page);
      backend.portalSuspended(page);
      backend.emptyQueryResponse(page);
      backend.commandComplete(page, 'SELECT 1');
      backend.parameterDescription(page, [23, 25]);
      backend.notificationResponse(page, 3, 'ch', 'hi');
      backend.copyResponse(page, 'in', 2, false);
      backend.readyForQuery(page, 'T');
    });
    expect(messages.map((m) => m.name)).toEqual([
      'authenticationOk', 'backendKeyData', 'parameterStatus', 'parseComplete', 'bindComplete', 'closeComplete',
      'noData', 'portalSuspended', 'emptyQuery', 'commandComplete', 'parameterDescription', 'notification',
      'copyInResponse', 'readyForQuery']);
  });

  it('hides a fault of ours behind XX000 and keeps its cause', () => {
    const fault = backend.asDatabaseError(new TypeError('x is undefined'));
    expect(fault.code).toBe('XX000');
    expect(fault.fields.cause).toBeInstanceOf(TypeError);
  });

  it('sends typmods', async () => {
    const page = new Page();
    backend.rowDescription(page, [{ name: 'n', type: numericType(10, 2), table: 5, attribute: 3 }], [1]);
    const bytes = page.take();
    expect(bytes.readInt32BE(bytes.length - 6)).toBe(((10 << 16) | 2) + 4);
    expect(bytes.readInt16BE(bytes.length - 2)).toBe(1);
  });

  it('describes a domain as the type it is over', () => {
    const page = new Page();
    const over = { kind: 'domain', oid: 16400, name: 'price', base: numericType(10, 2) } as const;
    const type = { kind: 'domain', oid: 16401, name: 'low_price', base: over } as const;
    backend.rowDescription(page, [{ name: 'n', type, table: 5, attribute: 3 }], []);
    const bytes = page.take();
    expect(bytes.readInt32BE(bytes.length - 12)).toBe(1700);
    expect(bytes.readInt32BE(bytes.length - 6)).toBe(((10 << 16) | 2) + 4);
  });
});
