// The options of CREATE and ALTER SEQUENCE, serial and identity columns, with PostgreSQL's defaults and checks.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { typeFromName } from '../../engine/data/type-info.ts';
import { INT8 } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { SequenceEntry } from '../catalog/entry.ts';
import type { Option } from '../parser/ast.ts';
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

/** RESTART, if it is among them, is the caller's affair. */
export function alteredSequence(entry: SequenceEntry, options: readonly Option[]): SequenceEntry {
  return applyOptions(entry, options, false);
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
  const type = as === undefined ? entry.type : sequenceType(optionText(as));
  const step = given.get('increment');
  const increment = step === undefined ? entry.increment : integer(step);
  if (increment === 0n) throw new DatabaseError('22023', 'INCREMENT must not be zero');
  const range = RANGES.get(type.kind) ?? [1n, 1n];
  const max = bound(given.get('maxvalue'), isNew || as !== undefined ? null : entry.max, increment > 0n ? range[1]
    : -1n);
  const min = bound(given.get('minvalue'), isNew || as !== undefined ? null : entry.min, increment > 0n ? 1n
    : range[0]);
  if (max > range[1]) throw new DatabaseError('22023',
    `MAXVALUE (${max}) is out of range for sequence data type ${type.kind}`);
  if (min < range[0]) throw new DatabaseError('22023',
    `MINVALUE (${min}) is out of range for sequence data type ${type.kind}`);
  if (min >= max) throw new DatabaseError('22023', `MINVALUE (${min}) must be less than MAXVALUE (${max})`);
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

function sequenceType(text: string): LogicalType {
  const type = typeFromName(text.toLowerCase().replace(/^pg_catalog\./, ''));
  if (type?.kind === 'int2' || type?.kind === 'int4' || type?.kind === 'int8') return type;
  if (type === null) throw notSupported(`sequence type ${text}`);
  throw new DatabaseError('22023', 'sequence type must be smallint, integer, or bigint');
}
