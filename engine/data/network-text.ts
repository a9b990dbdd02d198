// Text of inet and cidr, in all the forms that PostgreSQL reads, shows and abbreviates.
import { DatabaseError } from './error.ts';
import { BITS_BEHIND_PREFIX, isHost, packNetwork, unpackNetwork } from './network.ts';
import type { NetworkAddress, NetworkKind } from './network.ts';

/** Packed, see network.ts. 22P02 for what is no such value. */
export function parseNetwork(text: string, kind: NetworkKind): Uint8Array {
  const value = text.includes(':') ? parseIpv6(text) : kind === 'cidr' ? parseIpv4Network(text) : parseIpv4(text);
  if (value === null) throw new DatabaseError('22P02', `invalid input syntax for type ${kind}: "${text}"`);
  if (kind === 'cidr' && isHost(value)) {
    throw new DatabaseError('22P02', `invalid cidr value: "${text}"`, { detail: BITS_BEHIND_PREFIX });
  }
  return packNetwork(value);
}

/** Octets with zeros behind them, as far as there are none; null: too many, or one too great. */
function ipv4Of(octets: readonly number[], prefix: number): NetworkAddress | null {
  if (octets.length > 4 || octets.some((octet) => octet > 255) || prefix < 0 || prefix > 32) return null;
  const address = new Uint8Array(4);
  address.set(octets);
  return { address, prefix };
}

/** Of IPv4; −1: none is said. As PostgreSQL, it forgets what is above 32 bits. */
function prefixOf(digits: string | undefined): number {
  return digits === undefined ? -1 : [...digits].reduce((sum, digit) => (Math.imul(sum, 10) + Number(digit)) | 0, 0);
}

/** inet: where no prefix is said, all four octets are. */
function parseIpv4(text: string): NetworkAddress | null {
  const found = /^(\d+(?:\.\d+)*)\.?(?:\/(\d+))?$/.exec(text);
  if (found === null) return null;
  const octets = found[1].split('.').map(Number);
  const prefix = prefixOf(found[2]);
  if (prefix === -1) return octets.length === 4 ? ipv4Of(octets, 32) : null;
  return prefix >> 3 > octets.length ? null : ipv4Of(octets, prefix);
}

/** cidr: octets in decimal or all of them in hexadecimal; where no prefix is said, the network's class has one. */
function parseIpv4Network(text: string): NetworkAddress | null {
  const found = /^(?:0x([\da-f]+)|(\d+(?:\.\d+)*))(?:\/(\d+))?$/i.exec(text);
  if (found === null) return null;
  const octets = found[1] === undefined ? found[2].split('.').map(Number)
    : (found[1].match(/..?/g) ?? []).map((pair) => Number.parseInt(pair.padEnd(2, '0'), 16));
  const prefix = prefixOf(found[3]);
  return ipv4Of(octets, prefix === -1 ? classPrefix(octets) : prefix);
}

function classPrefix(octets: readonly number[]): number {
  const [first] = octets;
  const own = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  const prefix = Math.max(own, octets.length * 8);
  return prefix === 8 && first === 224 ? 4 : prefix;
}

/** IPv6, of both types. */
function parseIpv6(text: string): NetworkAddress | null {
  const slash = text.indexOf('/');
  const prefix = slash < 0 ? '128' : text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > 128) return null;
  const words = wordsOf((slash < 0 ? text : text.slice(0, slash)).split(':'), slash >= 0);
  if (words === null) return null;
  const address = new Uint8Array(16);
  for (const [i, word] of words.entries()) address.set([word >> 8, word & 0xff], 2 * i);
  return { address, prefix: Number(prefix) };
}

/** The eight of an address, by what its colons part. `followed`: by a prefix, before which PostgreSQL overlooks a colon. */
function wordsOf(parts: readonly string[], followed: boolean): readonly number[] | null {
  const words: number[] = [];
  let gap = -1;
  // A colon in front is one of two.
  const first = parts[0] === '' ? 1 : 0;
  if (first === 1 && (parts.length < 3 || parts[1] !== '')) return null;
  for (let i = first; i < parts.length; i++) {
    const part = parts[i];
    const last = i === parts.length - 1;
    if (part === '' && last) {
      if (!followed && parts[i - 1] !== '') return null;
    } else if (part === '') {
      if (gap >= 0) return null;
      gap = words.length;
    } else if (/^[\da-f]{1,4}$/i.test(part)) {
      words.push(Number.parseInt(part, 16));
    } else {
      const octets = last ? embeddedOctets(part.split('.'), followed) : null;
      if (octets === null) return null;
      words.push(octets[0] * 256 + octets[1], octets[2] * 256 + octets[3]);
    }
  }
  if (gap < 0) return words.length === 8 ? words : null;
  return words.length < 8 ? words.toSpliced(gap, 0, ...Array.from({ length: 8 - words.length }, () => 0)) : null;
}

