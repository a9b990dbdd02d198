// Server: the listener, its limits, and who is connected.
import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { DatabaseError } from '../engine/data/error.ts';
import type { Database } from '../sql/index.ts';
import * as backend from './backend.ts';
import { Connection } from './connection.ts';
import { Inflow } from './inflow.ts';
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
}

export class Server {
  readonly #database: Database;
  readonly #options: ServerOptions;
  readonly #net: NetServer;
  readonly #clients = new Map<number, Client>();
  /** All that are open, refused and ending ones too. */
  readonly #sockets = new Set<Socket>();
  readonly #serverSecret = randomBytes(32);
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

  /** pg_terminate_backend. */
  terminate(processId: number): boolean {
    const client = this.#clients.get(processId);
    client?.connection.terminate(
      new DatabaseError('57P01', 'terminating connection due to administrator command'));
    return client !== undefined;
  }

  #accept(inflow: Inflow): void {
    const { socket } = inflow;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#clients.size >= this.#options.maxConnections) {
      const page = new Page(256);
      backend.errorOrNotice(page, 'FATAL', new DatabaseError('53300', 'sorry, too many clients already'));
      socket.on('error', () => socket.destroy());
      inflow.ignore();
      socket.end(page.take());
      return;
    }
    const processId = this.#nextProcessId++;
    const secret = randomInt(-0x80000000, 0x80000000);
    const connection = new Connection(inflow, {
      database: this.#database, processId, secret, serverSecret: this.#serverSecret,
      cancel: (id, key) => this.#cancel(id, key),
      log: this.#options.log,
    });
    this.#clients.set(processId, { connection, secret });
    connection.run().catch((error: unknown) => {
      this.#options.log(`connection ${processId}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
      socket.destroy();
    }).finally(() => this.#clients.delete(processId));
  }

  #cancel(processId: number, secret: number): void {
    const client = this.#clients.get(processId);
    if (client !== undefined && client.secret === secret) client.connection.cancel();
  }
}
