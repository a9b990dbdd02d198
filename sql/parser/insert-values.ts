// The fast path of INSERT INTO t [(columns)] VALUES (literal, ..), ..: read by character codes, without the grammar.
import type { RelationName } from './ast.ts';
import { CharacterIndex } from './source.ts';
import { foldCase } from './tokens.ts';

export const NULL_LITERAL = 0;
export const TRUE_LITERAL = 1;
export const FALSE_LITERAL = 2;
/** Digits, a point, an exponent; a minus in front. */
export const NUMBER_LITERAL = 3;
/** Of type unknown. */
export const STRING_LITERAL = 4;
/** A string with doubled quotes in its text. */
const QUOTED_STRING = 5;
export const DEFAULT_LITERAL = 6;

export type LiteralKind = typeof NULL_LITERAL | typeof TRUE_LITERAL | typeof FALSE_LITERAL | typeof NUMBER_LITERAL
  | typeof STRING_LITERAL | typeof DEFAULT_LITERAL;

/** All literals, row after row: literal `row * width + column`. */
export class InsertValues {
  readonly relation: RelationName;
  /** Empty: all columns in their order. */
  readonly columns: readonly { readonly name: string; readonly position: number }[];
  readonly width: number;
  readonly rowCount: number;
  readonly #text: string;
  readonly #literals: Literals;
  #characters: CharacterIndex | undefined;

