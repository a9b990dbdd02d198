// PostgreSQL's hash functions (hashtext() and its kin): the same numbers, for those who partition or sample by them.
//
// After Bob Jenkins, lookup3, 2006, in the form that PostgreSQL's hashfn.c has.
import { asArray } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { notSupported } from '../../data/error.ts';
import { intervalSpan } from '../../data/interval.ts';
import { unpackNetwork } from '../../data/network.ts';
import { Numeric } from '../../data/numeric.ts';
import { MICROS_2000 } from '../../data/calendar.ts';
import {
  BPCHAR, CHAR, FLOAT4, FLOAT8, INET, INT2, INT4, INT8, INTERVAL, MACADDR, MACADDR8, NAME, NUMERIC, OID, simpleType, TEXT, TIME,
  TIMESTAMP, UUID,
} from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { encodeUtf8 } from '../../data/utf8.ts';
import { big, bytes, elementType, example, interval, num, numeric, scalar, str } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** Three words being mixed; int32 arithmetic throughout. */
class Mixer {
  a: number;
  b: number;
  c: number;

  /** `seed` null: the 32-bit form. */
  constructor(length: number, seed: bigint | null) {
    this.a = (0x9e3779b9 + length + 3923095) | 0;
    this.b = this.a;
    this.c = this.a;
    if (seed === null || seed === 0n) return;
    this.a = (this.a + Number(BigInt.asIntN(32, seed >> 32n))) | 0;
    this.b = (this.b + Number(BigInt.asIntN(32, seed))) | 0;
    this.mix();
  }

  mix(): void {
    let { a, b, c } = this;
    a = (a - c) | 0; a ^= rotate(c, 4); c = (c + b) | 0;
    b = (b - a) | 0; b ^= rotate(a, 6); a = (a + c) | 0;
    c = (c - b) | 0; c ^= rotate(b, 8); b = (b + a) | 0;
    a = (a - c) | 0; a ^= rotate(c, 16); c = (c + b) | 0;
    b = (b - a) | 0; b ^= rotate(a, 19); a = (a + c) | 0;
    c = (c - b) | 0; c ^= rotate(b, 4); b = (b + a) | 0;
    Object.assign(this, { a, b, c });
  }

  final(): void {
    let { a, b, c } = this;
    c ^= b; c = (c - rotate(b, 14)) | 0;
    a ^= c; a = (a - rotate(c, 11)) | 0;
    b ^= a; b = (b - rotate(a, 25)) | 0;
    c ^= b; c = (c - rotate(b, 16)) | 0;
    a ^= c; a = (a - rotate(c, 4)) | 0;
    b ^= a; b = (b - rotate(a, 14)) | 0;
    c ^= b; c = (c - rotate(b, 24)) | 0;
    Object.assign(this, { a, b, c });
  }
}

/** Of 32 bits, or with a seed of 64. */
type Hash = (seed: bigint | null) => bigint;

function resultOf({ b, c }: Mixer, seed: bigint | null): bigint {
  return seed === null ? BigInt(c) : BigInt.asIntN(64, (BigInt(b >>> 0) << 32n) | BigInt(c >>> 0));
}

function hashBytes(data: Uint8Array): Hash {
  return (seed) => {
    const mixer = new Mixer(data.length, seed);
    const word = (at: number, count: number): number => {
      let out = 0;
      for (let i = 0; i < count; i++) out |= (data[at + i] ?? 0) << (8 * i);
      return out;
    };
    let at = 0;
    for (; data.length - at >= 12; at += 12) {
      mixer.a = (mixer.a + word(at, 4)) | 0;
      mixer.b = (mixer.b + word(at + 4, 4)) | 0;
      mixer.c = (mixer.c + word(at + 8, 4)) | 0;
      mixer.mix();
    }
    mixer.a = (mixer.a + word(at, 4)) | 0;
    mixer.b = (mixer.b + word(at + 4, 4)) | 0;
    // The lowest byte of the last word is the length's.
    mixer.c = (mixer.c + (word(at + 8, 3) << 8)) | 0;
    mixer.final();
    return resultOf(mixer, seed);
  };
}

