// Functions that need the session: settings, identity, sequences, waiting, signals to other sessions, notifications.
import { DatabaseError } from '../../engine/data/error.ts';
import { BOOLEAN, FLOAT8, INET, INT4, INT8, NAME, REGCLASS, TEXT, VOID, parametricType } from '../../engine/data/types.ts';
import type { Datum } from '../../engine/data/datum.ts';
import { big, bool, num, scalar, str } from '../../engine/function/define.ts';
import { intervalSpan, Interval } from '../../engine/data/interval.ts';
import type { ScalarFunction } from '../../engine/function/function.ts';
import type { FunctionLists } from '../../engine/function/registry.ts';
import { SERVER_VERSION_TEXT } from '../version-text.ts';
import type { SessionState } from '../session-state.ts';
import { RandomGenerator } from '../random-generator.ts';
import { ADVISORY_FUNCTIONS } from './advisory-functions.ts';
import { endpointAddress } from './endpoint-address.ts';
import { isTemporary } from './entry.ts';
import type { SequenceEntry } from './entry.ts';
import { host } from './host-function.ts';
import { CATALOG_FUNCTIONS } from './system/catalog-functions.ts';
import { CATALOG_TABLE_FUNCTIONS } from './system/catalog-tables.ts';

const IDENTITY: readonly ScalarFunction[] = [
  host({ name: 'current_database', returns: NAME, description: 'name of the database', row: (_, s) => s.database }),
  host({ name: 'current_user', returns: NAME, description: 'user whose privileges count',
    row: (_, s) => s.currentUser }),
  host({ name: 'session_user', returns: NAME, description: 'user of the session', row: (_, s) => s.sessionUser }),
  host({ name: 'current_schema', returns: NAME, description: 'schema new objects go to', row: (_, s) => (
    s.searchPath.find((name) => s.catalog.schema(name) !== null && !isTemporary(name)) ?? null) }),
  scalar({ name: 'version', args: [], returns: TEXT, description: 'version of the server', volatility: 'stable',
    row: () => SERVER_VERSION_TEXT }),
  host({ name: 'pg_client_encoding', returns: NAME, description: 'encoding of the client',
    row: (_, s) => s.settings.show('client_encoding') }),
  host({ name: 'pg_backend_pid', returns: INT4, description: 'number of the session', row: (_, s) => s.processId }),
  host({
    name: 'inet_client_addr', returns: INET, description: 'address of the client',
    row: (_, s) => endpointAddress(s.options.remote),
  }),
  host({ name: 'inet_client_port', returns: INT4, description: 'port of the client',
    row: (_, s) => s.options.remote?.port ?? null }),
  host({ name: 'inet_server_addr', returns: INET, description: 'address of the server',
    row: (_, s) => endpointAddress(s.options.local) }),
  host({ name: 'inet_server_port', returns: INT4, description: 'port of the server',
    row: (_, s) => s.options.local?.port ?? null }),
  host({ name: 'txid_current', returns: INT8, description: 'number of the transaction',
    row: (_, s) => BigInt(s.current.id) }),
  host({
    name: 'txid_current_if_assigned', returns: INT8, description: 'number of the transaction, if it has one',
    row: (_, s) => (s.current.isDirty ? BigInt(s.current.id) : null),
  }),
];

const SETTINGS: readonly ScalarFunction[] = [
  host({
    name: 'setseed', args: [FLOAT8], returns: VOID, volatility: 'volatile', description: 'starts random() at a seed from -1 to 1',
    row: ([seed], s) => {
      const value = num(seed);
      if (Number.isNaN(value) || value < -1 || value > 1) {
        throw new DatabaseError('22023', `setseed parameter ${value} is out of allowed range [-1,1]`);
      }
      s.random = new RandomGenerator(value);
      return '';
    },
  }),
  host({
    name: 'current_setting', args: [TEXT], returns: TEXT, description: 'value of a parameter',
    row: ([name], s) => s.settings.show(str(name)),
  }),
  host({
    name: 'current_setting', args: [TEXT, BOOLEAN], returns: TEXT,
      description: 'value of a parameter, or NULL when there is none',
    row: ([name, missingOk], s) => {
      try {
        return s.settings.show(str(name));
      } catch (error) {
        if (bool(missingOk) && error instanceof DatabaseError && error.code === '42704') return null;
        throw error;
      }
    },
  }),
  host({
    name: 'set_config', args: [TEXT, TEXT, BOOLEAN], returns: TEXT, strict: false, volatility: 'volatile',
    description: 'sets a parameter, for the transaction or the session',
    row: ([name, value, local], s) => {
      if (name === null) throw new DatabaseError('22004', 'SET requires parameter name');
      if (value === null) s.settings.reset(str(name), local === true);
      else s.settings.set(str(name), str(value), local === true);
      return s.settings.show(str(name));
    },
  }),
];

