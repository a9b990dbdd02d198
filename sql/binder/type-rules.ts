// What PostgreSQL's pg_type says that overload resolution asks: categories, preferred types; what may be coerced where.
import { anyRangeFamily, multirangeFamily, rangeFamily } from '../../engine/data/range-type.ts';
import type { LogicalType, TypeKind } from '../../engine/data/types.ts';
import { baseType, sameKind } from '../../engine/data/types.ts';
import { castContext } from '../../engine/expression/cast-table.ts';
import type { CastContext } from '../../engine/expression/cast-table.ts';

const RANK: { readonly [context in CastContext]: number } = { implicit: 0, assignment: 1, explicit: 2 };

/** Name of pg_type.typcollation; null: no collation orders the type. */
export function collationOfType(type: LogicalType): string | null {
  switch (type.kind) {
    case 'text': case 'varchar': case 'bpchar': return 'default';
    case 'name': return 'C';
    case 'array': return collationOfType(type.element);
    case 'domain': return type.collation ?? collationOfType(type.base);
    default: return null;
  }
}

/** pg_type.typcategory. */
export function categoryOf(type: LogicalType): string {
  switch (type.kind) {
    case 'boolean': return 'B';
    case 'int2': case 'int4': case 'int8': case 'float4': case 'float8': case 'numeric': case 'oid': case 'regclass':
    case 'regtype': case 'regproc': case 'regprocedure': case 'regnamespace': case 'regrole': case 'regoper':
    case 'regoperator': case 'regcollation': return 'N';
    case 'text': case 'varchar': case 'bpchar': case 'name': return 'S';
    case 'char': case 'pg_node_tree': return 'Z';
    case 'date': case 'time': case 'timetz': case 'timestamp': case 'timestamptz': return 'D';
    case 'interval': return 'T';
    case 'bit': case 'varbit': return 'V';
    case 'inet': case 'cidr': return 'I';
    case 'array': return 'A';
    case 'enum': return 'E';
    case 'unknown': return 'X';
    case 'domain': return categoryOf(type.base);
    case 'record': return type.oid === undefined ? 'P' : 'C';
    case 'any': case 'anyelement': case 'anyarray': case 'anynonarray': case 'anyenum': case 'anycompatible':
    case 'anycompatiblearray': case 'anycompatiblenonarray': case 'anyrange': case 'anymultirange': case 'void':
    case 'cstring': case 'internal': case 'trigger': return 'P';
    default: return anyRangeFamily(type) === undefined ? 'U' : 'R';
  }
}

const PREFERRED: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'boolean', 'float8', 'oid', 'text', 'timestamptz', 'interval', 'varbit', 'inet',
]);

/** pg_type.typispreferred. */
export function isPreferred(type: LogicalType): boolean {
  return PREFERRED.has(type.kind);
}

const POLYMORPHIC: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anycompatible', 'anycompatiblearray', 'anycompatiblenonarray',
  'anyrange', 'anymultirange',
]);

export function isPolymorphic(type: LogicalType): boolean {
  return POLYMORPHIC.has(type.kind);
}

/** May `from` become `to` in this context? Pseudo-types of signatures accept what PostgreSQL lets them accept. */
export function canCoerce(from: LogicalType, to: LogicalType, context: CastContext = 'implicit'): boolean {
  if (to.kind === 'any') return true;
  if (isPolymorphic(to)) return acceptsPolymorphic(from, to);
  const needed = castContext(from, to);
  return needed !== null && RANK[needed] <= RANK[context];
}

function acceptsPolymorphic(from: LogicalType, to: LogicalType): boolean {
  if (from.kind === 'unknown') return true;
  switch (to.kind) {
    case 'anyarray': case 'anycompatiblearray': return baseType(from).kind === 'array';
    case 'anynonarray': case 'anycompatiblenonarray': return baseType(from).kind !== 'array';
    case 'anyenum': return from.kind === 'enum';
    case 'anyrange': return rangeFamily(baseType(from)) !== undefined;
    case 'anymultirange': return multirangeFamily(baseType(from)) !== undefined;
    default: return true;
  }
}

const BINARY: ReadonlySet<string> = new Set([
  'varchar>text', 'text>varchar', 'varchar>bpchar', 'text>bpchar', 'bit>varbit', 'varbit>bit', 'pg_node_tree>text',
  'cidr>inet',
]);

/** The same bytes serve both types: no work at run time, and a function of one type takes the other as it is. */
export function isBinaryCoercible(from: LogicalType, to: LogicalType): boolean {
  if (sameKind(from, to)) return true;
  if (from.kind === 'domain') return isBinaryCoercible(baseType(from), to);
  return BINARY.has(`${from.kind}>${to.kind}`) || (to.kind === 'record' && to.oid === undefined && from.kind === 'record');
}

/** The type with these parameters; types without parameters stay what they are. */
export function withTypmod(type: LogicalType, typmod: number): LogicalType {
  if (type.kind === 'array') {
    const element = withTypmod(type.element, typmod);
    return element === type.element ? type : { ...type, element };
  }
  if (!('typmod' in type) || type.typmod === typmod) return type;
  return { ...type, typmod };
}
