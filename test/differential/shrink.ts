// Shrinking: a failing case made smaller, as long as it fails in the same way. Views, transactions and statements are dropped
// whole; then the SQL texts lose list elements, clauses, operands and calls, by their brackets and commas alone: a candidate
// that is no SQL fails on both sides alike and is therefore not taken.
import type { CaseSpec } from './generate.ts';

/** Runs of the case at most. */
const BUDGET = 400;

/** `fails`: whether the candidate still fails in the same way. */
export async function shrink(spec: CaseSpec, fails: (candidate: CaseSpec) => Promise<boolean>): Promise<CaseSpec> {
  let best = spec;
  let left = BUDGET;
  const attempt = async (candidate: CaseSpec): Promise<boolean> => {
    if (left <= 0) return false;
    left--;
    if (!await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  await attempt({ ...best, restarts: false });
  await attempt({ ...best, extended: false });
  await attempt({ ...best, views: best.views.map((v) => ({ ...v, after: 0 })) });
  await attempt({ ...best, shape: { disable: '', viewSeed: 0, querySeed: 0 } });
  for (let at = best.views.length - 1; at >= 0; at--) {
    await attempt({ ...best, views: best.views.filter((_, i) => i !== at) });
  }
  for (let at = best.transactions.length - 1; at >= 0; at--) {
    await attempt({ ...best, transactions: best.transactions.filter((_, i) => i !== at) });
  }
  for (let t = 0; t < best.transactions.length; t++) {
    for (let at = best.transactions[t].statements.length - 1; at >= 0; at--) {
      await attempt(withStatements(best, t, best.transactions[t].statements.filter((_, s) => s !== at)));
    }
  }
  for (let at = 0; at < best.views.length; at++) {
    await shrinkText(best.views[at].query, (query) => attempt({ ...best, views: best.views.map((v, i) => (i === at ? { ...v, query } : v)) }));
  }
  for (let t = 0; t < best.transactions.length; t++) {
    for (let at = 0; at < best.transactions[t].statements.length; at++) {
      await shrinkText(best.transactions[t].statements[at],
        (sql) => attempt(withStatements(best, t, best.transactions[t].statements.map((s, i) => (i === at ? sql : s)))));
    }
  }
  await attempt({ ...best, tables: best.tables.filter((t) => uses(best, t.name)) });
  return best;
}

function withStatements(spec: CaseSpec, transaction: number, statements: readonly string[]): CaseSpec {
  return { ...spec, transactions: spec.transactions.map((one, i) => (i === transaction ? { ...one, statements } : one)) };
}

function uses(spec: CaseSpec, name: string): boolean {
  return [...spec.views.map((v) => v.query), ...spec.transactions.flatMap((t) => t.statements)]
    .some((sql) => new RegExp(`\\b${name}\\b`).test(sql));
}

async function shrinkText(text: string, attempt: (smaller: string) => Promise<boolean>): Promise<void> {
  let current = text;
  const tried = new Set([text]);
  for (let again = true; again;) {
    again = false;
    for (const candidate of smallerTexts(current)) {
      if (tried.has(candidate)) continue;
      tried.add(candidate);
      if (!await attempt(candidate)) continue;
      current = candidate;
      again = true;
      break;
    }
  }
}

const TOKEN = /'(?:[^']|'')*'|"[^"]*"|\s+|[A-Za-z_]\w*|\d+(?:\.\d+)?|::|[<>=!|&@#~?-]+|./gs;
/** Where a clause begins; what is between two of them is dropped as one. */
const CLAUSE = /^(where|having|group|order|limit|offset|fetch|returning|filter|left|right|full|inner|cross|join|natural|union|except|intersect|on|from|with|window|partition)$/i;
const SEPARATOR = /^(and|or)$/i;

/** Shorter texts, the boldest first; most of them are no SQL. */
export function smallerTexts(text: string): string[] {
  const tokens = text.match(TOKEN) ?? [];
  const cuts: string[] = [];
  const cut = (from: number, to: number, by = ''): void => {
    cuts.push([...tokens.slice(0, from), by, ...tokens.slice(to)].join('').replace(/\s+/g, ' ').trim());
  };
  const close = brackets(tokens);
  let depth = 0;
  const depths = tokens.map((t) => {
    if (t === ')' || t === ']') depth--;
    const own = depth;
    if (t === '(' || t === '[') depth++;
    return own;
  });
  /** First token behind `from` at its depth or above that `stop` says ends the part. */
  const end = (from: number, stop: (token: string) => boolean): number => {
    let i = from + 1;
    while (i < tokens.length && depths[i] >= depths[from] && !(depths[i] === depths[from] && stop(tokens[i]))) i++;
    return i;
  };
  tokens.forEach((token, i) => {
    if (CLAUSE.test(token)) cut(i, end(i, (t) => CLAUSE.test(t)));
    if (/^(union|except|intersect)$/i.test(token)) {
      cut(i, end(i, () => false));
      let start = i;
      while (start > 0 && depths[start - 1] >= depths[i]) start--;
      cut(start, tokens[i + 2]?.toLowerCase() === 'all' ? i + 3 : i + 1);
    }
    if (token === ',' || SEPARATOR.test(token)) {
      const stop = (t: string): boolean => t === ',' || SEPARATOR.test(t) || CLAUSE.test(t);
      cut(i, end(i, stop));
      let start = i;
      while (start > 0 && depths[start - 1] >= depths[i]
        && !(depths[start - 1] === depths[i] && (stop(tokens[start - 1]) || /^(select|values|set|by|distinct)$/i.test(tokens[start - 1])))) start--;
      cut(start, i + 1);
    }
    if (token === '(' && close[i] !== undefined) {
      const name = i > 0 && /^\w+$/.test(tokens[i - 1]) ? i - 1 : i;
      for (const [from, to] of parts(tokens, depths, i, close[i])) cut(name, close[i] + 1, tokens.slice(from, to).join(''));
      cut(i, close[i] + 1, tokens.slice(i + 1, close[i]).join(''));
    }
    if (token === '::') cut(i, i + 2);
    if (/^as$/i.test(token)) cut(i, i + 3);
    if (/^over$/i.test(token)) cut(i, (close[i + 2] ?? i + 2) + 1);
    if (/^not$/i.test(token)) cut(i, i + 1);
    if (/^case$/i.test(token)) {
      const last = tokens.findIndex((t, at) => at > i && depths[at] === depths[i] && /^end$/i.test(t));
      if (last > 0) cut(i, last + 1, 'NULL');
    }
  });
  return cuts.filter((c) => c.length < text.length).toSorted((a, b) => a.length - b.length);
}

/** The place of each bracket's partner. */
function brackets(tokens: readonly string[]): number[] {
  const close: number[] = [];
  const open: number[] = [];
  tokens.forEach((token, i) => {
    if (token === '(' || token === '[') open.push(i);
    if (token !== ')' && token !== ']') return;
    const at = open.pop();
    if (at !== undefined) close[at] = i;
  });
  return close;
}

/** What commas divide within brackets. */
function parts(tokens: readonly string[], depths: readonly number[], open: number, close: number): (readonly [number, number])[] {
  const commas = tokens.flatMap((t, i) => (t === ',' && i > open && i < close && depths[i] === depths[open] + 1 ? [i] : []));
  const bounds = [open, ...commas, close];
  return bounds.slice(1).map((to, i) => [bounds[i] + 1, to] as const);
}
