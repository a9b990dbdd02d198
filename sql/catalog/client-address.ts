// Where a client is, as inet.
import type { Datum } from '../../engine/data/datum.ts';
import { parseNetwork } from '../../engine/data/network-text.ts';

/** null: not connected over the network. What of a socket of IPv6 is one of IPv4 is told as that, others without their zone. */
export function clientAddress(remote: { readonly address: string } | null): Datum {
  if (remote === null || remote.address === '') return null;
  return parseNetwork(remote.address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, ''), 'inet');
}
