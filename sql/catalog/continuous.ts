// What a materialized view cannot follow: answers that change without any row changing.
import { notSupported } from '../../engine/data/error.ts';
import type { DatabaseError } from '../../engine/data/error.ts';

export function notContinuous(what: string, position?: number): DatabaseError {
  return notSupported(`${what} in a materialized view`, {
    position, detail: 'Its answer changes without any row changing, and a view follows rows alone.',
    hint: 'Say it in the queries that read the view.',
  });
}
