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
  /** UTF-16 units, so that an edit costs no more than its own length. */
  readonly #units: Uint16Array;

  /** `start` and `end` bound the statement in the whole text. */
  constructor(whole: CharacterIndex, tokens: readonly Token[], start: number, end: number) {
    this.whole = whole;
    this.tokens = tokens;
    this.#base = start;
    this.#units = new Uint16Array(end - start);
    for (let i = 0; i < this.#units.length; i++) this.#units[i] = whole.text.charCodeAt(start + i);
  }

  source(): Source {
    return new Source(this.whole, this.#slice(0, this.#units.length), this.#base);
  }

  position(offset: number): number {
    return this.whole.position(offset);
  }

  /** Puts `text` where start .. end stood, filled with spaces. Requires: it fits. */
  replace(start: number, end: number, text: string): void {
    const from = start - this.#base;
    this.#units.fill(0x20, from, end - this.#base);
    for (let i = 0; i < text.length; i++) this.#units[from + i] = text.charCodeAt(i);
  }

  #slice(from: number, to: number): string {
    const { buffer, byteOffset } = this.#units;
    return Buffer.from(buffer, byteOffset + from * 2, (to - from) * 2).toString('utf16le');
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
    const text = this.#slice(start - this.#base, end - this.#base);
    return readExpression(new Source(this.whole, SELECT + text, start - SELECT.length), this);
  }
}
