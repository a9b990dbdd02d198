// Plays the recorded conversations against our server: the answers must be PostgreSQL's, message for message.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';
import { playCase, readRecorded } from './golden.ts';

/** Where we answer otherwise on purpose, and why. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([
  ['FunctionCall', 'no function can be called by OID; we say so instead of looking one up'],
]);

let server: TestServer;
beforeAll(async () => { server = await startTestServer(); });
afterAll(async () => { await server.stop(); });

describe('golden conversations', () => {
  for (const recorded of readRecorded()) {
    const reason = DIFFERENT.get(recorded.name);
    it(reason === undefined ? recorded.name : `${recorded.name} (differs: ${reason})`, async () => {
      const got = await playCase(server.address, recorded);
      if (reason === undefined) expect(got).toEqual(recorded.receive);
      else expect(got.map((a) => a.msg)).toEqual(recorded.receive.map((a) => a.msg));
    });
  }
});