function hashWord(word: number): Hash {
  return (seed) => {
    const mixer = new Mixer(4, seed);
    mixer.a = (mixer.a + word) | 0;
    mixer.final();
    return resultOf(mixer, seed);
  };
}

function hashLong(value: bigint): Hash {
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return hashWord(Number(BigInt.asIntN(32, value)) ^ (value >= 0n ? high : ~high));
}

function hashFloat(value: number): Hash {
  if (value === 0) return (seed) => seed ?? 0n;
  const view = new DataView(new ArrayBuffer(8));
  // NaN has a sign that is not to be seen.
  if (Number.isNaN(value)) view.setUint32(4, 0x7ff80000, true);
  else view.setFloat64(0, value, true);
  return hashBytes(new Uint8Array(view.buffer));
}

/** The significant digits in groups of four, and where they stand. */
function hashNumeric(value: Numeric): Hash {
  if (value.kind !== 'finite') return (seed) => seed ?? 0n;
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  if (magnitude === 0n) return (seed) => (seed === null ? -1n : BigInt.asIntN(64, seed - 1n));
  const padding = (4 - (value.scale % 4)) % 4;
  const text = magnitude.toString() + '0'.repeat(padding);
  const groups = (text.padStart(Math.ceil(text.length / 4) * 4, '0').match(/.{4}/g) ?? []).map(Number);
  let weight = groups.length - (value.scale + padding) / 4 - 1;
  while (groups[0] === 0) {
    groups.shift();
    weight--;
  }
  while (groups[groups.length - 1] === 0) groups.pop();
  const digits = hashBytes(new Uint8Array(Int16Array.from(groups).buffer));
  return (seed) => {
    const hash = digits(seed);
    return seed === null ? BigInt(Number(hash) ^ weight) : BigInt.asIntN(64, hash ^ BigInt(weight));
  };
}

const hashText = (d: Datum): Hash => hashBytes(encodeUtf8(str(d)));
const sinceTwoThousand = (d: Datum): Hash => hashLong(big(d) - MICROS_2000);

interface Kind {
  readonly name: string;
  readonly type: LogicalType;
  readonly hash: (d: Datum) => Hash;
  readonly shows: readonly [string, string];
}

const KINDS: readonly Kind[] = [
  { name: 'hashtext', type: TEXT, hash: hashText, shows: [`'a'`, '1075015857'] },
  { name: 'hashbpchar', type: BPCHAR, hash: (d) => hashText(str(d).replace(/ +$/, '')), shows: [`'a'`, '1075015857'] },
  { name: 'hashname', type: NAME, hash: hashText, shows: [`'a'`, '1075015857'] },
  { name: 'hashint2', type: INT2, hash: (d) => hashWord(num(d)), shows: ['1::int2', '-1905060026'] },
  { name: 'hashint4', type: INT4, hash: (d) => hashWord(num(d)), shows: ['1', '-1905060026'] },
  { name: 'hashint8', type: INT8, hash: (d) => hashLong(big(d)), shows: ['1', '-1905060026'] },
  { name: 'hashoid', type: OID, hash: (d) => hashWord(Number(d) | 0), shows: ['1', '-1905060026'] },
  { name: 'hashchar', type: CHAR, hash: (d) => hashWord(((str(d).charCodeAt(0) || 0) << 24) >> 24), shows: [`'a'`, '463612535'] },
  { name: 'hashfloat4', type: FLOAT4, hash: (d) => hashFloat(num(d)), shows: ['1', '376496956'] },
  { name: 'hashfloat8', type: FLOAT8, hash: (d) => hashFloat(num(d)), shows: ['1', '376496956'] },
  { name: 'hash_numeric', type: NUMERIC, hash: (d) => hashNumeric(numeric(d)), shows: ['1.5', '692967894'] },
  { name: 'uuid_hash', type: UUID, hash: (d) => hashBytes(uuidBytes(str(d))),
    shows: [`'00000000-0000-0000-0000-000000000001'`, '-1046387463'] },
  { name: 'hashinet', type: INET, hash: (d) => hashBytes(addressBytes(bytes(d))), shows: [`'10.0.0.1'`, '1455329472'] },
  { name: 'hashmacaddr', type: MACADDR, hash: (d) => hashBytes(bytes(d)), shows: [`'08:00:2b:01:02:03'`, '294987870'] },
  { name: 'hashmacaddr8', type: MACADDR8, hash: (d) => hashBytes(bytes(d)), shows: [`'08:00:2b:01:02:03'`, '1005895009'] },
  { name: 'time_hash', type: TIME, hash: (d) => hashLong(big(d)), shows: [`'00:00:00.000001'`, '-1905060026'] },
  { name: 'timestamp_hash', type: TIMESTAMP, hash: sinceTwoThousand, shows: [`'2000-01-01 00:00:00.000001'`, '-1905060026'] },
  { name: 'interval_hash', type: INTERVAL, hash: (d) => hashLong(intervalSpan(interval(d))),
    shows: [`'1 microsecond'`, '-1905060026'] },
];

