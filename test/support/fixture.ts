// Committed answers of a real PostgreSQL 15, as JSON in test/fixture.
import { readFileSync } from 'node:fs';
import { DatabaseError } from '../../engine/data/error.ts';

/** The fixture's content, trusted to be a T. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixture/${name}.json`, import.meta.url), 'utf8'));
}

/** The answer as the fixtures write it: the text, or `!SQLSTATE message | detail` for an error. */
export function outcome(answer: () => string | null): string | null {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const detail = error.fields.detail === undefined ? '' : ` | ${error.fields.detail}`;
    return `!${error.code} ${error.message}${detail}`;
  }
}