  constructor(text: string, head: InsertHead, literals: Literals) {
    this.#text = text;
    this.#literals = literals;
    const position = this.#position((head.schema ?? head.name).start);
    this.relation = { catalog: undefined, schema: head.schema?.name, name: head.name.name, position };
    this.columns = head.columns.map(({ name, start }) => ({ name, position: this.#position(start) }));
    this.width = literals.width;
    this.rowCount = literals.count / literals.width;
  }

  kind(literal: number): LiteralKind {
    const kind = this.#literals.kinds[literal];
    switch (kind) {
      case TRUE_LITERAL:
      case FALSE_LITERAL:
      case NUMBER_LITERAL:
      case STRING_LITERAL:
      case DEFAULT_LITERAL: return kind;
      case QUOTED_STRING: return STRING_LITERAL;
      default: return NULL_LITERAL;
    }
  }

  /** A number as written, or what a string says. */
  text(literal: number): string {
    const kind = this.#literals.kinds[literal];
    const start = this.#literals.starts[literal] ?? 0;
    const end = this.#literals.ends[literal] ?? 0;
    if (kind === STRING_LITERAL) return this.#text.slice(start + 1, end - 1);
    if (kind === QUOTED_STRING) return this.#text.slice(start + 1, end - 1).replaceAll("''", "'");
    return this.#text.slice(start, end);
  }

  position(literal: number): number {
    return this.#position(this.#literals.starts[literal] ?? 0);
  }

  #position(offset: number): number {
    this.#characters ??= new CharacterIndex(this.#text);
    return this.#characters.position(offset);
  }
}

interface Named { readonly name: string; readonly start: number }
interface InsertHead {
  readonly schema: Named | undefined;
  readonly name: Named;
  readonly columns: readonly Named[];
}

/** Kind, start and end of each literal in the text; `width` is that of the first row and of all. */
class Literals {
  kinds: Uint8Array;
  starts: Int32Array;
  ends: Int32Array;
  count = 0;
  width = 0;

  constructor(capacity: number) {
    this.kinds = new Uint8Array(capacity);
    this.starts = new Int32Array(capacity);
    this.ends = new Int32Array(capacity);
  }

  add(kind: number, start: number, end: number): void {
    if (this.count === this.kinds.length) this.#grow();
    this.kinds[this.count] = kind;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }

  #grow(): void {
    const { kinds, starts, ends } = this;
    this.kinds = new Uint8Array(kinds.length * 2);
    this.starts = new Int32Array(starts.length * 2);
    this.ends = new Int32Array(ends.length * 2);
    this.kinds.set(kinds);
    this.starts.set(starts);
    this.ends.set(ends);
  }
}

/** Words that cannot be a table's or column's name without quotes (categories R and T of pg_get_keywords()). */
const reserved = new Set((
  'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation '
  + 'column concurrently constraint create cross current_catalog current_date current_role current_schema '
  + 'current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for '
  + 'foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral '
  + 'leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps '
  + 'placing primary references returning right select session_user similar some symmetric system_user table '
  + 'tablesample then to trailing true union unique user using variadic verbose when where window with').split(' '));

/** A name longer than this is cut by PostgreSQL (NAMEDATALEN). */
const NAME_LENGTH = 63;

const SPACE = 0x20;
const QUOTE = 0x27;
const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;

/** null: not that plain a statement, or a wrong one; the grammar then has the word. */
export function parseInsertValues(text: string): InsertValues | null {
  const scanner = new Scanner(text);
  const head = scanner.head();
  if (head === undefined) return null;
  const literals = scanner.rows();
  if (literals === undefined) return null;
  if (head.columns.length > 0 && head.columns.length !== literals.width) return null;
  return new InsertValues(text, head, literals);
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isSpace(unit: number): boolean {
  return unit === SPACE || (unit >= 9 && unit <= 13);
}

/** May `unit` go on a word or number, so that what was read is not all of it? */
function isWordPart(unit: number): boolean {
  return isDigit(unit) || (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || unit === 0x5f
    || unit === 0x24 || unit >= 0x80;
}

/** Every method answers undefined (or false, or -1) where the text is not what it reads. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  head(): InsertHead | undefined {
    if (!this.#word('insert') || !this.#word('into')) return undefined;
    let name = this.#name();
    let schema: Named | undefined;
    if (this.#mark(POINT)) {
      schema = name;
      name = this.#name();
    }
    if (name === undefined) return undefined;
    const columns: Named[] = [];
    if (this.#mark(OPEN)) {
      do {
        const column = this.#name();
        if (column === undefined) return undefined;
        columns.push(column);
      } while (this.#mark(COMMA));
      if (!this.#mark(CLOSE)) return undefined;
    }
    return this.#word('values') ? { schema, name, columns } : undefined;
  }

  rows(): Literals | undefined {
    const literals = new Literals(Math.min(1024, 16 + (this.#text.length >> 3)));
    do {
      const before = literals.count;
      if (!this.#mark(OPEN)) return undefined;
      do {
        if (!this.#literal(literals)) return undefined;
      } while (this.#mark(COMMA));
      if (!this.#mark(CLOSE)) return undefined;
      const width = literals.count - before;
      if (literals.width === 0) literals.width = width;
      else if (width !== literals.width) return undefined;
    } while (this.#mark(COMMA));
    this.#mark(0x3b);
    this.#skipSpace();
    return this.#at === this.#text.length ? literals : undefined;
  }

  #skipSpace(): void {
    const text = this.#text;
    let at = this.#at;
    while (isSpace(text.charCodeAt(at))) at++;
    this.#at = at;
  }

  #mark(mark: number): boolean {
    this.#skipSpace();
    if (this.#text.charCodeAt(this.#at) !== mark) return false;
    this.#at++;
    return true;
  }

  #word(word: string): boolean {
    this.#skipSpace();
    const end = this.#at + word.length;
    if (this.#text.slice(this.#at, end).toLowerCase() !== word) return false;
    if (isWordPart(this.#text.charCodeAt(end))) return false;
    this.#at = end;
    return true;
  }

  #name(): Named | undefined {
    this.#skipSpace();
    const pattern = /"([\x20\x21\x23-\x7e]+)"(?!")|([A-Za-z_][A-Za-z0-9_$]*)(?![\x80-\uffff"'])/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    const start = this.#at;
    const [, quoted, plain = ''] = match;
    const name = quoted ?? foldCase(plain);
    if (name.length > NAME_LENGTH || (quoted === undefined && reserved.has(name))) return undefined;
    this.#at = pattern.lastIndex;
    return { name, start };
  }

  #literal(literals: Literals): boolean {
    this.#skipSpace();
    const start = this.#at;
    const unit = this.#text.charCodeAt(start);
    if (unit === QUOTE) return this.#string(literals);
    if (isDigit(unit) || unit === MINUS || unit === POINT) {
      const end = this.#numberEnd(unit === MINUS ? start + 1 : start);
      if (end < 0) return false;
      literals.add(NUMBER_LITERAL, start, end);
      this.#at = end;
      return true;
    }
    return this.#keyword(literals, start);
  }

  #keyword(literals: Literals, start: number): boolean {
    const kind = this.#word('null') ? NULL_LITERAL : this.#word('true') ? TRUE_LITERAL
      : this.#word('false') ? FALSE_LITERAL : this.#word('default') ? DEFAULT_LITERAL : -1;
    if (kind < 0) return false;
    literals.add(kind, start, this.#at);
    return true;
  }

  /** A NUL byte would end the text for the grammar. */
  #string(literals: Literals): boolean {
    const text = this.#text;
    const start = this.#at;
    let kind: number = STRING_LITERAL;
    for (let at = start + 1; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 0) return false;
      if (unit !== QUOTE) continue;
      if (text.charCodeAt(at + 1) !== QUOTE) {
        literals.add(kind, start, at + 1);
        this.#at = at + 1;
        return true;
      }
      kind = QUOTED_STRING;
      at++;
    }
    return false;
  }

  /** digits[.digits][e[+-]digits], or .digits: -1 for anything else, and for what PostgreSQL calls trailing junk. */
  #numberEnd(start: number): number {
    const text = this.#text;
    let at = start;
    while (isDigit(text.charCodeAt(at))) at++;
    let digits = at - start;
    if (text.charCodeAt(at) === POINT) {
      const point = at++;
      while (isDigit(text.charCodeAt(at))) at++;
      digits += at - point - 1;
    }
    if (digits === 0) return -1;
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      at++;
      const sign = text.charCodeAt(at);
      if (sign === MINUS || sign === 0x2b) at++;
      const exponent = at;
      while (isDigit(text.charCodeAt(at))) at++;
      if (at === exponent) return -1;
    }
    const next = text.charCodeAt(at);
    return isWordPart(next) || next === POINT ? -1 : at;
  }
}
