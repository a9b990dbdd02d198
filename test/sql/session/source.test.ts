// Sources: rows come from a connector, each batch with its offset; they stop at DROP and go on after a restart.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { batchFromRows } from '../../../engine/data/access.ts';
import { INT4 } from '../../../engine/data/types.ts';
import type { SourceConnector } from '../../../engine/runtime/connector.ts';
import { openDatabase } from '../../../sql/index.ts';
import { Client } from '../../support/client.ts';

/** Counts from 1; the offset is the last number. Fails once at `failAt`. */
class Counter implements SourceConnector {
  readonly name = 'counter';
  readonly description = 'counts';
  limit = 3;
  failAt = 0;
  opened: number[] = [];
  wake = (): void => {};

  defaultSchema(): { columns: { name: string; type: typeof INT4 }[] } {
    return { columns: [{ name: 'n', type: INT4 }] };
  }

  open(config: Parameters<SourceConnector['open']>[0]): ReturnType<SourceConnector['open']> {
    const schema = { columns: [{ name: 'n', type: INT4 }] };
    const from = config.offset === null ? 0 : new DataView(config.offset.buffer, config.offset.byteOffset).getInt32(0);
    const counter = this;
    return {
      async *read(signal: AbortSignal) {
        counter.opened.push(from);
        for (let n = from + 1; !signal.aborted;) {
          if (n === counter.failAt) {
            counter.failAt = 0;
            throw new Error('the line is dead');
          }
          if (n > counter.limit) {
            await new Promise<void>((resolve) => {
              counter.wake = resolve;
              signal.addEventListener('abort', () => resolve(), { once: true });
            });
            continue;
          }
          const offset = new Uint8Array(4);
          new DataView(offset.buffer).setInt32(0, n);
          yield { rows: batchFromRows(schema, [[n]]), offset };
          n++;
        }
      },
    };
  }
}

const until = async (check: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200; i++) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not happen');
};

describe('sources', () => {
  test('each row once, through a view, over a restart and a fault', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-source-'));
    const counter = new Counter();
    const log: string[] = [];
    const options = { data: folder, connectors: [counter], log: (m: string): void => void log.push(m) };
    let database = await openDatabase(options);
    let client = new Client(database);
    await client.query(`CREATE SOURCE s WITH (connector = 'counter')`);
    await client.query('CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n, sum(n) AS s FROM s');
    await until(async () => (await client.rows('SELECT * FROM v'))[0] === '3|6');
    await client.close();
    await database.close();

    counter.limit = 6;
    counter.failAt = 5;
    database = await openDatabase(options);
    client = new Client(database);
    await until(async () => (await client.rows('SELECT * FROM v'))[0] === '6|21');
    expect(counter.opened).toEqual([0, 3, 4]);
    expect(log).toEqual(['source "s": the line is dead; trying again in 0.5 s']);
    expect(await client.error('INSERT INTO s VALUES (1)')).toBe('42809 cannot change source "s"');
    await client.query('DROP SOURCE s CASCADE');
    counter.limit = 9;
    counter.wake();
    await client.close();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('what is wrong with a source is said at once', async () => {
    const database = await openDatabase({ data: ':memory:', connectors: [new Counter()] });
    const client = new Client(database);
    expect(await client.error(`CREATE SOURCE s WITH (connector = 'nosuch')`)).toBe('22023 connector "nosuch" does not exist');
    expect(await client.error(`CREATE SOURCE s WITH (a = 'b')`)).toBe('42601 CREATE SOURCE needs a connector');
    await client.query(`BEGIN; CREATE SOURCE s WITH (connector = 'counter'); ROLLBACK`);
    expect(await client.error('SELECT * FROM s')).toContain('42P01');
    await client.close();
    await database.close();
  });
});
