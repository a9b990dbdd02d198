// CellWriter: one column of a batch → values in text or binary format, written straight into a page.
import { datumAt } from '../engine/data/access.ts';
import { encodeBinary } from '../engine/data/binary-format.ts';
import { quickText } from '../engine/data/text-writer.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import { formatText } from '../engine/data/text-format.ts';
import type { RegNames } from '../engine/data/text-format.ts';
import type { LogicalType } from '../engine/data/types.ts';
import type { BytesVector, Int64Vector, Vector } from '../engine/data/vector.ts';
import type { Page } from './page.ts';

/** Writes the value at `row`, without its length. Requires: the value is not NULL. */
export type CellWriter = (page: Page, row: number) => void;

/** Types whose bytes in a vector are their text. */
const TEXTUAL: ReadonlySet<LogicalType['kind']> = new Set(
  ['text', 'varchar', 'bpchar', 'name', 'json', 'jsonb', 'unknown', 'cstring', 'enum']);

const ZERO = 48;
const MINUS = 45;

/** Digits are written backwards from the end of their place, so their number is counted first. */
function writeNatural(page: Page, value: number): void {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  page.ensure(digits);
  const { bytes } = page;
  let at = page.at + digits;
  page.at = at;
  let rest = value;
  while (at > page.at - digits) {
    const next = Math.floor(rest / 10);
    bytes[--at] = ZERO + rest - next * 10;
    rest = next;
  }
}

/** Requires: a safe integer. */
function writeInteger(page: Page, value: number): void {
  if (value < 0) {
    page.int8(MINUS);
    writeNatural(page, -value);
  } else {
    writeNatural(page, value);
  }
}

/** int8 text: through a double where it is exact, which real data nearly always is. */
function int64Text(vector: Int64Vector): CellWriter {
  const { words, values } = vector;
  return (page, row) => {
    const high = words[2 * row + 1];
    if (high >= -0x200000 && high < 0x200000) writeInteger(page, high * 4294967296 + (words[2 * row] >>> 0));
    else page.utf8(values[row].toString());
  };
}

function bytesRaw(vector: BytesVector): CellWriter {
  const { offsets, bytes } = vector;
  return (page, row) => {
    const start = offsets[row];
    const end = offsets[row + 1];
    page.ensure(end - start);
    if (end - start > 48) {
      page.bytes.set(bytes.subarray(start, end), page.at);
      page.at += end - start;
      return;
    }
    let { at } = page;
    const out = page.bytes;
    for (let i = start; i < end; i++) out[at++] = bytes[i];
    page.at = at;
  };
}

/** What a value's text depends on: the session's settings and names, as of now. */
export interface TextSettings {
  readonly format: FormatSettings;
  readonly names: RegNames;
}

export function textWriter(vector: Vector, type: LogicalType, settings: TextSettings): CellWriter {
  switch (vector.layout) {
    case 'int16': case 'int32':
      if (type.kind === 'int2' || type.kind === 'int4') {
        const { values } = vector;
        return (page, row) => writeInteger(page, values[row]);
      }
      break;
    case 'int64':
      if (type.kind === 'int8' || type.kind === 'oid') return int64Text(vector);
      break;
    case 'bool': {
      const { values } = vector;
      return (page, row) => page.int8(values[row] === 1 ? 116 : 102);
    }
    case 'bytes':
      if (TEXTUAL.has(type.kind)) return bytesRaw(vector);
      break;
    default:
  }
  const { format, names } = settings;
  const quick = quickText(vector, type, format);
  return (page, row) => {
    if (quick !== null && quick(page, row)) return;
    page.utf8(formatText(type, datumAt(vector, row), format, { names }));
  };
}

export function binaryWriter(vector: Vector, type: LogicalType): CellWriter {
  switch (vector.layout) {
    case 'int16': {
      const { values } = vector;
      return (page, row) => page.int16(values[row]);
    }
    case 'int32':
      if (type.kind === 'int4') {
        const { values } = vector;
        return (page, row) => page.int32(values[row]);
      }
      break;
    case 'int64':
      if (type.kind === 'int8') {
        const { words } = vector;
        return (page, row) => {
          page.int32(words[2 * row + 1]);
          page.int32(words[2 * row]);
        };
      }
      break;
    case 'bytes':
      if (TEXTUAL.has(type.kind) && type.kind !== 'jsonb') return bytesRaw(vector);
      break;
    default:
  }
  return (page, row) => page.raw(encodeBinary(type, datumAt(vector, row)));
}
