// Which type may become which, and when: PostgreSQL's pg_cast, array and record coercion, and casts by way of text.
import { RANGE_FAMILIES } from '../data/range-type.ts';
import { sameKind } from '../data/types.ts';
import { typeRow, oidOf } from '../data/type-info.ts';
import type { ArrayType, LogicalType, RecordType, TypeKind } from '../data/types.ts';

/** Where a cast applies by itself: everywhere, when storing into a column, only when written out. */
export type CastContext = 'implicit' | 'assignment' | 'explicit';

/** `text`: by the output function of one type and the input function of the other. */
export interface Cast {
  readonly context: CastContext;
  readonly method: 'same' | 'function' | 'text' | 'elements' | 'fields';
}

/** From → to:context (i, a, e), functions and binary coercions alike; the reg types are added below. */
const SCALAR_CASTS = `
int8 int2:a int4:a float4:i float8:i numeric:i oid:i bit:e
int2 int8:i int4:i float4:i float8:i numeric:i oid:i
int4 int8:i int2:a float4:i float8:i numeric:i boolean:e oid:i char:e bit:e
float4 int8:a int2:a int4:a float8:i numeric:a
float8 int8:a int2:a int4:a float4:a numeric:a
numeric int8:a int2:a int4:a float4:i float8:i
boolean int4:e text:a varchar:a bpchar:a
oid int8:a int4:a
text bpchar:i varchar:i char:a name:i regclass:i
bpchar text:i varchar:i char:a name:i
varchar text:i bpchar:i char:a name:i regclass:i
char text:i bpchar:a varchar:a int4:e
name text:i bpchar:a varchar:a
pg_node_tree text:i
date timestamp:i timestamptz:i
time interval:i timetz:i
timestamp date:a time:a timestamptz:i
timestamptz date:a time:a timestamp:a timetz:a
interval time:a
timetz time:a
bit varbit:i int8:e int4:e
varbit bit:i
inet cidr:a text:a varchar:a bpchar:a
cidr inet:i text:a varchar:a bpchar:a
macaddr macaddr8:i
macaddr8 macaddr:i
jsonb boolean:e numeric:e int2:e int4:e int8:e float4:e float8:e
${RANGE_FAMILIES.map((f) => `${f.range.kind} ${f.multirange.kind}:e`).join('\n')}
`;

const REG_KINDS = [
  'regproc', 'regprocedure', 'regoper', 'regoperator', 'regclass', 'regcollation', 'regtype', 'regrole', 'regnamespace',
] as const;
const REG_PAIRS = [
  ['regproc', 'regprocedure'], ['regprocedure', 'regproc'], ['regoper', 'regoperator'], ['regoperator', 'regoper'],
] as const;

const CONTEXTS: ReadonlyMap<string, CastContext> = new Map([['i', 'implicit'], ['a', 'assignment'], ['e', 'explicit']]);

function buildCasts(): ReadonlyMap<string, ReadonlyMap<string, CastContext>> {
  const casts = new Map<string, Map<string, CastContext>>();
  const add = (from: string, to: string, context: CastContext): void => {
    const targets = casts.get(from) ?? new Map<string, CastContext>();
    casts.set(from, targets.set(to, context));
  };
  for (const line of SCALAR_CASTS.trim().split('\n')) {
    const [from, ...targets] = line.split(' ');
    for (const target of targets) {
      const [to, context] = target.split(':');
      add(from, to, CONTEXTS.get(context) ?? 'explicit');
    }
  }
  for (const reg of REG_KINDS) {
    for (const from of ['oid', 'int8', 'int2', 'int4']) add(from, reg, 'implicit');
    add(reg, 'oid', 'implicit');
    add(reg, 'int8', 'assignment');
    add(reg, 'int4', 'assignment');
  }
  for (const [from, to] of REG_PAIRS) add(from, to, 'implicit');
  return casts;
}

const CASTS = buildCasts();

/** Rows of pg_cast: kinds and context. */
export function* listedCasts(): Generator<readonly [string, string, CastContext]> {
  for (const [from, targets] of CASTS) for (const [to, context] of targets) yield [from, to, context];
}

const PSEUDO: ReadonlySet<TypeKind> = new Set<TypeKind>([
  'void', 'internal', 'trigger', 'any', 'anyelement', 'anyarray', 'anynonarray', 'anyenum', 'anycompatible',
  'anycompatiblearray', 'anycompatiblenonarray', 'anyrange', 'anymultirange',
]);

function isStringCategory(type: LogicalType): boolean {
  return type.kind === 'text' || type.kind === 'varchar' || type.kind === 'bpchar' || type.kind === 'name'
    || type.kind === 'unknown' || typeRow(oidOf(type))?.category === 'S';
}

/** How `from` becomes `to`, modifiers aside; null: not at all. */
export function findCast(from: LogicalType, to: LogicalType): Cast | null {
  if (from.kind === 'domain') return findCast(from.base, to);
  if (to.kind === 'domain') return findCast(from, to.base);
  if (sameKind(from, to)) return { context: 'implicit', method: 'same' };
  if (from.kind === 'unknown') return { context: 'implicit', method: 'text' };
  const listed = CASTS.get(from.kind)?.get(to.kind);
  if (listed !== undefined) return { context: listed, method: 'function' };
  if (from.kind === 'range' && to.kind === 'multirange' && from.multirange.oid === to.oid) {
    return { context: 'explicit', method: 'function' };
  }
  if (from.kind === 'array' && to.kind === 'array') return arrayCast(from, to);
  if (from.kind === 'record' && to.kind === 'record') return recordCast(from, to);
  return textCast(from, to);
}

function arrayCast(from: ArrayType, to: ArrayType): Cast | null {
  if (to.vector) return null;
  if (from.vector && sameKind(from.element, to.element)) return { context: 'implicit', method: 'elements' };
  const element = findCast(from.element, to.element);
  return element === null ? null : { context: element.context, method: 'elements' };
}

function recordCast(from: RecordType, to: RecordType): Cast | null {
  if (to.oid === undefined) return { context: 'implicit', method: 'same' };
  if (from.oid !== undefined || from.fields.length !== to.fields.length) return null;
  return { context: 'implicit', method: 'fields' };
}

function textCast(from: LogicalType, to: LogicalType): Cast | null {
  if (PSEUDO.has(from.kind) || PSEUDO.has(to.kind)) return null;
  if ((from.kind === 'json' && to.kind === 'jsonb') || (from.kind === 'jsonb' && to.kind === 'json')) {
    return { context: 'assignment', method: 'text' };
  }
  if (isStringCategory(to)) return { context: 'assignment', method: 'text' };
  return isStringCategory(from) ? { context: 'explicit', method: 'text' } : null;
}

/** The least context in which `from` may become `to`; null when there is no cast at all. */
export function castContext(from: LogicalType, to: LogicalType): CastContext | null {
  return findCast(from, to)?.context ?? null;
}
