// What PostgreSQL's pg_type and pg_cast say that overload resolution asks: categories, preferred types, cast contexts.
import type { LogicalType, TypeKind } from '../../engine/data/types.ts';
import { sameKind } from '../../engine/data/types.ts';

/** How a cast may come about: by itself, when storing, or only when written. */
export type CastContext = 'implicit' | 'assignment' | 'explicit';

const RANK: { readonly [context in CastContext]: number } = { implicit: 0, assignment: 1, explicit: 2 };

const REG = ['regclass', 'regcollation', 'regnamespace', 'regoper', 'regoperator', 'regproc', 'regprocedure', 'regrole',
  'regtype'];
const TO_REG = REG.map((r) => `${r}:i`).join(' ');
const FROM_REG = 'int4:a int8:a oid:i';

/** pg_cast of PostgreSQL 15, without casts of a type to itself: source → `target:context` (i, a, e). */
const CASTS: { readonly [source: string]: string } = {
  bit: 'int4:e int8:e varbit:i',
  boolean: 'bpchar:a int4:e text:a varchar:a',
  bpchar: 'char:a name:i text:i varchar:i',
  char: 'bpchar:a int4:e text:i varchar:a',
  date: 'timestamp:i timestamptz:i',
  float4: 'float8:i int2:a int4:a int8:a numeric:a',
  float8: 'float4:a int2:a int4:a int8:a numeric:a',
  int2: `float4:i float8:i int4:i int8:i numeric:i oid:i ${TO_REG}`,
  int4: `bit:e boolean:e char:e float4:i float8:i int2:a int8:i numeric:i oid:i ${TO_REG}`,
  int8: `bit:e float4:i float8:i int2:a int4:a numeric:i oid:i ${TO_REG}`,
  interval: 'time:a',
  json: 'jsonb:a',
  jsonb: 'boolean:e float4:e float8:e int2:e int4:e int8:e json:a numeric:e',
  name: 'bpchar:a text:i varchar:a',
  numeric: 'float4:i float8:i int2:a int4:a int8:a',
  oid: `int4:a int8:a ${TO_REG}`,
  pg_node_tree: 'text:i',
  regclass: FROM_REG,
  regcollation: FROM_REG,
  regnamespace: FROM_REG,
  regoper: `${FROM_REG} regoperator:i`,
  regoperator: `${FROM_REG} regoper:i`,
  regproc: `${FROM_REG} regprocedure:i`,
  regprocedure: `${FROM_REG} regproc:i`,
  regrole: FROM_REG,
  regtype: FROM_REG,
  text: 'bpchar:i char:a name:i regclass:i varchar:i',
  time: 'interval:i timetz:i',
  timestamp: 'date:a time:a timestamptz:i',
  timestamptz: 'date:a time:a timestamp:a timetz:a',
  timetz: 'time:a',
  varbit: 'bit:i',
  varchar: 'bpchar:i char:a name:i regclass:i text:i',
};

const LETTER: { readonly [letter: string]: CastContext } = { i: 'implicit', a: 'assignment', e: 'explicit' };

const CAST_MAP: ReadonlyMap<string, ReadonlyMap<string, CastContext>> = new Map(
  Object.entries(CASTS).map(([source, targets]) => [
    source,
    new Map(targets.split(' ').map((t) => {
      const [target, letter] = t.split(':');
      return [target, LETTER[letter]];
    })),
  ]),
);

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
    case 'array': return 'A';
    case 'enum': return 'E';
    case 'unknown': return 'X';
    case 'domain': return categoryOf(type.base);
    case 'record': return type.oid === undefined ? 'P' : 'C';
    case 'any': case 'anyelement': case 'anyarray': case 'anynonarray': case 'anyenum': case 'anycompatible':
    case 'anycompatiblearray': case 'anycompatiblenonarray': case 'void': case 'cstring': case 'internal':
    case 'trigger': return 'P';
    default: return 'U';
  }
}

const PREFERRED: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'boolean', 'float8', 'oid', 'text', 'timestamptz', 'interval', 'varbit',
]);

/** pg_type.typispreferred. */
export function isPreferred(type: LogicalType): boolean {
  return PREFERRED.has(type.kind);
}

export function baseType(type: LogicalType): LogicalType {
  return type.kind === 'domain' ? baseType(type.base) : type;
}

const POLYMORPHIC: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anycompatible', 'anycompatiblearray', 'anycompatiblenonarray',
]);

export function isPolymorphic(type: LogicalType): boolean {
  return POLYMORPHIC.has(type.kind);
}

/** The least context in which `from` may become `to`, or null when there is no cast at all. */
export function castContext(from: LogicalType, to: LogicalType): CastContext | null {
  if (from.kind === 'unknown' || sameKind(from, to)) return 'implicit';
  if (from.kind === 'domain') return castContext(baseType(from), to);
  if (to.kind === 'domain') return castContext(from, to.base);
  const listed = CAST_MAP.get(from.kind)?.get(to.kind);
  if (listed !== undefined) return listed;
  if (from.kind === 'array' && to.kind === 'array') return arrayContext(from, to);
  if (from.kind === 'record' && to.kind === 'record') return recordContext(from, to);
  return textContext(from, to);
}

function arrayContext(
  from: LogicalType & { kind: 'array' }, to: LogicalType & { kind: 'array' },
): CastContext | null {
  if (from.vector === true && to.vector !== true && sameKind(from.element, to.element)) return 'implicit';
  if (to.vector === true) return null;
  return castContext(from.element, to.element);
}

function recordContext(
  from: LogicalType & { kind: 'record' }, to: LogicalType & { kind: 'record' },
): CastContext | null {
  if (to.oid === undefined) return 'implicit';
  return from.oid === undefined && from.fields.length === to.fields.length ? 'implicit' : null;
}

/** Every type can be written to and read from text: writing when storing, reading only when asked to. */
function textContext(from: LogicalType, to: LogicalType): CastContext | null {
  if (isPseudo(from) || isPseudo(to)) return null;
  if (categoryOf(to) === 'S') return 'assignment';
  return categoryOf(from) === 'S' ? 'explicit' : null;
}

function isPseudo(type: LogicalType): boolean {
  return type.kind === 'void' || type.kind === 'any' || type.kind === 'internal' || type.kind === 'trigger'
    || isPolymorphic(type);
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
    default: return true;
  }
}

const BINARY: ReadonlySet<string> = new Set([
  'varchar>text', 'text>varchar', 'varchar>bpchar', 'text>bpchar', 'bit>varbit', 'varbit>bit', 'pg_node_tree>text',
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
