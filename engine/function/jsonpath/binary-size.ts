// Where containers would lie in PostgreSQL's binary jsonb: what the ids of .keyvalue() are made of.
import { isJsonArray, isJsonObject } from '../../data/json.ts';
import type { Json } from '../../data/json.ts';
import { Numeric } from '../../data/numeric.ts';
import { encodeUtf8 } from '../../data/utf8.ts';

/** A root container, and the number it has. */
export class Containers {
  readonly #root: Json;
  readonly #number: bigint;
  #offsets: Map<Json, number> | null = null;

  constructor(root: Json, number: number) {
    this.#root = root;
    this.#number = BigInt(number);
  }

  /** Of a container in it; its offset is the bytes from the start of the root. Few paths ask: only then they are counted. */
  idOf(container: Json): bigint {
    if (this.#offsets === null) {
      this.#offsets = new Map();
      place(this.#root, 0, this.#offsets);
    }
    return BigInt(this.#offsets.get(container) ?? 0) + this.#number * 10_000_000_000n;
  }
}

/** Where the container ends. A header, an entry a child, then the children, numbers and containers aligned to 4. */
function place(value: Json, start: number, offsets: Map<Json, number>): number {
  if (!isJsonArray(value) && !isJsonObject(value)) return start;
  offsets.set(value, start);
  if (isJsonArray(value)) return value.reduce<number>((at, item) => placeChild(item, at, offsets), start + 4 + 4 * value.length);
  let at = start + 4 + 8 * value.size;
  for (const key of value.keys()) at += encodeUtf8(key).length;
  for (const item of value.values()) at = placeChild(item, at, offsets);
  return at;
}

function placeChild(value: Json, at: number, offsets: Map<Json, number>): number {
  if (typeof value === 'string') return at + encodeUtf8(value).length;
  if (value === null || typeof value === 'boolean') return at;
  const aligned = (at + 3) & ~3;
  return value instanceof Numeric ? aligned + numericBytes(value) : place(value, aligned, offsets);
}

/** A varlena header, numeric's own of 2 or 4 bytes, and 2 bytes for every four decimal digits. */
function numericBytes(value: Numeric): number {
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  const padded = (4 - (value.scale % 4)) % 4;
  const text = magnitude === 0n ? '' : magnitude.toString() + '0'.repeat(padded);
  const groups = (text.padStart(Math.ceil(text.length / 4) * 4, '0').match(/.{4}/g) ?? []);
  const whole = groups.length - (value.scale + padded) / 4;
  let last = groups.length;
  while (last > 0 && groups[last - 1] === '0000') last--;
  const weight = whole - 1;
  const short = value.scale <= 63 && weight >= -64 && weight <= 63;
  return 4 + (short ? 2 : 4) + 2 * last;
}
