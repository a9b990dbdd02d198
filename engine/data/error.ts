// The one error class for what the user or the world did wrong, and assertions for what we did wrong.
import { withNames } from './type-mention.ts';
import type { TypeNames } from './type-mention.ts';

/** Where and why, beyond code and message; the fields of PostgreSQL's ErrorResponse (manual 55.8). */
export interface ErrorFields {
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  /** 1-based character position in the statement text. */
  readonly position?: number | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * An error with an SQLSTATE (PostgreSQL manual appendix A).
 * Messages follow PostgreSQL: lower-case, no full stop; detail and hint are sentences.
 */
export class DatabaseError extends Error {
  readonly code: string;
  readonly fields: ErrorFields;
  /** Its texts as they were given, which may mention types (`type-mention.ts`). */
  readonly marked: { readonly message: string; readonly detail: string | undefined; readonly hint: string | undefined };

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(unmarked(message), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'DatabaseError';
    this.code = code;
    const { detail, hint } = fields;
    this.marked = { message, detail, hint };
    this.fields = { ...fields, detail: unmarked(detail), hint: unmarked(hint) };
  }

  /** It is no row's fault: the statement was told to end, or needs more than there is. */
  get endsStatement(): boolean {
    return this.code.startsWith('57') || this.code.startsWith('53');
  }

  /** The same error at a position in the statement, unless it already has one. */
  at(position: number | undefined): DatabaseError {
    if (position === undefined || this.fields.position !== undefined) return this;
    return this.with({ position });
  }

  /** The same error with more, or other, fields. */
  with(fields: ErrorFields): DatabaseError {
    const { message, ...marked } = this.marked;
    return new DatabaseError(this.code, message, { ...this.fields, ...marked, ...fields });
  }

  /** The same error with the names that types have where it is read. */
  named(names: TypeNames): DatabaseError {
    const { message, detail, hint } = this.marked;
    return new DatabaseError(this.code, withNames(message, names),
      { ...this.fields, detail: withNames(detail, names), hint: withNames(hint, names) });
  }
}

function unmarked<T extends string | undefined>(text: T): T {
  return withNames(text, null);
}

/** What the machine says of a value that is larger than it takes, as an error of the user's; other faults as they are. */
export function sizeError(error: RangeError): DatabaseError | RangeError {
  if (/call stack/i.test(error.message)) return new DatabaseError('54001', 'stack depth limit exceeded', { cause: error });
  if (/string length|array length|"size" is out of range|ERR_STRING_TOO_LONG/.test(error.message)) {
    return new DatabaseError('54000', 'requested length too large', { cause: error });
  }
  if (/allocation failed|maximum size exceeded/.test(error.message)) {
    return new DatabaseError('53200', 'out of memory', { cause: error });
  }
  return error;
}

/** 0A000: what we do not do (yet), said plainly. */
export function notSupported(what: string, fields: ErrorFields = {}): DatabaseError {
  return new DatabaseError('0A000', `${what} is not supported`, fields);
}

/** A fault of ours, never of the user's input. */
export class AssertionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AssertionError';
  }
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Closes a switch over a union: a compile error when a variant is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
