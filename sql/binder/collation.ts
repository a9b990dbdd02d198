// Which collation an expression has by COLLATE, and 42P21 where two of them meet (manual 24.2.2). Every collation there is
// orders by bytes, so that nothing else hangs on it.
import { DatabaseError } from '../../engine/data/error.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { baseType } from '../../engine/data/types.ts';
import type { Expr } from '../parser/ast.ts';
import type { Environment } from './environment.ts';
import { hasColumn } from './location.ts';
import { categoryOf } from './type-rules.ts';

/** COLLATE, somewhere in an expression whose value is ordered by it. */
export interface ExplicitCollation {
  readonly name: string;
  readonly position: number | undefined;
}

/** Notes what `e`, bound to a value of `type`, has of its parts; each part has been noted. */
export function noteCollation(env: Environment, e: Expr, type: LogicalType): void {
  const known = env.shared.collations;
  if (e.kind === 'collate') {
    known.set(e, { name: e.collation[e.collation.length - 1], position: e.position });
    return;
  }
  if (known.size === 0) return;
  const { result, apart } = comparedParts(e);
  for (const group of apart) common(env, group);
  const own = common(env, result);
  if (own !== null && isCollatable(type)) known.set(e, own);
}

/** The collation that these have together; null: none says one. */
export function common(env: Environment, parts: readonly (Expr | undefined)[]): ExplicitCollation | null {
  let found: ExplicitCollation | null = null;
  for (const part of parts) {
    const own = part === undefined ? undefined : env.shared.collations.get(part);
    if (own === undefined) continue;
    if (found !== null && found.name !== own.name) {
      throw new DatabaseError('42P21', `collation mismatch between explicit collations "${found.name}" and "${own.name}"`,
        { position: own.position });
    }
    found ??= own;
  }
  return found;
}

function isCollatable(type: LogicalType): boolean {
  const base = baseType(type);
  const category = categoryOf(base.kind === 'array' ? base.element : base);
  return category === 'S' || category === 'X';
}

/** `result`: what the expression's own collation comes of; `apart`: what is compared with one another inside. */
interface Parts {
  readonly result: readonly (Expr | undefined)[];
  readonly apart: readonly (readonly (Expr | undefined)[])[];
}

const together = (...result: readonly (Expr | undefined)[]): Parts => ({ result, apart: [] });

function comparedParts(e: Expr): Parts {
  switch (e.kind) {
    case 'binary': case 'isDistinct': case 'nullif': {
      const { left, right } = e;
      return left.kind === 'row' && right.kind === 'row' ? { result: [], apart: left.fields.map((f, i) => [f, right.fields[i]]) }
        : together(left, right);
    }
    case 'between': return { result: [], apart: [[e.operand, e.low], [e.operand, e.high]] };
    case 'inList': {
      // What has columns is compared by itself, as PostgreSQL does it.
      const constants = e.list.filter((x) => !hasColumn(x));
      const others = e.list.filter((x) => hasColumn(x));
      return { result: [], apart: [[e.operand, ...constants], ...others.map((x) => [e.operand, x])] };
    }
    case 'like': return together(e.operand, e.pattern, e.escape);
    case 'case': return together(...e.branches.map((b) => b.result), e.otherwise);
    case 'coalesce': case 'extremum': return together(...e.arguments);
    case 'array': return together(...e.elements);
    case 'unary': case 'cast': case 'subscript': return together(e.operand);
    case 'quantifiedArray': return together(e.operand, e.array);
    case 'function': {
      const args = e.arguments.map((a) => a.value);
      if (!e.withinGroup) return together(...args);
      // A hypothetical row is compared with the rows, value by value.
      const keys = e.orderBy.map((k) => k.expression);
      return { result: keys.length === 1 ? keys : [], apart: keys.map((k, i) => [args[i], k]) };
    }
    default: return together();
  }
}
