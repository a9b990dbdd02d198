// Streaming words of definitions and commands, lowered: CREATE SOURCE, WATERMARK, APPEND ONLY, EMIT, SUBSCRIBE inside.
import type { Subscribe } from './ast-statement.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import type { Lowering } from './lowering.ts';
import { closing, isMark, isWord, nesting } from './statement-text.ts';
import { TokenReader } from './token-reader.ts';

/** Lowers what belongs to the statement as a whole. */
export function lowerDefinition(lowering: Lowering, readSubscribe: (reader: TokenReader) => Subscribe): void {
  const reader = new TokenReader(lowering.whole, lowering.tokens, 0);
  if (reader.words('explain')) skipExplain(reader);
  if (reader.words('create')) lowerCreate(lowering, reader);
  else if (reader.words('drop') || reader.words('alter') || reader.words('comment', 'on')) {
    renameObject(lowering, reader.at);
  } else if (reader.words('fetch') || reader.words('move')) lowerFetch(lowering);
  else if (reader.words('copy') || reader.words('declare')) {
    lowerSubscribe(lowering, readSubscribe);
  }
}

function skipExplain(reader: TokenReader): void {
  if (isMark(reader.peek(), '(')) reader.at = closing(reader.tokens, reader.at) + 1;
  while (reader.words('analyze') || reader.words('verbose'));
}

/** A source goes to the grammar as a table, a sink as a view. */
function renameObject(lowering: Lowering, at: number): void {
  const token = lowering.tokens[at];
  if (token === undefined) return;
  if (isWord(token, 'source')) {
    lowering.statement.source = true;
    lowering.replace(token.start, token.end, 'TABLE');
  } else if (isWord(token, 'sink')) {
    lowering.statement.sink = true;
    lowering.replace(token.start, token.end, 'VIEW');
  }
}

function lowerCreate(lowering: Lowering, reader: TokenReader): void {
  const start = reader.at;
  const orReplace = reader.words('or', 'replace');
  if (isWord(reader.peek(), 'source') && !orReplace) return lowerSource(lowering, reader);
  const replacement = reader.at;
  const isReplacement = reader.words('replacement');
  if (reader.words('materialized', 'view')) {
    if (orReplace) {
      lowering.statement.orReplace = true;
      lowering.blankTokens(start, start + 1);
    }
    if (isReplacement) {
      lowering.blankTokens(replacement, replacement);
      lowerReplacementFor(lowering, reader);
    }
    return lowerTail(lowering);
  }
  if (isReplacement) return;
  while (['temp', 'temporary', 'unlogged', 'local', 'global'].some((word) => reader.words(word)));
  if (reader.words('view')) {
    if (!reader.words('if', 'not', 'exists')) return;
    lowering.statement.ifNotExists = true;
    lowering.blankTokens(reader.at - 3, reader.at - 1);
  } else if (reader.words('table')) lowerTable(lowering, reader);
}

/** CREATE REPLACEMENT MATERIALIZED VIEW r FOR v. */
function lowerReplacementFor(lowering: Lowering, reader: TokenReader): void {
  reader.relation();
  const from = reader.at;
  reader.expectWord('for');
  lowering.statement.replacementFor = reader.relation();
  lowering.blankTokens(from, reader.at - 1);
}

/** EMIT ON WINDOW CLOSE and LATE DATA TO name, outside brackets, behind the query. */
function lowerTail(lowering: Lowering): void {
  const { tokens, statement } = lowering;
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    depth += nesting(token);
    if (depth !== 0) continue;
    const reader = new TokenReader(lowering.whole, tokens, i);
    if (reader.words('emit', 'on', 'window', 'close')) statement.emitOnWindowClose = true;
    else if (reader.words('late', 'data', 'to')) statement.lateDataTo = reader.relation();
    else continue;
    statement.tail ??= token.start;
    lowering.blankTokens(i, reader.at - 1);
  }
}

