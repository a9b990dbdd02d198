// LevelReader: reads a LevelDB folder that may be damaged and checks all of it, without LevelDB and without writing.
import { join } from 'node:path';
import { crc32c } from './crc32c.ts';
import type { FileSystem } from './file-system.ts';
import { scanLog, unmasked } from './level-log.ts';
import type { Fault } from './level-log.ts';

/*
 * Format (LevelDB 1.20, doc/table_format.md): a table ends with 48 bytes: two handles (offset and size as varints: of the index
 * of meta blocks, of the index of data blocks), zeros, u64 magic. A block is followed by u8 compression and u32 masked CRC-32C of
 * both. In a block: varints shared, unshared, value length; the key's unshared bytes; the value; at the end u32s of restarts and
 * their number. Keys end in u64: sequence number << 8 | type (1 a value, 0 a deletion).
 */
const FOOTER = 48;
const MAGIC = 0xdb4775248b80fb57n;

export interface FileFault extends Fault {
  readonly file: string;
}

/** What is the newest of a key. `value` null: it was deleted. */
export interface Entry {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly value: Uint8Array | null;
}

class Varints {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.atEnd) throw new RangeError('it ends in the middle of a number');
      const byte = this.#bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  take(length = this.next()): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError('it ends in the middle of an entry');
    return this.#bytes.subarray(this.at, this.at += length);
  }
}

/** What the list of tables says: the live ones, and from which number on logs are live. */
interface Version {
  readonly tables: ReadonlySet<number>;
  readonly log: number;
}

/** Tags of the entries of the list of tables; the numbers are of files and of the last sequence. */
const COMPARATOR = 1;
const LOG = 2;
const NUMBERS = [3, 4, 9];
const REQUIRED = [LOG, 3, 4];
const POINTER = 5;
const GONE_TABLE = 6;
const NEW_TABLE = 7;

function versionOf(records: readonly Uint8Array[]): Version {
  const tables = new Set<number>();
  const seen = new Set<number>();
  let log = 0;
  for (const record of records) {
    const from = new Varints(record);
    while (!from.atEnd) {
      const tag = from.next();
      seen.add(tag);
      if (tag === COMPARATOR) from.take();
      else if (tag === LOG) log = from.next();
      else if (NUMBERS.includes(tag)) from.next();
      else if (tag === POINTER || tag === GONE_TABLE || tag === NEW_TABLE) {
        const level = from.next();
        const number = tag === POINTER ? level : from.next();
        if (tag === GONE_TABLE) tables.delete(number);
        if (tag === NEW_TABLE) {
          tables.add(number);
          from.next();
        }
        for (let keys = tag === POINTER ? 1 : tag === NEW_TABLE ? 2 : 0; keys > 0; keys--) from.take();
      }
      else throw new RangeError(`it has an entry of unknown kind ${tag}`);
    }
  }
  if (!REQUIRED.every((tag) => seen.has(tag))) throw new RangeError('it is cut off');
  return { tables, log };
}

export class LevelReader {
  readonly faults: FileFault[] = [];
  readonly #files: FileSystem;
  readonly #folder: string;

  constructor(files: FileSystem, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  #fault(file: string, offset: number, what: string): void {
    this.faults.push({ file, offset, what });
  }

  /** All entries of all live files, in no order; faults are noted. The newest of a key is that of the greatest sequence. */
  async *entries(): AsyncGenerator<Entry> {
    const names = await this.#files.list(this.#folder);
    const version = await this.#version(names);
    for (const name of names) {
      const [, digits, kind] = /^(\d+)\.(ldb|sst|log)$/.exec(name) ?? [];
      const number = Number(digits);
      const live = kind === 'log' ? number >= (version?.log ?? 0) : version?.tables.has(number) ?? true;
      if (kind === undefined || !live) continue;
      const bytes = await this.#files.readFile(join(this.#folder, name));
      yield* kind === 'log' ? this.#log(name, bytes) : this.#table(name, bytes);
    }
    for (const table of version?.tables ?? []) {
      const name = String(table).padStart(6, '0');
      if (!names.includes(`${name}.ldb`) && !names.includes(`${name}.sst`)) this.#fault(`${name}.ldb`, 0, 'the file is missing');
    }
  }

