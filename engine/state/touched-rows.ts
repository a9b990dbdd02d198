// TouchedRows: the distinct state rows that a step came by, each with a number noted at the first time.
import { EvictableInts } from './evictable-ints.ts';
import type { Governed } from './evictable-ints.ts';

const FIRST_ROWS = 256;

export class TouchedRows {
  /** In order of first touch. */
  ids = new Int32Array(256);
  notes = new Int32Array(256);
  length = 0;
  /** By id: the round that touched it last. */
  #rounds: EvictableInts;
  #round = 0;
  readonly #home: Governed;

  /** `home`: the pages that the rows are in. */
  constructor(home: Governed) {
    this.#home = home;
    this.#rounds = new EvictableInts(home);
  }

  get bytes(): number { return this.#rounds.bytes; }

  /** Forgets the last round. */
  begin(): void {
    this.length = 0;
    this.#round++;
    if (this.#round === 0x7fffffff) {
      this.#rounds.release();
      this.#rounds = new EvictableInts(this.#home);
      this.#round = 1;
    }
  }

  /** True the first time in this round; then `note` is due. */
  add(id: number): boolean {
    if (id >= this.#rounds.length) this.#rounds.ensure(Math.max(id + 1, FIRST_ROWS));
    if (this.#rounds.get(id) === this.#round) return false;
    this.#rounds.set(id, this.#round);
    if (this.length === this.ids.length) {
      this.ids = doubled(this.ids);
      this.notes = doubled(this.notes);
    }
    this.notes[this.length] = 0;
    this.ids[this.length++] = id;
    return true;
  }

  /** For the row added last. */
  note(value: number): void {
    this.notes[this.length - 1] = value;
  }
}

function doubled(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}
