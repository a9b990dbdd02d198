// The small pieces of libpg-query's tree: names, relations, types, options; and what every reader is handed.
import type { Alias as PgAlias, Node, RangeSubselect, RangeVar, RoleSpec, TypeName as PgTypeName } from 'libpg-query';
import { AssertionError, DatabaseError, notSupported } from '../../engine/data/error.ts';
import type { Statement } from './ast-statement.ts';
import type {
  Alias, Name, Option, OptionValue, Persistence, Position, Query, RelationName, SourceRange, TypeName,
} from './ast.ts';
import type { Marks } from './marks.ts';
import type { Source } from './source.ts';
import type { StatementSpan } from './span.ts';

/** Handed down through all readers. `query` and `statement` close the circle between their files. */
export interface ReaderContext {
  readonly source: Source;
  readonly marks: Marks | undefined;
  /** The place of the statement being read; undefined inside WITH. */
  readonly span: StatementSpan | undefined;
  query(node: Node | undefined): Query;
  statement(node: Node): Statement;
  /** Is told of each subquery of FROM without an alias, inner ones first. */
  unnamed(node: RangeSubselect): void;
  /** A statement inside another, whose place is known. */
  inner(node: Node | undefined, range: SourceRange | undefined): Statement;
}

type Tags<N> = N extends unknown ? keyof N : never;
export type Tag = Tags<Node>;
/** The payload of a tagged node. */
export type Payload<T extends Tag> = Extract<Node, Record<T, unknown>> extends Record<T, infer P> ? P : never;
/** A table from tag to reader; `readTagged` picks from it. */
export type Readers<R> = { readonly [T in Tag]?: (node: Payload<T>, context: ReaderContext) => R };

export function tagOf(node: Node): Tag {
  const [tag] = Object.keys(node) as Tag[];
  if (tag === undefined) throw new AssertionError('a node of the syntax tree has no tag');
  return tag;
}

/** undefined: the table has no reader for this kind of node. */
export function readTagged<R>(readers: Readers<R>, node: Node, context: ReaderContext): R | undefined {
  const tag = tagOf(node);
  const reader = readers[tag] as ((payload: unknown, context: ReaderContext) => R) | undefined;
  return reader?.((node as Record<Tag, unknown>)[tag], context);
}

export function untag<T extends Tag>(node: Node | undefined, tag: T): Payload<T> {
  if (node === undefined || !(tag in node)) throw new AssertionError(`expected ${tag} in the syntax tree`);
  return (node as Record<Tag, unknown>)[tag] as Payload<T>;
}

/** The build of the grammar takes a parameter in places where PostgreSQL wants a constant. */
function refuseParameter(node: Node, context: ReaderContext): void {
  if (!('ParamRef' in node)) return;
  const { number = 0, location } = node.ParamRef;
  const position = context.source.position(location);
  throw new DatabaseError('42601', `syntax error at or near "$${number}"`, { position });
}

export function constantOf(node: Node | undefined, context: ReaderContext): Payload<'A_Const'> {
  if (node !== undefined) refuseParameter(node, context);
  return untag(node, 'A_Const');
}

export function text(node: Node | undefined): string {
  return untag(node, 'String').sval ?? '';
}

export function names(nodes: readonly Node[] | undefined): Name {
  return (nodes ?? []).map(text);
}

/** PostgreSQL's own refusal, where its grammar would take what we cannot carry. */
export function refuse(what: string, position: Position): DatabaseError {
  return notSupported(what, { position });
}

export function relation(node: RangeVar | undefined, context: ReaderContext): RelationName {
  return {
    catalog: node?.catalogname, schema: node?.schemaname, name: node?.relname ?? '',
    position: context.source.position(node?.location),
  };
}

export function relationName(parts: Name, position: Position): RelationName {
  const name = parts.at(-1) ?? '';
  return { catalog: parts.at(-3), schema: parts.at(-2), name, position };
}

/** The parts of a relation's name that were written. */
export function nameOf(node: RangeVar | undefined): Name {
  return [node?.catalogname, node?.schemaname, node?.relname].filter((part) => part !== undefined);
}

