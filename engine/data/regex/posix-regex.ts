// A matcher for regular expressions whose answer RE2 cannot give: preferences of quantifiers mixed, captures that
// alternatives or repetitions decide, word boundaries by side, look-around, back-references. After Spencer's: match bounds
// first, from the sets of places where each part may end; then the parts' own bounds, from left to right by what each
// prefers.
//
// Polynomial, not linear: the sets are remembered by part and place. A budget of steps (54000) keeps it from holding
// everything up, and ends what is exponential with back-references.
import { assert } from '../error.ts';
import { BackReferences } from './back-reference.ts';
import type { RegexNode } from './regex-parse.ts';
import { Places } from './regex-places.ts';
import type { Ends } from './regex-places.ts';

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

/** Where a group is. */
export interface Span { readonly start: number; readonly end: number }

class PosixMatcher implements TextMatcher {
  readonly #root: RegexNode;
  readonly #text: string;
  readonly #places: Places;
  readonly #references: BackReferences;
  readonly #spans: (Span | null)[];

  constructor(root: RegexNode, groups: number, text: string) {
    this.#root = root;
    this.#text = text;
    this.#places = new Places(text);
    this.#spans = Array.from({ length: groups + 1 }, () => null);
    this.#references = new BackReferences(text, this.#places, this.#spans,
      (node, from, to) => this.#dissect(node, from, to));
  }

  find(from: number): boolean {
    this.#spans.fill(null);
    return this.#root.refers ? this.#findReferring(from) : this.#findPlain(from);
  }

  #findPlain(from: number): boolean {
    for (let start = from; start <= this.#text.length; start += this.#places.width(start)) {
      const ends = this.#places.endsOf(this.#root, start);
      if (ends.length === 0) continue;
      const end = this.#root.prefers === 'shortest' ? Math.min(...ends) : Math.max(...ends);
      this.#spans[0] = { start, end };
      this.#dissect(this.#root, start, end);
      return true;
    }
    return false;
  }

  /**
   * In PostgreSQL's rounds (cfindloop): all starts up to where the next match may end at the earliest, then those after
   * it. A round does not begin at the text's end unless the search does: '$()|^\1' does not match 'a'.
   */
  #findReferring(from: number): boolean {
    let next = from;
    do {
      let close = this.#text.length + 1;
      for (let start = next; start <= Math.min(close, this.#text.length); start += this.#places.width(start)) {
        const ends = this.#places.endsOf(this.#root, start);
        if (ends.length === 0) continue;
        close = Math.min(close, ...ends);
        const end = this.#references.endOf(this.#root, start);
        if (end === null) continue;
        this.#spans[0] = { start, end };
        return true;
      }
      next = close + this.#places.width(close);
    } while (next < this.#text.length);
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

  /** Notes where the groups within a part are. Requires: the part matches start .. end. */
  #dissect(node: RegexNode, start: number, end: number): void {
    if (!node.captures) return;
    switch (node.kind) {
      case 'group':
        this.#dissect(node.inner, start, end);
        if (node.number > 0) this.#spans[node.number] = { start, end };
        return;
      case 'choice': {
        const option = node.options.find((o) => this.#places.endsOf(o, start).includes(end));
        assert(option !== undefined, 'an alternative matches');
        return this.#dissect(option, start, end);
      }
      case 'sequence': return this.#sequence(node.parts, start, end);
      case 'repeat': return this.#repeat(node, start, end);
      case 'character': case 'assert': case 'look': case 'back':
    }
  }

  /** Each part takes what it prefers, as far as the rest can still reach the end. */
  #sequence(parts: readonly RegexNode[], start: number, end: number): void {
    const reach = this.#places.reaching(parts, start, end);
    let at = start;
    for (let i = 0; i < parts.length; i++) {
      const to = this.#preferred(this.#places.endsOf(parts[i], at).filter((e) => reach[i + 1].has(e)), parts[i].prefers);
      this.#dissect(parts[i], at, to);
      at = to;
    }
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
      const before = this.#places.repeated(inner, { least: least - 1, most: most - 1 }, start);
      const last = before.filter((place) => this.#places.endsOf(inner, place).includes(end));
      return this.#dissect(inner, this.#preferred(last, prefers), end);
    }
    if (start === end) {
      const one = inner.prefers !== 'shortest' && this.#places.endsOf(inner, start).includes(start);
      if (one) this.#dissect(inner, start, start);
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
    const options = (at: number): number[] => this.#places.endsOf(inner, at).filter((e) => e > at && e <= end)
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
