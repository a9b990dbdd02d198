// Network addresses (manual 9.12): inet and cidr, their parts, containment, bits and arithmetic.
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { abbreviatedNetwork, addressText, networkText } from '../../data/network-text.ts';
import { compareNetworks, lastAddress, maskedAddress, networkOf, packNetwork, unpackNetwork } from '../../data/network.ts';
import type { NetworkAddress } from '../../data/network.ts';
import { BOOLEAN, CIDR, INET, INT4, INT8, TEXT } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { big, bytes, example, num, operator, scalar } from '../define.ts';
import type { Kernel, ScalarFunction } from '../function.ts';
import { boolResult, bytesColumn } from './columns.ts';

const addressOf = (d: Datum): NetworkAddress => unpackNetwork(bytes(d));
const lengthOf = ({ address }: NetworkAddress): number => 8 * address.length;

interface Containment {
  readonly name: string;
  readonly words: string;
  readonly shows: readonly [string, string, string];
  /** By the lengths of prefixes that are otherwise the same. */
  readonly holds: (difference: number) => boolean;
}

const CONTAINMENTS: readonly Containment[] = [
  { name: '<<', words: 'Is it a smaller part of the network?',
    shows: [`inet '192.168.1.5'`, `inet '192.168.1/24'`, 't'], holds: (d) => d > 0 },
  { name: '<<=', words: 'Is it part of the network, or equal?',
    shows: [`inet '192.168.1/24'`, `inet '192.168.1/24'`, 't'], holds: (d) => d >= 0 },
  { name: '>>', words: 'Is the other a smaller part of the network?',
    shows: [`inet '192.168.1/24'`, `inet '192.168.1.5'`, 't'], holds: (d) => d < 0 },
  { name: '>>=', words: 'Is the other part of the network, or equal?',
    shows: [`inet '192.168.1/24'`, `inet '192.168.0.5'`, 'f'], holds: (d) => d <= 0 },
  { name: '&&', words: 'Is one of the two part of the other?',
    shows: [`inet '192.168.1/24'`, `inet '192.168.1.80/28'`, 't'], holds: () => true },
];

function containment({ name, words, shows, holds }: Containment): ScalarFunction {
  const answer = (a: Uint8Array, at: number, b: Uint8Array, bt: number): boolean => {
    const difference = compareNetworks(a, at, b, bt);
    return difference !== null && holds(difference);
  };
  const kernel: Kernel = ([left, right], length, validity) => {
    const [a, b] = [bytesColumn(left), bytesColumn(right)];
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = answer(a.bytes, a.offsets[i], b.bytes, b.offsets[i]) ? 1 : 0;
    return boolResult(out, length, validity);
  };
  return operator({
    name, args: [INET, INET], returns: BOOLEAN, description: words, total: true, kernel,
    example: example(`SELECT ${shows[0]} ${name} ${shows[1]}`, shows[2]),
    row: ([a, b]) => answer(bytes(a), 0, bytes(b), 0),
  });
}

/** Bit by bit, with the longer of the two prefixes. 22023 for addresses of two versions. */
function combined(word: 'AND' | 'OR', a: Datum, b: Datum): Datum {
  const [x, y] = [addressOf(a), addressOf(b)];
  checkSizes(x, y, word);
  const address = x.address.map((byte, i) => (word === 'AND' ? byte & y.address[i] : byte | y.address[i]));
  return packNetwork({ address, prefix: Math.max(x.prefix, y.prefix) });
}

function checkSizes(a: NetworkAddress, b: NetworkAddress, verb: string): void {
  if (a.address.length !== b.address.length) throw new DatabaseError('22023', `cannot ${verb} inet values of different sizes`);
}

const numberOf = ({ address }: NetworkAddress): bigint => address.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const outOfRange = (): DatabaseError => new DatabaseError('22003', 'result is out of range');

/** The address so many further on, its prefix as long. */
function moved(d: Datum, by: bigint): Datum {
  const from = addressOf(d);
  let rest = numberOf(from) + by;
  if (rest < 0n || rest >= 1n << BigInt(lengthOf(from))) throw outOfRange();
  const address = new Uint8Array(from.address.length);
  for (let i = address.length - 1; i >= 0; i--, rest >>= 8n) address[i] = Number(rest & 0xffn);
  return packNetwork({ address, prefix: from.prefix });
}

