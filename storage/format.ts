// The data folder's version mark: file FORMAT, which says what made the folder and refuses what we cannot read.
import { join } from 'node:path';
import { corrupt } from '../engine/data/bytes.ts';
import { DatabaseError } from '../engine/data/error.ts';
import { crc32c } from './crc32c.ts';
import { writeFileSafely } from './file-system.ts';
import type { FileSystem } from './file-system.ts';

/*
 * Format: text, three lines.
 *   millrace data format 2
 *   database 32 hexadecimal digits
 *   check CRC-32C of the lines above, 8 hexadecimal digits
 * It is written last when a folder is made: without it, what is in the folder is not a database.
 */
export const FORMAT_FILE = 'FORMAT';
const VERSION = 2;

function linesAbove(databaseId: string): string {
  return `millrace data format ${VERSION}\ndatabase ${databaseId}\n`;
}

function check(text: string): string {
  return crc32c(new TextEncoder().encode(text)).toString(16).padStart(8, '0');
}

export async function writeFormat(files: FileSystem, folder: string, databaseId: Uint8Array): Promise<void> {
  const lines = linesAbove(Buffer.from(databaseId).toString('hex'));
  await writeFileSafely(files, folder, FORMAT_FILE, [new TextEncoder().encode(`${lines}check ${check(lines)}\n`)]);
}

/** The database's id, or null when the folder holds no database. */
export async function readFormat(files: FileSystem, folder: string): Promise<Uint8Array | null> {
  const path = join(folder, FORMAT_FILE);
  if (!await files.exists(path)) return null;
  const text = new TextDecoder().decode(await files.readFile(path));
  const version = /^millrace data format (\d+)\n/.exec(text);
  if (version !== null && Number(version[1]) !== VERSION) {
    throw new DatabaseError('F0000', `data folder "${folder}" has format version ${version[1]}`, {
      detail: `This program reads version ${VERSION}.`,
    });
  }
  const id = /^database ([0-9a-f]{32})$/m.exec(text);
  if (id === null || text !== `${linesAbove(id[1])}check ${check(linesAbove(id[1]))}\n`) {
    throw corrupt(`file "${path}"`);
  }
  return new Uint8Array(Buffer.from(id[1], 'hex'));
}
