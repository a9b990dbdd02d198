// The exact texts inside a statement that are kept as text: a view's query, a default, a check.
import type { SourceRange } from './ast.ts';
import type { ReaderContext } from './postgres-node.ts';
import type { StatementSpan } from './span.ts';
import { Lexer, tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

/** The tokens of the text as it was before it was lowered, offsets within the span. */
function originalTokens(span: StatementSpan, context: ReaderContext): Token[] {
  const { whole, base } = context.source;
  const end = context.marks?.statement.tail ?? base + span.end;
  return tokenize(whole.text.slice(base + span.start, end));
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token !== undefined && token.kind === 'word' && token.value === word;
}

export function isMark(token: Token | undefined, mark: string): boolean {
  return token !== undefined && token.kind === 'punctuation' && token.value === mark;
}

/** +1 where a bracket opens, -1 where one closes. */
export function nesting(token: Token): number {
  if (token.kind !== 'punctuation') return 0;
  if (token.value === '(' || token.value === '[') return 1;
  return token.value === ')' || token.value === ']' ? -1 : 0;
}

/** The end of the bracket that opens at `open`: the index of the closing token, or the last. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    depth += nesting(token);
    if (depth === 0) return i;
  }
  return tokens.length - 1;
}

function at(context: ReaderContext, start: number, end: number): SourceRange {
  return { start: context.source.base + start, end: context.source.base + end };
}

/** Words at which a DEFAULT's expression is over: the column constraints. */
const columnConstraints = new Set([
  'constraint', 'not', 'null', 'unique', 'primary', 'check', 'references', 'default', 'generated', 'collate',
  'deferrable', 'initially', 'storage', 'compression', 'using', 'enforced',
]);

/** The expression behind `word` of the constraint that begins at a byte location; in parentheses but for DEFAULT. */
export function expressionRange(location: number | undefined, word: string, context: ReaderContext):
SourceRange | undefined {
  const offset = context.source.offset(location);
  if (offset === undefined) return undefined;
  const lexer = new Lexer(context.source.text, offset - context.source.base);
  let token = lexer.next();
  while (token !== undefined && !isWord(token, word)) token = lexer.next();
  if (word === 'default') return bareExpression(lexer, context);
  while (token !== undefined && !isMark(token, '(')) token = lexer.next();
  const first = lexer.next();
  if (first === undefined) return undefined;
  let last = first;
  let depth = 1;
  for (token = first; token !== undefined; token = lexer.next()) {
    depth += nesting(token);
    if (depth === 0) return at(context, first.start, last.end);
    last = token;
  }
  return undefined;
}

function bareExpression(lexer: Lexer, context: ReaderContext): SourceRange | undefined {
  const first = lexer.next();
  if (first === undefined) return undefined;
  let last = first;
  let depth = nesting(first);
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (depth === 0) {
      if (isMark(token, ',') || isMark(token, ';') || isMark(token, ')')) break;
      if (token.kind === 'word' && columnConstraints.has(token.value)) break;
    }
    depth += nesting(token);
    last = token;
  }
  return at(context, first.start, last.end);
}

/** The whole statement. */
export function statementRange(span: StatementSpan, context: ReaderContext): SourceRange {
  return at(context, span.start, span.end);
}

/** What follows the first AS outside parentheses (CREATE VIEW, CREATE TABLE AS, PREPARE), or FOR (DECLARE). */
export function rangeAfter(word: 'as' | 'for', span: StatementSpan, context: ReaderContext): SourceRange | undefined {
  const tokens = originalTokens(span, context);
  let depth = 0;
  const found = tokens.findIndex((token) => {
    depth += nesting(token);
    return depth === 0 && isWord(token, word);
  });
  const first = tokens[found + 1];
  const last = tokens[withoutTail(tokens) - 1];
  if (found < 0 || first === undefined || last === undefined) return undefined;
  return at(context, span.start + first.start, span.start + last.end);
}

/** How many tokens are left without WITH [NO] DATA and WITH [LOCAL | CASCADED] CHECK OPTION at the end. */
function withoutTail(tokens: readonly Token[]): number {
  for (const tail of [['with', 'data'], ['with', 'no', 'data'], ['with', 'check', 'option'],
    ['with', 'local', 'check', 'option'], ['with', 'cascaded', 'check', 'option']]) {
    const start = tokens.length - tail.length;
    if (start > 0 && tail.every((word, i) => isWord(tokens[start + i], word))) return start;
  }
  return tokens.length;
}

/** The statements within CREATE SCHEMA: each begins with a reserved word. */
export function elementRanges(span: StatementSpan, context: ReaderContext): readonly SourceRange[] {
  const tokens = originalTokens(span, context);
  let depth = 0;
  const starts = tokens.flatMap((t, i) => {
    depth += nesting(t);
    // Not a label, a privilege, or WITH GRANT OPTION.
    const begins = i > 0 && depth === 0 && (isWord(t, 'create') || isWord(t, 'grant')) && !isMark(tokens[i - 1], ',')
      && !['as', 'with', 'grant'].some((word) => isWord(tokens[i - 1], word));
    return begins ? [i] : [];
  });
  return starts.map((from, n) =>
    at(context, span.start + tokens[from].start, span.start + tokens[(starts[n + 1] ?? tokens.length) - 1].end));
}

/** What follows each SET DEFAULT of ALTER TABLE or DOMAIN; that of a foreign key, ON DELETE SET DEFAULT, is another. */
export function defaultRanges(span: StatementSpan, context: ReaderContext): readonly SourceRange[] {
  const tokens = originalTokens(span, context);
  const out: SourceRange[] = [];
  for (let i = 1; i < tokens.length - 1; i++) {
    if (!isWord(tokens[i], 'default') || !isWord(tokens[i - 1], 'set') || isWord(tokens[i - 3], 'on')) continue;
    let last = i + 1;
    for (let depth = 0; last < tokens.length && (depth > 0 || !isMark(tokens[last], ',')); last++) depth += nesting(tokens[last]);
    out.push(at(context, span.start + tokens[i + 1].start, span.start + tokens[last - 1].end));
  }
  return out;
}

/** What EXPLAIN explains: behind its option list or option words. */
export function explainedRange(span: StatementSpan, context: ReaderContext): SourceRange {
  const tokens = originalTokens(span, context);
  let next = 1;
  if (isMark(tokens[1], '(') && !isQueryStart(tokens[2])) next = closing(tokens, 1) + 1;
  else while (['analyze', 'analyse', 'verbose'].some((word) => isWord(tokens[next], word))) next++;
  return at(context, span.start + (tokens[next]?.start ?? 0), span.end);
}

function isQueryStart(token: Token | undefined): boolean {
  return isMark(token, '(') || ['select', 'with', 'values', 'table'].some((word) => isWord(token, word));
}

/** The query of COPY (query). */
export function parenthesisedRange(span: StatementSpan, context: ReaderContext): SourceRange | undefined {
  const tokens = originalTokens(span, context);
  const open = tokens.findIndex((token) => isMark(token, '('));
  const first = tokens[open + 1];
  const last = tokens[closing(tokens, open) - 1];
  if (open < 0 || first === undefined || last === undefined) return undefined;
  return at(context, span.start + first.start, span.start + last.end);
}
