// The one error class for what the user or the world did wrong, and assertions for what we did wrong.

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

  constructor(code: string, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'DatabaseError';
    this.code = code;
    this.fields = fields;
  }

  /** The same error at a position in the statement, unless it already has one. */
  at(position: number | undefined): DatabaseError {
    if (position === undefined || this.fields.position !== undefined) return this;
    return new DatabaseError(this.code, this.message, { ...this.fields, position });
  }
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
