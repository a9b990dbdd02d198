// A millrace server in this process, on a free port of loopback.
import { start } from '../../wire/program.ts';
import type { Running } from '../../wire/program.ts';
import type { Address } from './protocol-client.ts';

export interface TestServer {
  readonly address: Address;
  readonly running: Running;
  stop(): Promise<void>;
}

export async function startTestServer(data = ':memory:'): Promise<TestServer> {
  const running = await start({ data, host: '127.0.0.1', port: 0, maxConnections: 50 });
  return {
    running,
    address: { host: '127.0.0.1', port: running.server.port },
    stop: () => running.stop(),
  };
}
