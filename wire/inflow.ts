// Inflow: a client's socket whose bytes arrive in buffers that are used again and again.
//
// Why: by default Node allocates 64 KB for each read of a socket; in a long COPY that is as much garbage as data.
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';

/** Of one buffer: what a fast client fills while its last bytes are decoded. */
const BUFFER_BYTES = 128 * 1024;
/** Shorter reads are copied, so that the buffer is free again at once. */
const COPIED_BYTES = 16 * 1024;
/** Buffers kept for later, of all connections together. */
const KEPT = 32;
/** How long a client that is told to go may take to go, once it has been sent all there is for it; and how long for that. */
const LINGER_MS = 1000;
const LAST_WORDS_MS = 60_000;

const free: Uint8Array[] = [];
const ours = new WeakSet<ArrayBufferLike>();

function take(): Uint8Array {
  const kept = free.pop();
  if (kept !== undefined) return kept;
  const made = new Uint8Array(BUFFER_BYTES);
  ours.add(made.buffer);
  return made;
}

export class Inflow {
  /** Carries everything else: writing, ending, events. It has no 'data' event. */
  readonly socket: Socket;
  #listener: (chunk: Buffer) => void = () => undefined;
  #next: Uint8Array = take();
  /** The buffer just read into was handed on whole. */
  #given = false;

  /** `accepted`: from a server with pauseOnConnect, nothing read yet; not to be used any more. */
  constructor(accepted: Socket) {
    const handle: unknown = Reflect.get(accepted, '_handle');
    if (typeof handle !== 'object' || handle === null) {
      this.socket = accepted;
      accepted.on('data', (chunk: Buffer) => this.#listener(chunk));
      return;
    }
    // Node offers `onread` to those who connect only; the socket of a server can have it by changing hands.
    Reflect.set(accepted, '_handle', null);
    accepted.destroy();
    const options: object = {
      handle, pauseOnCreate: true,
      onread: {
        buffer: () => this.#buffer(),
        callback: (length: number, bytes: Uint8Array) => this.#arrived(length, bytes),
      },
    };
    this.socket = new Socket(options);
  }

  /** Every chunk from now on; read from the socket at once. Each must be given back when it is done with. */
  onChunk(listener: (chunk: Buffer) => void): void {
    this.#listener = listener;
    this.socket.resume();
  }

  /** `chunk` and all views of it are done with. */
  giveBack(chunk: Buffer): void {
    if (ours.has(chunk.buffer) && free.length < KEPT) free.push(new Uint8Array(chunk.buffer));
  }

  /**
   * Nothing is listened to any more, and nothing said after what was written. The socket goes on reading, or it would not
   * see the client's end; a client that does not end has a file of ours, which no limit counts.
   */
  leave(): void {
    const { socket } = this;
    this.#listener = (chunk) => this.giveBack(chunk);
    socket.resume();
    const destroyAfter = (milliseconds: number): void => {
      const impatience = setTimeout(() => socket.destroy(), milliseconds);
      impatience.unref();
      socket.once('close', () => clearTimeout(impatience));
    };
    destroyAfter(LAST_WORDS_MS);
    socket.end(() => destroyAfter(LINGER_MS));
  }

  #buffer(): Uint8Array {
    if (this.#given) this.#next = take();
    this.#given = false;
    return this.#next;
  }

  #arrived(length: number, bytes: Uint8Array): boolean {
    if (length <= COPIED_BYTES) {
      this.#listener(Buffer.from(bytes.subarray(0, length)));
      return true;
    }
    this.#given = true;
    this.#listener(Buffer.from(bytes.buffer, bytes.byteOffset, length));
    return true;
  }
}
