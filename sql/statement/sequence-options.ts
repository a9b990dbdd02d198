// The options of CREATE and ALTER SEQUENCE, serial and identity columns, with PostgreSQL's defaults and checks.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType, typeFromName } from '../../engine/data/type-info.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { SequenceEntry } from '../catalog/entry.ts';
import type { Option } from '../parser/ast.ts';
import type { SessionState } from '../session-state.ts';
import { optionFlag, optionText } from './options.ts';

interface Base {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly owner: number;
  readonly type?: LogicalType;
  readonly ownedBy: SequenceEntry['ownedBy'];
}

const RANGES: ReadonlyMap<string, readonly [bigint, bigint]> = new Map([
  ['int2', [-32768n, 32767n]], ['int4', [-2147483648n, 2147483647n]],
  ['int8', [-9223372036854775808n, 9223372036854775807n]],
]);

export function sequenceEntry(options: readonly Option[], base: Base): SequenceEntry {
  const { type = INT8 } = base;
  const blank: SequenceEntry = {
    kind: 'sequence', oid: base.oid, schema: base.schema, name: base.name, owner: base.owner, comment: null, acl: [],
    type, start: 1n, increment: 1n, min: 1n, max: 1n, cache: 1n, cycle: false, ownedBy: base.ownedBy,
  };
  return applyOptions(blank, options, true);
}

/** `last`: the value it stands at. RESTART, if it is among the options, is the caller's affair too. */
export function alteredSequence(entry: SequenceEntry, options: readonly Option[], last: bigint): SequenceEntry {
  const restart = restartOption(options);
  const altered = applyOptions(entry, options.filter((o) => o !== restart), false);
  const { min, max, start } = altered;
  const value = restart === undefined ? last : restart.value === undefined ? start : integer(restart);
  if (value < min) throw wrong(`RESTART value (${value}) cannot be less than MINVALUE (${min})`);
  if (value > max) throw wrong(`RESTART value (${value}) cannot be greater than MAXVALUE (${max})`);
  return altered;
}

const wrong = (message: string): DatabaseError => new DatabaseError('22023', message);

export function restartSequence(state: SessionState, entry: SequenceEntry, restart: Option): void {
  setSequence(state, entry, restart.value === undefined ? entry.start : integer(restart));
}

/** Its next value; taken back with the transaction, as PostgreSQL does. */
export function setSequence(state: SessionState, entry: SequenceEntry, value: bigint): void {
  const { sequences } = state.services;
  const before = sequences.current(entry);
  state.current.undo.add(() => sequences.set(entry, before.last, before.called));
  sequences.set(entry, value, false);
  state.current.sequences.note(entry.oid);
}

export function restartOption(options: readonly Option[]): Option | undefined {
  return options.find((o) => o.name === 'restart');
}

function integer(option: Option): bigint {
  const text = optionText(option);
  if (!/^[+-]?\d+$/.test(text)) throw new DatabaseError('42601', `${option.name} requires an integer value`);
  return BigInt(text);
}

function applyOptions(entry: SequenceEntry, options: readonly Option[], isNew: boolean): SequenceEntry {
  const given = new Map<string, Option>();
  for (const option of options) {
    if (given.has(option.name)) {
      throw new DatabaseError('42601', 'conflicting or redundant options', { position: option.position });
    }
    given.set(option.name, option);
  }
  const as = given.get('as');
  const type = as === undefined ? entry.type : sequenceType(entry, as);
  const step = given.get('increment');
  const increment = step === undefined ? entry.increment : integer(step);
  if (increment === 0n) throw new DatabaseError('22023', 'INCREMENT must not be zero');
  const range = RANGES.get(type.kind) ?? [1n, 1n];
  const before = RANGES.get(entry.type.kind) ?? range;
  // A limit that was the old type's own is the new type's; another one was somebody's wish.
  const widest = as !== undefined && !isNew ? { min: entry.min === before[0], max: entry.max === before[1] }
    : { min: false, max: false };
  const max = bound(given.get('maxvalue'), isNew || widest.max ? null : entry.max,
    increment > 0n || widest.max ? range[1] : -1n);
  const min = bound(given.get('minvalue'), isNew || widest.min ? null : entry.min,
    increment < 0n || widest.min ? range[0] : 1n);
  for (const [name, value] of [['MAXVALUE', max], ['MINVALUE', min]] as const) {
    if (value <= range[1] && value >= range[0]) continue;
    throw wrong(`${name} (${value}) is out of range for sequence data type ${mentionType(type)}`);
  }
  if (min >= max) throw wrong(`MINVALUE (${min}) must be less than MAXVALUE (${max})`);
  const from = given.get('start');
  const start = from === undefined ? (isNew ? (increment > 0n ? min : max) : entry.start) : integer(from);
  if (start < min) throw new DatabaseError('22023', `START value (${start}) cannot be less than MINVALUE (${min})`);
  if (start > max) throw new DatabaseError('22023', `START value (${start}) cannot be greater than MAXVALUE (${max})`);
  const cached = given.get('cache');
  const cache = cached === undefined ? entry.cache : integer(cached);
  if (cache <= 0n) throw new DatabaseError('22023', `CACHE (${cache}) must be greater than zero`);
  const cycled = given.get('cycle');
  return { ...entry, type, increment, min, max, start, cache, cycle: cycled === undefined ? entry.cycle
    : optionFlag(cycled) };
}

/** NO MAXVALUE comes as an option without value. */
function bound(option: Option | undefined, kept: bigint | null, otherwise: bigint): bigint {
  if (option === undefined) return kept ?? otherwise;
  return option.value === undefined ? otherwise : integer(option);
}

function sequenceType(entry: SequenceEntry, as: Option): LogicalType {
  const text = optionText(as);
  const type = typeFromName(text.replace(/^pg_catalog\./, ''));
  if (type?.kind === 'int2' || type?.kind === 'int4' || type?.kind === 'int8') return type;
  if (type === null) {
    const position = as.value?.kind === 'name' ? as.value.position : undefined;
    throw new DatabaseError('42704', `type "${text}" does not exist`, { position });
  }
  throw wrong(`${entry.ownedBy?.identity === true ? 'identity column' : 'sequence'} type must be smallint, integer, or bigint`);
}
