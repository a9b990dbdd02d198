// Where an expression starts, as PostgreSQL's exprLocation finds it, and how an unnamed result column is called.
import type { Expr, Position, Query } from '../parser/ast.ts';

/** The leftmost character of the expression: errors about operands point there. */
export function locationOf(e: Expr): Position {
  switch (e.kind) {
    case 'binary': return leftmost(e.position, locationOf(e.left));
    case 'isDistinct': return leftmost(e.position, locationOf(e.left));
    case 'between': case 'inList': case 'like': case 'is': case 'quantifiedArray': case 'inSubquery':
    case 'quantified': case 'subscript': case 'field': case 'collate': case 'cast':
      return leftmost(e.position, locationOf(e.operand));
    case 'logical': return e.operands.reduce((p: Position, o) => leftmost(p, locationOf(o)), e.position);
    default: return e.position;
  }
}

function leftmost(a: Position, b: Position): Position {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

/** FigureColname of PostgreSQL: the label of a result column without AS. */
export function labelOf(e: Expr): string {
  return label(e)?.name ?? '?column?';
}

/** `strong`: a name a cast around it does not replace. */
interface Label { readonly name: string; readonly strong: boolean }

function label(e: Expr): Label | null {
  const strong = (name: string): Label => ({ name, strong: true });
  switch (e.kind) {
    case 'column': case 'function': return strong(e.name[e.name.length - 1]);
    case 'field': return strong(e.name);
    case 'fieldStar': return label(e.operand);
    case 'star': return e.qualifier.length === 0 ? null : strong(e.qualifier[e.qualifier.length - 1]);
    case 'subscript': case 'collate': return label(e.operand);
    case 'nullif': case 'coalesce': case 'array': case 'row': case 'exists': case 'grouping': return strong(e.kind);
    case 'extremum': return strong(e.function);
    case 'arraySubquery': return strong('array');
    case 'sqlValue': return strong(e.function);
    case 'cast': {
      const inner = label(e.operand);
      if (inner !== null && inner.strong) return inner;
      return { name: e.type.name[e.type.name.length - 1], strong: false };
    }
    case 'case': {
      const inner = e.otherwise === undefined ? null : label(e.otherwise);
      return inner !== null && inner.strong ? inner : { name: 'case', strong: false };
    }
    case 'scalarSubquery': return subqueryLabel(e.query);
    case 'byType': return label(e.otherwise);
    default: return null;
  }
}

function subqueryLabel(query: Query): Label | null {
  const { body } = query;
  switch (body.kind) {
    case 'select': {
      const [first] = body.targets;
      if (first === undefined) return null;
      return { name: first.alias ?? labelOf(first.expression), strong: true };
    }
    case 'values': return { name: 'column1', strong: true };
    case 'setOperation': return subqueryLabel(body.left);
  }
}

/** Is there a column in it? */
export function hasColumn(syntax: unknown): boolean {
  if (typeof syntax !== 'object' || syntax === null) return false;
  return ('kind' in syntax && syntax.kind === 'column') || Object.values(syntax).some(hasColumn);
}