/** CREATE SOURCE s [(columns)] and then clauses in any order, none of which the grammar sees. */
function lowerSource(lowering: Lowering, reader: TokenReader): void {
  const { statement } = lowering;
  renameObject(lowering, reader.at);
  reader.at++;
  reader.words('if', 'not', 'exists');
  reader.relation();
  const listed = isMark(reader.peek(), '(');
  if (listed) {
    const close = closing(reader.tokens, reader.at);
    lowerWatermark(lowering, reader.at, close);
    reader.at = close + 1;
  }
  const first = reader.peek();
  const from = reader.at;
  while (!reader.done) {
    if (reader.words('append', 'only')) statement.appendOnly = true;
    else if (reader.words('with')) statement.options = reader.options();
    else if (reader.words('format')) statement.format = reader.formatClause();
    else if (reader.words('bad', 'rows', 'to')) statement.badRowsTo = reader.relation();
    else throw reader.unexpected();
  }
  if (first === undefined || reader.at === from) return;
  lowering.blankTokens(from, reader.at - 1);
  if (!listed) lowering.replace(first.start, first.end, '()');
}

function lowerTable(lowering: Lowering, reader: TokenReader): void {
  const { tokens } = lowering;
  let depth = 0;
  let listed = false;
  for (let i = reader.at; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    if (depth === 0 && isWord(token, 'as')) return;
    if (depth === 0 && !listed && isMark(token, '(')) {
      listed = true;
      lowerWatermark(lowering, i, closing(tokens, i));
    }
    depth += nesting(token);
    if (depth === 0 && listed && isWord(token, 'append') && isWord(tokens[i + 1], 'only')) {
      lowering.statement.appendOnly = true;
      lowering.blankTokens(i, i + 1);
    }
  }
}

/** WATERMARK FOR column AS expression, as an element of the list in brackets open .. close. */
function lowerWatermark(lowering: Lowering, open: number, close: number): void {
  const { tokens, statement } = lowering;
  let depth = 0;
  for (let i = open; i < close; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    depth += nesting(token);
    const starts = depth === 1 && (i === open + 1 || isMark(tokens[i - 1], ','));
    if (!starts || !isWord(token, 'watermark') || !isWord(tokens[i + 1], 'for')) continue;
    const end = elementEnd(lowering, i, close);
    const reader = new TokenReader(lowering.whole, tokens, i + 2, end);
    const position = lowering.position(token.start);
    if (statement.watermark !== undefined) {
      throw new DatabaseError('42601', 'multiple watermarks are not allowed', { position });
    }
    const column = reader.name();
    reader.expectWord('as');
    const [first, last] = [reader.peek(), tokens[end - 1]];
    if (first === undefined || last === undefined) throw reader.unexpected();
    const range = { start: first.start, end: last.end };
    statement.watermark = { column, expression: lowering.expression(range.start, range.end), range, position };
    const commaBefore = isMark(tokens[i - 1], ',');
    lowering.blankTokens(commaBefore ? i - 1 : i, commaBefore || !isMark(tokens[end], ',') ? end - 1 : end);
    i = end - 1;
  }
}

/** The index of the comma or bracket that ends the list element at `from`. */
function elementEnd(lowering: Lowering, from: number, close: number): number {
  let depth = 0;
  for (let i = from; i < close; i++) {
    const token = lowering.tokens[i];
    if (token === undefined) break;
    if (depth === 0 && isMark(token, ',')) return i;
    depth += nesting(token);
  }
  return close;
}

/** FETCH .. WITH (timeout = ..). */
function lowerFetch(lowering: Lowering): void {
  const { tokens } = lowering;
  const at = tokens.findIndex((token, i) => i > 1 && isWord(token, 'with') && isMark(tokens[i + 1], '('));
  if (at < 0) return;
  const reader = new TokenReader(lowering.whole, tokens, at + 1);
  lowering.statement.fetchOptions = reader.options();
  reader.expectDone();
  lowering.blankTokens(at, reader.at - 1);
}

/** COPY (SUBSCRIBE ..) and DECLARE c CURSOR FOR SUBSCRIBE ..: an empty SELECT stands for it. */
function lowerSubscribe(lowering: Lowering, readSubscribe: (reader: TokenReader) => Subscribe): void {
  const { tokens } = lowering;
  const at = tokens.findIndex((token, i) => isWord(token, 'subscribe')
    && (i === 2 ? isMark(tokens[1], '(') : isWord(tokens[i - 1], 'for')));
  const token = tokens[at];
  if (token === undefined) return;
  const reader = new TokenReader(lowering.whole, tokens, at);
  lowering.statement.subscribe = readSubscribe(reader);
  const last = tokens[reader.at - 1];
  if (last !== undefined) lowering.replace(token.start, last.end, 'SELECT');
}
