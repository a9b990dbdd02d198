// An end of a connection as inet.
import type { Datum } from '../../engine/data/datum.ts';
import { parseNetwork } from '../../engine/data/network-text.ts';

/** null: not over the network. What of a socket of IPv6 is one of IPv4 is told as that, others without their zone. */
export function endpointAddress(end: { readonly address: string } | null | undefined): Datum {
  if (end === null || end === undefined || end.address === '') return null;
  return parseNetwork(end.address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, ''), 'inet');
}
