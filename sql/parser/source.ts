// Where things are in a text: the grammar's byte offsets to string offsets and to PostgreSQL's character positions.

const STRIDE = 256;

function utf8Length(unit: number): number {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  // Each half of a surrogate pair counts for two of the pair's four bytes.
  return unit >= 0xd800 && unit <= 0xdfff ? 2 : 3;
}

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}

/** Byte offsets of a text's UTF-8 form to its string offsets; every STRIDE-th is remembered. */
class ByteIndex {
  readonly #text: string;
  readonly #bytes: number[] = [];

  constructor(text: string) {
    this.#text = text;
    let bytes = 0;
    for (let i = 0; i < text.length; i++) {
      if (i % STRIDE === 0) this.#bytes.push(bytes);
      bytes += utf8Length(text.charCodeAt(i));
    }
  }

  offset(byte: number): number {
    let low = 0;
    let high = this.#bytes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#bytes[middle] ?? 0) <= byte) low = middle;
      else high = middle - 1;
    }
    let at = low * STRIDE;
    for (let bytes = this.#bytes[low] ?? 0; bytes < byte && at < this.#text.length; at++) {
      bytes += utf8Length(this.#text.charCodeAt(at));
    }
    return at;
  }
}

/** String offsets of a text to 1-based characters (code points). */
export class CharacterIndex {
  readonly text: string;
  /** How many low surrogates stand before each STRIDE-th unit; undefined: none in the text. */
  readonly #pairs: number[] | undefined;

  constructor(text: string) {
    this.text = text;
    if (!/[\ud800-\udbff]/.test(text)) return;
    this.#pairs = [];
    let pairs = 0;
    for (let i = 0; i < text.length; i++) {
      if (i % STRIDE === 0) this.#pairs.push(pairs);
      if (isLowSurrogate(text.charCodeAt(i))) pairs++;
    }
  }

  position(offset: number): number {
    if (this.#pairs === undefined) return offset + 1;
    const stride = Math.min(Math.floor(offset / STRIDE), this.#pairs.length - 1);
    let pairs = this.#pairs[stride] ?? 0;
    for (let i = stride * STRIDE; i < offset; i++) if (isLowSurrogate(this.text.charCodeAt(i))) pairs++;
    return offset + 1 - pairs;
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * A piece of text as handed to the grammar: `text` may be lowered, but stands unit by unit for the whole's text from
 * `base` on.
 */
export class Source {
  readonly whole: CharacterIndex;
  readonly text: string;
  readonly base: number;
  readonly #bytes: ByteIndex | undefined;

  constructor(whole: CharacterIndex, text: string, base: number) {
    this.whole = whole;
    this.text = text;
    this.base = base;
    this.#bytes = isAscii(text) ? undefined : new ByteIndex(text);
  }

  /** The grammar's byte offset, which leaves out 0 and has -1 for none, to an offset in the whole text. */
  offset(byte: number | undefined): number | undefined {
    if (byte !== undefined && byte < 0) return undefined;
    return this.base + (this.#bytes === undefined ? byte ?? 0 : this.#bytes.offset(byte ?? 0));
  }

  position(byte: number | undefined): number | undefined {
    const offset = this.offset(byte);
    return offset === undefined ? undefined : this.whole.position(offset);
  }

  /** The position of a character counted from 0 in this piece, as the grammar's errors have it. */
  characterPosition(character: number): number {
    return this.whole.position(this.base + this.characterOffset(character));
  }

  /** The offset in `text` of a character counted from 0. */
  characterOffset(character: number): number {
    let offset = 0;
    for (let i = 0; i < character && offset < this.text.length; i++) {
      offset += (this.text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
    }
    return offset;
  }
}
