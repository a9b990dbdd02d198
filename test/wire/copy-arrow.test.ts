// COPY (FORMAT arrow): what goes out is read by Arrow's own reader, what its writer writes comes in, whole or cut anywhere.
import { connect } from 'node:net';
import {
  Bool, DateDay, Decimal, Dictionary, Float64, Int16, Int32, Int64, Table, TimestampMillisecond, Utf8, tableFromIPC, tableToIPC,
  vectorFromArray,
} from 'apache-arrow';
import { parse, serialize } from 'pg-protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchFromRows, batchToRows } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { formatText } from '../../engine/data/text-format.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import {
  BOOLEAN, BYTEA, DATE, FLOAT8, INT2, INT4, INT8, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID,
} from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { ArrowEncoder, ArrowInput } from '../../wire/copy-arrow.ts';
import type { CopyTarget } from '../../wire/copy-in.ts';
import { Random } from '../support/random.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const columnsOf = (types: readonly LogicalType[]): CopyTarget['columns'] =>
  types.map((type, i) => ({ name: `c${i}`, type, table: 1, attribute: i + 1 }));

const target = (types: readonly LogicalType[]): CopyTarget => ({
  table: 't', columns: columnsOf(types),
  format: {
    format: 'arrow', delimiter: '\t', nullText: '\\N', header: false, quote: '"', escape: '"',
    forceQuote: [], forceNotNull: [], forceNull: [],
  },
});

async function read(types: readonly LogicalType[], parts: readonly Uint8Array[]): Promise<unknown[][]> {
  const input = new ArrowInput(target(types), () => DEFAULT_FORMAT);
  const out: unknown[][] = [];
  for (const part of parts) for (const batch of await input.push(part)) out.push(...batchToRows(batch));
  for (const batch of await input.finish()) out.push(...batchToRows(batch));
  return out;
}

const TYPES = [INT2, INT4, INT8, FLOAT8, BOOLEAN, TEXT, BYTEA, DATE, TIMESTAMP, TIMESTAMPTZ];

function randomRow(random: Random, i: number): (null | number | bigint | boolean | string | Uint8Array)[] {
  const all = [
    i % 30000, 1 - i, 9007199254740993n + BigInt(i), i / 3, i % 3 === 0, `é${'x'.repeat(random.int(0, 30))}`,
    Uint8Array.from([i & 255, 0, 255]), i - 5000, BigInt(i) * 1_000_001n, -BigInt(i),
  ];
  return all.map((value) => (random.int(0, 6) === 0 ? null : value));
}

