// Generated values: what each field of connector 'datagen' is in row n, as a pure function of the seed, n and the field.
import type { Datum } from '../../engine/data/datum.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { Numeric } from '../../engine/data/numeric.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { baseType } from '../../engine/data/types.ts';
import type { Column, LogicalType } from '../../engine/data/types.ts';
import type { OptionReader } from './options.ts';

/** Words of 32 random bits, begun anew for each cell (the finalizer of MurmurHash3 over a counter). */
export class CellRandom {
  #key = 0;
  #count = 0;

  start(seed: number, row: number, field: number): void {
    this.#key = Math.imul(seed ^ Math.imul(field + 1, 0x27d4eb2f), 0x165667b1)
      ^ Math.imul(row | 0, 0x9e3779b1) ^ Math.imul(Math.floor(row / 4294967296), 0x85ebca6b);
    this.#count = 0;
  }

  word(): number {
    let h = this.#key ^ Math.imul(++this.#count, 0x6c078965);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  /** [0, 1), of 53 bits. */
  fraction(): number {
    return ((this.word() >>> 5) * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  bits64(): bigint {
    return (BigInt(this.word()) << 32n) | BigInt(this.word());
  }
}

export interface Field {
  /** Rows after which a sequence has ended; Infinity: it does not. */
  readonly rows: number;
  /** `now`: what the row's moment is, µs since 1970 UTC. */
  value(row: number, random: CellRandom, now: bigint): Datum;
}

type Make = (random: CellRandom, now: bigint) => Datum;

const INTEGERS: ReadonlyMap<string, readonly [bigint, bigint]> = new Map([
  ['int2', [-32768n, 32767n]], ['int4', [-2147483648n, 2147483647n]],
  ['int8', [-9223372036854775808n, 9223372036854775807n]],
]);

/** Reads the options `fields.NAME.*`. Throws 22023 for a bad one, 42804 for a type it cannot make. */
export function fieldOf(column: Column, reader: OptionReader): Field {
  const at = (option: string): string => `fields.${column.name}.${option}`;
  const type = baseType(column.type);
  const nulls = reader.number(at('null_rate'), 0, { min: 0, max: 1 }) ?? 0;
  if (reader.oneOf(at('kind'), ['random', 'sequence'], 'random') === 'sequence') return sequence(type, at, reader);
  const make = randomOf(type, at, reader);
  return {
    rows: Infinity,
    value: (_, random, now) => (nulls > 0 && random.fraction() < nulls ? null : make(random, now)),
  };
}

function sequence(type: LogicalType, at: (option: string) => string, reader: OptionReader): Field {
  const [start, end] = [wholeNumber(at('start'), reader, null), wholeNumber(at('end'), reader, null)];
  const convert = ofInteger(type);
  for (const value of [start, end]) requireFits(type, value);
  return { rows: Math.max(0, Number(end - start) + 1), value: (row) => convert(start + BigInt(row)) };
}

/** 22023 for a bound of a sequence that the type does not hold. */
function requireFits(type: LogicalType, value: bigint): void {
  const [low, high] = INTEGERS.get(type.kind) ?? [null, null];
  const length = 'typmod' in type && type.kind !== 'numeric' && type.typmod >= 4 ? type.typmod - 4 : Infinity;
  const fits = low === null || high === null || (value >= low && value <= high);
  if (fits && (type.kind !== 'numeric' || Math.abs(Number(value)) <= greatestOf(type)) && String(value).length <= length) return;
  throw new DatabaseError('22023', `value ${value} of a sequence is out of range for type ${mentionType(type)}`);
}

/** Of a numeric with a precision, the greatest value; else of as many digits as are made by default. */
function greatestOf(type: LogicalType): number {
  const typmod = 'typmod' in type && type.typmod >= 0 ? type.typmod - 4 : null;
  if (typmod === null) return Number.MAX_VALUE;
  const scale = typmod & 0x7ff;
  return 10 ** Math.min((typmod >> 16) - scale, 15) - 10 ** -scale;
}

function wholeNumber(name: string, reader: OptionReader, otherwise: bigint | null): bigint {
  const text = otherwise === null ? reader.required(name) : reader.text(name);
  if (text === null) return otherwise ?? 0n;
  if (/^[+-]?\d{1,20}$/.test(text.trim())) return BigInt(text.trim());
  throw new DatabaseError('22023', `invalid value for option "${name}": "${text}"`, { hint: 'It takes a whole number.' });
}

function ofInteger(type: LogicalType): (value: bigint) => Datum {
  switch (type.kind) {
    case 'int2': case 'int4': case 'float4': case 'float8': return Number;
    case 'int8': return (value) => value;
    case 'numeric': return (value) => Numeric.fromBigInt(value);
    case 'text': case 'varchar': case 'bpchar': return String;
    default: throw unsupported(type);
  }
}

function unsupported(type: LogicalType): DatabaseError {
  return new DatabaseError('42804', `connector "datagen" makes no values of type ${mentionType(type)}`);
}

function randomOf(type: LogicalType, at: (option: string) => string, reader: OptionReader): Make {
  const bounds = INTEGERS.get(type.kind);
  if (bounds !== undefined) {
    const [low, high] = [wholeNumber(at('min'), reader, bounds[0]), wholeNumber(at('max'), reader, bounds[1])];
    const span = high - low + 1n;
    if (span <= 0n || low < bounds[0] || high > bounds[1]) {
      throw new DatabaseError('22023', `invalid range of option "${at('min')}" and "${at('max')}"`);
    }
    const convert = ofInteger(type);
    return (random) => convert(low + random.bits64() % span);
  }
  switch (type.kind) {
    case 'boolean': return (random) => (random.word() & 1) === 1;
    case 'float4': case 'float8': case 'numeric': return realOf(type, at, reader);
    case 'text': case 'varchar': case 'bpchar': return textOf(type, at, reader);
    case 'bytea': {
      const length = lengthOf(100, at, reader);
      return (random) => Uint8Array.from({ length: length(random) }, () => random.word() & 255);
    }
    case 'date': return (_, now) => Number(now / 86_400_000_000n);
    case 'timestamp': case 'timestamptz': {
      const past = reader.duration(at('max_past'), 0) * 1000;
      return (random, now) => now - (past === 0 ? 0n : BigInt(Math.floor(random.fraction() * past)));
    }
    default: throw unsupported(type);
  }
}

function realOf(type: LogicalType, at: (option: string) => string, reader: OptionReader): Make {
  const limit = type.kind === 'float4' ? 3.4e38 : Number.MAX_VALUE;
  const typmod = 'typmod' in type && type.typmod >= 0 ? type.typmod - 4 : null;
  const scale = typmod === null ? 2 : typmod & 0x7ff;
  const most = type.kind === 'numeric' ? greatestOf(type) : limit;
  const usual = type.kind === 'numeric' && typmod === null ? 10 ** 8 - 0.01 : most;
  const low = reader.number(at('min'), type.kind === 'numeric' ? -usual : 0, { min: -most, max: most }) ?? 0;
  const high = reader.number(at('max'), usual, { min: low, max: most }) ?? 0;
  return (random) => {
    const part = random.fraction();
    // Not low + part × (high − low), which may be more than a float holds.
    const value = low * (1 - part) + high * part;
    if (type.kind === 'float4') return Math.fround(value);
    return type.kind === 'float8' ? value : Numeric.fromFloat(value).round(scale);
  };
}

function lengthOf(otherwise: number, at: (option: string) => string, reader: OptionReader): (random: CellRandom) => number {
  const length = reader.number(at('length'), otherwise, { min: 1, max: 1e6 }) ?? otherwise;
  if (!reader.boolean(at('var_len'), false)) return () => length;
  return (random) => 1 + Math.floor(random.fraction() * length);
}

/** Hexadecimal digits; a type of a length gives no more. */
function textOf(type: LogicalType, at: (option: string) => string, reader: OptionReader): Make {
  const most = 'typmod' in type && type.typmod >= 4 ? type.typmod - 4 : Infinity;
  const length = lengthOf(type.kind === 'bpchar' && most !== Infinity ? most : Math.min(100, most), at, reader);
  return (random) => {
    const wanted = Math.min(length(random), most);
    let out = '';
    while (out.length < wanted) out += random.word().toString(16).padStart(8, '0');
    return type.kind === 'bpchar' && most !== Infinity ? out.slice(0, wanted).padEnd(most) : out.slice(0, wanted);
  };
}
