// libpg-query's tree as our statements: the entry to the readers beside it.
import type { Node, RawStmt } from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type { ParsedStatement, Statement } from './ast-statement.ts';
import type { Expr, SourceRange } from './ast.ts';
import type { Marks } from './marks.ts';
import { GrammarError, parseTree } from './pg-module.ts';
import { alterReaders } from './postgres-alter.ts';
import { readDelete, readInsert, readMerge, readUpdate } from './postgres-change.ts';
import { commandReaders } from './postgres-command.ts';
import { definitionReaders } from './postgres-definition.ts';
import { expression } from './postgres-expression.ts';
import { readTagged, tagOf, untag } from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { readQuery } from './postgres-query.ts';
import type { Source } from './source.ts';
import type { StatementSpan } from './span.ts';
import { statementRange } from './statement-text.ts';
import { unnamedSubquery } from './unnamed.ts';
import { unsupportedName } from './unsupported.ts';

const readers: Readers<Statement> = {
  SelectStmt: (node, context) => {
    const range = context.span === undefined ? undefined : statementRange(context.span, context);
    return { ...readQuery(node, context), range };
  },
  InsertStmt: readInsert,
  UpdateStmt: readUpdate,
  DeleteStmt: readDelete,
  MergeStmt: readMerge,
  ...definitionReaders,
  ...alterReaders,
  ...commandReaders,
};

/** All statements of a source; `marks` are those of its one statement when the source was lowered. */
export function readStatements(source: Source, marks: Marks | undefined): readonly ParsedStatement[] {
  const { stmts } = grammar(source);
  return (stmts ?? []).map((raw) => {
    const span = spanOf(raw, source);
    const start = source.base + span.start;
    let refusal: DatabaseError | undefined;
    const context = readerContext(source, { marks, span, unnamed: (node) => { refusal ??= unnamedSubquery(node, context); } });
    const statement = read(raw.stmt, context);
    return { statement, text: source.whole.text.slice(start, source.base + span.end), location: start, refusal };
  });
}

/** A lone expression, from a source that reads `SELECT expression`. */
export function readExpression(source: Source, marks: Marks | undefined): Expr {
  const [raw, second] = grammar(source).stmts ?? [];
  const { targetList, ...others } = untag(raw?.stmt, 'SelectStmt');
  const [target, another] = targetList ?? [];
  if (target === undefined) {
    const position = source.whole.position(source.base + source.text.length);
    throw new DatabaseError('42601', 'syntax error at end of input', { position });
  }
  const { val, name, indirection } = untag(target, 'ResTarget');
  const clauses = Object.keys(others).filter((key) => key !== 'limitOption' && key !== 'op');
  if (second !== undefined || another !== undefined || name !== undefined || indirection !== undefined
    || clauses.length > 0) {
    throw new DatabaseError('42601', 'an expression is expected here', { position: source.characterPosition(0) });
  }
  return expression(val, readerContext(source, { marks, span: undefined, unnamed: () => undefined }));
}

function grammar(source: Source): ReturnType<typeof parseTree> {
  try {
    return parseTree(source.text);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const position = error.offset === undefined || /WITH TIES/.test(error.message) ? undefined
      : source.characterPosition(error.offset);
    const code = codeOf(error.message, source, error.offset);
    throw new DatabaseError(code, error.message, { position, hint: hintOf(error.message, code) });
  }
}

/** The SQLSTATEs of gram.y and scan.l by their messages; nearly all are syntax errors. */
const codes: readonly (readonly [RegExp, string])[] = [
  [/^LIMIT #,# syntax/, '42601'],
  [/not (yet )?(supported|implemented)|cannot be marked/, '0A000'],
  [/^frame (start|end)/, '42P20'],
  [/^invalid byte sequence/, '22021'],
  [/^unsafe use of /, '22P06'],
  [/^precision for type float/, '22023'],
];

function codeOf(message: string, source: Source, offset: number | undefined): string {
  // Said of U&'..' it is a syntax error, of e'\u..' not.
  if (message === 'invalid Unicode escape') {
    return /^\\u/i.test(source.text.slice(source.characterOffset(offset ?? 0))) ? '22025' : '42601';
  }
  return codes.find(([pattern]) => pattern.test(message))?.[1] ?? '42601';
}

/** The hints of gram.y and scan.l, which the tree's library keeps to itself. */
function hintOf(message: string, code: string): string | undefined {
  switch (message) {
    case 'invalid Unicode escape': {
      const x = (count: number): string => 'X'.repeat(count);
      return `Unicode escapes must be ${code === '22025' ? `\\u${x(4)} or \\U${x(8)}` : `\\${x(4)} or \\+${x(6)}`}.`;
    }
    case 'missing argument': return 'Use NONE to denote the missing argument of a unary operator.';
    default: return undefined;
  }
}

/** Space around a statement is no part of it, nor are comments before it; those behind it are. */
function spanOf(raw: RawStmt, source: Source): StatementSpan {
  const from = (source.offset(raw.stmt_location) ?? source.base) - source.base;
  const end = (raw.stmt_len ?? 0) === 0 ? source.text.length
    : (source.offset((raw.stmt_location ?? 0) + (raw.stmt_len ?? 0)) ?? source.base) - source.base;
  const text = source.whole.text.slice(source.base + from, source.base + end);
  return { start: from + (text.length - text.trimStart().length), end: from + text.trimEnd().length };
}

function readerContext(source: Source, options: Pick<ReaderContext, 'marks' | 'span' | 'unnamed'>): ReaderContext {
  const context: ReaderContext = {
    source, ...options,
    query: (node) => readQuery(untag(node, 'SelectStmt'), context),
    statement: (node) => read(node, { ...context, span: undefined }),
    inner: (node, range) => read(node, { ...context, span: range === undefined ? undefined : local(range, source) }),
  };
  return context;
}

function local(range: SourceRange, source: Source): StatementSpan {
  return { start: range.start - source.base, end: range.end - source.base };
}

function read(node: Node | undefined, context: ReaderContext): Statement {
  if (node === undefined) throw new AssertionError('a statement is missing in the syntax tree');
  return readTagged(readers, node, context)
    ?? { kind: 'unsupported', name: unsupportedName(tagOf(node)), position: undefined };
}