  /** Null when the list of tables cannot be read: then every file counts as live. */
  async #version(names: readonly string[]): Promise<Version | null> {
    if (!names.includes('CURRENT')) {
      this.#fault('CURRENT', 0, 'the file is missing');
      return null;
    }
    const current = new TextDecoder().decode(await this.#files.readFile(join(this.#folder, 'CURRENT')));
    const manifest = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
    if (manifest === undefined || !names.includes(manifest)) {
      this.#fault('CURRENT', 0, 'it names no file that is there');
      return null;
    }
    const { records, faults, unfinished } = scanLog(await this.#files.readFile(join(this.#folder, manifest)));
    for (const { offset, what } of faults) this.#fault(manifest, offset, what);
    if (records.length === 0) this.#fault(manifest, 0, `it has no record, ${unfinished} bytes of one that was not finished`);
    if (faults.length > 0 || records.length === 0) return null;
    try {
      return versionOf(records);
    } catch (error) {
      this.#fault(manifest, 0, messageOf(error));
      return null;
    }
  }

  *#log(name: string, bytes: Uint8Array): Generator<Entry> {
    const { records, faults } = scanLog(bytes);
    for (const { offset, what } of faults) this.#fault(name, offset, what);
    for (const record of records) {
      try {
        yield* batchEntries(record);
      } catch (error) {
        this.#fault(name, record.byteOffset - bytes.byteOffset, messageOf(error));
      }
    }
  }

  *#table(name: string, bytes: Uint8Array): Generator<Entry> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const footer = bytes.length - FOOTER;
    if (footer < 0 || view.getBigUint64(bytes.length - 8, true) !== MAGIC) {
      this.#fault(name, Math.max(0, footer), 'it is cut off, or not a table');
      return;
    }
    const handles = new Varints(bytes, footer);
    try {
      for (const { value } of blockEntries(this.#block(name, bytes, handles))) this.#block(name, bytes, new Varints(value));
      for (const { value: handle } of blockEntries(this.#block(name, bytes, handles))) {
        const block = this.#block(name, bytes, new Varints(handle));
        for (const { key, value } of blockEntries(block)) yield entryOf(key, value);
      }
    } catch (error) {
      this.#fault(name, footer, messageOf(error));
    }
  }

  /** A block's bytes; none, and a fault noted, when it is damaged. */
  #block(name: string, bytes: Uint8Array, handle: Varints): Uint8Array {
    const offset = handle.next();
    const size = handle.next();
    const end = offset + size;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (end + 5 > bytes.length) this.#fault(name, offset, 'a block goes on past the end');
    else if (crc32c(bytes.subarray(offset, end + 1)) !== unmasked(view.getUint32(end + 1, true))) {
      this.#fault(name, offset, 'a block has a bad checksum');
    } else if (bytes[end] !== 0) this.#fault(name, offset, `a block is compressed (${bytes[end]})`);
    else return bytes.subarray(offset, end);
    return new Uint8Array(4);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function* blockEntries(block: Uint8Array): Generator<{ readonly key: Uint8Array; readonly value: Uint8Array }> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const end = block.length - 4 - 4 * view.getUint32(block.length - 4, true);
  const from = new Varints(block.subarray(0, Math.max(0, end)));
  let before: Uint8Array = new Uint8Array(0);
  while (!from.atEnd) {
    const shared = from.next();
    const unshared = from.next();
    const length = from.next();
    const key = new Uint8Array(shared + unshared);
    key.set(before.subarray(0, shared));
    key.set(from.take(unshared), shared);
    before = key;
    yield { key, value: from.take(length) };
  }
}

function entryOf(key: Uint8Array, value: Uint8Array): Entry {
  const at = key.length - 8;
  if (at < 0) throw new RangeError('a key is too short');
  const mark = new DataView(key.buffer, key.byteOffset, key.length).getBigUint64(at, true);
  return { key: key.subarray(0, at), sequence: Number(mark >> 8n), value: (mark & 255n) === 1n ? value : null };
}

/** A write: u64 sequence of the first, u32 number, then each: u8 1, key, value; or u8 0, key. Lengths are varints. */
function* batchEntries(record: Uint8Array): Generator<Entry> {
  if (record.length < 12) throw new RangeError('a write is too short');
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  let sequence = Number(view.getBigUint64(0, true));
  const from = new Varints(record, 12);
  for (let n = view.getUint32(8, true); n > 0; n--) {
    const [type] = from.take(1);
    const key = from.take();
    yield { key, sequence: sequence++, value: type === 1 ? from.take() : null };
  }
}
