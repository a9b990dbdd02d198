// Back-references in regular expressions: what PostgreSQL's matcher (regexec.c) tries, in its order.
//
// Bounds of the whole are tried in the order of preference, and for each the parts' bounds, from left to right. For given
// bounds a part is divided in one way only: the first that succeeds, given what the groups before it hold. That is
// exponential at worst; the budget of steps ends it.
import type { Span } from './posix-regex.ts';
import type { RegexNode } from './regex-parse.ts';
import type { Places } from './regex-places.ts';

type Repeat = RegexNode & { readonly kind: 'repeat' };

interface Iteration {
  readonly done: number;
  readonly at: number;
  readonly end: number;
  readonly least: number;
}

/** Matches a part that refers to groups, noting in `spans` where they are. */
export class BackReferences {
  readonly #text: string;
  readonly #places: Places;
  readonly #spans: (Span | null)[];
  /** Of a part that refers to nothing: it cannot fail. */
  readonly #plain: (node: RegexNode, start: number, end: number) => void;

  constructor(
    text: string, places: Places, spans: (Span | null)[], plain: (node: RegexNode, start: number, end: number) => void,
  ) {
    this.#text = text;
    this.#places = places;
    this.#spans = spans;
    this.#plain = plain;
  }

  /** Where the match that begins at `start` ends, its groups noted; null: there is none. */
  endOf(root: RegexNode, start: number): number | null {
    for (const end of this.#inOrder(root, start)) {
      this.#spans.fill(null);
      if (this.#dissect(root, start, end)) return end;
    }
    return null;
  }

  /** Where the part may end, by what it prefers. */
  #inOrder(node: RegexNode, at: number): readonly number[] {
    const ends = this.#places.endsOf(node, at);
    this.#places.count(ends.length);
    return ends.toSorted((a, b) => (node.prefers === 'shortest' ? a - b : b - a));
  }

  #mayBe(node: RegexNode, start: number, end: number): boolean {
    const ends = this.#places.endsOf(node, start);
    this.#places.count(ends.length);
    return ends.includes(end);
  }

  #dissect(node: RegexNode, start: number, end: number): boolean {
    this.#places.count();
    if (!node.refers) {
      this.#plain(node, start, end);
      return true;
    }
    switch (node.kind) {
      case 'back': return this.#isRepeated(node, start, end);
      case 'group':
        if (!this.#dissect(node.inner, start, end)) return false;
        if (node.number > 0) this.#spans[node.number] = { start, end };
        return true;
      case 'choice':
        return node.options.some((option) => {
          if (!this.#mayBe(option, start, end)) return false;
          if (this.#dissect(option, start, end)) return true;
          this.#forget(option);
          return false;
        });
      case 'sequence':
        return this.#sequence(node.parts, 0, { start, end, reach: this.#places.reaching(node.parts, start, end) });
      case 'repeat': return this.#iterations(node, start, end);
      case 'character': case 'assert': case 'look': return true;
    }
  }

  #isRepeated(node: RegexNode & { readonly kind: 'back' }, start: number, end: number): boolean {
    const span = this.#spans[node.number];
    if (span === null) return false;
    const length = span.end - span.start;
    if (length === 0) return start === end;
    if (start === end) return node.least === 0;
    const times = (end - start) / length;
    if (!Number.isInteger(times) || times < node.least || times > node.most) return false;
    const fold = (text: string): string => (node.ignoreCase ? text.toLowerCase() : text);
    return fold(this.#text.slice(start, end)) === fold(this.#text.slice(span.start, span.end)).repeat(times);
  }

  /** The parts from `first` on fill start .. end; `reach`: from where each can, as far as it may be known. */
  #sequence(
    parts: readonly RegexNode[], first: number, { start, end, reach }: Span & { readonly reach: readonly ReadonlySet<number>[] },
  ): boolean {
    const part = parts[first];
    if (first === parts.length - 1) return this.#mayBe(part, start, end) && this.#dissect(part, start, end);
    for (const middle of this.#inOrder(part, start)) {
      if (!reach[first + 1].has(middle)) continue;
      this.#forget(part);
      if (!this.#dissect(part, start, middle)) continue;
      for (const rest of parts.slice(first + 1)) this.#forget(rest);
      if (this.#sequence(parts, first + 1, { start: middle, end, reach })) return true;
    }
    return false;
  }

  /** No group within the part has matched. */
  #forget(node: RegexNode): void {
    if (!node.captures) return;
    switch (node.kind) {
      case 'group':
        if (node.number > 0) this.#spans[node.number] = null;
        return this.#forget(node.inner);
      case 'repeat': return this.#forget(node.inner);
      case 'choice':
        for (const option of node.options) this.#forget(option);
        return;
      case 'sequence':
        for (const part of node.parts) this.#forget(part);
        return;
      case 'back': case 'character': case 'assert': case 'look':
    }
  }

  /** As many as fill start .. end, at least one; an empty one only where the least number needs it. */
  #iterations(node: Repeat, start: number, end: number): boolean {
    if (node.least === 1 && node.most === 1) return this.#dissect(node.inner, start, end);
    if (node.least === 0 && start === end) {
      // One that is empty, where the part is tried from the longest on; none otherwise.
      const one = node.inner.prefers !== 'shortest' && this.#mayBe(node.inner, start, end) && this.#verified(node, start, end);
      if (!one) this.#forget(node.inner);
      return true;
    }
    return this.#iterate(node, { done: 0, at: start, end, least: Math.max(node.least, 1) });
  }

  /** `done` iterations lie before `at`. */
  #iterate(node: Repeat, { done, at, end, least }: Iteration): boolean {
    const k = done + 1;
    const most = Math.max(node.most, least);
    for (const to of this.#inOrder(node.inner, at)) {
      if (to > end || (to < end ? k >= most : k < least)) continue;
      if (to === at && to < end && (k >= least || least - k < end - to)) continue;
      if (!this.#verified(node, at, to)) continue;
      if (to === end || this.#iterate(node, { done: k, at: to, end, least })) return true;
    }
    return false;
  }

  #verified(node: Repeat, start: number, end: number): boolean {
    this.#forget(node.inner);
    return this.#dissect(node.inner, start, end);
  }
}
