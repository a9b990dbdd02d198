// inet and cidr: addresses with the length of a network's prefix, as bytes whose order is PostgreSQL's; their binary format.
//
// Format: u8 4 or 6 (the version); the network: 4 or 16 bytes, the bits behind the prefix 0; u8 length of the prefix; where a
// bit behind the prefix is 1, the host: as many bytes, the bits of the prefix 0. So two values compare as their bytes do, by
// version, shared prefix, length of the prefix, and address, as network_cmp has it, and equal values are the same bytes.
import { DatabaseError } from './error.ts';

export type NetworkKind = 'inet' | 'cidr';

export interface NetworkAddress {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Length in bits. */
  readonly prefix: number;
}

const sizeOf = (version: number): number => (version === 4 ? 4 : 16);

/** The bits of byte `i` that belong to the prefix. */
function prefixMask(prefix: number, i: number): number {
  return (0xff00 >> Math.min(Math.max(prefix - 8 * i, 0), 8)) & 0xff;
}

/** The address with the bits behind the prefix 0; `host`: with those alone. */
export function maskedAddress({ address, prefix }: NetworkAddress, host = false): Uint8Array {
  return address.map((byte, i) => byte & prefixMask(prefix, i) ^ (host ? byte : 0));
}

export function packNetwork(value: NetworkAddress): Uint8Array {
  const { address, prefix } = value;
  const size = address.length;
  const host = maskedAddress(value, true);
  const out = new Uint8Array(2 + (host.some((byte) => byte !== 0) ? 2 * size : size));
  out[0] = size === 4 ? 4 : 6;
  out.set(maskedAddress(value), 1);
  out[1 + size] = prefix;
  if (out.length > 2 + size) out.set(host, 2 + size);
  return out;
}

export function unpackNetwork(bytes: Uint8Array): NetworkAddress {
  const size = sizeOf(bytes[0]);
  const address = bytes.slice(1, 1 + size);
  if (bytes.length > 2 + size) for (let i = 0; i < size; i++) address[i] |= bytes[2 + size + i];
  return { address, prefix: bytes[1 + size] };
}

/** The network alone. */
export function networkOf(packed: Uint8Array): Uint8Array {
  return packed.slice(0, 2 + sizeOf(packed[0]));
}

/** The address with the bits behind the prefix 1. */
export function lastAddress({ address, prefix }: NetworkAddress): Uint8Array {
  return address.map((byte, i) => byte | (prefixMask(prefix, i) ^ 0xff));
}

/** Of a network, without a prefix of its own: nothing that is in it is greater. */
export function lastAddressOf(packed: Uint8Array): Uint8Array {
  const value = unpackNetwork(packed);
  return packNetwork({ address: lastAddress(value), prefix: 8 * value.address.length });
}

/** How the networks of two packed values stand to each other, by the lengths of their prefixes; null: they do not overlap. */
export function compareNetworks(a: Uint8Array, at: number, b: Uint8Array, bt: number): number | null {
  if (a[at] !== b[bt]) return null;
  const end = 1 + sizeOf(a[at]);
  const [p, q] = [a[at + end], b[bt + end]];
  const shared = p < q ? p : q;
  const whole = 1 + (shared >> 3);
  for (let i = 1; i < whole; i++) if (a[at + i] !== b[bt + i]) return null;
  if ((shared & 7) !== 0 && ((a[at + whole] ^ b[bt + whole]) >> (8 - (shared & 7))) !== 0) return null;
  return p - q;
}

/** inet_send, cidr_send. */
export function encodeNetwork(kind: NetworkKind, packed: Uint8Array): Uint8Array {
  const { address, prefix } = unpackNetwork(packed);
  const out = new Uint8Array(4 + address.length);
  // AF_INET and the number after it.
  out.set([address.length === 4 ? 2 : 3, prefix, kind === 'cidr' ? 1 : 0, address.length]);
  out.set(address, 4);
  return out;
}

/** inet_recv, cidr_recv. `next` gives the bytes one by one, and throws when there are no more. */
export function decodeNetwork(kind: NetworkKind, next: () => number): NetworkAddress {
  const invalid = (what: string): DatabaseError => new DatabaseError('22P03', `invalid ${what} in external "${kind}" value`);
  const family = next();
  if (family !== 2 && family !== 3) throw invalid('address family');
  const size = family === 2 ? 4 : 16;
  const prefix = next();
  if (prefix > 8 * size) throw invalid('bits');
  // Whether it says that it is cidr does not matter.
  next();
  if (next() !== size) throw invalid('length');
  const value = { address: Uint8Array.from({ length: size }, next), prefix };
  if (kind === 'cidr' && isHost(value)) {
    throw new DatabaseError('22P03', 'invalid external "cidr" value', { detail: BITS_BEHIND_PREFIX });
  }
  return value;
}

/** Has it bits behind the prefix? */
export function isHost(value: NetworkAddress): boolean {
  return maskedAddress(value, true).some((byte) => byte !== 0);
}

export const BITS_BEHIND_PREFIX = 'Value has bits set to right of mask.';
