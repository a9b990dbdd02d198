// JSON objects, one a line or in one array, cut out of a byte stream and turned into rows.
import { Buffer } from 'node:buffer';
import { VectorBuilder } from '../../engine/data/access.ts';
import { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { parseText } from '../../engine/data/text-format.ts';
import type { Schema } from '../../engine/data/types.ts';

const OPEN = 123;
const CLOSE = 125;
const QUOTE = 34;
const BACKSLASH = 92;
/** An object larger than this is taken for a file that is no list of objects. */
const OBJECT_MAX = 16 * 1024 * 1024;

/** Cuts a stream into the texts of its outermost objects; what stands between them (commas, brackets, line ends) is skipped. */
export class ObjectSplitter {
  #held: Buffer = Buffer.alloc(0);
  #scanned = 0;
  #depth = 0;
  #start = -1;
  #inString = false;
  #escaped = false;

  push(chunk: Buffer): string[] {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const out: string[] = [];
    let at = this.#scanned;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#inString = this.#depth > 0;
      } else if (byte === OPEN) {
        if (this.#depth++ === 0) this.#start = at;
      } else if (byte === CLOSE && this.#depth > 0 && --this.#depth === 0) {
        out.push(bytes.toString('utf8', this.#start, at + 1));
        this.#start = -1;
      }
    }
    this.#keep(bytes);
    return out;
  }

  /** True when the stream ended within an object. */
  get incomplete(): boolean {
    return this.#depth > 0;
  }

  #keep(bytes: Buffer): void {
    if (this.#start < 0) {
      this.#held = Buffer.alloc(0);
      this.#scanned = 0;
      return;
    }
    this.#held = Buffer.from(bytes.subarray(this.#start));
    this.#scanned = this.#held.length;
    this.#start = 0;
    if (this.#held.length > OBJECT_MAX) throw new DatabaseError('54000', 'a JSON object of the file is larger than 16 MB');
  }
}

/** Object members by column name; absent is NULL; numbers, booleans and nested values go through their text. */
export function rowsFromObjects(schema: Schema, objects: readonly string[], firstRow: number): Batch {
  const builders = schema.columns.map((c) => new VectorBuilder(c.type, objects.length));
  objects.forEach((text, i) => {
    const where = (column: string | null): string => `row ${firstRow + i + 1}${column === null ? '' : `, column ${column}`}`;
    let value: Record<string, unknown>;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new DatabaseError('22P02', 'invalid input syntax for type json', {
        detail: error instanceof Error ? error.message : undefined, where: where(null),
      });
    }
    schema.columns.forEach(({ name, type }, c) => {
      const member = value[name];
      if (member === undefined || member === null) {
        builders[c].append(null);
        return;
      }
      try {
        const raw = typeof member === 'string' ? member : JSON.stringify(member);
        builders[c].append(parseText(type, raw, DEFAULT_FORMAT));
      } catch (error) {
        throw error instanceof DatabaseError
          ? new DatabaseError(error.code, error.message, { ...error.fields, where: where(name) }) : error;
      }
    });
  });
  return new Batch(builders.map((b) => b.finish()), objects.length);
}
