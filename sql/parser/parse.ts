// Text → statements: chooses between the grammar alone and the lowering of streaming clauses; caches by text.
import { DatabaseError } from '../../engine/data/error.ts';
import type { ParsedStatement } from './ast-statement.ts';
import type { Expr } from './ast.ts';
import { checkDepth } from './depth.ts';
import { mayStream, readStreaming } from './streaming.ts';
import { loadGrammar, stackDepthExceeded } from './pg-module.ts';
import { readExpression, readStatements } from './postgres.ts';
import { CharacterIndex, Source } from './source.ts';
import { tokenize } from './tokens.ts';

/** Must have resolved before the first parse(). */
export async function loadParser(): Promise<void> {
  await loadGrammar();
}

const CACHED_TEXTS = 500;
const CACHED_LENGTH = 10_000;

/** By text; the oldest in use first. */
const cache = new Map<string, readonly ParsedStatement[]>();

/**
 * The statements of a text, in order; none for a text of spaces and comments. Throws DatabaseError: 42601 with
 * PostgreSQL's message and position, 54001 where the text is nested too deeply.
 */
export function parse(text: string): readonly ParsedStatement[] {
  const statements = parseKept(text);
  for (const { refusal } of statements) if (refusal !== undefined) throw refusal;
  return statements;
}

/** As parse(), for a text an older version may have kept: what that read is read still. */
export function parseKept(text: string): readonly ParsedStatement[] {
  const known = cache.get(text);
  if (known !== undefined) {
    cache.delete(text);
    cache.set(text, known);
    return known;
  }
  const statements = parseAnew(text);
  if (text.length <= CACHED_LENGTH) {
    cache.set(text, statements);
    if (cache.size > CACHED_TEXTS) {
      const [oldest] = cache.keys();
      if (oldest !== undefined) cache.delete(oldest);
    }
  }
  return statements;
}

/** An expression by itself: a stored default, check or index expression. Positions count from its own start. */
export function parseExpression(text: string): Expr {
  return guarded(text, () => {
    const prefix = 'SELECT ';
    const whole = new CharacterIndex(text);
    return readExpression(new Source(whole, prefix + text, -prefix.length), undefined);
  });
}

function parseAnew(text: string): readonly ParsedStatement[] {
  return guarded(text, () => {
    const whole = new CharacterIndex(text);
    return mayStream(text) ? readStreaming(whole) : readStatements(new Source(whole, text, 0), undefined);
  });
}

function guarded<R>(text: string, read: () => R): R {
  if (text.includes('\0')) throw new DatabaseError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  checkDepth(text);
  checkParameters(text);
  checkNumbers(text);
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw stackDepthExceeded(error);
    throw error;
  }
}

/** The grammar's build reads `$1a` as `$1 AS a`; PostgreSQL refuses it. */
function checkParameters(text: string): void {
  if (!/\$\d+[A-Za-z_\x80-\uffff]/.test(text)) return;
  const tokens = tokenize(text);
  const at = tokens.findIndex((token, i) => token.kind === 'parameter' && tokens[i + 1]?.start === token.end
    && tokens[i + 1]?.kind === 'word');
  const parameter = tokens[at];
  if (parameter === undefined) return;
  throw trailingJunk('parameter', text, parameter.start, tokens[at + 1].end);
}

const YOUNGER_NUMBER = /(?<![\w$.\x80-\uffff])(?:0[xob]|\.?\d[\d.]*(?:e[+-]?\d+)?_\d)/i;

/** The grammar's build knows 1_000 and 0x1F, PostgreSQL 15 not yet. */
function checkNumbers(text: string): void {
  if (!YOUNGER_NUMBER.test(text)) return;
  const junk = /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[a-z_\x80-\uffff][\w$\x80-\uffff]*/iy;
  for (const { kind, start } of tokenize(text)) {
    if (kind !== 'number') continue;
    junk.lastIndex = start;
    if (junk.test(text)) throw trailingJunk('numeric literal', text, start, junk.lastIndex);
  }
}

function trailingJunk(what: string, text: string, start: number, end: number): DatabaseError {
  const position = new CharacterIndex(text).position(start);
  return new DatabaseError('42601', `trailing junk after ${what} at or near "${text.slice(start, end)}"`, { position });
}
