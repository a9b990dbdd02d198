// ORDER BY and OVER of libpg-query's tree as ours; expressions come in by the reader handed down.
import type { Node, WindowDef } from 'libpg-query';
import type { Expr, FrameBound, SortKey, WindowFrame, WindowSpecification } from './ast.ts';
import { names, untag } from './postgres-node.ts';
import type { ReaderContext } from './postgres-node.ts';

type ReadExpression = (node: Node | undefined, context: ReaderContext) => Expr;

export function sortKeys(
  nodes: readonly Node[] | undefined, context: ReaderContext, read: ReadExpression,
): readonly SortKey[] {
  return (nodes ?? []).map((node) => {
    const key = untag(node, 'SortBy');
    const sorted = read(key.node, context);
    return {
      expression: sorted, direction: direction(key.sortby_dir), nulls: nullsPlace(key.sortby_nulls),
      using: key.useOp === undefined ? undefined : names(key.useOp),
      position: context.source.position(key.location) ?? sorted.position,
    };
  });
}

export function direction(dir: string | undefined): SortKey['direction'] {
  return dir === 'SORTBY_ASC' ? 'asc' : dir === 'SORTBY_DESC' ? 'desc' : 'default';
}

export function nullsPlace(nulls: string | undefined): SortKey['nulls'] {
  return nulls === 'SORTBY_NULLS_FIRST' ? 'first' : nulls === 'SORTBY_NULLS_LAST' ? 'last' : 'default';
}

export function windowSpecification(
  node: WindowDef, context: ReaderContext, read: ReadExpression,
): WindowSpecification {
  return {
    name: node.name, base: node.refname,
    partitionBy: (node.partitionClause ?? []).map((key) => read(key, context)),
    orderBy: sortKeys(node.orderClause, context, read), frame: frame(node, context, read),
    position: context.source.position(node.location),
  };
}

/** frameOptions is a set of bits (PostgreSQL's parsenodes.h, FRAMEOPTION_*). */
function frame(node: WindowDef, context: ReaderContext, read: ReadExpression): WindowFrame | undefined {
  const bits = node.frameOptions ?? 0;
  if ((bits & 0x1) === 0) return undefined;
  const bound = (start: boolean): FrameBound => {
    const has = (startBit: number): boolean => (bits & (start ? startBit : startBit << 1)) !== 0;
    if (has(0x20)) return { kind: 'unboundedPreceding' };
    if (has(0x80)) return { kind: 'unboundedFollowing' };
    if (has(0x200)) return { kind: 'currentRow' };
    const offset = read(start ? node.startOffset : node.endOffset, context);
    return { kind: has(0x800) ? 'preceding' : 'following', offset };
  };
  const exclusion = (bits & 0x8000) !== 0 ? 'current row' : (bits & 0x10000) !== 0 ? 'group'
    : (bits & 0x20000) !== 0 ? 'ties' : 'none';
  const mode = (bits & 0x4) !== 0 ? 'rows' : (bits & 0x8) !== 0 ? 'groups' : 'range';
  const between = (bits & 0x10) !== 0 ? { between: true } as const : {};
  return { mode, start: bound(true), end: bound(false), exclusion, ...between };
}