function sequence(s: SessionState, oid: Datum): SequenceEntry {
  const entry = s.catalog.get(num(oid));
  if (entry?.kind === 'sequence') return entry;
  const relation = s.catalog.relation(num(oid));
  if (relation === null) throw new DatabaseError('42P01', `could not open relation with OID ${num(oid)}`);
  throw new DatabaseError('42809', `"${relation.name}" is not a sequence`);
}

function setValue(s: SessionState, args: readonly Datum[], called: boolean): Datum {
  const entry = sequence(s, args[0]);
  if (!isTemporary(entry.schema)) s.current.checkWritable('setval()');
  const value = big(args[1]);
  s.services.sequences.set(entry, value, called);
  s.current.sequences.note(entry.oid);
  if (called) s.sequenceValues.set(entry.oid, value);
  return value;
}

const SEQUENCES: readonly ScalarFunction[] = [
  host({
    name: 'nextval', args: [REGCLASS], returns: INT8, volatility: 'volatile', repeatable: true,
      description: 'next value of a sequence',
    row: ([oid], s) => {
      const entry = sequence(s, oid);
      if (!isTemporary(entry.schema)) s.current.checkWritable('nextval()');
      const value = s.services.sequences.next(entry, s.current.sequences.draw(entry.oid));
      s.sequenceValues.set(entry.oid, value);
      s.lastSequence = entry.oid;
      s.current.sequences.note(entry.oid);
      return value;
    },
  }),
  host({
    name: 'currval', args: [REGCLASS], returns: INT8, repeatable: true, volatility: 'volatile',
      description: 'value this session got last',
    row: ([oid], s) => {
      const entry = sequence(s, oid);
      const value = s.sequenceValues.get(entry.oid);
      if (value !== undefined) return value;
      throw new DatabaseError('55000', `currval of sequence "${entry.name}" is not yet defined in this session`);
    },
  }),
  host({
    name: 'lastval', returns: INT8, volatility: 'volatile', repeatable: true,
      description: 'value nextval gave last in this session',
    row: (_, s) => {
      const known = s.lastSequence !== null && s.catalog.get(s.lastSequence) !== null;
      const value = s.lastSequence === null || !known ? undefined : s.sequenceValues.get(s.lastSequence);
      if (value !== undefined) return value;
      throw new DatabaseError('55000', 'lastval is not yet defined in this session');
    },
  }),
  host({
    name: 'setval', args: [REGCLASS, INT8], returns: INT8, volatility: 'volatile',
      description: 'sets the current value',
    row: (args, s) => setValue(s, args, true),
  }),
  host({
    name: 'setval', args: [REGCLASS, INT8, BOOLEAN], returns: INT8, volatility: 'volatile',
      description: 'sets the current or next value',
    row: (args, s) => setValue(s, args, bool(args[2])),
  }),
];

const SIGNALS: readonly ScalarFunction[] = [
  host({
    name: 'pg_sleep', args: [FLOAT8], returns: VOID, volatility: 'volatile', description: 'waits so many seconds',
    row: ([seconds], s) => {
      s.sleepFor += Math.max(0, num(seconds)) * 1000;
      return '';
    },
  }),
  host({
    name: 'pg_sleep_for', args: [parametricType('interval')], returns: VOID, volatility: 'volatile',
      description: 'waits so long',
    row: ([span], s) => {
      if (span instanceof Interval) s.sleepFor += Number(intervalSpan(span)) / 1000;
      return '';
    },
  }),
  host({
    name: 'pg_cancel_backend', args: [INT4], returns: BOOLEAN, volatility: 'volatile',
      description: 'cancels what another session runs',
    row: ([pid], s) => {
      const peer = s.services.sessions.get(num(pid));
      if (peer === undefined) s.warn('01000', `PID ${num(pid)} is not a PostgreSQL server process`);
      peer?.cancel();
      return peer !== undefined;
    },
  }),
  host({
    name: 'pg_terminate_backend', args: [INT4], returns: BOOLEAN, volatility: 'volatile',
      description: 'ends another session',
    row: ([pid], s) => {
      const ended = s.services.terminate(
        num(pid), new DatabaseError('57P01', 'terminating connection due to administrator command'));
      if (!ended) s.warn('01000', `PID ${num(pid)} is not a PostgreSQL server process`);
      return ended;
    },
  }),
  host({
    name: 'pg_notify', args: [TEXT, TEXT], returns: VOID, volatility: 'volatile', strict: false,
      description: 'sends a notification at commit',
    row: ([channel, payload], s) => {
      s.current.notifications.add(channel === null ? '' : str(channel), payload === null ? '' : str(payload));
      return '';
    },
  }),
];

/** What the database adds to the engine's functions. */
export const HOST_FUNCTIONS: Partial<FunctionLists> = {
  scalar: [...IDENTITY, ...SETTINGS, ...SEQUENCES, ...SIGNALS, ...ADVISORY_FUNCTIONS, ...CATALOG_FUNCTIONS]
    .map((f) => ({ ...f, host: true })),
  table: CATALOG_TABLE_FUNCTIONS,
};
