// Random regular expressions over a few letters, back-references among them, and texts they may match.
import { Random } from '../support/random.ts';

const LETTERS = ['a', 'b', 'a', 'b', '.', '[ab]', 'c', '[^a]'];
const QUANTIFIERS = ['*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{1,3}', '{2,}', '{1,2}?', '{0}'];

/** One pattern; references are to groups that are closed. */
export class PatternGenerator {
  readonly #random: Random;
  #groups = 0;
  #closed: number[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  pattern(): string {
    this.#groups = 0;
    this.#closed = [];
    const first = this.#random.bool(0.5) ? this.#group(1) : '';
    return `${this.#random.bool(0.15) ? '^' : ''}${first}${this.#choice(2)}${this.#random.bool(0.2) ? '$' : ''}`;
  }

  text(): string {
    return Array.from({ length: this.#random.int(0, 9) }, () => this.#random.pick(['a', 'b', 'a', 'b', 'c'])).join('');
  }

  #group(depth: number): string {
    const number = ++this.#groups;
    const text = this.#random.bool(0.05) ? '()' : `(${this.#choice(depth)})`;
    this.#closed.push(number);
    return text;
  }

  #choice(depth: number): string {
    const one = this.#sequence(depth);
    return this.#random.bool(0.2) ? `${one}|${this.#sequence(depth)}` : one;
  }

  #sequence(depth: number): string {
    let out = this.#random.bool(0.05) ? this.#random.pick(['^', '$']) : '';
    for (let n = this.#random.int(1, 3); n > 0; n--) {
      out += this.#atom(depth) + (this.#random.bool(0.4) ? this.#random.pick(QUANTIFIERS) : '');
    }
    return out;
  }

  #atom(depth: number): string {
    if (depth > 0 && this.#random.bool(0.25)) return this.#group(depth - 1);
    if (depth > 0 && this.#random.bool(0.1)) return `(?:${this.#choice(depth - 1)})`;
    if (this.#closed.length > 0 && this.#random.bool(0.3)) return `\\${this.#random.pick(this.#closed)}`;
    return this.#random.pick(LETTERS);
  }
}
