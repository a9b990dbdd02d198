// A cursor over tokens with the small productions that all of our own grammar shares; errors are PostgreSQL's.
import { DatabaseError } from '../../engine/data/error.ts';
import type { FormatClause } from './ast-definition.ts';
import type { Option, OptionValue, RelationName } from './ast.ts';
import { isMark, isWord } from './statement-text.ts';
import type { CharacterIndex } from './source.ts';
import { stringValue } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Reads `tokens[at]` and on, up to but without `end`. */
export class TokenReader {
  readonly whole: CharacterIndex;
  readonly tokens: readonly Token[];
  readonly end: number;
  at: number;

  constructor(whole: CharacterIndex, tokens: readonly Token[], at: number, end = tokens.length) {
    this.whole = whole;
    this.tokens = tokens;
    this.end = end;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.end || isMark(this.tokens[this.at], ';');
  }

  peek(ahead = 0): Token | undefined {
    return this.at + ahead < this.end ? this.tokens[this.at + ahead] : undefined;
  }

  position(): number | undefined {
    const token = this.peek();
    return token === undefined ? undefined : this.whole.position(token.start);
  }

  /** Takes the words if they all come next, in this order. */
  words(...words: readonly string[]): boolean {
    if (!words.every((word, i) => isWord(this.peek(i), word))) return false;
    this.at += words.length;
    return true;
  }

  mark(mark: string): boolean {
    const found = isMark(this.peek(), mark);
    if (found) this.at++;
    return found;
  }

  expectWord(word: string): void {
    if (!this.words(word)) throw this.unexpected();
  }

  expectMark(mark: string): void {
    if (!this.mark(mark)) throw this.unexpected();
  }

  expectDone(): void {
    if (!this.done) throw this.unexpected();
  }

  unexpected(): DatabaseError {
    const token = this.peek();
    if (token !== undefined) {
      const near = this.whole.text.slice(token.start, token.end);
      return new DatabaseError('42601', `syntax error at or near "${near}"`, { position: this.position() });
    }
    const position = this.whole.position(this.tokens[this.end]?.start ?? this.whole.text.length);
    return new DatabaseError('42601', 'syntax error at end of input', { position });
  }

  name(): string {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'quoted')) throw this.unexpected();
    this.at++;
    return token.value;
  }

  relation(): RelationName {
    const position = this.position();
    const parts = [this.name()];
    while (this.mark('.')) parts.push(this.name());
    return { catalog: parts.at(-3), schema: parts.at(-2), name: parts.at(-1) ?? '', position };
  }

  /** ( a, b ) */
  nameList(): string[] {
    this.expectMark('(');
    const list = [this.name()];
    while (this.mark(',')) list.push(this.name());
    this.expectMark(')');
    return list;
  }

  /** ( name [= value], .. ); names may have dots in them. */
  options(): Option[] {
    this.expectMark('(');
    const list: Option[] = [];
    if (this.mark(')')) return list;
    do list.push(this.#option());
    while (this.mark(','));
    this.expectMark(')');
    return list;
  }

  #option(): Option {
    const position = this.position();
    let name = this.#optionName();
    while (this.mark('.')) name += `.${this.#optionName()}`;
    const equals = this.peek();
    if (equals?.kind !== 'operator' || equals.value !== '=') {
      if (!isMark(equals, ',') && !isMark(equals, ')')) return { name, value: this.#optionValue(), position };
      return { name, value: undefined, position };
    }
    this.at++;
    return { name, value: this.#optionValue(), position };
  }

  #optionName(): string {
    const token = this.peek();
    if (token?.kind !== 'string') return this.name();
    this.at++;
    return stringValue(token);
  }

  #optionValue(): OptionValue {
    const token = this.peek();
    if (token === undefined) throw this.unexpected();
    if (isMark(token, '(')) {
      this.at++;
      const items = [this.#optionValue()];
      while (this.mark(',')) items.push(this.#optionValue());
      this.expectMark(')');
      return { kind: 'list', items };
    }
    if (token.kind === 'word' || token.kind === 'quoted') return { kind: 'name', text: this.name() };
    this.at++;
    if (token.kind === 'string') return { kind: 'string', text: stringValue(token) };
    if (token.kind === 'number') return { kind: 'number', text: token.value };
    const sign = token.kind === 'operator' && (token.value === '-' || token.value === '+') ? token.value : undefined;
    const number = this.peek();
    if (sign === undefined || number?.kind !== 'number') {
      this.at--;
      throw this.unexpected();
    }
    this.at++;
    return { kind: 'number', text: sign === '-' ? `-${number.value}` : number.value };
  }

  /** FORMAT name [(options)] ENCODE name [(options)], behind the word FORMAT. */
  formatClause(): FormatClause {
    const position = this.position();
    const format = this.name().toUpperCase();
    const formatOptions = isMark(this.peek(), '(') ? this.options() : [];
    this.expectWord('encode');
    const encode = this.name().toUpperCase();
    const encodeOptions = isMark(this.peek(), '(') ? this.options() : [];
    return { format, formatOptions, encode, encodeOptions, position };
  }
}
