// Server: the listener, its limits, and who is connected.
import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { DatabaseError } from '../engine/data/error.ts';
import type { Database } from '../sql/index.ts';
import * as backend from './backend.ts';
import { Connection } from './connection.ts';
import { LARGE_MAX } from './frontend.ts';
import { Inflow } from './inflow.ts';
import { InputMemory } from './input-memory.ts';
import { Page } from './page.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Beyond this many connections a client is told 53300. */
  readonly maxConnections: number;
  log(message: string): void;
}

interface Client {
  readonly connection: Connection;
  readonly secret: number;
  /** Counts as one of the connections there may be. */
  admitted: boolean;
}

/** Connections beside those there may be that have not said yet what they want: to cancel a statement, it may be. */
const STARTING = 32;
/** The longest message has room beside others. */
const INPUT_BYTES = 2 * LARGE_MAX;

export class Server {
  readonly #database: Database;
  readonly #options: ServerOptions;
  readonly #net: NetServer;
  readonly #clients = new Map<number, Client>();
  /** All that are open, refused and ending ones too. */
  readonly #sockets = new Set<Socket>();
  readonly #serverSecret = randomBytes(32);
  readonly #input = new InputMemory(INPUT_BYTES);
  #admitted = 0;
  #nextProcessId = 1000;

  private constructor(database: Database, options: ServerOptions) {
    this.#database = database;
    this.#options = options;
    this.#net = createServer({
      noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000, pauseOnConnect: true,
    }, (accepted) => this.#accept(new Inflow(accepted)));
  }

  /** Listening once it resolves. Rejects with the operating system's error (port in use ...). */
  static async listen(database: Database, options: ServerOptions): Promise<Server> {
    const server = new Server(database, options);
    await new Promise<void>((resolve, reject) => {
      server.#net.once('error', reject);
      server.#net.listen(options.port, options.host, () => {
        server.#net.off('error', reject);
        server.#net.on('error', (error) => options.log(`listener: ${error.message}`));
        resolve();
      });
    });
    return server;
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#net.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Ends every session with 57P01 and stops listening. */
  async close(): Promise<void> {
    const unbound = new Promise<void>((resolve) => { this.#net.close(() => resolve()); });
    const closed = Promise.all([unbound, ...[...this.#sockets].map((socket) => (
      new Promise<void>((resolve) => { socket.once('close', () => resolve()); })))]);
    const error = new DatabaseError('57P01', 'terminating connection due to administrator command');
    for (const { connection } of this.#clients.values()) connection.terminate(error);
    const impatience = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, 1000);
    await closed;
    clearTimeout(impatience);
  }

  /** pg_terminate_backend, and sessions that idle for too long. */
  terminate(processId: number, error: DatabaseError): boolean {
    const client = this.#clients.get(processId);
    client?.connection.terminate(error);
    return client !== undefined;
  }

  #accept(inflow: Inflow): void {
    const { socket } = inflow;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#clients.size >= this.#options.maxConnections + STARTING) {
      const page = new Page(256);
      backend.errorOrNotice(page, 'FATAL', new DatabaseError('53300', 'sorry, too many clients already'));
      socket.on('error', () => socket.destroy());
      socket.write(page.take());
      inflow.leave();
      return;
    }
    const processId = this.#nextProcessId++;
    const secret = randomInt(-0x80000000, 0x80000000);
    const connection = new Connection(inflow, {
      database: this.#database, processId, secret, serverSecret: this.#serverSecret,
      input: this.#input,
      admit: () => this.#admit(client),
      cancel: (id, key) => this.#cancel(id, key),
      log: this.#options.log,
    });
    const client: Client = { connection, secret, admitted: false };
    this.#clients.set(processId, client);
    connection.run().catch((error: unknown) => {
      this.#options.log(`connection ${processId}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
      socket.destroy();
    }).finally(() => {
      this.#clients.delete(processId);
      if (client.admitted) this.#admitted--;
    });
  }

  #admit(client: Client): boolean {
    if (this.#admitted >= this.#options.maxConnections) return false;
    this.#admitted++;
    client.admitted = true;
    return true;
  }

  #cancel(processId: number, secret: number): void {
    const client = this.#clients.get(processId);
    if (client !== undefined && client.secret === secret) client.connection.cancel();
  }
}
