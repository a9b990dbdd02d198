// How deep and how large a statement's tree will be, judged from its tokens, so that no recursion over it overflows the
// stack, and it does not fill the heap.
import { DatabaseError } from '../../engine/data/error.ts';
import { stackDepthExceeded } from './pg-module.ts';
import { Lexer } from './tokens.ts';
import type { Token } from './tokens.ts';

/** Texts shorter than this cannot reach the limit. */
const SHORT = 1000;
/** In levels of an operator chain; PostgreSQL's own limit (max_stack_depth 2MB) is between 3,000 and 5,000. */
const LIMIT = 3000;
/** Tokens of a text: the trees of so many take more than a gigabyte, and seconds. */
const MOST = 1 << 22;
/** A parenthesis, which may be a subquery, or a CASE weighs as much as so many operators. */
const BRACKET = 3;

/** Words that stand for a level in a chain as operators do. */
const chaining = new Set([
  'not', 'is', 'isnull', 'notnull', 'in', 'like', 'ilike', 'similar', 'between', 'collate', 'at', 'join', 'union',
  'intersect', 'except', 'operator',
]);

/** Words behind which an expression begins anew; AND and OR make flat lists. */
const resetting = new Set(['and', 'or', 'when', 'then', 'else', 'select', 'from', 'where', 'values', 'set', 'on']);

/** Words whose chain goes on over those: each join and each UNION is a level on top of the last. */
const outer = new Set(['join', 'union', 'intersect', 'except']);

/** One open bracket: levels of the expression at hand, of joins and set operations; the deepest finished part. */
interface Frame { readonly isCase: boolean; chain: number; outer: number; child: number; best: number }

function frame(isCase: boolean): Frame {
  return { isCase, chain: 0, outer: 0, child: 0, best: 0 };
}

function finish(open: Frame): void {
  open.best = Math.max(open.best, open.chain + open.child);
  open.chain = 0;
  open.child = 0;
}

/** Throws 54001 as PostgreSQL does where its stack would not do, and where our heap would not. */
export function checkDepth(text: string): void {
  if (text.length < SHORT) return;
  const lexer = new Lexer(text, 0);
  const frames: Frame[] = [frame(false)];
  let tokens = 0;
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (++tokens > MOST) {
      throw new DatabaseError('54001', 'statement too complex', {
        detail: `A query string has at most ${MOST} words, numbers, names and signs.`,
        hint: 'Use COPY, or several statements.',
      });
    }
    const open = frames.at(-1);
    if (open === undefined) return;
    if (opens(token)) frames.push(frame(token.kind === 'word'));
    else if (closes(token, open)) close(frames);
    else count(token, open);
    if (open.chain + open.outer > LIMIT) throw stackDepthExceeded();
  }
  while (frames.length > 1) close(frames);
}

function opens(token: Token): boolean {
  if (token.kind === 'word') return token.value === 'case';
  return token.kind === 'punctuation' && (token.value === '(' || token.value === '[');
}

function closes(token: Token, open: Frame): boolean {
  if (token.kind === 'word') return open.isCase && token.value === 'end';
  return token.kind === 'punctuation' && (token.value === ')' || token.value === ']');
}

/** An unmatched closing bracket is the grammar's to refuse. */
function close(frames: Frame[]): void {
  const done = frames.length > 1 ? frames.pop() : undefined;
  const parent = frames.at(-1);
  if (done === undefined || parent === undefined) return;
  finish(done);
  const depth = done.best + done.outer + BRACKET;
  if (depth > LIMIT) throw stackDepthExceeded();
  parent.child = Math.max(parent.child, depth);
}

function count(token: Token, open: Frame): void {
  if (token.kind === 'operator' || (token.kind === 'punctuation' && token.value === '::')) open.chain++;
  else if (token.kind === 'punctuation' && (token.value === ',' || token.value === ';')) {
    finish(open);
    if (token.value === ';') open.outer = 0;
  } else if (token.kind === 'word') {
    if (resetting.has(token.value) || outer.has(token.value)) finish(open);
    if (outer.has(token.value)) open.outer++;
    else if (chaining.has(token.value)) open.chain++;
  }
}
