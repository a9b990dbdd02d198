// Value functions: lag, lead, first_value, last_value, nth_value: another row's value.
import { constantVector, datumAt } from '../../data/access.ts';
import { DatabaseError } from '../../data/error.ts';
import { INT4 } from '../../data/types.ts';
import { concatVectors, retype, takeVector } from '../../data/vector.ts';
import type { Vector } from '../../data/vector.ts';
import { piecesOf } from '../../operator/over-frame.ts';
import { frameReach, isRunning, runningReach } from './frame-reach.ts';
import type { OverArgument, OverCallShape, RankingFunction, Reach, WindowSite, WindowValues } from './window-function.ts';
import { ALL_ROWS, NO_ERRORS } from './window-function.ts';

/** Rows of `from` by entry; −1: NULL. */
function pick({ type }: OverCallShape, from: Vector, entries: Int32Array): Vector {
  const nullAt = from.length;
  for (let i = 0; i < entries.length; i++) if (entries[i] < 0) entries[i] = nullAt;
  return retype(takeVector(concatVectors([from, constantVector(from.type, null, 1)]), entries), type);
}

const ONE: OverArgument = { kind: 'constant', value: 1, type: INT4 };

function shifted(name: string, direction: 1 | -1): RankingFunction {
  return {
    name,
    reach: ({ args }): Reach => {
      const offset = args[1] ?? ONE;
      if (offset.kind !== 'constant') return ALL_ROWS;
      const distance = Number(offset.value ?? 0) * direction;
      const [back, ahead] = distance < 0 ? [-distance, 0] : [0, distance];
      return { before: ahead, peers: false, after: back, back, ahead };
    },
    evaluate: (call, site) => {
      const { rows } = site;
      const [value, by, otherwise] = call.args;
      const from = site.argument(value);
      const offsets = site.argument(by ?? ONE);
      const defaults = otherwise === undefined ? null : site.argument(otherwise);
      const all = defaults === null ? from : concatVectors([from, retype(defaults, from.type)]);
      const entries = new Int32Array(rows.evaluated.length);
      let n = 0;
      for (const { start, end, from: first, to } of rows.segments) {
        for (let i = first; i < to; i++, n++) {
          const offset = datumAt(offsets, i);
          const at = i + direction * Number(offset ?? 0);
          if (offset === null) entries[n] = -1;
          else if (at >= start && at < end) entries[n] = at;
          else entries[n] = defaults === null ? -1 : from.length + i;
        }
      }
      return { vector: pick(call, all, entries), errors: NO_ERRORS };
    },
  };
}

/** The nth (from 0) of the entries in the pieces, −1 where there are not so many; −1: the last. */
function nthOf(pieces: readonly number[], nth: number): number {
  if (nth < 0) return pieces.length === 0 ? -1 : pieces[pieces.length - 1] - 1;
  let left = nth;
  for (let p = 0; p < pieces.length; p += 2) {
    const length = pieces[p + 1] - pieces[p];
    if (left < length) return pieces[p] + left;
    left -= length;
  }
  return -1;
}

/** `nth`: by entry, which of the frame's rows. */
function ofFrame(call: OverCallShape, site: WindowSite, nth: (entry: number, n: number) => number): Vector {
  const { rows } = site;
  const { lows, highs } = site.frames();
  const entries = new Int32Array(rows.evaluated.length);
  for (let n = 0; n < entries.length; n++) {
    const entry = rows.evaluated[n];
    const wanted = nth(entry, n);
    entries[n] = Number.isNaN(wanted) ? -1 : nthOf(piecesOf(rows, call.frame, entry, lows[n], highs[n]), wanted);
  }
  return pick(call, site.argument(call.args[0]), entries);
}

const reach = ({ frame }: OverCallShape): Reach => frameReach(frame);
const firstValue: RankingFunction = {
  name: 'first_value', framed: true, reach,
  evaluate: (call, site) => ({ vector: ofFrame(call, site, () => 0), errors: NO_ERRORS }),
};
const lastValue: RankingFunction = {
  name: 'last_value', framed: true, reach: ({ frame }) => (isRunning(frame) ? runningReach(frame) : frameReach(frame)),
  evaluate: (call, site) => ({ vector: ofFrame(call, site, () => -1), errors: NO_ERRORS }),
};
const nthValue: RankingFunction = {
  name: 'nth_value', framed: true, reach,
  evaluate: (call, site): WindowValues => {
    const numbers = site.argument(call.args[1]);
    const errors = new Map<number, DatabaseError>();
    const vector = ofFrame(call, site, (entry, n) => {
      const wanted = datumAt(numbers, entry);
      if (wanted === null) return NaN;
      if (Number(wanted) > 0) return Number(wanted) - 1;
      errors.set(n, new DatabaseError('22016', 'argument of nth_value must be greater than zero'));
      return NaN;
    });
    return { vector, errors };
  },
};

export const VALUES: readonly RankingFunction[] = [
  shifted('lag', -1), shifted('lead', 1), firstValue, lastValue, nthValue,
];
