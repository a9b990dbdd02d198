// Join order: inner joins as trees that follow the keys, so that little is stored and a changed row meets few others.
//
// Where equalities tie an input to a unique key of another, each row finds at most one there: the other is a parent. An
// input that is nobody's parent (the fact) is joined to its parents, each of which is joined to its own parents first;
// the most selective come first, those before others whose reference is part of the fact's own key: few of its rows have one
// of those. Where there are no such keys the inputs stand in written order, but one that an equality ties to those before it
// goes first.
import { BOOLEAN } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { columnsOf, isVolatile } from '../../engine/expression/walk.ts';
import type { FunctionRegistry } from '../../engine/function/registry.ts';
import { conjunction, conjuncts } from '../binder/functions.ts';
import type { EquiKey, LogicalPlan } from '../plan/logical-plan.ts';
import { filterOf, joinOf, selectColumns, width } from '../plan/make.ts';
import { mapInputs } from '../plan/map-plan.ts';
import { isUniqueBy } from './facts.ts';
import { exchangeSides, takeAny } from './random-shape.ts';
import type { Rewrite } from './rewrite.ts';
import { shareOfPlan } from './selectivity.ts';
import { mapColumnIndexes, range } from './unnest.ts';
import { equality, isJoinEquality } from './written-calls.ts';

export const joinOrder: Rewrite = {
  name: 'join-order',
  apply: (plan, { functions, random }) => new JoinOrder(functions, random).node(plan),
};

/** An input of a tree of inner joins; `start`: where its columns begin among those of all inputs. */
interface Leaf { readonly plan: LogicalPlan; readonly start: number }

/** A tree of inner joins taken apart: conditions are over the columns of all inputs, `columns` are those it shows. */
interface Flat {
  readonly leaves: readonly Leaf[];
  readonly conditions: readonly Expression[];
  readonly columns: readonly number[];
}

class JoinOrder {
  readonly #functions: FunctionRegistry;
  readonly #random: (() => number) | null;
  readonly #shared = new Map<number, LogicalPlan>();

  constructor(functions: FunctionRegistry, random: (() => number) | null) {
    this.#functions = functions;
    this.#random = random;
  }

  node(plan: LogicalPlan): LogicalPlan {
    if (plan.kind === 'shared') {
      const input = this.#shared.get(plan.id) ?? this.node(plan.input);
      this.#shared.set(plan.id, input);
      return { ...plan, input };
    }
    if (plan.kind !== 'join') return mapInputs(plan, (input) => this.node(input));
    const flat = this.#flatten(plan, 0);
    if (flat === null || flat.leaves.length < 3) {
      const join = { ...plan, left: this.node(plan.left), right: this.node(plan.right) };
      return this.#random !== null && this.#random() < 0.5 ? exchangeSides(join) : join;
    }
    const leaves = flat.leaves.map((leaf) => ({ ...leaf, plan: this.node(leaf.plan) }));
    const tree = new Tree({ ...flat, leaves });
    return this.#random === null ? tree.build() : tree.buildAny(this.#random);
  }

  /** null: no tree of inner joins. `from`: where its first column stands among those of all inputs. */
  #flatten(plan: LogicalPlan, from: number): Flat | null {
    switch (plan.kind) {
      case 'join': return plan.join === 'inner' && plan.lazy !== true ? this.#flattenJoin(plan, from) : null;
      case 'filter': {
        const inner = isVolatile(plan.condition) ? null : this.#flatten(plan.input, from);
        return inner === null ? null
          : { ...inner, conditions: [...inner.conditions, ...over(conjuncts(plan.condition), inner.columns)] };
      }
      case 'project': {
        const columns = plan.expressions.flatMap((e) => (e.kind === 'column' ? [e.index] : []));
        const inner = columns.length === plan.expressions.length ? this.#flatten(plan.input, from) : null;
        return inner === null ? null : { ...inner, columns: columns.map((c) => inner.columns[c]) };
      }
      default: return null;
    }
  }

  #flattenJoin(plan: LogicalPlan & { readonly kind: 'join' }, from: number): Flat | null {
    const left = this.#flatten(plan.left, from) ?? leafOf(plan.left, from);
    const next = from + left.leaves.reduce((sum, leaf) => sum + width(leaf.plan), 0);
    const right = this.#flatten(plan.right, next) ?? leafOf(plan.right, next);
    const columns = [...left.columns, ...right.columns];
    const keys = plan.keys.map((key) => this.#condition(key, width(plan.left)));
    if (!keys.every((key) => key !== null)) return null;
    const own = [...keys, ...plan.condition === null ? [] : conjuncts(plan.condition)];
    if (own.some(isVolatile)) return null;
    return {
      leaves: [...left.leaves, ...right.leaves], columns,
      conditions: [...left.conditions, ...right.conditions, ...over(own, columns)],
    };
  }

  /** The key as the condition that would become it, or null. */
  #condition({ left, right, nullSafe }: EquiKey, offset: number): Expression | null {
    const shifted = mapColumnIndexes(right, (i) => i + offset);
    const equal = equality(this.#functions, left, shifted);
    if (equal?.kind !== 'call' || !isJoinEquality(equal)) return null;
    if (!nullSafe) return equal;
    return { kind: 'distinct', type: BOOLEAN, negated: true, left, right: shifted, equal: equal.function };
  }
}

