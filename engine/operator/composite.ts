// Operators made of operators: their states under one name each, their sizes added up.
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize } from './operator.ts';

export function saveParts(parts: readonly Operator[], out: StateWriter): void {
  parts.forEach((part, i) => part.save({ page: (name, page, batch) => out.page(`${i}/${name}`, page, batch) }));
}

export function restoreParts(parts: readonly Operator[], from: StateReader): void {
  parts.forEach((part, i) => part.restore({ pages: (name) => from.pages(`${i}/${name}`) }));
}

export function sizeOfParts(parts: readonly Operator[]): StateSize {
  return parts.map((part) => part.stateSize())
    .reduce((a, b) => ({ rows: a.rows + b.rows, bytes: a.bytes + b.bytes }), { rows: 0, bytes: 0 });
}
