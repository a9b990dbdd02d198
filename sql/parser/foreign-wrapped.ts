// EXPLAIN, COPY, PREPARE and DECLARE in a foreign dialect: where the query in them stands, and how it is put in its place.
import type { Statement } from './ast-statement.ts';
import type { Query } from './ast.ts';
import type { ForeignToken } from './foreign-tokens.ts';

/** Tokens from .. to. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

function isQuery(token: ForeignToken | undefined): boolean {
  return token?.kind === 'word' && (token.value === 'select' || token.value === 'with');
}

/** The query inside the statement; undefined: it has none, or is none of those. */
export function wrappedQuery(tokens: readonly ForeignToken[], { from, to }: Span): Span | undefined {
  const first = tokens[from];
  const next = tokens[from + 1];
  if (first?.kind !== 'word') return undefined;
  switch (first.value) {
    case 'copy': {
      const close = next?.value === '(' ? next.partner : -1;
      return close > 0 && isQuery(tokens[from + 2]) ? { from: from + 2, to: close } : undefined;
    }
    case 'explain': {
      let at = next?.value === '(' ? next.partner + 1 : from + 1;
      while (['analyze', 'analyse', 'verbose'].includes(tokens[at]?.value ?? '')) at++;
      return isQuery(tokens[at]) ? { from: at, to } : undefined;
    }
    case 'prepare': case 'declare': {
      const word = first.value === 'prepare' ? 'as' : 'for';
      for (let at = from + 1; at + 1 < to; at++) {
        if (tokens[at]?.kind === 'word' && tokens[at]?.value === word && isQuery(tokens[at + 1])) return { from: at + 1, to };
      }
      return undefined;
    }
    default: return undefined;
  }
}

/** The statement, read with another query in it, with this one. undefined: it is none of those. */
export function withWrapped(statement: Statement, query: Query): Statement | undefined {
  switch (statement.kind) {
    case 'copy': case 'declareCursor': return { ...statement, query };
    case 'explain': case 'prepare': return { ...statement, statement: query, range: query.range ?? statement.range };
    default: return undefined;
  }
}
