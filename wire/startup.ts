// Startup: encryption requests, version negotiation, cancel requests, authentication, the session's first messages.
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { Endpoint, Session, SessionOptions } from '../sql/index.ts';
import { SCRAM_MECHANISM, ScramExchange, mockVerifier } from './auth.ts';
import * as backend from './backend.ts';
import type { ConnectionHost } from './connection.ts';
import type { StartupMessage } from './frontend.ts';
import type { MessageReader } from './message-reader.ts';
import type { Page } from './page.ts';

const PROTOCOL_3_0 = 196608;
/** As PostgreSQL's authentication_timeout. */
const STARTUP_MS = 60_000;

type Hooks = Pick<SessionOptions, 'onNotice' | 'onParameterStatus' | 'onNotification' | 'untaken'>;

export interface StartupOptions {
  readonly reader: MessageReader;
  readonly page: Page;
  readonly flush: () => Soon<void>;
  readonly host: ConnectionHost;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly hooks: Hooks;
}

/** The session, or null when the connection was only there to cancel. Throws what is to be told as FATAL. */
export async function startUp(options: StartupOptions): Promise<Session | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DatabaseError('08P01', 'canceling authentication due to timeout'));
    }, STARTUP_MS);
    timer.unref();
  });
  return Promise.race([negotiate(options), timeout]).finally(() => clearTimeout(timer));
}

async function negotiate(options: StartupOptions): Promise<Session | null> {
  const { reader, page, flush, host } = options;
  const asked = new Set<string>();
  for (;;) {
    const message = await reader.readStartup();
    switch (message.kind) {
      case 'sslRequest': case 'gssRequest':
        if (asked.has(message.kind)) throw unsupported(1234, message.kind === 'sslRequest' ? 5679 : 5680);
        asked.add(message.kind);
        page.int8('N'.charCodeAt(0));
        await flush();
        break;
      case 'cancelRequest':
        host.cancel(message.processId, message.secret);
        return null;
      case 'startup':
        return open(options, message);
    }
  }
}

async function open(
  options: StartupOptions, message: StartupMessage & { readonly kind: 'startup' },
): Promise<Session> {
  const { reader, page, host } = options;
  negotiateVersion(page, message);
  reader.startupDone();
  const parameters = new Map(message.parameters);
  const user = parameters.get('user') ?? '';
  if (user === '') throw new DatabaseError('28000', 'no PostgreSQL user name specified in startup packet');
  const database = parameters.get('database') ?? '';
  if (parameters.has('replication') && !/^(false|off|no|0)$/i.test(parameters.get('replication') ?? '')) {
    throw new DatabaseError('0A000', 'replication connections are not supported');
  }
  for (const name of ['user', 'database', 'replication']) parameters.delete(name);
  for (const name of [...parameters.keys()]) if (name.startsWith('_pq_.')) parameters.delete(name);

  if (!host.admit()) throw new DatabaseError('53300', 'sorry, too many clients already');
  await authenticate(options, user);
  reader.authenticated();
  backend.authentication(page, 0);
  const session = host.database.connect({
    user, database: database === '' ? user : database, parameters, processId: host.processId, remote: options.remote,
    local: options.local, ...options.hooks,
  });
  backend.backendKeyData(page, host.processId, host.secret);
  return session;
}

function negotiateVersion(page: Page, message: StartupMessage & { readonly kind: 'startup' }): void {
  const { major, minor, parameters } = message;
  if (major !== 3) {
    throw unsupported(major, minor);
  }
  const unknown = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  if (minor > 0 || unknown.length > 0) backend.negotiateProtocolVersion(page, PROTOCOL_3_0, unknown);
}

function unsupported(major: number, minor: number): DatabaseError {
  return new DatabaseError('0A000', `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.0`);
}

async function authenticate(options: StartupOptions, user: string): Promise<void> {
  const { host, page, reader, flush } = options;
  const known = host.database.authenticate(user);
  if (known.kind === 'trust') return;
  const verifier = known.kind === 'scram' ? known.verifier : mockVerifier(user, host.serverSecret);
  const exchange = new ScramExchange(verifier);
  backend.authentication(page, 10, Buffer.from(`${SCRAM_MECHANISM}\0\0`));
  await flush();
  backend.authentication(page, 11, exchange.first(await readPassword(reader)));
  await flush();
  const final = exchange.final(await readPassword(reader));
  if (final === null || known.kind !== 'scram') {
    throw new DatabaseError('28P01', `password authentication failed for user "${user}"`);
  }
  backend.authentication(page, 12, final);
}

async function readPassword(reader: MessageReader): Promise<Buffer> {
  const message = await reader.read();
  if (message.kind === 'password') return Buffer.from(message.bytes);
  throw new DatabaseError('08P01', 'expected SASL response');
}
