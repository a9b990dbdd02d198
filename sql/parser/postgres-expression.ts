// Expressions of libpg-query's tree as ours.
import type {
  A_Const, A_Expr, A_Indirection, BoolExpr, CaseExpr, ColumnRef, FuncCall, Node, SQLValueFunction, SubLink, TypeCast,
} from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type { Argument, Expr, FunctionExpr, SqlValueFunction, StarExpr, Subscript } from './ast.ts';
import { names, readTagged, refuse, tagOf, text, typeName, untag } from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { sortKeys, windowSpecification } from './postgres-window.ts';

export function expression(node: Node | undefined, context: ReaderContext): Expr {
  if (node === undefined) throw new AssertionError('an expression is missing in the syntax tree');
  const result = readTagged(readers, node, context);
  if (result !== undefined) return result;
  const payload: { location?: number } = Object.values(node)[0];
  throw refuse(unsupportedNames[tagOf(node)] ?? tagOf(node), context.source.position(payload.location));
}

export function optional(node: Node | undefined, context: ReaderContext): Expr | undefined {
  return node === undefined ? undefined : expression(node, context);
}

export function expressions(nodes: readonly Node[] | undefined, context: ReaderContext): readonly Expr[] {
  return (nodes ?? []).map((node) => expression(node, context));
}

const unsupportedNames: { readonly [tag: string]: string } = {
  JsonObjectConstructor: 'JSON_OBJECT', JsonArrayConstructor: 'JSON_ARRAY', JsonArrayQueryConstructor: 'JSON_ARRAY',
  JsonObjectAgg: 'JSON_OBJECTAGG', JsonArrayAgg: 'JSON_ARRAYAGG', JsonParseExpr: 'JSON', JsonScalarExpr: 'JSON_SCALAR',
  JsonSerializeExpr: 'JSON_SERIALIZE', JsonFuncExpr: 'an SQL/JSON query function', JsonIsPredicate: 'IS JSON',
  XmlExpr: 'an XML expression', XmlSerialize: 'XMLSERIALIZE',
};

const readers: Readers<Expr> = {
  ColumnRef: columnReference,
  A_Const: constant,
  A_Expr: operatorExpression,
  BoolExpr: logical,
  FuncCall: functionCall,
  // To PostgreSQL 15 a name like any other.
  MergeSupportFunc: ({ location = -1 }, context) => functionCall(
    { funcname: [{ String: { sval: 'merge_action' } }], location }, context),
  TypeCast: cast,
  SubLink: subquery,
  CaseExpr: caseExpression,
  A_Indirection: indirection,
  SQLValueFunction: sqlValue,
  ParamRef: (node, context) => ({
    kind: 'parameter', number: node.number ?? 0, position: context.source.position(node.location),
  }),
  NullTest: (node, context) => ({
    kind: 'is', test: 'null', negated: node.nulltesttype === 'IS_NOT_NULL', operand: expression(node.arg, context),
    position: context.source.position(node.location),
  }),
  BooleanTest: (node, context) => ({
    kind: 'is', test: booleanTest(node.booltesttype), negated: node.booltesttype?.startsWith('IS_NOT') ?? false,
    operand: expression(node.arg, context), position: context.source.position(node.location),
  }),
  CoalesceExpr: (node, context) => ({
    kind: 'coalesce', arguments: expressions(node.args, context), position: context.source.position(node.location),
  }),
  MinMaxExpr: (node, context) => ({
    kind: 'extremum', function: node.op === 'IS_LEAST' ? 'least' : 'greatest',
    arguments: expressions(node.args, context), position: context.source.position(node.location),
  }),
  A_ArrayExpr: (node, context) => ({
    kind: 'array', elements: expressions(node.elements, context), position: context.source.position(node.location),
  }),
  RowExpr: (node, context) => ({
    kind: 'row', fields: expressions(node.args, context), explicit: node.row_format === 'COERCE_EXPLICIT_CALL',
    position: context.source.position(node.location),
  }),
  CollateClause: (node, context) => ({
    kind: 'collate', operand: expression(node.arg, context), collation: names(node.collname),
    position: context.source.position(node.location),
  }),
  GroupingFunc: (node, context) => ({
    kind: 'grouping', arguments: expressions(node.args, context), position: context.source.position(node.location),
  }),
  SetToDefault: (node, context) => ({ kind: 'default', position: context.source.position(node.location) }),
  CurrentOfExpr: (node) => ({ kind: 'currentOf', cursor: node.cursor_name ?? '', position: undefined }),
};

function booleanTest(test: string | undefined): 'true' | 'false' | 'unknown' {
  if (test?.endsWith('TRUE') === true) return 'true';
  return test?.endsWith('FALSE') === true ? 'false' : 'unknown';
}

function columnReference(node: ColumnRef, context: ReaderContext): Expr {
  const fields = node.fields ?? [];
  const position = context.source.position(node.location);
  const last = fields.at(-1);
  if (last === undefined || !('A_Star' in last)) return { kind: 'column', name: names(fields), position };
  return { kind: 'star', qualifier: names(fields.slice(0, -1)), exclude: exclusions(node, context), position };
}

