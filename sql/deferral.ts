// Deferral: which constraints a transaction checks at its end, and the checks that wait for it.

/** What SET CONSTRAINTS has said: of all, then of single ones by OID. Immutable, so that a savepoint can hold it. */
export class Deferral {
  static readonly NONE = new Deferral(null, new Map());
  readonly #all: boolean | null;
  readonly #named: ReadonlyMap<number, boolean>;

  private constructor(all: boolean | null, named: ReadonlyMap<number, boolean>) {
    this.#all = all;
    this.#named = named;
  }

  /** `constraints` null: all, whatever was said of them before. */
  with(constraints: readonly number[] | null, deferred: boolean): Deferral {
    if (constraints === null) return new Deferral(deferred, new Map());
    const named = new Map(this.#named);
    for (const oid of constraints) named.set(oid, deferred);
    return new Deferral(this.#all, named);
  }

  isDeferred(constraint: Deferrable): boolean {
    if (constraint.deferrable !== true) return false;
    return this.#named.get(constraint.oid) ?? this.#all ?? constraint.initiallyDeferred === true;
  }
}

/** A constraint as the catalog has it. */
export interface Deferrable {
  readonly oid: number;
  readonly deferrable?: boolean;
  readonly initiallyDeferred?: boolean;
}

/** A check put off: forgotten when the write that follows it is undone. */
export interface DeferredCheck {
  readonly constraint: number;
  /** Whose rows it looks at: their definition has to stay until it has run. */
  readonly relations: readonly number[];
  /** Throws what the constraint's violation is. */
  readonly run: () => void;
}
