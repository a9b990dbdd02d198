// Connector options: WITH (name = 'value') read with a check on every name and value.
import { DatabaseError } from '../../engine/data/error.ts';

/** Reads options one by one; `done` then refuses what nobody asked for (22023). */
export class OptionReader {
  readonly #connector: string;
  readonly #options: ReadonlyMap<string, string>;
  readonly #known = new Set(['connector']);

  constructor(connector: string, options: ReadonlyMap<string, string>) {
    this.#connector = connector;
    this.#options = options;
  }

  text(name: string): string | null {
    this.#known.add(name);
    return this.#options.get(name) ?? null;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === null) {
      throw new DatabaseError('22023', `connector "${this.#connector}" needs the option "${name}"`);
    }
    return value;
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
    const value = this.text(name);
    if (value === null) return otherwise;
    const found = allowed.find((a) => a === value.toLowerCase());
    if (found === undefined) throw this.#invalid(name, value, `Available values: ${allowed.join(', ')}.`);
    return found;
  }

  /** A finite number from min to max. */
  number(name: string, otherwise: number | null, range: { readonly min: number; readonly max: number }): number | null {
    const value = this.text(name);
    if (value === null) return otherwise;
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number) || number < range.min || number > range.max) {
      throw this.#invalid(name, value, `It takes a number from ${range.min} to ${range.max}.`);
    }
    return number;
  }

  boolean(name: string, otherwise: boolean): boolean {
    return this.oneOf(name, ['true', 'false', 'on', 'off'], otherwise ? 'true' : 'false').replace('on', 'true') === 'true';
  }

  /** '250ms', '1s', '5 min', '2h', in milliseconds. */
  duration(name: string, otherwiseMs: number): number {
    const value = this.text(name);
    if (value === null) return otherwiseMs;
    const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|sec|second|seconds|min|minute|minutes|h|hour|hours)\s*$/i.exec(value);
    const unit = UNITS_MS.get(match?.[2].toLowerCase() ?? '');
    if (match === null || unit === undefined) {
      throw this.#invalid(name, value, 'It takes a duration such as 250ms, 1s, 5 min or 2h.');
    }
    return Number(match[1]) * unit;
  }

  done(): void {
    for (const name of this.#options.keys()) {
      if (!this.#known.has(name)) {
        throw new DatabaseError('22023', `connector "${this.#connector}" has no option "${name}"`, {
          hint: `Its options: ${[...this.#known].filter((k) => k !== 'connector').join(', ')}.`,
        });
      }
    }
  }

  #invalid(name: string, value: string, hint: string): DatabaseError {
    return new DatabaseError('22023', `invalid value for option "${name}": "${value}"`, { hint });
  }
}

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1], ['s', 1000], ['sec', 1000], ['second', 1000], ['seconds', 1000], ['min', 60_000], ['minute', 60_000],
  ['minutes', 60_000], ['h', 3_600_000], ['hour', 3_600_000], ['hours', 3_600_000],
]);

/** Resolves after `ms`, or at once when the signal aborts; false when it has aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve(!signal.aborted);
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}
