// A matcher for regular expressions whose answer RE2 cannot give: preferences of quantifiers mixed, captures that
// alternatives or repetitions decide, word boundaries by side, look-around. After Spencer's: match bounds first, from the
// sets of places where each part may end; then the parts' own bounds, from left to right by what each prefers.
//
// Polynomial, not linear: the sets are remembered by part and place. A budget of steps (54000) keeps it from holding
// everything up.
import { DatabaseError, assert } from '../../data/error.ts';
import type { RegexNode } from './regex-parse.ts';

const MAX_STEPS = 20_000_000;

/** What re2js' matcher offers and is used of it. */
export interface TextMatcher {
  find(from: number): boolean;
  /** Of the match or a group, −1 for one that took no part. */
  start(group?: number): number;
  end(group?: number): number;
  group(group: number): string | null;
}

export class PosixProgram {
  readonly #root: RegexNode;
  readonly #groups: number;

  constructor(root: RegexNode, groups: number) {
    this.#root = root;
    this.#groups = groups;
  }

  groupCount(): number {
    return this.#groups;
  }

  matcher(text: string): TextMatcher {
    return new PosixMatcher(this.#root, this.#groups, text);
  }

  test(text: string): boolean {
    return this.matcher(text).find(0);
  }
}

type Ends = readonly number[];

/** −1 for what took no part. */
interface Span { readonly start: number; readonly end: number }

const NONE: Ends = [];

class PosixMatcher implements TextMatcher {
  readonly #root: RegexNode;
  readonly #text: string;
  readonly #ends = new Map<RegexNode, Map<number, Ends>>();
  readonly #spans: (Span | null)[];
  #steps = 0;

  constructor(root: RegexNode, groups: number, text: string) {
    this.#root = root;
    this.#text = text;
    this.#spans = Array.from({ length: groups + 1 }, () => null);
  }

  find(from: number): boolean {
    this.#spans.fill(null);
    for (let start = from; start <= this.#text.length; start += this.#width(start)) {
      const ends = this.#endsOf(this.#root, start);
      if (ends.length === 0) continue;
      const end = this.#root.prefers === 'shortest' ? Math.min(...ends) : Math.max(...ends);
      this.#spans[0] = { start, end };
      this.#dissect(this.#root, start, end);
      return true;
    }
    return false;
  }

  start(group = 0): number {
    return this.#spans[group]?.start ?? -1;
  }

  end(group = 0): number {
    return this.#spans[group]?.end ?? -1;
  }

  group(group: number): string | null {
    const span = this.#spans[group];
    return span === null ? null : this.#text.slice(span.start, span.end);
  }

  /** UTF-16 units of the character at a place. */
  #width(at: number): number {
    return (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }

  /** Where the part may end when it begins at `at`; no order, no doubles. */
  #endsOf(node: RegexNode, at: number): Ends {
    let known = this.#ends.get(node);
    if (known === undefined) {
      known = new Map();
      this.#ends.set(node, known);
    }
    const found = known.get(at);
    if (found !== undefined) return found;
    if (++this.#steps > MAX_STEPS) throw new DatabaseError('54000', 'regular expression is too complex for this text');
    const ends = this.#compute(node, at);
    known.set(at, ends);
    return ends;
  }

