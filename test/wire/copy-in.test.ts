// COPY's decoder: rows come out the same however the bytes are cut, and errors name the line they are in.
import { describe, expect, it } from 'vitest';
import { datumAt } from '../../engine/data/access.ts';
import type { Batch } from '../../engine/data/batch.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import { DATE, FLOAT8, INT4, INT8, TEXT, TIMESTAMP } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { CopyDecoder } from '../../wire/copy-in.ts';
import type { CopyTarget } from '../../wire/copy-in.ts';
import { Random } from '../support/random.ts';

const columns = [['id', INT8], ['name', TEXT], ['at', TIMESTAMP]] as const;

const TARGET: CopyTarget = {
  table: 't',
  columns: columns.map(([name, type], i) => ({ name, type, table: 1, attribute: i + 1 })),
  format: {
    format: 'text', delimiter: '\t', nullText: '\\N', header: false, quote: '"', escape: '"',
    forceQuote: [], forceNotNull: [], forceNull: [],
  },
};

function rowsOf(batches: readonly Batch[]): string[] {
  return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, row) =>
    batch.columns.map((column) => String(datumAt(column, row))).join('|')));
}

function decode(parts: readonly Uint8Array[], target = TARGET): string[] {
  const decoder = new CopyDecoder(target, () => DEFAULT_FORMAT);
  return rowsOf([...parts.flatMap((part) => decoder.push(part)), ...decoder.finish()]);
}

/** A line and what its row is. */
function line(random: Random, id: number): readonly [string, string] {
  const at = ['2024-02-29 12:00:00.5', '1709208000500000'];
  switch (random.int(0, 9)) {
    case 0: return [`${id}\t\\N\t\\N\n`, `${id}|null|null`];
    case 1: return [`${id}\ta\\tb\\\\\t${at[0]}\n`, `${id}|a\tb\\|${at[1]}`];
    case 2: return [`${id}\té${'x'.repeat(random.int(0, 200))}\t${at[0]}\n`, ''];
    case 3: return [`${id}\ta\\\nb\t${at[0]}\n`, `${id}|a\nb|${at[1]}`];
    default: return [`${id}\tname ${id}\t${at[0]}\n`, `${id}|name ${id}|${at[1]}`];
  }
}

function fault(text: string | Buffer): DatabaseError {
  try {
    decode([Buffer.from(text)]);
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
  throw new Error('no error');
}

const plain = (rows: number): string => Array.from({ length: rows }, (_, i) => `${i}\tn\t2024-01-01 00:00:00\n`).join('');

describe('COPY text decoder', () => {
  it.each([1, 2, 3, 4])('reads the same however the bytes are cut (seed %i)', (seed) => {
    const random = new Random(seed);
    const lines = Array.from({ length: 3000 }, (_, i) => line(random, i));
    const bytes = Buffer.from(lines.map(([text]) => text).join(''));
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const to = at + (random.int(0, 3) === 0 ? random.int(1, 5) : random.int(1, 9000));
      parts.push(bytes.subarray(at, to));
      at = to;
    }
    const whole = decode([bytes]);
    expect(whole.length).toBe(3000);
    for (const [i, [, expected]] of lines.entries()) if (expected !== '') expect(whole[i]).toBe(expected);
    expect(decode(parts)).toEqual(whole);
  });

  it('names the line, column and value of a bad value between good rows', () => {
    const error = fault(`${plain(700)}x7\tn\t2024-01-01 00:00:00\n${plain(700)}`);
    expect([error.code, error.message]).toEqual(['22P02', 'invalid input syntax for type bigint: "x7"']);
    expect(error.fields.where).toBe('COPY t, line 701, column id: "x7"');
  });

  it('names the first of two bad lines, whatever the columns', () => {
    const error = fault(`${plain(10)}1\tn\tnever\nx\tn\t2024-01-01 00:00:00\n${plain(10)}`);
    expect(error.fields.where).toBe('COPY t, line 11, column at: "never"');
  });

  it('tells missing and extra fields with their lines', () => {
    expect(fault(`${plain(300)}1\tn\n`).fields.where).toBe('COPY t, line 301: "1\tn"');
    expect(fault(`${plain(300)}1\tn\t2024-01-01 00:00:00\tmore\n`).message).toBe('extra data after last expected column');
  });

  it('refuses what is not UTF-8 and zero bytes', () => {
    for (const [bad, shown] of [[[0xff], '0xff'], [[0xc3, 0x28], '0xc3 0x28'], [[0], '0x00']] as const) {
      const error = fault(Buffer.concat([
        Buffer.from(`${plain(5)}1\t`), Buffer.from(bad), Buffer.from(`\t2024-01-01 00:00:00\n${plain(5)}`)]));
      expect([error.code, error.message]).toEqual(['22021', `invalid byte sequence for encoding "UTF8": ${shown}`]);
      expect(error.fields.where?.startsWith('COPY t, line 6')).toBe(true);
    }
  });

  it('refuses what is not UTF-8 in csv', () => {
    const target: CopyTarget = { ...TARGET, format: { ...TARGET.format, format: 'csv', delimiter: ',', nullText: '' } };
    const line = Buffer.concat([Buffer.from('1,'), Buffer.from([0xc3, 0x28]), Buffer.from(',\n')]);
    expect(() => decode([line], target)).toThrow('invalid byte sequence for encoding "UTF8": 0xc3 0x28');
  });

  it('ends at the marker', () => {
    expect(decode([Buffer.from(`${plain(3)}\\.\n`), Buffer.from('rubbish')]).length).toBe(3);
  });
});