export function persistence(node: RangeVar | undefined): Persistence {
  switch (node?.relpersistence) {
    case 't': return 'temporary';
    case 'u': return 'unlogged';
    default: return 'permanent';
  }
}

export function alias(node: PgAlias | undefined): Alias | undefined {
  return node === undefined ? undefined : { name: node.aliasname ?? '', columns: names(node.colnames) };
}

export function typeName(node: PgTypeName | undefined, context: ReaderContext): TypeName {
  return {
    name: names(node?.names),
    modifiers: (node?.typmods ?? []).map((modifier) => typeModifier(modifier, context)),
    arrayDimensions: node?.arrayBounds?.length ?? 0,
    setOf: node?.setof ?? false,
    ofColumn: node?.pct_type ?? false,
    position: context.source.position(node?.location),
  };
}

function typeModifier(node: Node, context: ReaderContext): number | string {
  refuseParameter(node, context);
  if ('A_Const' in node) {
    const { ival, fval, sval } = node.A_Const;
    if (ival !== undefined) return ival.ival ?? 0;
    if (fval !== undefined) return fval.fval ?? '';
    if (sval !== undefined) return sval.sval ?? '';
  }
  if ('ColumnRef' in node && node.ColumnRef.fields?.length === 1) return text(node.ColumnRef.fields[0]);
  const position = 'A_Const' in node ? context.source.position(node.A_Const.location) : undefined;
  throw new DatabaseError('42601', 'type modifiers must be simple constants or identifiers', { position });
}

export function options(nodes: readonly Node[] | undefined, context: ReaderContext): readonly Option[] {
  return (nodes ?? []).map((node) => {
    const element = untag(node, 'DefElem');
    const { defnamespace, defname = '' } = element;
    return {
      name: defnamespace === undefined ? defname : `${defnamespace}.${defname}`,
      value: element.arg === undefined ? undefined : optionValue(element.arg, context),
      position: context.source.position(element.location),
    };
  });
}

function optionValue(node: Node, context: ReaderContext): OptionValue {
  if ('String' in node) return { kind: 'string', text: node.String.sval ?? '' };
  if ('Integer' in node) return { kind: 'number', text: String(node.Integer.ival ?? 0) };
  if ('Float' in node) return { kind: 'number', text: node.Float.fval ?? '' };
  if ('Boolean' in node) return { kind: 'name', text: node.Boolean.boolval === true ? 'true' : 'false' };
  if ('A_Star' in node) return { kind: 'star' };
  if ('List' in node) return { kind: 'list', items: (node.List.items ?? []).map((item) => optionValue(item, context)) };
  if ('TypeName' in node) {
    const { location } = node.TypeName;
    return { kind: 'name', text: names(node.TypeName.names).join('.'), position: context.source.position(location) };
  }
  if ('RoleSpec' in node) return { kind: 'string', text: role(node.RoleSpec) };
  if ('A_Const' in node) {
    const { ival, fval, sval } = node.A_Const;
    if (ival !== undefined) return { kind: 'number', text: String(ival.ival ?? 0) };
    if (fval !== undefined) return { kind: 'number', text: fval.fval ?? '' };
    return { kind: 'string', text: sval?.sval ?? '' };
  }
  if ('DefElem' in node) return { kind: 'name', text: node.DefElem.defname ?? '' };
  refuseParameter(node, context);
  throw new AssertionError(`an option's value is a ${tagOf(node)}`);
}

/** A role as named, or the words that stand for one: `current_user`, `public`. */
export function role(node: RoleSpec | undefined): string {
  switch (node?.roletype) {
    case 'ROLESPEC_CURRENT_ROLE': return 'current_role';
    case 'ROLESPEC_CURRENT_USER': return 'current_user';
    case 'ROLESPEC_SESSION_USER': return 'session_user';
    case 'ROLESPEC_PUBLIC': return 'public';
    default: return node?.rolename ?? '';
  }
}
