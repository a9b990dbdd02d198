// A cursor over foreign tokens: whatever is read of the borrowed tree takes its tokens here, so that none is lost.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Name, RelationName } from './ast.ts';
import { refusal } from './foreign-dialect.ts';
import type { Dialect } from './foreign-dialect.ts';
import type { ForeignToken } from './foreign-tokens.ts';
import type { CharacterIndex } from './source.ts';

export class Cursor {
  readonly whole: CharacterIndex;
  readonly dialect: Dialect;
  readonly tokens: readonly ForeignToken[];
  readonly end: number;
  at: number;

  constructor(whole: CharacterIndex, dialect: Dialect, tokens: readonly ForeignToken[], bounds: readonly [number,
    number]) {
    this.whole = whole;
    this.dialect = dialect;
    this.tokens = tokens;
    [this.at, this.end] = bounds;
  }

  get done(): boolean { return this.at >= this.end; }

  peek(ahead = 0): ForeignToken | undefined {
    return this.at + ahead < this.end ? this.tokens[this.at + ahead] : undefined;
  }

  position(): number {
    const token = this.tokens[this.at];
    return this.whole.position(token?.start ?? this.whole.text.length);
  }

  is(...values: readonly string[]): boolean {
    return values.every((value, i) => {
      const token = this.peek(i);
      return token !== undefined && token.kind !== 'quoted' && token.kind !== 'string' && token.value === value;
    });
  }

  /** Takes these words and marks if they all come next. */
  takeIf(...values: readonly string[]): boolean {
    const found = this.is(...values);
    if (found) this.at += values.length;
    return found;
  }

  take(...values: readonly string[]): void {
    if (!this.takeIf(...values)) throw this.mismatch();
  }

  next(kind: ForeignToken['kind']): ForeignToken {
    const token = this.peek();
    if (token?.kind !== kind) throw this.mismatch();
    this.at++;
    return token;
  }

  /** A name; `shown`: what the tree has for it. */
  name(shown?: string): string {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'quoted')) throw this.mismatch();
    if (shown !== undefined && shown.toLowerCase() !== token.mark.toLowerCase()) throw this.mismatch();
    this.at++;
    return token.name;
  }

  dotted(): Name {
    const parts = [this.name()];
    while (this.is('.') && this.peek(1)?.kind !== 'operator') {
      this.at++;
      parts.push(this.name());
    }
    return parts;
  }

  relation(): RelationName {
    const position = this.position();
    const parts = this.dotted();
    return { catalog: parts.at(-3), schema: parts.at(-2), name: parts.at(-1) ?? '', position };
  }

  refuse(what: string, position: number | undefined = this.position(), hint?: string): Error {
    return refusal(this.dialect, what, position, hint);
  }

  /** The tree says something else than the text does, or nothing of what comes here. */
  mismatch(): Error {
    const token = this.tokens[this.at];
    if (token === undefined || this.at >= this.end) {
      return new DatabaseError('42601', 'syntax error at end of input', { position: this.position() });
    }
    return this.refuse(`reading "${this.whole.text.slice(token.start, token.end)}" here in a statement`);
  }
}
