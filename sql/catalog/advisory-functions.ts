// pg_advisory_lock and its kin.
import { BOOLEAN, INT4, INT8, VOID } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { big, num } from '../../engine/function/define.ts';
import type { ScalarFunction } from '../../engine/function/function.ts';
import type { AdvisoryKey, AdvisoryMode } from '../advisory-locks.ts';
import type { SessionState } from '../session-state.ts';
import { host } from './host-function.ts';

const KEYS: readonly { readonly args: readonly LogicalType[]; readonly key: (args: readonly Datum[]) => AdvisoryKey }[] = [
  {
    args: [INT8], key: ([whole]) => {
      const bits = BigInt.asUintN(64, big(whole));
      return { classId: Number(bits >> 32n), objectId: Number(bits & 0xffffffffn), objectSubId: 1 };
    },
  },
  {
    args: [INT4, INT4],
    key: ([first, second]) => ({ classId: num(first) >>> 0, objectId: num(second) >>> 0, objectSubId: 2 }),
  },
];

const MODES: readonly { readonly mode: AdvisoryMode; readonly suffix: string; readonly shown: string }[] = [
  { mode: 'exclusive', suffix: '', shown: 'ExclusiveLock' }, { mode: 'share', suffix: '_shared', shown: 'ShareLock' },
];

function advisory(name: string, returns: LogicalType, description: string,
  row: (state: SessionState, lock: { readonly key: AdvisoryKey; readonly mode: AdvisoryMode; readonly shown: string }) => Datum,
): readonly ScalarFunction[] {
  return MODES.flatMap(({ mode, suffix, shown }) => KEYS.map(({ args, key }) => host({
    name: `${name}${suffix}`, args, returns, volatility: 'volatile', description,
    row: (values, state) => row(state, { key: key(values), mode, shown }),
  })));
}

export const ADVISORY_FUNCTIONS: readonly ScalarFunction[] = [
  ...advisory('pg_advisory_lock', VOID, 'takes a lock for the session, waiting for it', (s, lock) => {
    s.advisory.take({ ...lock, transaction: null });
    return '';
  }),
  ...advisory('pg_advisory_xact_lock', VOID, 'takes a lock for the transaction, waiting for it', (s, lock) => {
    s.advisory.take({ ...lock, transaction: s.current });
    return '';
  }),
  ...advisory('pg_try_advisory_lock', BOOLEAN, 'takes a lock for the session if it is free',
    (s, lock) => s.advisory.tryTake({ ...lock, transaction: null })),
  ...advisory('pg_try_advisory_xact_lock', BOOLEAN, 'takes a lock for the transaction if it is free',
    (s, lock) => s.advisory.tryTake({ ...lock, transaction: s.current })),
  ...advisory('pg_advisory_unlock', BOOLEAN, 'gives a lock of the session back', (s, lock) => {
    const released = s.advisory.release(lock.key, lock.mode);
    if (!released) s.warn('01000', `you don't own a lock of type ${lock.shown}`);
    return released;
  }),
  host({
    name: 'pg_advisory_unlock_all', returns: VOID, volatility: 'volatile', description: 'gives all locks of the session back',
    row: (_, s) => {
      s.advisory.releaseAll();
      return '';
    },
  }),
];
