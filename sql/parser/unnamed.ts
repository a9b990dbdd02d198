// Subqueries of FROM without an alias: PostgreSQL 15 wants one, the grammar's build, which is of a later one, does not.
import type { Node, RangeSubselect } from 'libpg-query';
import { DatabaseError } from '../../engine/data/error.ts';
import type { ReaderContext } from './postgres-node.ts';
import { isMark, isWord } from './statement-text.ts';
import { tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

/** PostgreSQL 15's error for an item of FROM that has no alias. */
export function unnamedSubquery(node: RangeSubselect, context: ReaderContext): DatabaseError {
  const isValues = node.subquery !== undefined && 'SelectStmt' in node.subquery
    && node.subquery.SelectStmt.valuesLists !== undefined;
  return new DatabaseError('42601', `${isValues ? 'VALUES' : 'subquery'} in FROM must have an alias`, {
    position: openingPosition(node.subquery, context),
    hint: `For example, FROM (${isValues ? 'VALUES' : 'SELECT'} ...) [AS] foo.`,
  });
}

/** A subquery has no place in the tree: of the parentheses around all that has one, those that an item of FROM begins with. */
function openingPosition(query: Node | undefined, context: ReaderContext): number | undefined {
  const { source } = context;
  const { first, last } = extent(query);
  const [from, to] = [source.offset(first), source.offset(last)];
  if (from === undefined || to === undefined) return undefined;
  const tokens = tokenize(source.text);
  for (const [open, close] of enclosing(tokens, from - source.base, to - source.base)) {
    if (!beginsQuery(tokens, open)) continue;
    let left = open;
    for (let right = close; isMark(tokens[left - 1], '(') && isMark(tokens[right + 1], ')'); right++) left--;
    if (isFromItem(tokens[left - 1])) return source.whole.position(source.base + (tokens[left]?.start ?? 0));
  }
  return undefined;
}

/** The pairs of parentheses around all that stands at from .. to, the innermost first. */
function enclosing(tokens: readonly Token[], from: number, to: number): readonly (readonly [number, number])[] {
  const open: number[] = [];
  const pairs: [number, number][] = [];
  for (const [i, token] of tokens.entries()) {
    if (isMark(token, '(')) open.push(i);
    if (!isMark(token, ')')) continue;
    const start = open.pop();
    if (start !== undefined && (tokens[start]?.start ?? from) < from && token.start > to) pairs.push([start, i]);
  }
  return pairs;
}

const QUERY_WORDS = ['select', 'values', 'with', 'table'];

function beginsQuery(tokens: readonly Token[], open: number): boolean {
  let at = open;
  while (isMark(tokens[at], '(')) at++;
  return QUERY_WORDS.some((word) => isWord(tokens[at], word));
}

const ITEM_WORDS = ['from', 'join', 'lateral', 'using'];

function isFromItem(before: Token | undefined): boolean {
  return ITEM_WORDS.some((word) => isWord(before, word)) || isMark(before, ',') || isMark(before, '(');
}

/** The first and last byte location anywhere in a tree. */
export function extent(node: unknown): { readonly first: number; readonly last: number } {
  let first = Number.MAX_SAFE_INTEGER;
  let last = 0;
  const pending: unknown[] = [node];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      if (key !== 'location') pending.push(value);
      else if (typeof value === 'number' && value >= 0) {
        first = Math.min(first, value);
        last = Math.max(last, value);
      }
    }
  }
  return { first, last };
}
