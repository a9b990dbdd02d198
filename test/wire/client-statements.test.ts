// What psql, drivers and tools send by themselves must work here, and describe itself as it does in PostgreSQL.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtocolClient } from '../support/protocol-client.ts';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { describeStatement, openShop, readStatements } from './client-statements.ts';

let server: TestServer;
let client: ProtocolClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await openShop(server.address);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

describe('statements of clients', () => {
  const counts = new Map<string, number>();
  for (const recorded of readStatements()) {
    const n = (counts.get(recorded.client) ?? 0) + 1;
    counts.set(recorded.client, n);
    it(`${recorded.client} #${n}`, async () => {
      const { client: _tool, sql, ...expected } = recorded;
      expect(await describeStatement(client, sql), sql).toEqual(expected);
    });
  }
});