/** Spellings that the kernel knows and ones that it leaves to the parser. */
const SPELLINGS: readonly (readonly [LogicalType, readonly string[]])[] = [
  [INT8, ['0', '-0', '7', '-9223372036854775808', '9223372036854775807', '999999999999999999', '-999999999999999999',
    '1000000000000000000', ' 12 ', '+5', '000000000000000000012']],
  [INT4, ['0', '2147483647', '-2147483648', '-1', ' 3']],
  [DATE, ['2024-02-29', '1000-01-01', '9999-12-31', '1969-12-31', '0999-12-31', '2024-1-5', '0044-03-15 BC', 'infinity', '20240229']],
  [TIMESTAMP, ['2024-02-29 23:59:59.999999', '1000-01-01T00:00:00', '1969-12-31 23:59:59.5', '2024-01-01 24:00:00',
    '2024-01-01', '-infinity', '2024-01-01 10:20:30.1234567', '1999-12-31 23:59:60']],
  [FLOAT8, ['0', '-0', '1.5', '1e300', 'NaN', '-Infinity', '123456789012345678']],
  [TEXT, ['', 'x', 'é'.repeat(40), 'y'.repeat(300), '𝄞', 'N', 'NULL', 'sixteen bytes 16', 'sixteen bytes 16+']],
];

const MANY: CopyTarget = {
  ...TARGET, columns: SPELLINGS.map(([type], i) => ({ name: `c${i}`, type, table: 1, attribute: i + 1 })),
};

describe('COPY through the kernel', () => {
  it('gives batches of whole pages, so that pages are made of them as they are', () => {
    const decoder = new CopyDecoder(TARGET, () => DEFAULT_FORMAT);
    const bytes = Buffer.from(plain(10_000));
    const batches = [0, 1, 2].flatMap((part) => decoder.push(bytes.subarray(part * 99_991, part === 2 ? undefined : (part + 1) * 99_991)));
    expect([...batches, ...decoder.finish()].map((batch) => batch.length)).toEqual([4096, 4096, 1808]);
  });

  it.each(['text', 'csv'] as const)('reads %s as the reader of single rows does', (format) => {
    const csv = format === 'csv';
    const target = csv ? { ...MANY, format: { ...MANY.format, format, delimiter: ',', nullText: '' } } : MANY;
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const lines: string[] = [];
      for (let size = 0; size < (1 << 20) + 4096;) {
        const fields = SPELLINGS.map(([, spellings]) => {
          if (random.int(0, 6) === 0) return csv ? '' : '\\N';
          const value = spellings[random.int(0, random.int(0, 2) === 0 ? spellings.length - 1 : 1)];
          if (csv) return value === '' || random.int(0, 20) === 0 ? `"${value}"` : value;
          return random.int(0, 40) === 0 ? `${value}`.replace('1', '\\x31') : value;
        });
        lines.push(`${fields.join(csv ? ',' : '\t')}\n`);
        size += lines.at(-1)?.length ?? 0;
      }
      const bytes = Buffer.from(lines.join(''));
      // More than the kernel's memory takes at once: every row by itself.
      const alone = decode([bytes], target);
      expect(alone.length).toBe(lines.length);
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const to = at + random.int(1, 60_000);
        parts.push(bytes.subarray(at, to));
        at = to;
      }
      const through = decode(parts, target);
      const differs = through.findIndex((row, i) => row !== alone[i]);
      expect(differs < 0 ? '' : `seed ${seed}: ${lines[differs]} ${through[differs]} / ${alone[differs]}`).toBe('');
      expect(through.length).toBe(alone.length);
    }
  });
});

describe('blocks that are full', () => {
  it.each(['text', 'csv'] as const)('are followed by the next row: %s', (format) => {
    const target: CopyTarget = { ...TARGET, format: { ...TARGET.format, format, delimiter: format === 'csv' ? ',' : '\t' } };
    for (const rows of [1023, 1024, 1025, 2048, 5000]) {
      const lines = Array.from({ length: rows }, (_, i) => `${i}${target.format.delimiter}n${i}${target.format.delimiter}2024-01-01 00:00:00`);
      const decoded = decode([Buffer.from(`${lines.join('\n')}\n`)], target);
      expect(decoded.length).toBe(rows);
      expect(decoded.every((row, i) => row === `${i}|n${i}|1704067200000000`)).toBe(true);
    }
  });
});