function exclusions(node: ColumnRef, context: ReaderContext): StarExpr['exclude'] {
  const offset = context.source.offset(node.location);
  return (offset === undefined ? undefined : context.marks?.exclude.get(offset)) ?? [];
}

function constant(node: A_Const, context: ReaderContext): Expr {
  const position = context.source.position(node.location);
  if (node.ival !== undefined) return { kind: 'number', text: String(node.ival.ival ?? 0), position };
  if (node.sval !== undefined) return { kind: 'string', value: node.sval.sval ?? '', position };
  if (node.fval !== undefined) return { kind: 'number', text: decimal(node.fval.fval ?? '0'), position };
  if (node.boolval !== undefined) return { kind: 'boolean', value: node.boolval.boolval ?? false, position };
  if (node.bsval !== undefined) {
    const bits = node.bsval.bsval ?? '';
    return { kind: 'bitString', base: bits.startsWith('x') ? 16 : 2, digits: bits.slice(1), position };
  }
  return { kind: 'null', position };
}

/** Big hexadecimal, octal and binary integers, and underscores, in plain digits. */
function decimal(written: string): string {
  const digits = written.replaceAll('_', '');
  if (!/^-?0[xob]/i.test(digits)) return digits;
  return digits.startsWith('-') ? String(-BigInt(digits.slice(1))) : String(BigInt(digits));
}

interface OperatorName { readonly operator: string; readonly schema: string | undefined }

function operatorName(nodes: readonly Node[] | undefined): OperatorName {
  const name = names(nodes);
  return { operator: name.at(-1) ?? '', schema: name.at(-2) };
}

function operatorExpression(node: A_Expr, context: ReaderContext): Expr {
  const position = context.source.position(node.location);
  switch (node.kind) {
    case 'AEXPR_OP': {
      const name = operatorName(node.name);
      const right = expression(node.rexpr, context);
      if (node.lexpr === undefined) return { kind: 'unary', ...name, operand: right, position };
      return { kind: 'binary', ...name, left: expression(node.lexpr, context), right, position };
    }
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return {
        kind: 'quantifiedArray', ...operatorName(node.name), quantifier: node.kind === 'AEXPR_OP_ANY' ? 'any' : 'all',
        operand: expression(node.lexpr, context), array: expression(node.rexpr, context), position,
      };
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return {
        kind: 'isDistinct', negated: node.kind === 'AEXPR_NOT_DISTINCT', left: expression(node.lexpr, context),
        right: expression(node.rexpr, context), position,
      };
    case 'AEXPR_NULLIF':
      return {
        kind: 'nullif', left: expression(node.lexpr, context), right: expression(node.rexpr, context), position,
      };
    case 'AEXPR_IN':
      return {
        kind: 'inList', negated: text(node.name?.[0]) === '<>', operand: expression(node.lexpr, context),
        list: expressions(untag(node.rexpr, 'List').items, context), position,
      };
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return patternMatch(node, context);
    default:
      return between(node, context);
  }
}

/** The grammar writes ESCAPE as a call of like_escape, and every SIMILAR TO as one of similar_to_escape. */
function patternMatch(node: A_Expr, context: ReaderContext): Expr {
  const variant = node.kind === 'AEXPR_LIKE' ? 'like' : node.kind === 'AEXPR_ILIKE' ? 'ilike' : 'similar';
  const right = node.rexpr;
  const call = right !== undefined && 'FuncCall' in right ? right.FuncCall : undefined;
  // A call the user wrote has another location than the operator.
  const escaping = call !== undefined && call.location === node.location;
  return {
    kind: 'like', variant, negated: text(node.name?.at(-1)).startsWith('!'), operand: expression(node.lexpr, context),
    pattern: expression(escaping ? call.args?.[0] : right, context),
    escape: escaping ? optional(call.args?.[1], context) : undefined,
    position: context.source.position(node.location),
  };
}

function between(node: A_Expr, context: ReaderContext): Expr {
  const bounds = untag(node.rexpr, 'List').items;
  return {
    kind: 'between', symmetric: node.kind?.endsWith('SYM') ?? false,
    negated: node.kind?.startsWith('AEXPR_NOT') ?? false, operand: expression(node.lexpr, context),
    low: expression(bounds?.[0], context), high: expression(bounds?.[1], context),
    position: context.source.position(node.location),
  };
}

function logical(node: BoolExpr, context: ReaderContext): Expr {
  const position = context.source.position(node.location);
  if (node.boolop === 'NOT_EXPR') return { kind: 'not', operand: expression(node.args?.[0], context), position };
  const operator = node.boolop === 'AND_EXPR' ? 'and' : 'or';
  return { kind: 'logical', operator, operands: expressions(node.args, context), position };
}

