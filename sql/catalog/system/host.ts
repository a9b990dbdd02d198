// What catalog functions ask of the session they run in.
import { DatabaseError } from '../../../engine/data/error.ts';
import type { CallInfo } from '../../../engine/function/function.ts';
import type { SystemContext } from '../entry.ts';

interface SystemHost {
  systemContext(): SystemContext;
}

function isHost(host: unknown): host is SystemHost {
  return typeof host === 'object' && host !== null && 'systemContext' in host && typeof host.systemContext === 'function';
}

/** 0A000 where there is no session: a view's circuit runs in none. */
export function systemOf(call: CallInfo): SystemContext {
  const { host } = call.context;
  if (isHost(host)) return host.systemContext();
  throw new DatabaseError('0A000', 'catalog functions are not supported in materialized views');
}
