// TouchedRows: the distinct state rows that a step came by, each with a number noted at the first time.

export class TouchedRows {
  /** In order of first touch. */
  ids = new Int32Array(256);
  notes = new Int32Array(256);
  length = 0;
  /** By id: the round that touched it last. */
  #rounds = new Int32Array(256);
  #round = 0;

  /** Forgets the last round. */
  begin(): void {
    this.length = 0;
    this.#round++;
    if (this.#round === 0x7fffffff) {
      this.#rounds.fill(0);
      this.#round = 1;
    }
  }

  /** True the first time in this round; then `note` is due. */
  add(id: number): boolean {
    if (id >= this.#rounds.length) this.#growTo(id);
    if (this.#rounds[id] === this.#round) return false;
    this.#rounds[id] = this.#round;
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

  #growTo(id: number): void {
    const rounds = new Int32Array(Math.max(id + 1, this.#rounds.length * 2));
    rounds.set(this.#rounds);
    this.#rounds = rounds;
  }
}

function doubled(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}