function uuidBytes(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll('-', '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** An inet as PostgreSQL has it in memory: family, prefix, address. */
function addressBytes(packed: Uint8Array): Uint8Array {
  const { address, prefix } = unpackNetwork(packed);
  return Uint8Array.of(address.length === 4 ? 2 : 3, prefix, ...address);
}

/** The hash that PostgreSQL's hash operator class takes for elements of an array. */
function hashOf(type: LogicalType): (d: Datum) => Hash {
  if (type.kind === 'varchar') return hashText;
  if (type.kind === 'bytea') return (d) => hashBytes(bytes(d));
  if (type.kind === 'timestamptz') return sinceTwoThousand;
  if (type.kind === 'date') return (d) => hashWord(num(d) - 10957);
  if (type.kind === 'boolean') return (d) => hashWord(d === true ? 1 : 0);
  const kind = type.kind === 'cidr' ? 'inet' : type.kind;
  const known = KINDS.find((k) => k.type.kind === kind);
  if (known === undefined) throw notSupported(`a hash of type ${type.kind}`);
  return known.hash;
}

function hashArray(d: Datum, element: LogicalType, seed: bigint | null): bigint {
  const hash = hashOf(element);
  const bits = seed === null ? 32 : 64;
  return asArray(d).values.reduce<bigint>((sum, v) =>
    BigInt.asIntN(bits, sum * 31n + (v === null ? 0n : hash(v)(seed))), 1n);
}

const ANY_ARRAY = simpleType('anyarray');

export const HASHES: readonly ScalarFunction[] = [
  ...KINDS.flatMap(({ name, type, hash, shows }) => [
    scalar({
      name, args: [type], returns: INT4, description: 'PostgreSQL\'s hash of the value.',
      example: example(`SELECT ${name}(${shows[0]})`, shows[1]), row: ([d]) => Number(hash(d)(null)),
    }),
    scalar({
      name: extendedName(name), args: [type, INT8], returns: INT8,
      description: 'PostgreSQL\'s hash of the value, 64 bits and seeded.',
      example: example(`SELECT ${extendedName(name)}(${shows[0]}, 0) % 4294967296 IS NOT NULL`, 't'),
      row: ([d, seed]) => hash(d)(big(seed)),
    }),
  ]),
  scalar({
    name: 'hash_array', args: [ANY_ARRAY], returns: INT4, description: 'PostgreSQL\'s hash of the array.',
    example: example('SELECT hash_array(ARRAY[1, 2])', '-2087800271'),
    row: ([d], call) => Number(hashArray(d, elementType(call.argTypes[0]), null)),
  }),
  scalar({
    name: 'hash_array_extended', args: [ANY_ARRAY, INT8], returns: INT8,
    description: 'PostgreSQL\'s hash of the array, 64 bits and seeded.',
    example: example('SELECT hash_array_extended(ARRAY[1], 0) IS NOT NULL', 't'),
    row: ([d, seed], call) => hashArray(d, elementType(call.argTypes[0]), big(seed)),
  }),
];

function extendedName(name: string): string {
  return `${name}${name.startsWith('hash') && !name.includes('_') ? 'extended' : '_extended'}`;
}
