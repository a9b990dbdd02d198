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
import { refuseProcessingTime } from './foreign-processing-time.ts';
import { readQuery } from './foreign-query.ts';
import { regionsOf } from './foreign-regions.ts';
import { readCreateTable, readCreateView, readDelete, readInsert, readUpdate } from './foreign-statement.ts';
import { shownText, tokenizeForeign } from './foreign-tokens.ts';
import { withWrapped, wrappedQuery } from './foreign-wrapped.ts';
import type { Span } from './foreign-wrapped.ts';
import type { ForeignToken, Region } from './foreign-tokens.ts';
import { parse, parseExpression, parseKept } from './parse.ts';
import { stackDepthExceeded } from './pg-module.ts';
import { CharacterIndex } from './source.ts';

export { loadForeign } from './foreign-grammar.ts';

/** parse() under the setting sql_dialect. */
export function parseIn(text: string, dialect: string): readonly ParsedStatement[] {
  return dialect === 'postgres' ? parse(text) : parseForeign(text, dialect);
}

/** As parseIn(), for what an older version may have kept. */
export function parseKeptIn(text: string, dialect: string): readonly ParsedStatement[] {
  return dialect === 'postgres' ? parseKept(text) : parseForeign(text, dialect);
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

/** Words that begin a query inside another statement. */
const QUERIES: ReadonlySet<string> = new Set(['select', 'insert', 'values']);

/** The token as PostgreSQL writes it, in as many characters. */
function ownToken(token: ForeignToken, written: string, cursor: Cursor): string {
  if (token.kind === 'string' && !written.startsWith("'")) {
    if (/['"\\]/.test(written.slice(1, -1))) throw cursor.refuse('such a string in such a statement');
    return `'${token.value}'`;
  }
  if (token.kind === 'string' && cursor.dialect.backslashes && written.includes('\\')) {
    throw cursor.refuse('a backslash in a string of such a statement');
  }
  if (token.kind !== 'quoted') return written;
  if (token.name.includes('"') || token.name.length !== written.length - 2) throw cursor.refuse('this quoted name');
  return `"${token.name}"`;
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
    this.#regions = regionsOf(this.#tokens, dialect.name);
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
    const statement = this.#foreignStatement(from, to) ?? this.#wrapping({ from, to });
    // Padded, so that positions count from the start of the whole text.
    if (statement === undefined) return parse(' '.repeat(location) + this.#ownText(from, to));
    return [{ statement, text: this.#whole.text.slice(location, end), location }];
  }

  /** A statement of our own with a query of theirs in it. */
  #wrapping(all: Span): Statement | undefined {
    const inner = this.#isCatalogQuery(all.from, all.to) ? undefined : wrappedQuery(this.#tokens, all);
    if (inner === undefined) return undefined;
    const foreign = this.#foreign(inner.from, inner.to);
    const query = this.#query(foreign);
    if (!foreign.cursor.done) throw foreign.cursor.mismatch();
    // What stands around it is read with the shortest of queries in its place.
    const [start, end] = [this.#tokens[inner.from]?.start ?? 0, this.#tokens[inner.to - 1]?.end ?? 0];
    const before = ' '.repeat(this.#tokens[all.from]?.start ?? 0) + this.#ownText(all.from, inner.from);
    const text = `${before.padEnd(start)}${'SELECT'.padEnd(end - start)}`;
    const after = inner.to < all.to ? this.#ownText(inner.to, all.to) : '';
    const [outer] = parse(`${text.padEnd(this.#tokens[inner.to]?.start ?? 0)}${after}`);
    return outer === undefined ? undefined : withWrapped(outer.statement, query);
  }

  /** A statement for the first reader: its text with names and strings quoted as there, every token where it was. */
  #ownText(from: number, to: number): string {
    const { cursor } = this.#foreign(from, to);
    if (this.#isCatalogQuery(from, to)) {
      return this.#whole.text.slice(this.#tokens[from]?.start ?? 0, this.#tokens[to - 1]?.end ?? 0);
    }
    const grants = cursor.is('grant') || cursor.is('revoke');
    let text = '';
    let end = this.#tokens[from]?.start ?? 0;
    for (let i = from; i < to; i++) {
      const token = this.#tokens[i];
      if (token === undefined) break;
      cursor.at = i;
      if (i > from && !grants && token.kind === 'word' && QUERIES.has(token.value)) {
        throw cursor.refuse('a query in such a statement');
      }
      // Spaces for comments, which may be written otherwise.
      text += ' '.repeat(token.start - end) + ownToken(token, this.#whole.text.slice(token.start, token.end), cursor);
      end = token.end;
    }
    return text;
  }

  /** Queries of psql and drivers, which are written for PostgreSQL whatever the session's dialect is. */
  #isCatalogQuery(from: number, to: number): boolean {
    for (let i = from; i + 1 < to; i++) {
      const token = this.#tokens[i];
      if (token?.kind === 'word' && token.value === 'pg_catalog' && this.#tokens[i + 1]?.value === '.') return true;
    }
    return false;
  }

  /** undefined: the same in every dialect. */
  #foreignStatement(from: number, to: number): Statement | undefined {
    const foreign = this.#foreign(from, to);
    const { cursor } = foreign;
    if (this.#isCatalogQuery(from, to)) return undefined;
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
    const query = { ...foreign.query(this.#tree(from, cursor.end)), range };
    if (this.#dialect.name === 'flink') refuseProcessingTime(query, cursor);
    return query;
  }

  #stored(from: number, to: number): { readonly expression: Expr; readonly text: string } {
    const [first, last] = [this.#tokens[from], this.#tokens[to - 1]];
    if (first === undefined || last === undefined) throw this.#foreign(from, to).cursor.mismatch();
    const text = this.#ownText(from, to);
    return { expression: parseExpression(text), text };
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

  /** The word that the grammar says is reserved, of which it does not say where it is. */
  #reserved(message: string, from: number, to: number): ForeignToken | undefined {
    const word = /"([^"]*)" is a reserved word/.exec(message)?.[1]?.toLowerCase();
    return this.#tokens.slice(from, to).find((token) => token.kind === 'word' && token.value === word);
  }

  #tree(from: number, to: number, prefix = ''): Tree {
    const shown = shownText(this.#tokens, this.#regions, [from, to]);
    try {
      return foreignTree(prefix + shown.text, this.#dialect);
    } catch (error) {
      if (!(error instanceof ForeignSyntaxError)) throw error;
      const reserved = this.#reserved(error.message, from, to);
      const token = reserved ?? this.#tokens[Math.min(shown.origin(error.offset - prefix.length), to)];
      const after = token === undefined ? undefined : this.#tokens[this.#tokens.indexOf(token) + 1];
      if (token?.value === 'for' && after?.value === 'system_time' && this.#dialect.name !== 'flink') {
        const { cursor } = this.#foreign(this.#tokens.indexOf(token), to);
        throw cursor.refuse('FOR SYSTEM_TIME AS OF');
      }
      const near = token === undefined ? undefined : this.#whole.text.slice(token.start, token.end);
      const position = this.#whole.position(token?.start ?? this.#whole.text.length);
      throw new DatabaseError('42601', near === undefined ? 'syntax error at end of input'
        : `syntax error at or near "${near}"`, {
        position, detail: `The text is read as sql_dialect ${this.#dialect.name}.`,
      });
    }
  }
}
