// Items of FROM in libpg-query's tree as ours: tables, subqueries, functions, windows, joins.
import type { FuncCall, JoinExpr, Node, RangeFunction, RangeVar } from 'libpg-query';
import { AssertionError, DatabaseError } from '../../engine/data/error.ts';
import type {
  Argument, Expr, FromItem, FunctionItem, JoinItem, SubqueryItem, TableItem, WindowFunction, WindowItem,
} from './ast.ts';
import { columnDefinition } from './postgres-column.ts';
import { callArgument, expression, expressions, optional } from './postgres-expression.ts';
import { alias, names, readTagged, refuse, relation, relationName, tagOf, text, untag } from './postgres-node.ts';
import type { ReaderContext, Readers } from './postgres-node.ts';
import { extent } from './unnamed.ts';

export function fromItem(node: Node | undefined, context: ReaderContext): FromItem {
  if (node === undefined) throw new AssertionError('an item of FROM is missing in the syntax tree');
  const item = readTagged(readers, node, context);
  if (item === undefined) throw new AssertionError(`FROM holds a ${tagOf(node)}`);
  return item;
}

const readers: Readers<FromItem> = {
  RangeVar: tableItem,
  JoinExpr: joinItem,
  RangeFunction: (node, context) => windowItem(node, context) ?? functionItem(node, context),
  RangeSubselect: (node, context): SubqueryItem => {
    const query = context.query(node.subquery);
    if (node.alias === undefined) context.unnamed(node);
    return {
      kind: 'subquery', query, lateral: node.lateral ?? false, alias: alias(node.alias), position: query.position,
    };
  },
  RangeTableSample: (node, context) => {
    const table = fromItem(node.relation, context);
    // The grammar has it behind the names of relations only.
    if (table.kind !== 'table') throw new AssertionError(`a sample of ${table.kind}`);
    return {
      ...table, sample: {
        method: names(node.method), arguments: expressions(node.args, context), repeatable: optional(node.repeatable, context),
        position: context.source.position(node.location),
      },
    };
  },
  RangeTableFunc: (node, context) => {
    throw refuse('XMLTABLE', context.source.position(node.location));
  },
  JsonTable: (node, context) => {
    throw refuse('JSON_TABLE', context.source.position(node.location));
  },
};

export function tableItem(node: RangeVar, context: ReaderContext): TableItem {
  const offset = context.source.offset(node.location);
  return {
    kind: 'table', relation: relation(node, context), only: node.inh !== true, alias: alias(node.alias),
    asOf: offset === undefined ? undefined : context.marks?.systemTime.get(offset),
    position: context.source.position(node.location),
  };
}

const joinKinds: { readonly [type: string]: JoinItem['join'] } = {
  JOIN_INNER: 'inner', JOIN_LEFT: 'left', JOIN_RIGHT: 'right', JOIN_FULL: 'full',
};

function joinItem(node: JoinExpr, context: ReaderContext): FromItem {
  const join = joinKinds[node.jointype ?? ''];
  if (join === undefined) throw new AssertionError(`a raw syntax tree has no ${node.jointype}`);
  const bare = node.quals === undefined && node.usingClause === undefined && node.isNatural !== true;
  const left = fromItem(node.larg, context);
  return {
    kind: 'join', join: bare && join === 'inner' ? 'cross' : join, natural: node.isNatural ?? false,
    asof: isAsof(node, context), left, right: fromItem(node.rarg, context), on: optional(node.quals, context),
    using: node.usingClause === undefined ? undefined : names(node.usingClause),
    usingAlias: node.join_using_alias?.aliasname, alias: alias(node.alias), position: left.position,
  };
}

/** A join has no place in the tree: the mark that stands between its operands is its own. */
function isAsof(node: JoinExpr, context: ReaderContext): boolean {
  const marks = context.marks?.asof ?? [];
  if (marks.length === 0) return false;
  const end = context.source.offset(extent(node.larg).last) ?? 0;
  const start = context.source.offset(extent(node.rarg).first) ?? 0;
  return marks.some((mark) => mark > end && mark < start);
}

function functionItem(node: RangeFunction, context: ReaderContext): FunctionItem {
  const calls = (node.functions ?? []).map((entry) => {
    const [call, columns] = untag(entry, 'List').items ?? [];
    const list = columns !== undefined && 'List' in columns ? columns.List.items : node.coldeflist;
    const definitions = (list ?? []).map((column) => columnDefinition(untag(column, 'ColumnDef'), context));
    return { call: expression(call, context), columns: definitions };
  });
  const defined = node.coldeflist?.[0];
  if (defined !== undefined && node.ordinality === true) {
    const position = context.source.position(untag(defined, 'ColumnDef').location);
    throw new DatabaseError('42601', 'WITH ORDINALITY cannot be used with a column definition list', { position });
  }
  return {
    kind: 'functions', calls, rowsFrom: node.is_rowsfrom ?? false, lateral: node.lateral ?? false,
    ordinality: node.ordinality ?? false, alias: alias(node.alias), position: calls[0]?.call.position,
  };
}

