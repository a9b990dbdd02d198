// Streaming words inside queries, lowered: QUALIFY, EXCLUDE, GROUP BY ALL, ASOF, FOR SYSTEM_TIME, TABLE(TUMBLE(..)).
import type { Lowering } from './lowering.ts';
import { closing, isMark, isWord, nesting } from './statement-text.ts';
import { TokenReader } from './token-reader.ts';
import type { Token } from './tokens.ts';

/** Words that end an expression clause of a SELECT, and what may follow GROUP BY ALL. */
const clauseEnds = new Set([
  'window', 'order', 'limit', 'offset', 'fetch', 'for', 'union', 'intersect', 'except', 'having', 'qualify', 'emit',
  'late', 'with', 'where', 'group', 'on', 'join', 'left', 'right', 'inner', 'full', 'cross', 'natural', 'using', 'into',
  'returning', 'from',
]);

const windowFunctions = new Set(['tumble', 'hop', 'session', 'cumulate']);

/** Lowers tokens `from` .. `to` (without `to`) in place. */
export function lowerQueries(lowering: Lowering, from: number, to: number): void {
  const { tokens } = lowering;
  /** The start of the first target of the SELECT at hand, for each open bracket. */
  const selects: (number | undefined)[] = [undefined];
  const qualifies: { readonly select: number; readonly at: number }[] = [];
  for (let i = from; i < to; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const nested = nesting(token);
    if (nested > 0) selects.push(undefined);
    else if (nested < 0) selects.pop();
    if (token.kind !== 'word' || isMark(tokens[i - 1], '.')) continue;
    if (token.value === 'select') selects[selects.length - 1] = firstTarget(tokens, i);
    const select = selects.at(-1);
    if (token.value === 'qualify' && select !== undefined && isQualify(tokens, i)) qualifies.push({ select, at: i });
    else lowerWord(lowering, i, token.value);
  }
  // Innermost first: an outer clause's text then holds the inner ones lowered.
  for (const { select, at } of qualifies.toReversed()) lowerQualify(lowering, select, at, to);
}

function lowerWord(lowering: Lowering, at: number, word: string): void {
  switch (word) {
    case 'exclude': return lowerExclude(lowering, at);
    case 'group': return lowerGroupByAll(lowering, at);
    case 'asof': return lowerAsof(lowering, at);
    case 'for': return lowerSystemTime(lowering, at);
    case 'table': return lowerTableFunction(lowering, at);
    default: if (windowFunctions.has(word)) lowerWindowCall(lowering, at);
  }
}

/** Where the select list begins: behind ALL, DISTINCT and DISTINCT ON (..). */
function firstTarget(tokens: readonly Token[], select: number): number | undefined {
  let at = select + 1;
  if (isWord(tokens[at], 'all')) at++;
  else if (isWord(tokens[at], 'distinct')) {
    at++;
    if (isWord(tokens[at], 'on') && isMark(tokens[at + 1], '(')) at = closing(tokens, at + 1) + 1;
  }
  return tokens[at]?.start;
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'quoted';
}

function isOperator(token: Token | undefined, operator: string): boolean {
  return token?.kind === 'operator' && token.value === operator;
}

/** PostgreSQL takes `qualify` as a name: it is the clause where an operand ends before it and an expression begins. */
function isQualify(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  const after = tokens[at + 1];
  if (before === undefined || after === undefined) return false;
  if (before.kind === 'punctuation' && !isMark(before, ')') && !isMark(before, ']')) return false;
  if (before.kind === 'operator' && before.value !== '*') return false;
  if (before.kind === 'word' && ['select', 'as', 'from', 'join', 'by', 'where', 'and', 'or'].includes(before.value)) {
    return false;
  }
  if (after.kind === 'word') return !clauseEnds.has(after.value) && after.value !== 'as';
  return after.kind !== 'punctuation' || isMark(after, '(');
}

function lowerQualify(lowering: Lowering, select: number, at: number, to: number): void {
  const { tokens } = lowering;
  let end = at + 1;
  for (let depth = 0; end < to; end++) {
    const token = tokens[end];
    if (token === undefined || isMark(token, ';')) break;
    depth += nesting(token);
    if (depth < 0 || (depth === 0 && token.kind === 'word' && clauseEnds.has(token.value))) break;
  }
  const first = tokens[at + 1];
  const last = tokens[end - 1];
  if (first === undefined || last === undefined || end - 1 === at) return;
  lowering.qualify.set(select, lowering.expression(first.start, last.end));
  lowering.blankTokens(at, end - 1);
}