/** The IPv4 address at the end of one of IPv6: what is not written is 0. */
function embeddedOctets(parts: readonly string[], followed: boolean): readonly number[] | null {
  if (parts.length < 2 || parts.length > 4 || (parts.at(-1) === '' && !followed)) return null;
  const fits = parts.every((part) => /^(?:|0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return fits ? [...parts.map(Number), 0, 0, 0].slice(0, 4) : null;
}

/** inet_out, cidr_out: inet says its prefix where it is not the whole address. */
export function formatNetwork(packed: Uint8Array, kind: NetworkKind): string {
  const { address, prefix } = unpackNetwork(packed);
  return kind === 'inet' && prefix === 8 * address.length ? addressText(address) : `${addressText(address)}/${prefix}`;
}

/** text(inet): the prefix in any case. */
export function networkText(packed: Uint8Array): string {
  return formatNetwork(packed, 'cidr');
}

/** The address alone. */
export function addressText(address: Uint8Array): string {
  return address.length === 4 ? address.join('.') : ipv6Text(address);
}

const wordsIn = (address: Uint8Array): readonly number[] =>
  Array.from({ length: 8 }, (_, i) => address[2 * i] * 256 + address[2 * i + 1]);
const hex = (words: readonly number[]): string => words.map((word) => word.toString(16)).join(':');

/** The longest run of at least two zeros, the first of those as long, is left out. */
function ipv6Text(address: Uint8Array): string {
  const words = wordsIn(address);
  let [start, length] = [0, 1];
  for (let from = 0, i = 0; i < 8; i++) {
    if (words[i] !== 0) from = i + 1;
    else if (i + 1 - from > length) [start, length] = [from, i + 1 - from];
  }
  if (length < 2) return hex(words);
  if (start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff))) {
    return `::${length === 5 ? 'ffff:' : ''}${address.slice(12).join('.')}`;
  }
  return `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}

/** abbrev(): of inet its text, of cidr what is in the prefix. */
export function abbreviatedNetwork(packed: Uint8Array, kind: NetworkKind): string {
  if (kind === 'inet') return formatNetwork(packed, kind);
  const { address, prefix } = unpackNetwork(packed);
  const shown = address.length === 16 ? abbreviatedIpv6(address, prefix)
    : address.slice(0, Math.max(Math.ceil(prefix / 8), 1)).join('.');
  return `${shown}/${prefix}`;
}

/** Whatever PostgreSQL leaves out, which is not always what is 0. Requires: no bits behind the prefix. */
function abbreviatedIpv6(address: Uint8Array, prefix: number): string {
  if (prefix === 0) return '::';
  const words = wordsIn(address);
  const shown = Math.max(Math.ceil(prefix / 16), 2);
  const [start, length] = omittedWords(words.slice(0, shown));
  const embedded = length !== shown && start === 0 && (length === 6 || (length === 5 && words[5] === 0xffff)
    || (length === 7 && address[14] !== 0 && address[15] !== 1));
  let text = '';
  for (let i = 0; i < shown; i++) {
    if (i >= start && i < start + length) text += (i === start ? ':' : '') + (i === shown - 1 ? ':' : '');
    else if (embedded && i > 5) {
      text += `${i === 6 ? ':' : '.'}${address[2 * i]}${i === 7 && prefix <= 120 ? '' : `.${address[2 * i + 1]}`}`;
    } else text += (text === '' ? '' : ':') + words[i].toString(16);
  }
  return text;
}

/** Where the longest run of zeros begins, and its length; PostgreSQL counts one that is not longer in with the next. */
function omittedWords(words: readonly number[]): readonly [number, number] {
  let [start, length, from, count] = [0, 0, 0, 0];
  for (const [i, word] of [...words, 1].entries()) {
    if (word === 0) {
      if (count === 0) from = i;
      count++;
    } else if (count > length) {
      [start, length, count] = [from, count, 0];
    }
  }
  return [start, length];
}
