// InputMemory: what clients have sent that cannot be worked on yet, since the rest of a message or of a row is missing.
//
// Why: each may be as long as a query may be, and there may be hundreds of clients.
import { DatabaseError } from '../engine/data/error.ts';

/** So much each client may have without asking. */
export const FREE_BYTES = 1024 * 1024;

/** Of all clients. */
export class InputMemory {
  readonly most: number;
  held = 0;

  constructor(most: number) {
    this.most = most;
  }
}

/** The part of one holder. */
export class Room {
  readonly #memory: InputMemory;
  #bytes = 0;

  constructor(memory: InputMemory) {
    this.#memory = memory;
  }

  /** So many bytes are held from now on. Throws 53200, and holds as many as before, where there is no room for more. */
  fit(bytes: number): void {
    const counted = bytes > FREE_BYTES ? bytes : 0;
    const more = counted - this.#bytes;
    if (more > 0 && this.#memory.held + more > this.#memory.most) {
      throw new DatabaseError('53200', 'out of memory', {
        detail: `There is no room for ${bytes} bytes beside what other clients have sent.`,
      });
    }
    this.#memory.held += more;
    this.#bytes = counted;
  }
}
