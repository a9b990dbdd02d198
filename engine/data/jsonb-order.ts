// Order and hash of jsonb values by their canonical text, as PostgreSQL's jsonb btree operator class has them.
import { Numeric } from './numeric.ts';
import { compareUtf8 } from './utf8.ts';

type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: Numeric }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Json])[] };

/** Object > array > boolean > number > string > null (PostgreSQL manual 8.14.4). */
const RANK = { null: 0, string: 1, number: 2, boolean: 3, array: 4, object: 5 } as const;

/** Requires: canonical jsonb texts (no duplicate keys, keys in jsonb's order). */
export function compareJsonb(a: string, b: string): number {
  if (a === b) return 0;
  return compare(new Reader(a).read(), new Reader(b).read(), true);
}

function compare(a: Json, b: Json, top: boolean): number {
  if (a.kind === 'string' && b.kind === 'string') return compareUtf8(a.value, b.value);
  if (a.kind === 'number' && b.kind === 'number') return a.value.compare(b.value);
  if (a.kind === 'boolean' && b.kind === 'boolean') return Number(a.value) - Number(b.value);
  if (a.kind === 'array' && b.kind === 'array') return compareArrays(a.items, b.items);
  if (a.kind === 'object' && b.kind === 'object') return compareObjects(a.entries, b.entries);
  if (a.kind === b.kind) return 0;
  // PostgreSQL: a top-level scalar is stored as an array of one, so that the empty array is less than any scalar.
  if (top && a.kind === 'array' && b.kind !== 'object' && a.items.length === 0) return -1;
  if (top && b.kind === 'array' && a.kind !== 'object' && b.items.length === 0) return 1;
  return RANK[a.kind] - RANK[b.kind];
}

function compareArrays(a: readonly Json[], b: readonly Json[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const order = compare(a[i], b[i], false);
    if (order !== 0) return order;
  }
  return 0;
}

function compareObjects(a: readonly (readonly [string, Json])[], b: readonly (readonly [string, Json])[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const order = compareUtf8(a[i][0], b[i][0]) || compare(a[i][1], b[i][1], false);
    if (order !== 0) return order;
  }
  return 0;
}

/** Equal for equal values: numbers count by value. */
export function hashJsonb(text: string): number {
  let h = 0x2f;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const end = stringEnd(text, at);
      for (; at < end; at++) h = mix(h, text.charCodeAt(at));
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = numberEnd(text, at);
      const canonical = Numeric.parse(text.slice(at, end)).canonical().toString();
      for (let i = 0; i < canonical.length; i++) h = mix(h, canonical.charCodeAt(i));
      at = end;
    } else {
      h = mix(h, code);
      at++;
    }
  }
  return h;
}

function mix(h: number, word: number): number {
  const m = Math.imul(h ^ word, 0x9e3779b1 | 0);
  return m ^ (m >>> 15);
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return at + 1;
}

function numberEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && '+-.0123456789eE'.includes(text[at])) at++;
  return at;
}

class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    this.#skip();
    switch (this.#text[this.#at]) {
      case '{': return this.#object();
      case '[': return this.#array();
      case '"': return { kind: 'string', value: this.#string() };
      case 't': return this.#word(4, { kind: 'boolean', value: true });
      case 'f': return this.#word(5, { kind: 'boolean', value: false });
      case 'n': return this.#word(4, { kind: 'null' });
      default: return this.#number();
    }
  }

  #skip(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
  }

  #word(length: number, value: Json): Json {
    this.#at += length;
    return value;
  }

  #number(): Json {
    const end = numberEnd(this.#text, this.#at);
    const value = Numeric.parse(this.#text.slice(this.#at, end));
    this.#at = end;
    return { kind: 'number', value };
  }

  #string(): string {
    const end = stringEnd(this.#text, this.#at);
    const value: unknown = JSON.parse(this.#text.slice(this.#at, end));
    this.#at = end;
    return String(value);
  }

  #array(): Json {
    const items: Json[] = [];
    this.#list(']', () => items.push(this.read()));
    return { kind: 'array', items };
  }

  #object(): Json {
    const entries: [string, Json][] = [];
    this.#list('}', () => {
      this.#skip();
      const key = this.#string();
      this.#skip();
      this.#at++;
      entries.push([key, this.read()]);
    });
    return { kind: 'object', entries };
  }

  #list(close: string, item: () => void): void {
    this.#at++;
    this.#skip();
    while (this.#text[this.#at] !== close) {
      if (this.#text[this.#at] === ',') this.#at++;
      item();
      this.#skip();
    }
    this.#at++;
  }
}
