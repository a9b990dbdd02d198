// The second reader: statements in another engine's dialect, read by node-sql-parser and checked token by token.
//
// Its tree only leads. Every word, name, constant and operator is taken from our own tokens in their order, constants
// and quoted names are hidden from it by placeholders, chains of operators are put together by the dialect's own
// precedence, and what differs in meaning is written out (where NULLs sort, LIKE's escape) or refused (0A000, with its
// position). Text compares by bytes, as everywhere here, whatever collation the other engine has.
import { DatabaseError } from '../../engine/data/error.ts';
import type { ParsedStatement, Statement } from './ast-statement.ts';
import type { Expr, Query } from './ast.ts';
import { checkDepth } from './depth.ts';
import { Cursor } from './foreign-cursor.ts';
import { dialectNamed } from './foreign-dialect.ts';
import type { Dialect } from './foreign-dialect.ts';
import { commas, expression } from './foreign-expression.ts';
import type { Foreign } from './foreign-expression.ts';
import { ForeignSyntaxError, child, children, foreignTree } from './foreign-grammar.ts';
import type { Tree } from './foreign-grammar.ts';
import { readQuery } from './foreign-query.ts';
import { regionsOf } from './foreign-regions.ts';
import { readCreateTable, readCreateView, readDelete, readInsert, readUpdate } from './foreign-statement.ts';
import { shownText, tokenizeForeign } from './foreign-tokens.ts';
import type { ForeignToken, Region } from './foreign-tokens.ts';
import { parse, parseExpression } from './parse.ts';
import { stackDepthExceeded } from './pg-module.ts';
import { CharacterIndex } from './source.ts';

export { loadForeign } from './foreign-grammar.ts';

/** parse() under the setting sql_dialect. */
export function parseIn(text: string, dialect: string): readonly ParsedStatement[] {
  return dialect === 'postgres' ? parse(text) : parseForeign(text, dialect);
}

/** As parse(), for a text in another dialect. Statements that are the same everywhere go to the first reader. */
export function parseForeign(text: string, dialect: string): readonly ParsedStatement[] {
  const known = dialectNamed(dialect);
  if (known === undefined) throw new DatabaseError('22023', `unknown dialect "${dialect}"`);
  if (text.includes('\0')) throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  checkDepth(text);
  const script = new Script(new CharacterIndex(text), known);
  try {
    return script.read();
  } catch (error) {
    if (error instanceof RangeError) throw stackDepthExceeded(error);
    throw error;
  }
}

class Script {
  readonly #whole: CharacterIndex;
  readonly #dialect: Dialect;
  readonly #tokens: readonly ForeignToken[];
  readonly #regions: readonly Region[];

  constructor(whole: CharacterIndex, dialect: Dialect) {
    this.#whole = whole;
    this.#dialect = dialect;
    this.#tokens = tokenizeForeign(whole, dialect);
    this.#regions = regionsOf(this.#tokens);
  }

  read(): ParsedStatement[] {
    const out: ParsedStatement[] = [];
    let from = 0;
    for (let i = 0; i <= this.#tokens.length; i++) {
      const token = this.#tokens[i];
      if (token !== undefined && !(token.kind === 'punctuation' && token.value === ';')) continue;
      if (i > from) out.push(...this.#statement(from, i));
      from = i + 1;
    }
    return out;
  }

  #statement(from: number, to: number): readonly ParsedStatement[] {
    const location = this.#tokens[from]?.start ?? 0;
    const end = this.#tokens[to - 1]?.end ?? location;
    const statement = this.#foreignStatement(from, to);
    // Padded, so that positions count from the start of the whole text.
    if (statement === undefined) return parse(' '.repeat(location) + this.#whole.text.slice(location, end));
    return [{ statement, text: this.#whole.text.slice(location, end), location }];
  }

  /** undefined: the same in every dialect. */
  #foreignStatement(from: number, to: number): Statement | undefined {
    const foreign = this.#foreign(from, to);
    const { cursor } = foreign;
    let statement: Statement;
    if (cursor.is('select') || cursor.is('with') || cursor.is('(')) statement = this.#query(foreign);
    else if (cursor.is('insert')) statement = readInsert(this.#tree(from, to), foreign);
    else if (cursor.is('update')) statement = readUpdate(this.#tree(from, to), foreign);
    else if (cursor.is('delete')) statement = readDelete(this.#tree(from, to), foreign);
    else if (cursor.is('create', 'table')) {
      statement = readCreateTable(foreign, { watermark: (first, last) => this.#stored(first, last) });
    } else if (['view', 'materialized', 'or'].some((word) => cursor.is('create', word))) {
      statement = readCreateView(foreign, (inner) => this.#query(inner));
    } else if (cursor.is('replace') || cursor.is('merge')) throw cursor.refuse(`${cursor.peek()?.value}`);
    else return undefined;
    if (!cursor.done) throw cursor.mismatch();
    return statement;
  }

  /** From the cursor to its end. */
  #query(foreign: Foreign): Query {
    const { cursor } = foreign;
    const from = cursor.at;
    const range = {
      start: this.#tokens[from]?.start ?? 0, end: this.#tokens[cursor.end - 1]?.end ?? this.#whole.text.length,
    };
    return { ...foreign.query(this.#tree(from, cursor.end)), range };
  }

  #stored(from: number, to: number): Expr {
    const [first, last] = [this.#tokens[from], this.#tokens[to - 1]];
    if (first === undefined || last === undefined) throw this.#foreign(from, to).cursor.mismatch();
    return parseExpression(this.#whole.text.slice(first.start, last.end));
  }

  #foreign(from: number, to: number): Foreign {
    const cursor = new Cursor(this.#whole, this.#dialect, this.#tokens, [from, to]);
    const foreign: Foreign = {
      cursor, query: (tree) => readQuery(tree, foreign),
      list: (first, last) => {
        cursor.at = first;
        const columns = children(this.#tree(first, last, 'SELECT '), 'columns');
        const found = this.#list(columns, first, last);
        cursor.at = last;
        return found;
      },
    };
    return foreign;
  }

  #list(columns: readonly Tree[], from: number, to: number): readonly Expr[] {
    const inner = this.#foreign(from, to);
    const trees = columns.map((column) => {
      const tree = child(column, 'expr');
      if (tree === undefined || (column['as'] ?? null) !== null) throw inner.cursor.mismatch();
      return tree;
    });
    const found = trees.length === 1 ? [expression(trees[0], inner)] : commas(trees, inner);
    if (!inner.cursor.done) throw inner.cursor.mismatch();
    return found;
  }

  #tree(from: number, to: number, prefix = ''): Tree {
    const shown = shownText(this.#tokens, this.#regions, [from, to]);
    try {
      return foreignTree(prefix + shown.text, this.#dialect);
    } catch (error) {
      if (!(error instanceof ForeignSyntaxError)) throw error;
      const token = this.#tokens[Math.min(shown.origin(error.offset - prefix.length), to)];
      const near = token === undefined ? undefined : this.#whole.text.slice(token.start, token.end);
      const position = this.#whole.position(token?.start ?? this.#whole.text.length);
      throw new DatabaseError('42601', near === undefined ? 'syntax error at end of input'
        : `syntax error at or near "${near}"`, {
        position, detail: `The text is read as sql_dialect ${this.#dialect.name}.`,
      });
    }
  }
}
