// MessageReader: awaitable messages out of a socket, with a bound on what is buffered ahead.
import type { Buffer } from 'node:buffer';
import { startSlices } from '../sql/index.ts';
import type { Soon } from '../engine/data/soon.ts';
import { FrontendParser } from './frontend.ts';
import type { FrontendMessage, StartupMessage } from './frontend.ts';
import type { Inflow } from './inflow.ts';
import type { InputMemory } from './input-memory.ts';

/** The client went away: nobody is left to tell. */
export class Disconnected extends Error {
  constructor() {
    super('client disconnected');
    this.name = 'Disconnected';
  }
}

/** Chunks waiting behind the message being worked on; past this many bytes the socket is paused. */
const AHEAD_MAX = 1024 * 1024;

/**
 * Chunks queue up while a message is worked on and are handed to the parser one by one, so that a message's bytes
 * (copyData is a view) stay as they are until the next `read`.
 */
export class MessageReader {
  readonly #inflow: Inflow;
  readonly #parser: FrontendParser;
  readonly #chunks: Buffer[] = [];
  /** The chunk that the parser reads. */
  #current: Buffer | null = null;
  #ahead = 0;
  #ended = false;
  #wake: (() => void) | null = null;
  #slices = startSlices();

  constructor(inflow: Inflow, memory: InputMemory) {
    this.#inflow = inflow;
    this.#parser = new FrontendParser(memory);
    const { socket } = inflow;
    inflow.onChunk((chunk) => {
      this.#chunks.push(chunk);
      this.#ahead += chunk.length;
      if (this.#ahead > AHEAD_MAX) socket.pause();
      this.#notify();
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#notify();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#notify();
    });
  }

  /** Nothing is read any more. What had arrived when the client went was still worked on, message by message. */
  close(): void {
    this.#parser.close();
  }

  /** True when the byte stream cannot be made sense of any more. */
  get broken(): boolean {
    return this.#parser.broken;
  }

  /** The message that could not be read belongs to a sequence that ends with Sync. */
  get inSequence(): boolean {
    return this.#parser.extended;
  }

  get disconnected(): boolean {
    return this.#ended;
  }

  /** True when the next message, whole or in part, has already arrived: answers may wait for it (pipelining). */
  get hasMore(): boolean {
    return this.#chunks.length > 0 || this.#parser.buffered > 0;
  }

  async readStartup(): Promise<StartupMessage> {
    for (;;) {
      const message = this.#parser.nextStartup();
      if (message !== null) return message;
      if (!this.#feed()) await this.more();
    }
  }

  startupDone(): void {
    this.#parser.startupDone();
  }

  authenticated(): void {
    this.#parser.authenticated();
  }

  /** To be called between messages: the others get their turn when this client has had the thread for long. */
  turn(): Soon<void> {
    return this.#slices();
  }

  /** A message already there, or null; throws DatabaseError 08P01 for a malformed one. */
  readNow(): FrontendMessage | null {
    for (;;) {
      const message = this.#parser.next();
      if (message !== null) return message;
      if (!this.#feed()) return null;
    }
  }

  async read(): Promise<FrontendMessage> {
    for (;;) {
      const message = this.readNow();
      if (message !== null) return message;
      await this.more();
    }
  }

  /** Resolves when the client goes away. */
  onDisconnect(listener: () => void): void {
    this.#inflow.socket.once('close', listener);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #feed(): boolean {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return false;
    this.#ahead -= chunk.length;
    const { socket } = this.#inflow;
    if (this.#ahead <= AHEAD_MAX / 2 && socket.isPaused()) socket.resume();
    this.#parser.push(chunk);
    // What was left of the chunk before has been copied, and its messages are done with.
    if (this.#current !== null) this.#inflow.giveBack(this.#current);
    this.#current = chunk;
    return true;
  }

  /** Until more has arrived; rejects when nothing will. */
  more(): Promise<void> {
    if (this.#chunks.length > 0) return Promise.resolve();
    if (this.#ended) return Promise.reject(new Disconnected());
    return new Promise<void>((resolve) => {
      this.#wake = () => {
        this.#slices = startSlices();
        resolve();
      };
    });
  }
}