/** PostgreSQL takes the difference of IPv6 for one of 128 bits with sign. */
function difference(a: Datum, b: Datum): bigint {
  const [x, y] = [addressOf(a), addressOf(b)];
  checkSizes(x, y, 'subtract');
  const distance = numberOf(x) - numberOf(y);
  const result = lengthOf(x) === 32 ? distance : BigInt.asIntN(128, distance);
  if (BigInt.asIntN(64, result) !== result) throw outOfRange();
  return result;
}

const OPERATORS: readonly ScalarFunction[] = [
  ...CONTAINMENTS.map(containment),
  operator({
    name: '~', args: [INET], returns: INET, description: 'Every bit the other way.', total: true,
    example: example(`SELECT ~ inet '192.168.1.6'`, '63.87.254.249'),
    row: ([a]) => {
      const { address, prefix } = addressOf(a);
      return packNetwork({ address: address.map((byte) => ~byte), prefix });
    },
  }),
  operator({
    name: '&', args: [INET, INET], returns: INET, description: 'Bitwise AND.',
    example: example(`SELECT inet '192.168.1.6' & inet '0.0.0.255'`, '0.0.0.6'), row: ([a, b]) => combined('AND', a, b),
  }),
  operator({
    name: '|', args: [INET, INET], returns: INET, description: 'Bitwise OR.',
    example: example(`SELECT inet '192.168.1.6' | inet '0.0.0.255'`, '192.168.1.255'), row: ([a, b]) => combined('OR', a, b),
  }),
  operator({
    name: '+', args: [INET, INT8], returns: INET, description: 'The address so many further on.',
    example: example(`SELECT inet '192.168.1.6' + 25`, '192.168.1.31'), row: ([a, n]) => moved(a, big(n)),
  }),
  operator({
    name: '+', args: [INT8, INET], returns: INET, description: 'The address so many further on.',
    example: example(`SELECT 200 + inet '::ffff:fff0:1'`, '::ffff:255.240.0.201'), row: ([n, a]) => moved(a, big(n)),
  }),
  operator({
    name: '-', args: [INET, INT8], returns: INET, description: 'The address so many back.',
    example: example(`SELECT inet '192.168.1.43' - 36`, '192.168.1.7'),
    // As PostgreSQL: there is no number opposite to the least.
    row: ([a, n]) => moved(a, BigInt.asIntN(64, -big(n))),
  }),
  operator({
    name: '-', args: [INET, INET], returns: INT8, description: 'How far apart two addresses are.',
    example: example(`SELECT inet '192.168.1.43' - inet '192.168.1.19'`, '24'), row: ([a, b]) => difference(a, b),
  }),
];

interface Part {
  readonly name: string;
  readonly returns: LogicalType;
  readonly words: string;
  readonly shows: readonly [string, string];
  readonly of: (value: NetworkAddress) => Datum;
}

const PARTS: readonly Part[] = [
  { name: 'host', returns: TEXT, words: 'The address as text, without its prefix.', shows: [`'192.168.1.0/24'`, '192.168.1.0'],
    of: ({ address }) => addressText(address) },
  { name: 'family', returns: INT4, words: 'The address\'s version: 4 or 6.', shows: [`'::1'`, '6'],
    of: (value) => (lengthOf(value) === 32 ? 4 : 6) },
  { name: 'masklen', returns: INT4, words: 'Length of the prefix in bits.', shows: [`'192.168.1.5/24'`, '24'],
    of: ({ prefix }) => prefix },
  { name: 'broadcast', returns: INET, words: 'The last address of the network.', shows: [`'192.168.1.5/24'`, '192.168.1.255/24'],
    of: (value) => packNetwork({ ...value, address: lastAddress(value) }) },
  { name: 'netmask', returns: INET, words: 'The network\'s mask.', shows: [`'192.168.1.5/24'`, '255.255.255.0'],
    of: (value) => packNetwork({ address: maskOf(value), prefix: lengthOf(value) }) },
  { name: 'hostmask', returns: INET, words: 'The mask of the bits behind the prefix.', shows: [`'192.168.23.20/30'`, '0.0.0.3'],
    of: (value) => packNetwork({ address: maskOf(value).map((byte) => ~byte), prefix: lengthOf(value) }) },
];

