// Ledger: what was acknowledged, and what was under way when the server went, by key; checks what is found afterwards.

/** Keys and the values they get; null: the key goes. */
export type Change = ReadonlyMap<string, string | null>;

export interface LedgerFindings {
  /** Keys that do not have what was acknowledged. */
  lost: number;
  /** Transactions of which a part is there; keys that were never written or were rolled back. */
  half: number;
}

export class Ledger {
  readonly #known = new Map<string, string>();
  readonly #open = new Set<Change>();
  /** Of keys that are not there: why. */
  readonly #absent = new Map<string, string>();
  acknowledged = 0;

  /** Keys that begin so, with their acknowledged values. */
  keys(prefix: string): string[] {
    return [...this.#known.keys()].filter((key) => key.startsWith(prefix));
  }

  get(key: string): string | null {
    return this.#known.get(key) ?? null;
  }

  /**
   * Whether `action` is acknowledged, refused or under way is noted; its error is passed on. `refused`: that error means
   * that nothing was done. Requires: no other open change has one of its keys.
   */
  async attempt(change: Change, action: () => Promise<void>, refused: (error: unknown) => boolean): Promise<void> {
    this.#open.add(change);
    try {
      await action();
    } catch (error) {
      if (refused(error)) {
        this.#open.delete(change);
        for (const [key] of change) if (!this.#known.has(key)) this.#absent.set(key, `refused: ${String(error)}`);
      }
      throw error;
    }
    this.#open.delete(change);
    this.#apply(change);
    this.acknowledged++;
  }

  #apply(change: Change): void {
    for (const [key, value] of change) {
      if (value === null) {
        this.#known.delete(key);
        this.#absent.set(key, `deleted by acknowledged change ${this.acknowledged}`);
      } else {
        this.#known.set(key, value);
      }
    }
  }

  /** Compares; afterwards what was found is what is known. */
  check(found: ReadonlyMap<string, string>, log: (message: string) => void): LedgerFindings {
    const findings = { lost: 0, half: 0 };
    for (const change of this.#open) {
      const telling = [...change].filter(([key, value]) => value !== this.get(key));
      const done = telling.filter(([key, value]) => (found.get(key) ?? null) === value).length;
      if (done === telling.length) {
        this.#apply(change);
      } else if (done === 0) {
        for (const [key] of telling) if (!found.has(key)) this.#absent.set(key, 'under way at a crash and not there afterwards');
      } else {
        findings.half++;
        log(`half a transaction: ${done} of ${telling.length} keys, ${JSON.stringify(telling.slice(0, 5))}`);
      }
    }
    for (const [key, value] of this.#known) {
      if (found.get(key) === value) continue;
      if (++findings.lost <= 5) log(`lost: ${key} is ${found.get(key) ?? 'not there'}, acknowledged was ${value}`);
    }
    for (const [key, value] of found) {
      if (this.#known.has(key)) continue;
      if (++findings.half <= 5) log(`never committed: ${key} is ${value}; ${this.#absent.get(key) ?? 'unknown'}`);
    }
    this.#open.clear();
    this.#known.clear();
    for (const [key, value] of found) this.#known.set(key, value);
    return findings;
  }
}
