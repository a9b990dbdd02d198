// Outflow: a client's socket as answers go out to it: written into a page, handed on, and waited for where it takes its time.
import type { Socket } from 'node:net';
import type { Soon } from '../engine/data/soon.ts';
import { Disconnected } from './message-reader.ts';
import { Page } from './page.ts';

/** A client that has not taken what it was handed, some 64 KB or a row, for this long is given up. */
const STALLED_MS = 10 * 60 * 1000;

export class Outflow {
  /** What is said next. */
  readonly page = new Page();
  readonly #socket: Socket;
  readonly #givenUp: () => void;
  #draining: Promise<void> | null = null;

  constructor(socket: Socket, givenUp: () => void) {
    this.#socket = socket;
    this.#givenUp = givenUp;
  }

  /** Bytes that the client has not taken. */
  get untaken(): number {
    return this.page.at + this.#socket.writableLength;
  }

  /** The client does not keep up. */
  get stalls(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Hands the page to the socket without waiting. */
  write(): void {
    if (this.page.at === 0) return;
    if (this.#socket.destroyed) this.page.at = 0;
    else this.#socket.write(this.page.take());
  }

  /** Hands the page to the socket; waits while the client does not keep up, and rejects when it is gone. */
  flush(): Soon<void> {
    this.write();
    if (this.stalls || this.#socket.destroyed) return this.#drained();
  }

  /** Hands it on though nobody waits: an idle client is given up like others when it takes nothing. */
  push(): void {
    this.write();
    if (this.stalls) this.#drained().catch(() => undefined);
  }

  #drained(): Promise<void> {
    if (this.#socket.destroyed) return Promise.reject(new Disconnected());
    this.#draining ??= this.#drain().finally(() => { this.#draining = null; });
    return this.#draining;
  }

  #drain(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const done = (error: Error | null): void => {
        clearTimeout(timer);
        this.#socket.off('drain', onDrain);
        this.#socket.off('close', onClose);
        if (error === null) resolve();
        else reject(error);
      };
      const onDrain = (): void => done(null);
      const onClose = (): void => done(new Disconnected());
      const timer = setTimeout(() => {
        this.#givenUp();
        this.#socket.destroy();
      }, STALLED_MS);
      this.#socket.once('drain', onDrain);
      this.#socket.once('close', onClose);
    });
  }
}
