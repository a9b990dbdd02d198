// Constants of other dialects: their values come from the tokens, the borrowed tree has placeholders.
import type { Expr } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';
import type { Tree } from './foreign-grammar.ts';
import { unitOf } from './foreign-regions.ts';
import { NUMBER_BASE } from './foreign-tokens.ts';

/** `sign`: -1 where the grammar has folded a minus in front into the number. */
export function number(tree: Tree, cursor: Cursor, sign: 1 | -1): Expr {
  const position = cursor.position();
  const at = cursor.at;
  const token = cursor.next('number');
  if (Number(tree['value']) !== sign * (NUMBER_BASE + at)) {
    cursor.at = at;
    throw cursor.mismatch();
  }
  // 1. is 1.0 to the binder, as PostgreSQL's scanner has it.
  return { kind: 'number', text: token.value, position };
}

/** Throws where the tree has another string than the text. */
export function string(tree: Tree, cursor: Cursor): Expr {
  const position = cursor.position();
  const shown = cursor.peek()?.mark;
  if (shown !== `'${String(tree['value'])}'`) throw cursor.mismatch();
  return { kind: 'string', value: cursor.next('string').value, position };
}

/** DATE '..', INTERVAL '10' SECOND, of which the grammar saw the constant alone. */
export function typed(tree: Tree, cursor: Cursor): Expr {
  const position = cursor.position();
  const word = cursor.next('word').value;
  const literal = cursor.peek()?.kind === 'number' ? number(tree, cursor, 1) : string(tree, cursor);
  let value = literal.kind === 'number' ? literal.text : literal.kind === 'string' ? literal.value : '';
  let modifiers: readonly number[] = [];
  if (word === 'interval') {
    const unit = unitOf(cursor.peek());
    const field = unit === undefined ? undefined : INTERVAL_FIELDS[unit];
    if (cursor.dialect.name === 'postgresql' && field !== undefined) {
      cursor.at++;
      modifiers = [field];
    } else if (unit !== undefined) {
      cursor.at++;
      if (!/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value)) throw cursor.refuse('an interval of several fields', position);
      value = `${value.trim()} ${unit}`;
    } else if (cursor.dialect.name !== 'snowflake' && cursor.dialect.name !== 'postgresql') {
      throw cursor.refuse('an interval without a unit', position);
    }
  }
  const name = word === 'date' ? ['date'] : ['pg_catalog', word];
  return {
    kind: 'cast', position, operand: { kind: 'string', value, position: literal.position },
    type: { name, modifiers, arrayDimensions: 0, setOf: false, ofColumn: false, position },
  };
}

/** PostgreSQL's masks of the fields behind an interval. */
const INTERVAL_FIELDS: { readonly [unit: string]: number } = {
  year: 4, month: 2, day: 8, hour: 1024, minute: 2048, second: 4096,
};