const windowFunctions: { readonly [name: string]: WindowFunction } = {
  tumble: 'tumble', hop: 'hop', session: 'session', cumulate: 'cumulate',
};

/** undefined: an ordinary function. */
function windowItem(node: RangeFunction, context: ReaderContext): WindowItem | undefined {
  const [entry, second] = node.functions ?? [];
  if (entry === undefined || second !== undefined || node.is_rowsfrom === true || node.ordinality === true) return;
  const [call] = untag(entry, 'List').items ?? [];
  if (call === undefined || !('FuncCall' in call) || call.FuncCall.funcname?.length !== 1) return;
  const window = windowFunctions[text(call.FuncCall.funcname[0])];
  if (window === undefined) return;
  const parts = windowParts(window, call.FuncCall, context);
  const position = context.source.position(call.FuncCall.location);
  return { kind: 'window', window, ...parts, lateral: node.lateral ?? false, alias: alias(node.alias), position };
}

interface WindowParts {
  readonly input: TableItem | SubqueryItem;
  readonly time: Expr;
  readonly keys: readonly Expr[];
  readonly arguments: readonly Argument[];
}

/** RisingWave's places, and Flink's names and DESCRIPTOR, before which its partition keys stand. */
function windowParts(window: WindowFunction, call: FuncCall, context: ReaderContext): WindowParts {
  const position = context.source.position(call.location);
  const named = new Map<string, Node>();
  const positional: Node[] = [];
  const rest: Argument[] = [];
  for (const argument of call.args ?? []) {
    if (!('NamedArgExpr' in argument)) positional.push(argument);
    else if (argument.NamedArgExpr.name === 'data' || argument.NamedArgExpr.name === 'timecol') {
      named.set(argument.NamedArgExpr.name, untagged(argument.NamedArgExpr.arg));
    } else rest.push(callArgument(argument, context));
  }
  const data = named.get('data') ?? positional.shift();
  const descriptor = positional.findIndex((argument) => descriptorOf(argument) !== undefined);
  const time = named.get('timecol') ?? positional[Math.max(descriptor, 0)];
  if (data === undefined || time === undefined) {
    throw new DatabaseError('42601', `${window} needs a relation and a time column`, { position });
  }
  let keys = descriptor > 0 ? positional.slice(0, descriptor) : [];
  let after = named.has('timecol') ? positional : positional.slice(Math.max(descriptor, 0) + 1);
  const gapIsNamed = rest.some((argument) => argument.name === 'gap');
  if (window === 'session' && descriptor < 0 && gapIsNamed) {
    keys = after;
    after = [];
  } else if (window === 'session' && descriptor < 0 && after.length > 1) {
    keys = after.slice(0, -1);
    after = after.slice(-1);
  }
  return {
    input: windowInput(data, window, context), time: expression(descriptorOf(time) ?? time, context),
    keys: keys.flatMap((key) => 'RowExpr' in key ? key.RowExpr.args ?? [] : [key])
      .map((key) => expression(key, context)),
    arguments: [...after.map((argument) => callArgument(argument, context)), ...rest],
  };
}

function untagged(node: Node | undefined): Node {
  if (node === undefined) throw new AssertionError('a named argument has no value');
  return node;
}

function descriptorOf(node: Node): Node | undefined {
  if (!('FuncCall' in node) || node.FuncCall.funcname?.length !== 1) return undefined;
  return text(node.FuncCall.funcname[0]) === 'descriptor' ? node.FuncCall.args?.[0] : undefined;
}

function windowInput(node: Node, window: WindowFunction, context: ReaderContext): TableItem | SubqueryItem {
  if ('SubLink' in node && node.SubLink.subLinkType === 'EXPR_SUBLINK') {
    const query = context.query(node.SubLink.subselect);
    return { kind: 'subquery', query, lateral: false, alias: undefined, position: query.position };
  }
  const read = expression(node, context);
  if (read.kind !== 'column') {
    throw new DatabaseError('42601', `the first argument of ${window} must be a relation`, { position: read.position });
  }
  const { position } = read;
  const named = relationName(read.name, position);
  return { kind: 'table', relation: named, only: false, alias: undefined, asOf: undefined, position };
}