export function functionCall(node: FuncCall, context: ReaderContext): FunctionExpr {
  return {
    kind: 'function', name: names(node.funcname),
    arguments: (node.args ?? []).map((argument) => callArgument(argument, context)),
    star: node.agg_star ?? false, distinct: node.agg_distinct ?? false, variadic: node.func_variadic ?? false,
    orderBy: sortKeys(node.agg_order, context, expression), withinGroup: node.agg_within_group ?? false,
    filter: optional(node.agg_filter, context),
    over: node.over === undefined ? undefined : windowSpecification(node.over, context, expression),
    sqlSyntax: node.funcformat === 'COERCE_SQL_SYNTAX', position: context.source.position(node.location),
  };
}

export function callArgument(node: Node, context: ReaderContext): Argument {
  if (!('NamedArgExpr' in node)) {
    const value = expression(node, context);
    return { name: undefined, value, position: value.position };
  }
  const { name, arg, location } = node.NamedArgExpr;
  return { name, value: expression(arg, context), position: context.source.position(location) };
}

/** `t 'x'` has no place of its own; its type's is where it begins. */
function cast(node: TypeCast, context: ReaderContext): Expr {
  const type = typeName(node.typeName, context);
  const position = context.source.position(node.location) ?? type.position;
  return { kind: 'cast', operand: expression(node.arg, context), type, position };
}

function subquery(node: SubLink, context: ReaderContext): Expr {
  const position = context.source.position(node.location);
  const query = context.query(node.subselect);
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK': return { kind: 'exists', query, position };
    case 'EXPR_SUBLINK': return { kind: 'scalarSubquery', query, position };
    case 'ARRAY_SUBLINK': return { kind: 'arraySubquery', query, position };
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK': {
      const operand = expression(node.testexpr, context);
      if (node.operName === undefined) return { kind: 'inSubquery', operand, query, position };
      const quantifier = node.subLinkType === 'ANY_SUBLINK' ? 'any' : 'all';
      return { kind: 'quantified', ...operatorName(node.operName), quantifier, operand, query, position };
    }
    default:
      throw new AssertionError(`a raw syntax tree has no ${node.subLinkType}`);
  }
}

function caseExpression(node: CaseExpr, context: ReaderContext): Expr {
  return {
    kind: 'case', operand: optional(node.arg, context),
    branches: (node.args ?? []).map((branch) => {
      const { expr, result, location } = untag(branch, 'CaseWhen');
      const position = context.source.position(location);
      return { condition: expression(expr, context), result: expression(result, context), position };
    }),
    otherwise: optional(node.defresult, context), position: context.source.position(node.location),
  };
}

/** A chain of [..], .name and .* becomes nested nodes; subscripts side by side are one. */
function indirection(node: A_Indirection, context: ReaderContext): Expr {
  let operand = expression(node.arg, context);
  const { position } = operand;
  let subscripts: Subscript[] = [];
  const flush = (): void => {
    if (subscripts.length > 0) operand = { kind: 'subscript', operand, subscripts, position };
    subscripts = [];
  };
  for (const step of node.indirection ?? []) {
    if ('A_Indices' in step) {
      subscripts.push(subscript(step, context));
      continue;
    }
    flush();
    operand = 'A_Star' in step
      ? { kind: 'fieldStar', operand, position }
      : { kind: 'field', operand, name: text(step), position };
  }
  flush();
  return operand;
}

export function subscript(node: Node, context: ReaderContext): Subscript {
  const { is_slice: isSlice, lidx, uidx } = untag(node, 'A_Indices');
  if (isSlice !== true) return { kind: 'index', index: expression(uidx, context) };
  return { kind: 'slice', lower: optional(lidx, context), upper: optional(uidx, context) };
}

/** The path behind a column's name at `position` in INSERT and SET. */
export function assignmentPath(
  nodes: readonly Node[] | undefined, position: number | undefined, context: ReaderContext,
): readonly (Subscript | { readonly kind: 'field'; readonly name: string })[] {
  return (nodes ?? []).map((step) => {
    if ('A_Indices' in step) return subscript(step, context);
    if ('A_Star' in step) {
      throw new DatabaseError('0A000', 'row expansion via "*" is not supported here', { position });
    }
    return { kind: 'field', name: text(step) };
  });
}

const sqlValues: { readonly [op: string]: SqlValueFunction } = {
  SVFOP_CURRENT_DATE: 'current_date', SVFOP_CURRENT_TIME: 'current_time', SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp', SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime', SVFOP_LOCALTIME_N: 'localtime', SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp', SVFOP_CURRENT_ROLE: 'current_role', SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user', SVFOP_SESSION_USER: 'session_user', SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
};

function sqlValue(node: SQLValueFunction, context: ReaderContext): Expr {
  const name = sqlValues[node.op ?? ''];
  if (name === undefined) throw new AssertionError(`unknown SQL value function ${node.op}`);
  const typmod = node.typmod ?? 0;
  return {
    kind: 'sqlValue', function: name, precision: node.op?.endsWith('_N') === true && typmod >= 0 ? typmod : undefined,
    position: context.source.position(node.location),
  };
}
