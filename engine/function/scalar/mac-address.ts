// MAC addresses (manual 9.12): bits of macaddr and macaddr8, and what of them says the manufacturer.
import { narrowMacAddress, widenMacAddress } from '../../data/mac-address.ts';
import { MACADDR, MACADDR8 } from '../../data/types.ts';
import { bytes, example, operator, scalar } from '../define.ts';
import type { ScalarFunction } from '../function.ts';

/** The bytes that say the manufacturer. */
const MANUFACTURER = 3;

/** For the examples: two addresses, and what becomes of them. */
const KINDS = [
  { type: MACADDR, shows: `macaddr '12:34:56:78:90:ab'`, other: `macaddr 'ff:00:00:00:00:01'`,
    not: 'ed:cb:a9:87:6f:54', and: '12:00:00:00:00:01', or: 'ff:34:56:78:90:ab', trunc: '12:34:56:00:00:00' },
  { type: MACADDR8, shows: `macaddr8 '12:34:56:78:90:ab:cd:ef'`, other: `macaddr8 'ff:00:00:00:00:00:00:01'`,
    not: 'ed:cb:a9:87:6f:54:32:10', and: '12:00:00:00:00:00:00:01', or: 'ff:34:56:78:90:ab:cd:ef',
    trunc: '12:34:56:00:00:00:00:00' },
];

export const MAC_ADDRESSES: readonly ScalarFunction[] = [
  ...KINDS.flatMap(({ type, shows, other, not, and, or, trunc }) => [
    operator({
      name: '~', args: [type], returns: type, description: 'Every bit the other way.', total: true,
      example: example(`SELECT ~ ${shows}`, not), row: ([d]) => bytes(d).map((byte) => ~byte),
    }),
    operator({
      name: '&', args: [type, type], returns: type, description: 'Bitwise AND.', total: true,
      example: example(`SELECT ${shows} & ${other}`, and), row: ([a, b]) => bytes(a).map((byte, i) => byte & bytes(b)[i]),
    }),
    operator({
      name: '|', args: [type, type], returns: type, description: 'Bitwise OR.', total: true,
      example: example(`SELECT ${shows} | ${other}`, or), row: ([a, b]) => bytes(a).map((byte, i) => byte | bytes(b)[i]),
    }),
    scalar({
      name: 'trunc', args: [type], returns: type, description: 'All but the first three bytes, which say the manufacturer, 0.',
      total: true, example: example(`SELECT trunc(${shows})`, trunc),
      row: ([d]) => bytes(d).map((byte, i) => (i < MANUFACTURER ? byte : 0)),
    }),
  ]),
  scalar({
    name: 'macaddr8_set7bit', args: [MACADDR8], returns: MACADDR8, total: true,
    description: 'The seventh bit 1: the modified EUI-64 that an IPv6 address ends with.',
    example: example(`SELECT macaddr8_set7bit(macaddr8 '00:34:56:ab:cd:ef')`, '02:34:56:ff:fe:ab:cd:ef'),
    row: ([d]) => bytes(d).map((byte, i) => (i === 0 ? byte | 2 : byte)),
  }),
  scalar({
    name: 'macaddr8', args: [MACADDR], returns: MACADDR8, total: true,
    description: 'Of six bytes eight, FF and FE in the middle.',
    example: example(`SELECT macaddr8(macaddr '12:34:56:78:90:ab')`, '12:34:56:ff:fe:78:90:ab'),
    row: ([d]) => widenMacAddress(bytes(d)),
  }),
  scalar({
    name: 'macaddr', args: [MACADDR8], returns: MACADDR,
    description: 'Of eight bytes six, where those in the middle are FF and FE.',
    example: example(`SELECT macaddr(macaddr8 '12:34:56:ff:fe:78:90:ab')`, '12:34:56:78:90:ab'),
    row: ([d]) => narrowMacAddress(bytes(d)),
  }),
];
