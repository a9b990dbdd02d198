// The data folder's version mark: file FORMAT, which says what made the folder and refuses what we cannot read.
import { join } from 'node:path';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { crc32c } from './crc32c.ts';
import { writeFileSafely } from './file-system.ts';
import type { FileSystem } from './file-system.ts';

/*
 * Format: text, three lines.
 *   millrace data format 3
 *   database 32 hexadecimal digits
 *   check CRC-32C of the lines above, 8 hexadecimal digits
 * It is written last when a folder is made: without it, what is in the folder is not a database.
 *
 * Version 2 knew no checksums of directories and of their blocks (checkpoint-record.ts, page-directory.ts): its folders are
 * read, and become version 3 when they are opened.
 */
export const FORMAT_FILE = 'FORMAT';
const VERSION = 3;
const OLDEST = 2;

function linesAbove(databaseId: string, version: number): string {
  return `millrace data format ${version}\ndatabase ${databaseId}\n`;
}

function check(text: string): string {
  return crc32c(new TextEncoder().encode(text)).toString(16).padStart(8, '0');
}

export async function writeFormat(files: FileSystem, folder: string, databaseId: Uint8Array): Promise<void> {
  const lines = linesAbove(Buffer.from(databaseId).toString('hex'), VERSION);
  await writeFileSafely(files, folder, FORMAT_FILE, [new TextEncoder().encode(`${lines}check ${check(lines)}\n`)]);
}

export interface Format {
  readonly databaseId: Uint8Array;
  /** What the folder is written in is older: `writeFormat` before anything else is written. */
  readonly old: boolean;
}

/** Null when the folder holds no database. F0000 for a version that this program does not read, XX001 for damage. */
export async function readFormat(files: FileSystem, folder: string): Promise<Format | null> {
  const path = join(folder, FORMAT_FILE);
  if (!await files.exists(path)) return null;
  const text = new TextDecoder().decode(await files.readFile(path));
  const version = Number(/^millrace data format (\d{1,9})\n/.exec(text)?.[1] ?? VERSION);
  const id = /^database ([0-9a-f]{32})$/m.exec(text)?.[1];
  const lines = id === undefined ? '' : linesAbove(id, version);
  // The check stands for every version to come, so that a flipped bit is not taken for another version.
  const marked = /^check ([0-9a-f]{8})$/m.exec(text);
  if (marked === null || check(text.slice(0, marked.index)) !== marked[1]) throw corrupt(`file "${path}"`);
  if (version < OLDEST || version > VERSION) {
    throw new DatabaseError('F0000', `data folder "${folder}" has format version ${version}`, {
      detail: `This program reads versions ${OLDEST} to ${VERSION}.`,
    });
  }
  if (id === undefined || text !== `${lines}check ${check(lines)}\n`) throw corrupt(`file "${path}"`);
  return { databaseId: new Uint8Array(Buffer.from(id, 'hex')), old: version < VERSION };
}
