// What a transaction has done outside of its own writes, and how it is taken back when it, or a part of it, does not commit.
export class UndoLog {
  readonly #steps: (() => void)[] = [];

  get length(): number {
    return this.#steps.length;
  }

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes back what was done since there were `length` steps, the last first. */
  takeBack(length: number): void {
    while (this.#steps.length > length) this.#steps.pop()?.();
  }
}
