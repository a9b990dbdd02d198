// Operators put together again by the dialect's own precedence, from the order in which the text has them.
import type { Expr } from './ast.ts';
import type { Cursor } from './foreign-cursor.ts';

export type Item =
  | { readonly kind: 'operand'; readonly expression: Expr }
  | { readonly kind: 'operator'; readonly name: string; readonly position: number }
  /** IS .., IN (..), :: type: what it makes of the operand before it. */
  | { readonly kind: 'postfix'; readonly name: 'is' | 'in' | 'cast'; readonly position: number;
      readonly make: (operand: Expr) => Expr }
  | { readonly kind: 'infix'; readonly name: 'like' | 'between'; readonly negated: boolean; readonly position: number };

const OR = 1;
const XOR = 2;
const AND = 3;
const NOT = 4;
const IS = 5;
const COMPARISON = 6;
const PREDICATE = 7;
const ARITHMETIC = 8;
const UNARY = 40;
const CAST = 41;

export type MakeBinary = (operator: string, left: Expr, right: Expr, position: number) => Expr;

export class Chain {
  readonly #items: readonly Item[];
  readonly #cursor: Cursor;
  readonly #binary: MakeBinary;
  /** Made here of these operators, and not in parentheses. */
  readonly #bare = new Map<Expr, string>();
  #at = 0;

  constructor(items: readonly Item[], cursor: Cursor, binary: MakeBinary) {
    this.#items = items;
    this.#cursor = cursor;
    this.#binary = binary;
  }

  read(): Expr {
    const result = this.#expression(0);
    const rest = this.#items[this.#at];
    if (rest !== undefined) throw this.#refuse(rest);
    return result;
  }

  #refuse(item: Item | undefined): Error {
    const position = item === undefined ? undefined
      : item.kind === 'operand' ? item.expression.position : item.position;
    return this.#cursor.refuse('a chain of operators without parentheses', position);
  }

  #level(item: Item): number {
    switch (item.kind) {
      case 'operand': return -1;
      case 'postfix': return item.name === 'cast' ? CAST : item.name === 'is' ? IS : PREDICATE;
      case 'infix': return PREDICATE;
      case 'operator': {
        const { dialect } = this.#cursor;
        if (item.name === 'or') return OR;
        if (item.name === 'xor') return XOR;
        if (item.name === 'and') return AND;
        if (dialect.comparisons.has(item.name)) return COMPARISON;
        const level = dialect.arithmetic.findIndex((operators) => operators.includes(item.name));
        return level < 0 ? -1 : ARITHMETIC + level;
      }
    }
  }

  #operand(least: number): Expr {
    const item = this.#items[this.#at++];
    if (item?.kind === 'operand') return item.expression;
    if (item?.kind !== 'operator') throw this.#refuse(item);
    const { position, name } = item;
    if (name === 'not') {
      if (least > NOT) throw this.#refuse(item);
      const operand = this.#expression(NOT);
      // NOT EXISTS and NOT of another stay what they are.
      return { kind: 'not', operand, position };
    }
    if (name !== '-' && name !== '+' && name !== '~') throw this.#refuse(item);
    const operand = this.#expression(UNARY);
    if (name === '-' && operand.kind === 'number') {
      const text = operand.text.startsWith('-') ? operand.text.slice(1) : `-${operand.text}`;
      return { kind: 'number', text, position };
    }
    return { kind: 'unary', operator: name, schema: undefined, operand, position };
  }

  #expression(least: number): Expr {
    let left = this.#operand(least);
    for (;;) {
      const item = this.#items[this.#at];
      if (item === undefined) return left;
      const level = this.#level(item);
      if (level < 0) throw this.#refuse(item);
      if (level < least) return left;
      this.#at++;
      left = this.#joined(left, item, level);
    }
  }

  #joined(left: Expr, item: Item, level: number): Expr {
    if (item.kind === 'operand') throw this.#refuse(item);
    if (level >= IS && level < ARITHMETIC) this.#checkAlone(left, item, level);
    let result: Expr;
    if (item.kind === 'postfix') result = item.make(left);
    else if (item.kind === 'infix') result = item.name === 'like' ? this.#like(left, item) : this.#between(left, item);
    else {
      const right = this.#expression(level + 1);
      if (this.#cursor.dialect.name === 'snowflake') this.#checkConcat(item, left, right);
      result = level > AND ? this.#binary(item.name, left, right, item.position)
        : this.#logical(item, left, right);
    }
    this.#bare.set(result, level >= ARITHMETIC && item.kind === 'operator' ? item.name : String(level));
    return result;
  }

  /** a = b = c, a = b IN (..): dialects differ, and the reader may not know either. PostgreSQL has IS the loosest. */
  #checkAlone(left: Expr, item: Item, level: number): void {
    const before = this.#bare.get(left);
    const known = before === String(COMPARISON) || before === String(PREDICATE) || before === String(IS);
    if (!known) return;
    if (level === IS && this.#cursor.dialect.name === 'postgresql') return;
    throw this.#refuse(item);
  }

  #checkConcat(item: Item, left: Expr, right: Expr): void {
    if (item.kind !== 'operator') return;
    for (const side of [left, right]) {
      const inner = this.#bare.get(side);
      if (inner !== undefined && (inner === '||') !== (item.name === '||')) throw this.#refuse(item);
    }
  }

  #logical(item: Item & { readonly kind: 'operator' }, left: Expr, right: Expr): Expr {
    const { name, position } = item;
    if (name === 'xor') throw this.#cursor.refuse('XOR', position);
    const operator = name === 'or' ? 'or' : 'and';
    // PostgreSQL's grammar flattens a chain of the same operator to the left, brackets or none.
    const flat = left.kind === 'logical' && left.operator === operator;
    return { kind: 'logical', operator, operands: [...flat ? left.operands : [left], right],
      position: flat ? left.position : position };
  }

  #like(operand: Expr, item: Item & { readonly kind: 'infix' }): Expr {
    const { dialect } = this.#cursor;
    const pattern = this.#expression(ARITHMETIC);
    let escape: Expr | undefined;
    const next = this.#items[this.#at];
    if (next?.kind === 'operator' && next.name === 'escape') {
      this.#at++;
      escape = this.#operand(UNARY);
    } else if (dialect.likeEscape === 'none') {
      escape = { kind: 'string', value: '', position: item.position };
    }
    if (dialect.name === 'transactsql' && (pattern.kind !== 'string' || pattern.value.includes('['))) {
      throw this.#cursor.refuse('a LIKE pattern that may hold classes of characters', pattern.position);
    }
    return { kind: 'like', variant: dialect.like, negated: item.negated, operand, pattern, escape,
      position: item.position };
  }

  #between(operand: Expr, item: Item & { readonly kind: 'infix' }): Expr {
    const low = this.#expression(ARITHMETIC);
    const and = this.#items[this.#at++];
    if (and?.kind !== 'operator' || and.name !== 'and') throw this.#refuse(and ?? item);
    const high = this.#expression(ARITHMETIC);
    return { kind: 'between', symmetric: false, negated: item.negated, operand, low, high, position: item.position };
  }
}
