// The length-preserving lowering: takes streaming clauses out of a statement's text, so that PostgreSQL's grammar reads
// the rest with every position true. What is taken out is replaced by as many spaces, or by shorter legal text.
import type { Expr, StarExpr } from './ast.ts';
import type { Marks, StatementMarks } from './marks.ts';
import { readExpression } from './postgres.ts';
import { Source } from './source.ts';
import type { CharacterIndex } from './source.ts';
import type { Token } from './tokens.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const SELECT = 'SELECT ';

/** The text of one statement being lowered, and the marks that come out of it. Offsets are those of the whole text. */
export class Lowering implements Marks {
  readonly whole: CharacterIndex;
  readonly tokens: readonly Token[];
  readonly exclude = new Map<number, StarExpr['exclude']>();
  readonly qualify = new Map<number, Expr>();
  readonly groupByAll = new Set<number>();
  readonly asof: number[] = [];
  readonly systemTime = new Map<number, Expr>();
  readonly statement: Writable<StatementMarks> = {
    source: false, sink: false, watermark: undefined, appendOnly: false, options: undefined, format: undefined,
    badRowsTo: undefined, orReplace: false, ifNotExists: false, emitOnWindowClose: false, lateDataTo: undefined,
    replacementFor: undefined, subscribe: undefined, fetchOptions: undefined, tail: undefined,
  };
  readonly #base: number;
  #text: string;

  /** `start` and `end` bound the statement in the whole text. */
  constructor(whole: CharacterIndex, tokens: readonly Token[], start: number, end: number) {
    this.whole = whole;
    this.tokens = tokens;
    this.#base = start;
    this.#text = whole.text.slice(start, end);
  }

  source(): Source {
    return new Source(this.whole, this.#text, this.#base);
  }

  position(offset: number): number {
    return this.whole.position(offset);
  }

  /** Puts `text` where start .. end stood, filled with spaces. Requires: it fits. */
  replace(start: number, end: number, text: string): void {
    const from = start - this.#base;
    const to = end - this.#base;
    this.#text = this.#text.slice(0, from) + text.padEnd(to - from) + this.#text.slice(to);
  }

  blank(start: number, end: number): void {
    this.replace(start, end, '');
  }

  blankToken(token: Token | undefined): void {
    if (token !== undefined) this.blank(token.start, token.end);
  }

  /** Blanks tokens `from` .. `to`, both of them, with what is between. */
  blankTokens(from: number, to: number): void {
    const first = this.tokens[from];
    const last = this.tokens[to];
    if (first !== undefined && last !== undefined) this.blank(first.start, last.end);
  }

  /** An expression standing at start .. end, as lowered so far. */
  expression(start: number, end: number): Expr {
    const text = this.#text.slice(start - this.#base, end - this.#base);
    return readExpression(new Source(this.whole, SELECT + text, start - SELECT.length), this);
  }
}
