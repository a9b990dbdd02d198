// How large one value may be: functions that make larger ones would keep the thread, and the process's memory, to themselves.
import type { Datum } from './datum.ts';
import { DatabaseError } from './error.ts';

/** Characters of a text, bytes of a bytea. PostgreSQL takes 1 GB; a string of the machine has half as many characters at most. */
export const MAX_VALUE = 1 << 27;
/** Elements of an array in PostgreSQL. */
const THEIR_ELEMENTS = 134_217_727;
/** Ours are fewer: each is a word of the heap, several times over while they are worked on. */
export const MAX_ELEMENTS = 1 << 24;

/** Of what a function makes. */
export function valueTooLarge(): DatabaseError {
  return new DatabaseError('54000', 'requested length too large', {
    detail: `A value has at most ${MAX_VALUE} characters or bytes.`,
  });
}

/** 54000 for more elements than an array may have. */
export function checkElements(count: number): void {
  if (count <= MAX_ELEMENTS) return;
  const most = count > THEIR_ELEMENTS ? THEIR_ELEMENTS : MAX_ELEMENTS;
  throw new DatabaseError('54000', `array size exceeds the maximum allowed (${most})`);
}

/** Bytes that it takes, roughly. Throws 54000 where it is too large. */
export function checkedSize(value: Datum): number {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    if (value.length > MAX_VALUE) throw valueTooLarge();
    return value.length;
  }
  if (value === null || typeof value !== 'object' || !('values' in value)) return 0;
  checkElements(value.values.length);
  return 8 * value.values.length;
}
