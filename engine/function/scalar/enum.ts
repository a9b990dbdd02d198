// Enum support functions (manual 9.10).
import { arrayFrom } from '../../data/composite.ts';
import type { Datum } from '../../data/datum.ts';
import { DatabaseError } from '../../data/error.ts';
import { simpleType } from '../../data/types.ts';
import type { LogicalType } from '../../data/types.ts';
import { scalar, str } from '../define.ts';
import type { CallInfo, ScalarFunction } from '../function.ts';

const ANYENUM = simpleType('anyenum');

/** Of the argument's type: its value does not matter and may be NULL. */
function labelsOf(type: LogicalType): readonly string[] {
  if (type.kind === 'enum') return type.labels;
  throw new DatabaseError('0A000', 'could not determine actual enum type');
}

/** 55P04 for one that is not committed yet. */
function usable({ argTypes: [type], context }: CallInfo, label: string): string {
  if (type.kind === 'enum') context.catalog.checkLabel?.(type, label);
  return label;
}

function range(call: CallInfo, from: Datum, to: Datum): Datum {
  const labels = labelsOf(call.argTypes[0]);
  const first = from === null ? 0 : labels.indexOf(str(from));
  const last = to === null ? labels.length - 1 : labels.indexOf(str(to));
  return arrayFrom(labels.slice(first, last + 1).map((label) => usable(call, label)));
}

export const ENUM: readonly ScalarFunction[] = [
  scalar({
    name: 'enum_first', args: [ANYENUM], returns: ANYENUM, strict: false, volatility: 'stable',
    description: 'First value of the argument\'s enum type.',
    row: (_args, call) => labelsOf(call.argTypes[0]).slice(0, 1).map((label) => usable(call, label))[0] ?? null,
  }),
  scalar({
    name: 'enum_last', args: [ANYENUM], returns: ANYENUM, strict: false, volatility: 'stable',
    description: 'Last value of the argument\'s enum type.',
    row: (_args, call) => labelsOf(call.argTypes[0]).slice(-1).map((label) => usable(call, label))[0] ?? null,
  }),
  scalar({
    name: 'enum_range', args: [ANYENUM], returns: simpleType('anyarray'), strict: false, volatility: 'stable',
    description: 'All values of the argument\'s enum type.',
    row: (_args, call) => range(call, null, null),
  }),
  scalar({
    name: 'enum_range', args: [ANYENUM, ANYENUM], returns: simpleType('anyarray'), strict: false, volatility: 'stable',
    description: 'The values from one to another; NULL stands for the first or last.',
    row: ([from, to], call) => range(call, from, to),
  }),
];
