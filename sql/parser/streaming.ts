// Our own small grammar for streaming statements, and the way to lowering for the clauses in PostgreSQL's.
import { DatabaseError } from '../../engine/data/error.ts';
import type { ParsedStatement, Statement, Subscribe } from './ast-statement.ts';
import type { AsOf, Expr, Query, RelationName } from './ast.ts';
import { lowerQueries } from './lowering-query.ts';
import { lowerDefinition } from './lowering-statement.ts';
import { Lowering } from './lowering.ts';
import { readStatements } from './postgres.ts';
import { Source } from './source.ts';
import type { CharacterIndex } from './source.ts';
import { closing, isMark, isWord, nesting } from './statement-text.ts';
import { TokenReader } from './token-reader.ts';
import { stringValue, tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Words without which a text holds nothing of ours; a false alarm costs time alone. */
const words = new RegExp(
  '\\b(?:watermark|append|emit|late|source|sink|subscribe|flush|backup|as\\s+of|qualify|exclude|asof|system_time|replacement|swap'
  + '|descriptor|by\\s+all|replace\\s+materialized|view\\s+if|(?:fetch|move)\\b[^;]{0,200}\\bwith)\\b'
  + '|\\btable\\s*\\(', 'i');

export function mayStream(text: string): boolean {
  return words.test(text);
}

/** As readStatements, for a text with streaming statements or clauses. */
export function readStreaming(whole: CharacterIndex): readonly ParsedStatement[] {
  const tokens = tokenize(whole.text);
  const tail = tokens.at(-1);
  // What has no end is the scanner's to refuse.
  if (tail?.kind === 'unterminated') readStatements(new Source(whole, tail.value, tail.start), undefined);
  const statements: ParsedStatement[] = [];
  let first = 0;
  let start = 0;
  while (first < tokens.length) {
    const last = statementEnd(tokens, first);
    const end = tokens[last]?.end ?? whole.text.length;
    const own = tokens.slice(first, last + 1);
    if (own.length > 1 || !isMark(own[0], ';')) statements.push(...readOne(new Lowering(whole, own, start, end)));
    first = last + 1;
    start = end;
  }
  return statements;
}

/** The index of the semicolon that ends the statement; of the last token where there is none, plus one. */
function statementEnd(tokens: readonly Token[], first: number): number {
  let depth = 0;
  for (let i = first; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    depth += nesting(token);
    if (depth <= 0 && isMark(token, ';')) return i;
  }
  return tokens.length;
}

function readOne(lowering: Lowering): readonly ParsedStatement[] {
  const own = ownStatement(lowering);
  if (own !== undefined) return [asParsed(own, lowering)];
  const asOf = lowerAsOf(lowering);
  lowerDefinition(lowering, readSubscribe);
  lowerQueries(lowering, 0, lowering.tokens.length);
  const statements = readStatements(lowering.source(), lowering);
  if (asOf === null) return statements;
  return statements.map((parsed) => {
    if (parsed.statement.kind !== 'query') {
      throw new DatabaseError('42601', 'AS OF is for a SELECT that is a statement of its own', { position: asOf.position });
    }
    return { ...parsed, statement: { ...parsed.statement, asOf } };
  });
}

/** Takes AS OF EPOCH n or AS OF TIMESTAMP '..' off the end of a statement. */
function lowerAsOf(lowering: Lowering): AsOf | null {
  const { tokens } = lowering;
  const end = tokens.length - (isMark(tokens.at(-1), ';') ? 1 : 0);
  const [as, of, kind, value] = tokens.slice(Math.max(0, end - 4), end);
  const epoch = isWord(kind, 'epoch');
  if (!isWord(as, 'as') || !isWord(of, 'of') || !(epoch || isWord(kind, 'timestamp')) || value === undefined) return null;
  if (value.kind !== (epoch ? 'number' : 'string')) return null;
  lowering.blankTokens(end - 4, end - 1);
  const text = epoch ? value.value : stringValue(value);
  return { kind: epoch ? 'epoch' : 'timestamp', text, position: lowering.position(value.start) };
}

function asParsed(statement: Statement, lowering: Lowering): ParsedStatement {
  const { tokens, whole } = lowering;
  const last = tokens.at(isMark(tokens.at(-1), ';') ? -2 : -1);
  const location = tokens[0]?.start ?? 0;
  return { statement, text: whole.text.slice(location, last?.end), location };
}

/** Statements that PostgreSQL's grammar has no part in. */
function ownStatement(lowering: Lowering): Statement | undefined {
  const reader = new TokenReader(lowering.whole, lowering.tokens, 0);
  const position = reader.position();
  if (reader.words('flush')) {
    reader.expectDone();
    return { kind: 'flush', position };
  }
  if (reader.words('backup', 'to')) {
    const folder = reader.peek();
    if (folder?.kind !== 'string') throw reader.unexpected();
    reader.at++;
    reader.expectDone();
    return { kind: 'backup', folder: stringValue(folder), position };
  }
  if (isWord(reader.peek(), 'subscribe')) {
    const statement = readSubscribe(reader);
    reader.expectDone();
    return statement;
  }
  if (reader.words('create', 'sink')) return readSink(reader);
  return reader.words('alter') ? readReplacement(reader) : undefined;
}

/**
 * SUBSCRIBE [TO] relation | (query), then WITH (..), ENVELOPE UPSERT (KEY (..)) and AS OF n in any order. Stops at what
 * it does not know.
 */
function readSubscribe(reader: TokenReader): Subscribe {
  const position = reader.position();
  reader.expectWord('subscribe');
  reader.words('to');
  let relation: RelationName | undefined;
  let query: Query | undefined;
  if (reader.mark('(')) {
    const close = closing(reader.tokens, reader.at - 1);
    query = readInnerQuery(reader, reader.at, close);
    reader.at = close;
    reader.expectMark(')');
  } else relation = reader.relation();
  let options: Subscribe['options'] = [];
  let upsertKey: readonly string[] | undefined;
  let asOf: Expr | undefined;
  for (;;) {
    if (reader.words('with')) options = reader.options();
    else if (reader.words('envelope', 'upsert')) {
      reader.expectMark('(');
      reader.expectWord('key');
      upsertKey = reader.nameList();
      reader.expectMark(')');
    } else if (reader.words('as', 'of')) asOf = readAsOf(reader);
    else return { kind: 'subscribe', relation, query, options, upsertKey, asOf, position };
  }
}

/** An epoch: a number, a string or a parameter. */
function readAsOf(reader: TokenReader): Expr {
  const token = reader.peek();
  if (token?.kind !== 'number' && token?.kind !== 'string' && token?.kind !== 'parameter') throw reader.unexpected();
  reader.at++;
  return new Lowering(reader.whole, [token], token.start, token.end).expression(token.start, token.end);
}

/** The query in tokens from .. to (without `to`), which may hold streaming clauses itself. */
function readInnerQuery(reader: TokenReader, from: number, to: number): Query {
  const first = reader.tokens[from];
  const last = reader.tokens[to - 1];
  if (first === undefined || last === undefined || to <= from) {
    reader.at = from;
    throw reader.unexpected();
  }
  const lowering = new Lowering(reader.whole, reader.tokens.slice(from, to), first.start, last.end);
  lowerQueries(lowering, 0, lowering.tokens.length);
  const [parsed, second] = readStatements(lowering.source(), lowering);
  if (parsed === undefined || second !== undefined || parsed.statement.kind !== 'query') {
    reader.at = from;
    throw reader.unexpected();
  }
  return parsed.statement;
}

/** CREATE SINK [IF NOT EXISTS] k FROM v | AS query [WITH (..)] [FORMAT .. ENCODE ..], behind CREATE SINK. */
function readSink(reader: TokenReader): Statement {
  const ifNotExists = reader.words('if', 'not', 'exists');
  const relation = reader.relation();
  let from: RelationName | undefined;
  let query: Query | undefined;
  if (reader.words('as')) {
    const end = sinkQueryEnd(reader);
    query = readInnerQuery(reader, reader.at, end);
    reader.at = end;
  } else {
    reader.expectWord('from');
    from = reader.relation();
  }
  const options = reader.words('with') ? reader.options() : [];
  const format = reader.words('format') ? reader.formatClause() : undefined;
  reader.expectDone();
  const { position } = relation;
  return { kind: 'createSink', relation, ifNotExists, from, query, options, format, position };
}

/** The query's own WITH is followed by a name: WITH ( is the sink's. */
function sinkQueryEnd(reader: TokenReader): number {
  let depth = 0;
  for (let i = reader.at; i < reader.end; i++) {
    const token = reader.tokens[i];
    if (token === undefined) break;
    if (depth === 0 && isMark(token, ';')) return i;
    if (depth === 0 && isWord(token, 'with') && isMark(reader.tokens[i + 1], '(')) return i;
    depth += nesting(token);
  }
  return reader.end;
}

/** ALTER x a SWAP WITH b; ALTER MATERIALIZED VIEW v APPLY REPLACEMENT r; behind ALTER. */
function readReplacement(reader: TokenReader): Statement | undefined {
  const object = reader.words('materialized', 'view') ? 'materialized view'
    : (['view', 'table', 'source', 'sink'] as const).find((word) => reader.words(word));
  const named = reader.peek();
  if (object === undefined || (named?.kind !== 'word' && named?.kind !== 'quoted')) return undefined;
  const relation = reader.relation();
  const { position } = relation;
  if (reader.words('swap', 'with')) {
    const other = reader.relation();
    reader.expectDone();
    return { kind: 'swap', object, relation, other, position };
  }
  if (object !== 'materialized view' || !reader.words('apply', 'replacement')) return undefined;
  const replacement = reader.relation();
  reader.expectDone();
  return { kind: 'applyReplacement', relation, replacement, position };
}
