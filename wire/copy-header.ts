// HEADER MATCH of COPY: the first line must name the columns.
import { DatabaseError } from '../engine/data/error.ts';
import type { FieldSink } from './copy-in.ts';

/** 22P04 as PostgreSQL words it. `names`: null where the line has `nullText`. */
export function checkHeader(sink: FieldSink, names: readonly (string | null)[], nullText: string): void {
  const expected = sink.columnCount;
  if (names.length !== expected) {
    throw new DatabaseError(
      '22P04', `wrong number of fields in header line: got ${names.length}, expected ${expected}`);
  }
  names.forEach((name, i) => {
    if (name === sink.columnName(i)) return;
    const got = name === null ? `null value ("${nullText}")` : `"${name}"`;
    throw new DatabaseError(
      '22P04', `column name mismatch in header line field ${i + 1}: got ${got}, expected "${sink.columnName(i)}"`);
  });
}
