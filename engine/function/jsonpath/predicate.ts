// Predicates of SQL/JSON path: true, false or null (unknown); errors in their operands make them unknown.
import { DatabaseError } from '../../data/error.ts';
import { likeRegexOf } from '../../data/jsonpath.ts';
import type { ComparisonOperator, Path, PathItem, PathPredicate } from '../../data/jsonpath.ts';
import type { TimeZone } from '../../data/timezone.ts';
import { compareUtf8 } from '../../data/utf8.ts';
import { compareMoments, PathMoment } from './moment.ts';
import { asArray, asNumber, asObject } from './value.ts';
import type { FoundItems, PathValue } from './value.ts';

type Truth = boolean | null;

const KINDS: ReadonlySet<string> = new Set([
  'and', 'or', 'not', 'isUnknown', 'exists', 'compare', 'startsWith', 'likeRegex',
]);

export function isPredicate(item: PathItem): item is PathPredicate {
  return KINDS.has(item.kind);
}

/** The evaluation that a predicate is part of. */
export interface PredicateHost {
  readonly strict: boolean;
  readonly zone: TimeZone | null;
  /** The items of a path; true where there are any. */
  values(path: Path, current: PathValue, unwrap: boolean, found: FoundItems): boolean;
}

export class Predicates {
  readonly #run: PredicateHost;

  constructor(run: PredicateHost) {
    this.#run = run;
  }

  test(item: PathPredicate, current: PathValue): Truth {
    switch (item.kind) {
      case 'and': {
        const left = this.#argument(item.left, current);
        if (left === false) return false;
        const right = this.#argument(item.right, current);
        return right === true ? left : right;
      }
      case 'or': {
        const left = this.#argument(item.left, current);
        if (left === true) return true;
        const right = this.#argument(item.right, current);
        return right === false ? left : right;
      }
      case 'not': {
        const inner = this.#argument(item.argument, current);
        return inner === null ? null : !inner;
      }
      case 'isUnknown': return this.#argument(item.argument, current) === null;
      case 'exists': return this.#exists(item.argument, current);
      case 'compare':
        return this.#pairs({ left: item.left, right: item.right, unwrapRight: true, current },
          (a, b) => this.#compare(item.operator, a, b));
      case 'startsWith':
        return this.#pairs({ left: item.left, right: item.right, unwrapRight: false, current },
          (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.startsWith(b) : null));
      case 'likeRegex': {
        const { program } = likeRegexOf(item.pattern, item.flags);
        return this.#pairs({ left: item.argument, right: null, unwrapRight: false, current },
          (a) => (typeof a === 'string' ? program.test(a) : null));
      }
    }
  }

  #argument([item]: Path, current: PathValue): Truth {
    return isPredicate(item) ? this.test(item, current) : null;
  }

  /** False: the evaluation failed. */
  #values(path: Path, current: PathValue, unwrap: boolean, found: FoundItems): { readonly some: boolean } | null {
    try {
      return { some: this.#run.values(path, current, unwrap, found) };
    } catch (error) {
      if (error instanceof DatabaseError && isSuppressed(error)) return null;
      throw error;
    }
  }

  /** Strict mode wants to know that there are no errors at all. */
  #exists(path: Path, current: PathValue): Truth {
    const found: PathValue[] | null = this.#run.strict ? [] : null;
    const result = this.#values(path, current, false, found);
    if (result === null) return null;
    return found === null ? result.some : found.length > 0;
  }

  #pairs({ left, right, unwrapRight, current }: Operands, test: (a: PathValue, b: PathValue) => Truth): Truth {
    const lefts: PathValue[] = [];
    const rights: PathValue[] = [];
    if (this.#values(left, current, true, lefts) === null) return null;
    if (right === null) rights.push(null);
    else if (this.#values(right, current, unwrapRight, rights) === null) return null;
    let [found, unknown] = [false, false];
    for (const a of lefts) {
      for (const b of rights) {
        const result = test(a, b);
        if (result === null) {
          if (this.#run.strict) return null;
          unknown = true;
        } else if (result) {
          if (!this.#run.strict) return true;
          found = true;
        }
      }
    }
    if (found) return true;
    return unknown ? null : false;
  }

  #compare(operator: ComparisonOperator, a: PathValue, b: PathValue): Truth {
    const order = this.#order(a, b);
    if (order === undefined) return operator === '<>';
    if (order === null) return null;
    switch (operator) {
      case '==': return order === 0;
      case '<>': return order !== 0;
      case '<': return order < 0;
      case '<=': return order <= 0;
      case '>': return order > 0;
      case '>=': return order >= 0;
    }
  }

  /** undefined: null against something else, which is just not equal; null: not comparable. */
  #order(a: PathValue, b: PathValue): number | null | undefined {
    if (a === null || b === null) return a === b ? 0 : undefined;
    if (a instanceof PathMoment || b instanceof PathMoment) {
      return a instanceof PathMoment && b instanceof PathMoment ? compareMoments(a, b, this.#run.zone) : null;
    }
    if (asArray(a) !== null || asArray(b) !== null || asObject(a) !== null || asObject(b) !== null) return null;
    const [x, y] = [asNumber(a), asNumber(b)];
    if (x !== null && y !== null) return x.compare(y);
    if (typeof a === 'string' && typeof b === 'string') return compareUtf8(a, b);
    return typeof a === 'boolean' && typeof b === 'boolean' ? Number(a) - Number(b) : null;
  }
}

interface Operands {
  readonly left: Path;
  /** null: one operand. */
  readonly right: Path | null;
  readonly unwrapRight: boolean;
  readonly current: PathValue;
}

/** Errors of the data; those of the path itself (no such variable, no time zone) are told in any case. */
export function isSuppressed({ code }: DatabaseError): boolean {
  return code.startsWith('22');
}
