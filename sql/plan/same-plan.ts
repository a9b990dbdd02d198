// Whether two plans compute the same, whatever they call things.
import type { Expression } from '../../engine/expression/expression.ts';
import type { LogicalPlan } from './logical-plan.ts';

/** Names: they decide nothing once a plan is bound. */
const NAMES: ReadonlySet<string> = new Set(['name', 'alias', 'label', 'labels', 'position', 'notNull', 'paths', 'rows']);

export function samePlan(a: LogicalPlan, b: LogicalPlan): boolean {
  return new Comparison().same(a, b);
}

/** The same of two expressions; a conversion may be written in the one and implied in the other. */
export function sameButForNames(a: Expression, b: Expression): boolean {
  return new Comparison().same(a, b);
}

function field(of: object, name: string): unknown {
  return Object.entries(of).find(([key]) => key === name)?.[1];
}

/** Holes and shared plans have numbers of their own: each number of one plan is to mean one of the other. */
class Comparison {
  readonly #numbers = new Map<string, unknown>();

  same(a: unknown, b: unknown): boolean {
    if (Object.is(a, b)) return true;
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
    if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((x, i) => this.same(x, b[i]));
    // A function's record is one object, but for what was made for a call.
    if ('description' in a || 'description' in b) {
      return field(a, 'name') === field(b, 'name') && this.same(field(a, 'args'), field(b, 'args'));
    }
    const left = new Map(Object.entries(a));
    const right = new Map(Object.entries(b));
    const type: unknown = left.get('type');
    const modifier = typeof type === 'object' && type !== null ? field(type, 'typmod') : undefined;
    const implied = left.get('kind') === 'cast' && (modifier === undefined || modifier === -1);
    const hole = left.get('hole') === true;
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const [x, y] = [left.get(key), right.get(key)];
      const told = (key === 'rows' && Array.isArray(x)) || (key === 'name' && left.has('frame'));
      if ((NAMES.has(key) && !told) || typeof x === 'function') continue;
      if (implied && key === 'explicit') continue;
      const numbered = (hole && key === 'index') || key === 'id' || key === 'hole';
      if (numbered && typeof x === 'number' ? !this.#sameNumber(`${key}${x}`, y) : !this.same(x, y)) return false;
    }
    return true;
  }

  #sameNumber(mine: string, theirs: unknown): boolean {
    const known = this.#numbers.get(mine);
    if (known === undefined) this.#numbers.set(mine, theirs);
    return known === undefined || known === theirs;
  }
}