/** `* EXCLUDE (a, b)` and `t.* EXCLUDE (..)`; a product with a call of exclude() has an operand before the star. */
function lowerExclude(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  if (!isOperator(tokens[at - 1], '*') || !isMark(tokens[at + 1], '(')) return;
  let start = at - 1;
  while (isMark(tokens[start - 1], '.') && isName(tokens[start - 2])) start -= 2;
  const before = tokens[start - 1];
  const bare = start === at - 1;
  const operand = before !== undefined && !isMark(before, ',') && !isMark(before, '(') && !isWord(before, 'select')
    && !isWord(before, 'all') && !isWord(before, 'distinct') && !isWord(before, 'returning');
  if (bare && operand && !isDistinctOn(tokens, start - 1)) return;
  const reader = new TokenReader(lowering.whole, tokens, at + 2);
  const list = [];
  do {
    const position = reader.position();
    list.push({ name: reader.name(), position });
  } while (reader.mark(','));
  reader.expectMark(')');
  const star = tokens[start];
  if (star !== undefined) lowering.exclude.set(star.start, list);
  lowering.blankTokens(at, reader.at - 1);
}

/** Is the bracket that closes here that of DISTINCT ON (..)? */
function isDistinctOn(tokens: readonly Token[], close: number): boolean {
  let depth = 0;
  for (let i = close; i >= 0; i--) {
    const token = tokens[i];
    if (token === undefined) return false;
    depth += nesting(token);
    if (depth === 0) return isWord(tokens[i - 1], 'on') && isWord(tokens[i - 2], 'distinct');
  }
  return false;
}

/** PostgreSQL knows GROUP BY ALL list: ours has no list, and becomes GROUP BY (). */
function lowerGroupByAll(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  const all = tokens[at + 2];
  if (!isWord(tokens[at + 1], 'by') || all === undefined || !isWord(all, 'all')) return;
  const after = tokens[at + 3];
  const ends = after === undefined || isMark(after, ';') || isMark(after, ')')
    || (after.kind === 'word' && clauseEnds.has(after.value));
  if (!ends) return;
  lowering.groupByAll.add(all.start);
  lowering.replace(all.start, all.end, '()');
}

function lowerAsof(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  const asof = tokens[at];
  if (asof === undefined || !['join', 'left', 'inner'].some((word) => isWord(tokens[at + 1], word))) return;
  lowering.asof.push(asof.start);
  lowering.blankToken(asof);
}

/** t [AS a] FOR SYSTEM_TIME AS OF expression, which is a name, a call or a constant. */
function lowerSystemTime(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  if (!['system_time', 'as', 'of'].every((word, i) => isWord(tokens[at + 1 + i], word))) return;
  let relation = at - 1;
  if (isWord(tokens[relation - 1], 'as')) relation -= 2;
  while (isMark(tokens[relation - 1], '.') && isName(tokens[relation - 2])) relation -= 2;
  const first = at + 4;
  let last = first;
  if (isName(tokens[first])) {
    while (isMark(tokens[last + 1], '.') && isName(tokens[last + 2])) last += 2;
    if (isMark(tokens[last + 1], '(')) last = closing(tokens, last + 1);
    else if (tokens[last + 1]?.kind === 'string') last++;
  }
  const start = tokens[first];
  const end = tokens[last];
  const named = tokens[relation];
  if (start === undefined || end === undefined || named === undefined) return;
  lowering.systemTime.set(named.start, lowering.expression(start.start, end.end));
  lowering.blankTokens(at, last);
}

/** TABLE(TUMBLE(..)) is TUMBLE(..). */
function lowerTableFunction(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  const call = tokens[at + 2];
  if (!isMark(tokens[at + 1], '(') || call?.kind !== 'word' || !windowFunctions.has(call.value)) return;
  if (!isMark(tokens[at + 3], '(')) return;
  lowering.blankTokens(at, at + 1);
  lowering.blankToken(tokens[closing(tokens, at + 1)]);
}

/** In a window's call: `TABLE t` is t, and PARTITION BY k becomes one more argument. */
function lowerWindowCall(lowering: Lowering, at: number): void {
  const { tokens } = lowering;
  if (!isMark(tokens[at + 1], '(')) return;
  const end = closing(tokens, at + 1);
  let depth = 0;
  for (let i = at + 1; i < end; i++) {
    const token = tokens[i];
    if (token === undefined) return;
    depth += nesting(token);
    if (depth !== 1) continue;
    const argumentStart = isMark(tokens[i - 1], '(') || isMark(tokens[i - 1], '=>');
    if (isWord(token, 'table') && argumentStart) lowering.blankToken(token);
    else if (isWord(token, 'partition') && isWord(tokens[i + 1], 'by')) {
      lowering.replace(token.start, token.end, ',');
      lowering.blankToken(tokens[i + 1]);
    }
  }
}
