// Where the parts of a regular expression may end: sets of places in one text, remembered by part and place.
import { DatabaseError } from '../error.ts';
import type { RegexNode } from './regex-parse.ts';

const MAX_STEPS = 20_000_000;

/** No order, no doubles. */
export type Ends = readonly number[];

const NONE: Ends = [];

/** Of a part that refers to a group, the places are those of anything that the group might have matched. */
export class Places {
  readonly #text: string;
  readonly #ends = new Map<RegexNode, Map<number, Ends>>();
  #steps = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** One more step of what the matching of one text may take; 54000 when there are too many. */
  count(steps = 1): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw new DatabaseError('54000', 'regular expression is too complex for this text');
  }

  /** UTF-16 units of the character at a place. */
  width(at: number): number {
    return (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }

  /** Where the part may end when it begins at `at`; no order, no doubles. */
  endsOf(node: RegexNode, at: number): Ends {
    let known = this.#ends.get(node);
    if (known === undefined) {
      known = new Map();
      this.#ends.set(node, known);
    }
    const found = known.get(at);
    if (found !== undefined) return found;
    const ends = this.#compute(node, at);
    this.count(1 + ends.length);
    known.set(at, ends);
    return ends;
  }

  #compute(node: RegexNode, at: number): Ends {
    switch (node.kind) {
      case 'character': {
        const code = this.#text.codePointAt(at);
        return code !== undefined && node.test(code) ? [at + this.width(at)] : NONE;
      }
      case 'assert': return node.holds(this.#text, at) ? [at] : NONE;
      case 'look': return this.#looks(node, at) ? [at] : NONE;
      case 'group': return this.endsOf(node.inner, at);
      case 'sequence': {
        let places: Ends = [at];
        for (const part of node.parts) {
          places = this.from(places, part);
          if (places.length === 0) break;
        }
        return places;
      }
      case 'choice': {
        const all = new Set<number>();
        for (const option of node.options) for (const end of this.endsOf(option, at)) all.add(end);
        return [...all];
      }
      case 'repeat': return this.repeated(node.inner, node, at);
      case 'back':
        return node.most > 1 && node.like.kind !== 'character' ? this.#all(at) : this.repeated(node.like, node, at);
    }
  }

  /** Every place from here on: more than can be, where to find out what can takes longer than to try. */
  #all(at: number): Ends {
    return Array.from({ length: this.#text.length - at + 1 }, (_, i) => at + i);
  }

  /** Where the part may end when it begins at one of the places. */
  from(places: Ends, part: RegexNode): Ends {
    if (places.length === 1) return this.endsOf(part, places[0]);
    const all = new Set<number>();
    for (const place of places) {
      const ends = this.endsOf(part, place);
      this.count(ends.length);
      for (const end of ends) all.add(end);
    }
    return [...all];
  }

  /** By number of parts done, beginning at `start`: the places from which the others can reach the end. */
  reaching(parts: readonly RegexNode[], start: number, end: number): readonly ReadonlySet<number>[] {
    const forward: Ends[] = [[start]];
    for (const part of parts) forward.push(this.from(forward[forward.length - 1], part));
    const reach: ReadonlySet<number>[] = [new Set([end])];
    for (let i = parts.length - 1; i >= 0; i--) {
      const [next] = reach;
      reach.unshift(new Set(forward[i].filter((at) => {
        const ends = this.endsOf(parts[i], at);
        this.count(ends.length);
        return ends.some((e) => next.has(e));
      })));
    }
    return reach;
  }

  /** Where from `least` to `most` of them, one behind the other, may end. */
  repeated(inner: RegexNode, { least, most }: { readonly least: number; readonly most: number }, at: number): Ends {
    let places: Ends = [at];
    for (let i = 0; i < least && places.length > 0; i++) places = this.from(places, inner);
    const all = new Set(places);
    let fresh: Ends = places;
    for (let i = least; i < most && fresh.length > 0; i++) {
      const next = this.from(fresh, inner).filter((end) => !all.has(end));
      for (const end of next) all.add(end);
      fresh = next;
    }
    return [...all];
  }

  #looks({ inner, behind, negated }: RegexNode & { kind: 'look' }, at: number): boolean {
    if (!behind) return (this.endsOf(inner, at).length > 0) !== negated;
    for (let start = at; start >= 0; start--) if (this.endsOf(inner, start).includes(at)) return !negated;
    return negated;
  }
}