function leafOf(plan: LogicalPlan, start: number): Flat {
  return { leaves: [{ plan, start }], conditions: [], columns: range(start, start + width(plan)) };
}

function over(conditions: readonly Expression[], columns: readonly number[]): readonly Expression[] {
  return conditions.map((c) => mapColumnIndexes(c, (i) => columns[i]));
}

/** A parent that keeps more than this share need not be joined early. */
const SELECTIVE = 0.4;

/** Inputs already joined; `columns`: of all inputs' columns, which it shows. */
interface Part {
  readonly plan: LogicalPlan;
  readonly columns: readonly number[];
  readonly share: number;
}

/** `leaf.column = other`: the equalities by which two leaves are tied, each side over its own leaf. */
interface Tie { readonly from: Leaf; readonly to: Leaf; readonly sides: Expression[] }

class Tree {
  readonly #flat: Flat;
  readonly #parents: ReadonlyMap<Leaf, readonly Leaf[]>;
  #waiting: readonly Expression[];

  constructor(flat: Flat) {
    this.#flat = flat;
    this.#waiting = flat.conditions;
    this.#parents = this.#parentsOf();
  }

  build(): LogicalPlan {
    const owned = this.#owners();
    const parts = [...owned.keys()].filter((leaf) => ![...owned.values()].some((list) => list.includes(leaf)))
      .map((root) => this.#part(root, owned));
    const [first] = parts;
    let joined = first;
    let others = parts.slice(1);
    while (others.length > 0) {
      const next = others.find((part) => this.#areTied(joined, part)) ?? others[0];
      joined = this.#join(joined, next);
      others = others.filter((part) => part !== next);
    }
    return this.#finish(joined);
  }

  /** In an order of chance. */
  buildAny(random: () => number): LogicalPlan {
    const parts = this.#flat.leaves.map((leaf) => this.#own(leaf));
    while (parts.length > 1) {
      const left = takeAny(parts, random);
      parts.push(this.#join(left, takeAny(parts, random)));
    }
    return this.#finish(parts[0]);
  }

  #finish(joined: Part): LogicalPlan {
    const place = inverse(joined.columns);
    const all = filterOf(joined.plan, conjunction(over(this.#waiting, place)));
    return selectColumns(all, this.#flat.columns.map((c) => place[c]));
  }

  #leafAt(column: number): Leaf {
    const { leaves } = this.#flat;
    return leaves.findLast((leaf) => leaf.start <= column) ?? leaves[0];
  }

  /** The one leaf that an expression reads, or null. */
  #leafOf(e: Expression): Leaf | null {
    const [leaf, ...others] = new Set(columnsOf(e).map((c) => this.#leafAt(c)));
    return leaf === undefined || others.length > 0 ? null : leaf;
  }

  #parentsOf(): ReadonlyMap<Leaf, readonly Leaf[]> {
    const ties: Tie[] = [];
    for (const c of this.#flat.conditions.filter(isJoinEquality)) {
      const [a, b] = c.args.map((side) => this.#leafOf(side));
      if (a === null || b === null || a === b) continue;
      for (const [from, to, side] of [[a, b, c.args[1]], [b, a, c.args[0]]] as const) {
        const known = ties.find((tie) => tie.from === from && tie.to === to);
        if (known === undefined) ties.push({ from, to, sides: [side] });
        else known.sides.push(side);
      }
    }
    const lookups = ties.filter(({ to, sides }) =>
      isUniqueBy(to.plan, sides.map((side) => mapColumnIndexes(side, (i) => i - to.start))));
    return new Map(this.#flat.leaves.map((leaf) =>
      [leaf, lookups.filter((tie) => tie.from === leaf).map((tie) => tie.to)]));
  }

  /** Every leaf with the parents that are joined to it: each leaf is some other's, or a root. */
  #owners(): ReadonlyMap<Leaf, readonly Leaf[]> {
    const { leaves } = this.#flat;
    const parents = new Set([...this.#parents.values()].flat());
    const owned = new Map<Leaf, Leaf[]>();
    // Those that tie each other in a circle come last: the first of them is taken for the root.
    for (const root of [...leaves.filter((leaf) => !parents.has(leaf)), ...leaves]) {
      if (owned.has(root)) continue;
      owned.set(root, []);
      const queue = [root];
      for (let leaf = queue.shift(); leaf !== undefined; leaf = queue.shift()) {
        for (const parent of this.#parents.get(leaf) ?? []) {
          if (owned.has(parent)) continue;
          owned.set(parent, []);
          owned.get(leaf)?.push(parent);
          queue.push(parent);
        }
      }
    }
    return owned;
  }

  #part(leaf: Leaf, owned: ReadonlyMap<Leaf, readonly Leaf[]>): Part {
    const parents = (owned.get(leaf) ?? []).map((parent) => this.#part(parent, owned));
    const last = (part: Part): number => (part.share <= SELECTIVE && this.#isIdentifying(leaf, part) ? 0 : 1);
    return parents.toSorted((a, b) => last(a) - last(b) || a.share - b.share)
      .reduce((part, parent) => this.#join(part, parent), this.#own(leaf));
  }

  /** Whether the leaf refers to the part by columns of its own unique key. */
  #isIdentifying(leaf: Leaf, parent: Part): boolean {
    const key = new Set(keyColumns(leaf.plan).map((c) => c + leaf.start));
    return this.#waiting.filter(isJoinEquality).some(({ args: [a, b] }) => [[a, b], [b, a]].some(([own, other]) =>
      own.kind === 'column' && key.has(own.index) && columnsOf(other).every((c) => parent.columns.includes(c))));
  }

  #own(leaf: Leaf): Part {
    const columns = range(leaf.start, leaf.start + width(leaf.plan));
    const plan = filterOf(leaf.plan, this.#ready(columns));
    return { plan, columns, share: shareOfPlan(plan) };
  }

  #join(left: Part, right: Part): Part {
    const columns = [...left.columns, ...right.columns];
    const plan = joinOf({ join: 'inner', left: left.plan, right: right.plan, condition: this.#ready(columns) });
    // What holds of a parent holds of less of its children: few regions, many suppliers in one.
    return { plan, columns, share: left.share * Math.sqrt(right.share) };
  }

  /** The conditions that these columns decide, over them; they wait no longer. */
  #ready(columns: readonly number[]): Expression | null {
    const shown = new Set(columns);
    const ready = this.#waiting.filter((c) => columnsOf(c).length > 0 && columnsOf(c).every((i) => shown.has(i)));
    this.#waiting = this.#waiting.filter((c) => !ready.includes(c));
    return conjunction(over(ready, inverse(columns)));
  }

  #areTied(left: Part, right: Part): boolean {
    const within = (e: Expression, part: Part): boolean => columnsOf(e).length > 0
      && columnsOf(e).every((c) => part.columns.includes(c));
    return this.#waiting.map(sidesOf).some((sides) => sides !== null
      && ((within(sides[0], left) && within(sides[1], right)) || (within(sides[0], right) && within(sides[1], left))));
  }
}

/** Both sides of an equality that can be a join's key, null-safe (what a lateral subquery is tied by) or not; else null. */
function sidesOf(e: Expression): readonly [Expression, Expression] | null {
  if (isJoinEquality(e)) return [e.args[0], e.args[1]];
  return e.kind === 'distinct' && e.negated ? [e.left, e.right] : null;
}

/** Columns of unique keys of the one relation that the plan reads. */
function keyColumns(plan: LogicalPlan): readonly number[] {
  if (plan.kind === 'filter') return keyColumns(plan.input);
  if (plan.kind !== 'scan') return [];
  return plan.paths.filter((p) => p.unique).flatMap((p) => p.columns.map((c) => plan.columns.indexOf(c))).filter((c) => c >= 0);
}

/** Where each column stands in the list. */
function inverse(columns: readonly number[]): readonly number[] {
  const place: number[] = [];
  columns.forEach((column, i) => { place[column] = i; });
  return place;
}
