// Stretches: many rows, so many at a time.

/** Rows that are worked on at a time. */
const ROWS = 8192;

/** From .. to of so many rows, one after the other. At least one, which may be empty. */
export function* stretches(rows: number, most = ROWS): Generator<readonly [number, number]> {
  for (let at = 0; at === 0 || at < rows; at += most) yield [at, Math.min(at + most, rows)];
}
