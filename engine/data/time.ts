// Branded clocks: Epoch (commit tick), EventTime and Watermark (µs since 1970 UTC), wall-clock time.

declare const epochTag: unique symbol;
/** Commit tick: what is sealed into one epoch becomes durable and visible together. Starts at 1; 0 is the empty database. */
export type Epoch = number & { readonly [epochTag]: true };

export function toEpoch(value: number): Epoch {
  return value as Epoch;
}

/** Event time up to and including no value below this many µs is still promised to come; null: nothing is promised yet. */
export type Watermark = bigint | null;

/** The least of several inputs' watermarks: nothing is promised while one of them has promised nothing. */
export function leastWatermark(a: Watermark, b: Watermark): Watermark {
  if (a === null || b === null) return null;
  return a < b ? a : b;
}