function maskOf({ address, prefix }: NetworkAddress): Uint8Array {
  return maskedAddress({ address: new Uint8Array(address.length).fill(0xff), prefix });
}

/** 22023 for a length that no prefix of such an address has; −1 is the whole address. */
function withPrefix(d: Datum, length: number): NetworkAddress {
  const { address } = addressOf(d);
  const prefix = length === -1 ? 8 * address.length : length;
  if (prefix < 0 || prefix > 8 * address.length) throw new DatabaseError('22023', `invalid mask length: ${length}`);
  return { address, prefix };
}

/** The smallest network that both are part of. */
function merged(a: Datum, b: Datum): Datum {
  const [x, y] = [addressOf(a), addressOf(b)];
  if (x.address.length !== y.address.length) throw new DatabaseError('22023', 'cannot merge addresses from different families');
  const differs = x.address.findIndex((byte, i) => byte !== y.address[i]);
  const same = differs < 0 ? lengthOf(x) : 8 * differs + Math.clz32(x.address[differs] ^ y.address[differs]) - 24;
  return networkOf(packNetwork({ address: x.address, prefix: Math.min(x.prefix, y.prefix, same) }));
}

const FUNCTIONS: readonly ScalarFunction[] = [
  ...PARTS.map(({ name, returns, words, shows, of }) => scalar({
    name, args: [INET], returns, description: words, total: true,
    example: example(`SELECT ${name}(inet ${shows[0]})`, shows[1]), row: ([d]) => of(addressOf(d)),
  })),
  ...(['inet', 'cidr'] as const).map((kind) => scalar({
    name: 'abbrev', args: [kind === 'inet' ? INET : CIDR], returns: TEXT, total: true,
    description: kind === 'inet' ? 'The address as text.' : 'The network as text, without the bytes behind its prefix.',
    example: example(`SELECT abbrev(${kind} '10.1.0.0/16')`, kind === 'inet' ? '10.1.0.0/16' : '10.1/16'),
    row: ([d]) => abbreviatedNetwork(bytes(d), kind),
  })),
  scalar({
    name: 'text', args: [INET], returns: TEXT, description: 'The address as text, its prefix in any case.', total: true,
    example: example(`SELECT text(inet '192.168.1.5')`, '192.168.1.5/32'), row: ([d]) => networkText(bytes(d)),
  }),
  scalar({
    name: 'network', args: [INET], returns: CIDR, description: 'The network that the address is in.', total: true,
    example: example(`SELECT network(inet '192.168.1.5/24')`, '192.168.1.0/24'), row: ([d]) => networkOf(bytes(d)),
  }),
  scalar({
    name: 'cidr', args: [INET], returns: CIDR, description: 'The network that the address is in.', total: true,
    example: example(`SELECT cidr(inet '192.168.1.5/24')`, '192.168.1.0/24'), row: ([d]) => networkOf(bytes(d)),
  }),
  scalar({
    name: 'set_masklen', args: [INET, INT4], returns: INET, description: 'With a prefix of another length.',
    example: example(`SELECT set_masklen(inet '192.168.1.5/24', 16)`, '192.168.1.5/16'),
    row: ([d, length]) => packNetwork(withPrefix(d, num(length))),
  }),
  scalar({
    name: 'set_masklen', args: [CIDR, INT4], returns: CIDR, description: 'With a prefix of another length, the bits behind it 0.',
    example: example(`SELECT set_masklen(cidr '192.168.1.0/24', 16)`, '192.168.0.0/16'),
    row: ([d, length]) => networkOf(packNetwork(withPrefix(d, num(length)))),
  }),
  scalar({
    name: 'inet_same_family', args: [INET, INET], returns: BOOLEAN, description: 'Are the addresses of one version?', total: true,
    example: example(`SELECT inet_same_family(inet '192.168.1.5/24', inet '::1')`, 'f'),
    row: ([a, b]) => bytes(a)[0] === bytes(b)[0],
  }),
  scalar({
    name: 'inet_merge', args: [INET, INET], returns: CIDR, description: 'The smallest network that both are part of.',
    example: example(`SELECT inet_merge(inet '192.168.1.5/24', inet '192.168.2.5/24')`, '192.168.0.0/22'),
    row: ([a, b]) => merged(a, b),
  }),
];

export const NETWORK: readonly ScalarFunction[] = [...OPERATORS, ...FUNCTIONS];