describe('Arrow streams', () => {
  it('go out so that Arrow reads them, and come back however they are cut', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new Random(seed);
      const rows = Array.from({ length: 3000 }, (_, i) => randomRow(random, i));
      const schema = { columns: TYPES.map((type, i) => ({ name: `c${i}`, type })) };
      const batch = batchFromRows(schema, rows);
      const encoder = new ArrowEncoder(columnsOf(TYPES));
      const parts = [encoder.begin(), encoder.batch(batch.slice(0, 1001), DEFAULT_FORMAT),
        encoder.batch(batch.slice(1001, 3000), DEFAULT_FORMAT), encoder.end()];
      const bytes = Buffer.concat(parts);
      const table = tableFromIPC(bytes);
      expect(table.numRows).toBe(3000);
      for (const row of [0, 7, 1000, 1001, 2999]) {
        expect(table.getChildAt(2)?.get(row)).toEqual(rows[row][2]);
        expect(table.getChildAt(4)?.get(row)).toEqual(rows[row][4]);
        expect(table.getChildAt(5)?.get(row)).toEqual(rows[row][5]);
      }
      const cut: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const to = at + random.int(1, 20_000);
        cut.push(bytes.subarray(at, to));
        at = to;
      }
      expect(await read(TYPES, cut)).toEqual(rows);
    }
  });

  it('of other types are read by their text', async () => {
    const table = new Table({
      a: vectorFromArray([1, 2, null], new Int16()), b: vectorFromArray(['x', null, 'x'], new Dictionary(new Utf8(), new Int32())),
      c: vectorFromArray([5n, -6n, null], new Int64()), d: vectorFromArray([1.5, null, -2], new Float64()),
      e: vectorFromArray([true, false, null], new Bool()),
      f: vectorFromArray([0, 86_400_000, null], new TimestampMillisecond()), g: vectorFromArray([new Date(86_400_000), new Date(172_800_000), null], new DateDay()),
    });
    const types = [INT8, TEXT, NUMERIC, NUMERIC, TEXT, TIMESTAMP, TEXT];
    const got = await read(types, [tableToIPC(table, 'stream')]);
    expect(got.map((row) => row.map((datum, c) => (datum === null ? null : formatText(types[c], datum as Datum, DEFAULT_FORMAT))))).toEqual([
      ['1', 'x', '5', '1.5', 'true', '1970-01-01 00:00:00', '1970-01-02'],
      ['2', null, '-6', null, 'false', '1970-01-02 00:00:00', '1970-01-03'],
      [null, 'x', null, '-2', null, null, null],
    ]);
    expect(got[0][0]).toBe(1n);
  });

  it('that are no streams, too wide or damaged are refused', async () => {
    const table = new Table({ a: vectorFromArray(['x', 'y'], new Utf8()) });
    const fault = async (types: readonly LogicalType[], bytes: Uint8Array): Promise<string> => {
      try {
        await read(types, [bytes]);
      } catch (error) {
        return error instanceof DatabaseError ? `${error.code} ${error.message}` : String(error);
      }
      return 'none';
    };
    expect(await fault([TEXT], tableToIPC(table, 'file'))).toBe('0A000 COPY reads Arrow IPC streams, not files');
    expect(await fault([TEXT, TEXT], tableToIPC(table, 'stream'))).toBe('22P04 Arrow stream has 1 columns, expected 2');
    expect(await fault([INT4], tableToIPC(table, 'stream'))).toBe('22P02 invalid input syntax for type integer: "x"');
    expect(await fault([UUID], tableToIPC(table, 'stream'))).toBe('22P02 invalid input syntax for type uuid: "x"');
    expect(await fault([TEXT], Buffer.from('this is not an Arrow stream at all'))).toMatch(/^22P04 invalid Arrow IPC stream/);
    const bytes0 = Buffer.from(tableToIPC(table, 'stream'));
    const bytes = Buffer.from(bytes0);
    for (let size = 1; size < bytes0.length - 8; size += 7) {
      expect(await fault([TEXT], bytes0.subarray(0, size))).toMatch(/^22P04 invalid Arrow IPC stream|^none$/);
    }
    // The last offset of the column's three.
    const at = bytes.lastIndexOf(Buffer.from([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]));
    bytes.writeInt32LE(1_000_000, at + 8);
    expect(await fault([TEXT], bytes)).toMatch(/^22P04 invalid Arrow IPC stream/);
    for (let bit = 0; bit < bytes0.length * 8; bit++) {
      const damaged = Buffer.from(bytes0);
      damaged[bit >> 3] ^= 1 << (bit & 7);
      expect(await fault([TEXT], damaged)).toMatch(/^(none|22P04|22021|0A000|22P02)/);
    }
  });

  it('have decimals of any sign and scale', async () => {
    const type = new Decimal(2, 10, 128);
    const words = (value: bigint): number[] => [0n, 32n, 64n, 96n].map((shift) => Number((BigInt.asUintN(128, value) >> shift) & 0xffffffffn));
    const { makeData, makeVector } = await import('apache-arrow');
    const data = Uint32Array.from([...words(12345n), ...words(-7n), ...words(-100n)]);
    const table = new Table({ d: makeVector(makeData({ type, length: 3, nullCount: 0, data })) });
    expect((await read([TEXT], [tableToIPC(table, 'stream')])).map(([v]) => v)).toEqual(['123.45', '-0.07', '-1.00']);
  });
});

describe('through the server', () => {
  let server: TestServer;
  beforeAll(async () => { server = await startTestServer(); });
  afterAll(async () => { await server.stop(); });

  it('a table goes out and another takes it', async () => {
    const socket = connect(server.address.port, server.address.host);
    const chunks: Buffer[] = [];
    const tags: string[] = [];
    let wake: (() => void) | null = null;
    let ready = 0;
    void parse(socket, (message: { readonly name: string; readonly chunk?: Buffer; readonly text?: string }) => {
      if (message.name === 'copyData' && message.chunk !== undefined) chunks.push(Buffer.from(message.chunk));
      if (message.name === 'commandComplete') tags.push(message.text ?? '');
      if (message.name === 'error') tags.push(String(message));
      if (message.name === 'readyForQuery' || message.name === 'copyInResponse') ready++;
      wake?.();
    });
    const answered = async (count: number): Promise<void> => {
      while (ready < count) await new Promise<void>((resolve) => { wake = resolve; });
    };
    socket.write(serialize.startup({ user: 'millrace', database: 'millrace' }));
    await answered(1);
    socket.write(serialize.query("CREATE TABLE a AS SELECT i AS id, 'n' || i AS name, i::numeric / 4 AS q FROM generate_series(1, 40000) i"));
    await answered(2);
    socket.write(serialize.query('CREATE TABLE b (id int, name text, q numeric)'));
    await answered(3);
    socket.write(serialize.query('COPY a TO STDOUT (FORMAT arrow)'));
    await answered(4);
    socket.write(serialize.query('COPY b FROM STDIN (FORMAT arrow)'));
    await answered(5);
    for (const chunk of chunks.splice(0)) socket.write(serialize.copyData(chunk));
    socket.write(serialize.copyDone());
    await answered(6);
    socket.write(serialize.query('COPY (SELECT count(*), sum(id), min(name), sum(q) FROM b EXCEPT SELECT count(*), sum(id), min(name), sum(q) FROM a) TO STDOUT'));
    await answered(7);
    expect(chunks).toEqual([]);
    expect(tags).toEqual(['SELECT 40000', 'CREATE TABLE', 'COPY 40000', 'COPY 40000', 'COPY 0']);
    socket.destroy();
  });
});