  #compute(node: RegexNode, at: number): Ends {
    switch (node.kind) {
      case 'character': {
        const code = this.#text.codePointAt(at);
        return code !== undefined && node.test(code) ? [at + this.#width(at)] : NONE;
      }
      case 'assert': return node.holds(this.#text, at) ? [at] : NONE;
      case 'look': return this.#looks(node, at) ? [at] : NONE;
      case 'group': return this.#endsOf(node.inner, at);
      case 'sequence': {
        let places: Ends = [at];
        for (const part of node.parts) {
          places = this.#from(places, part);
          if (places.length === 0) break;
        }
        return places;
      }
      case 'choice': {
        const all = new Set<number>();
        for (const option of node.options) for (const end of this.#endsOf(option, at)) all.add(end);
        return [...all];
      }
      case 'repeat': return this.#repeated(node.inner, { least: node.least, most: node.most }, at);
    }
  }

  #from(places: Ends, part: RegexNode): Ends {
    if (places.length === 1) return this.#endsOf(part, places[0]);
    const all = new Set<number>();
    for (const place of places) for (const end of this.#endsOf(part, place)) all.add(end);
    return [...all];
  }

  #repeated(inner: RegexNode, { least, most }: { readonly least: number; readonly most: number }, at: number): Ends {
    let places: Ends = [at];
    for (let i = 0; i < least && places.length > 0; i++) places = this.#from(places, inner);
    const all = new Set(places);
    let fresh: Ends = places;
    for (let i = least; i < most && fresh.length > 0; i++) {
      const next = this.#from(fresh, inner).filter((end) => !all.has(end));
      for (const end of next) all.add(end);
      fresh = next;
    }
    return [...all];
  }

  #looks({ inner, behind, negated }: RegexNode & { kind: 'look' }, at: number): boolean {
    if (!behind) return (this.#endsOf(inner, at).length > 0) !== negated;
    for (let start = at; start >= 0; start--) if (this.#endsOf(inner, start).includes(at)) return !negated;
    return negated;
  }

  /** Notes where the groups within a part are. Requires: the part matches start .. end. */
  #dissect(node: RegexNode, start: number, end: number): void {
    if (!node.captures) return;
    switch (node.kind) {
      case 'group':
        this.#dissect(node.inner, start, end);
        if (node.number > 0) this.#spans[node.number] = { start, end };
        return;
      case 'choice': {
        const option = node.options.find((o) => this.#endsOf(o, start).includes(end));
        assert(option !== undefined, 'an alternative matches');
        return this.#dissect(option, start, end);
      }
      case 'sequence': return this.#sequence(node.parts, start, end);
      case 'repeat': return this.#repeat(node, start, end);
      case 'character': case 'assert': case 'look':
    }
  }

  /** Each part takes what it prefers, as far as the rest can still reach the end. */
  #sequence(parts: readonly RegexNode[], start: number, end: number): void {
    const reach = this.#reaching(parts, end, start);
    let at = start;
    for (let i = 0; i < parts.length; i++) {
      const to = this.#preferred(this.#endsOf(parts[i], at).filter((e) => reach[i + 1].has(e)), parts[i].prefers);
      this.#dissect(parts[i], at, to);
      at = to;
    }
  }

  /** By number of parts done: the places from which the others can reach the end. */
  #reaching(parts: readonly RegexNode[], end: number, start: number): readonly ReadonlySet<number>[] {
    const forward: Ends[] = [[start]];
    for (const part of parts) forward.push(this.#from(forward[forward.length - 1], part));
    const reach: ReadonlySet<number>[] = [new Set([end])];
    for (let i = parts.length - 1; i >= 0; i--) {
      const [next] = reach;
      reach.unshift(new Set(forward[i].filter((at) => this.#endsOf(parts[i], at).some((e) => next.has(e)))));
    }
    return reach;
  }

  #preferred(ends: Ends, prefers: RegexNode['prefers']): number {
    assert(ends.length > 0, 'the rest can be matched');
    return prefers === 'shortest' ? Math.min(...ends) : Math.max(...ends);
  }

  /**
   * The last iteration is what its groups hold. x{1,n} is x{0,n-1}x, where the first part takes what it prefers; of
   * x{0,n} each iteration takes what x prefers, and none is empty unless the whole is.
   */
  #repeat({ inner, least, most, prefers }: RegexNode & { kind: 'repeat' }, start: number, end: number): void {
    if (least === 1 && most === 1) return this.#dissect(inner, start, end);
    if (least > 0) {
      const before = this.#repeated(inner, { least: least - 1, most: most - 1 }, start);
      const last = before.filter((place) => this.#endsOf(inner, place).includes(end));
      return this.#dissect(inner, this.#preferred(last, prefers), end);
    }
    if (start === end) {
      if (this.#endsOf(inner, start).includes(start)) this.#dissect(inner, start, start);
      return;
    }
    const last = this.#lastIteration(inner, { start, end, most });
    assert(last >= 0, 'iterations fill the text');
    this.#dissect(inner, last, end);
  }

  /** Where the last of the iterations that fill start .. end begins; −1: none do. */
  #lastIteration(
    inner: RegexNode, { start, end, most }: { readonly start: number; readonly end: number; readonly most: number },
  ): number {
    const options = (at: number): number[] => this.#endsOf(inner, at).filter((e) => e > at && e <= end)
      // The next to be tried is the last.
      .toSorted((a, b) => (inner.prefers === 'shortest' ? b - a : a - b));
    const tried = new Set<string>();
    const stack = [{ at: start, ends: options(start) }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const to = top.ends.pop();
      if (to === undefined) stack.pop();
      else if (to === end) return top.at;
      else if (stack.length < most) {
        const key = most === Infinity ? String(to) : `${to},${stack.length}`;
        if (tried.has(key)) continue;
        tried.add(key);
        stack.push({ at: to, ends: options(to) });
      }
    }
    return -1;
  }
}
