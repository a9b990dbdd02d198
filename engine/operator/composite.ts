// Operators made of operators: their states under one name each, their sizes added up.
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Operator, StateSize } from './operator.ts';

export function saveParts(parts: readonly Operator[], out: StateWriter): void {
  parts.forEach((part, i) => part.save(prefixed(out, `${i}/`)));
}

/** The writer with all names under a prefix. */
export function prefixed(out: StateWriter, prefix: string): StateWriter {
  return {
    looking: out.looking === true,
    page: (name, page, content) => out.page(prefix + name, page, content),
    state: (name, state) => out.state(prefix + name, state),
  };
}

export function* restoreParts(parts: readonly Operator[], from: StateReader): Generator<null> {
  for (const [i, part] of parts.entries()) yield* part.restore({ pages: (name) => from.pages(`${i}/${name}`) }) ?? [];
}

export function sizeOfParts(parts: readonly Operator[]): StateSize {
  return parts.map((part) => part.stateSize())
    .reduce((a, b) => ({ rows: a.rows + b.rows, bytes: a.bytes + b.bytes }), { rows: 0, bytes: 0 });
}
