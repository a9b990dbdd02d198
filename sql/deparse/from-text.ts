// FROM as SQL: relations, subqueries, functions and joins with their names.
import { quoteIdentifier } from '../../engine/data/type-info.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { someExpression } from '../../engine/expression/walk.ts';
import type { Expr, FromItem, FunctionItem, JoinItem, TableItem } from '../parser/ast.ts';
import { Indentation } from '../plan/indentation.ts';
import type { ItemNames } from './item-names.ts';
import type { Printer } from './printer.ts';
import { required, Unprintable } from './printer.ts';

/** The clause, with its line break; empty without items. */
export function fromText(printer: Printer, from: readonly FromItem[]): string {
  if (from.length === 0) return '';
  const { lines, options } = printer;
  let text = lines.keyword(' FROM ', -8, 8, 2);
  text += itemText(printer, from[0]);
  for (const item of from.slice(1)) {
    text += ', ';
    const own = itemText(printer, item);
    const long = Indentation.lastLine(text) + own.length > options.wrap;
    if (!Indentation.startsLine(own) && long) text += lines.keyword('', -8, 8, 4);
    text += own;
  }
  return text;
}

function itemText(printer: Printer, item: FromItem): string {
  switch (item.kind) {
    case 'join': return joinText(printer, item);
    case 'table': return tableText(printer, item) + aliasText(printer, item) + sampleText(printer, item);
    case 'subquery': {
      const query = printer.query(item.query, { labels: null, visible: true, frame: printer.frame });
      return `${item.lateral ? 'LATERAL ' : ''}(${query})${aliasText(printer, item)}`;
    }
    case 'functions': {
      const [only] = item.calls;
      const defined = item.calls.length === 1 && only.columns.length > 0 && !item.ordinality;
      const alias = defined ? definedAlias(printer, item) : aliasText(printer, item);
      return `${item.lateral || readsNeighbours(printer, item) ? 'LATERAL ' : ''}${functionText(printer, item)}${alias}`;
    }
    case 'window': throw new Unprintable(item.window);
  }
}

/** Whether a call is given columns of the same FROM. */
function readsNeighbours({ trace, frame }: Printer, item: FunctionItem): boolean {
  const reads = (e: Expression): boolean => someExpression(e, (x) => {
    const meaning = x.kind === 'parameter' && x.hole === true ? trace.holes.get(x.index) : undefined;
    if (meaning?.kind === 'set') return meaning.call.args.some(reads);
    const source = meaning?.kind === 'outer' ? trace.columns.get(meaning.target) : undefined;
    return source !== undefined && frame.own.has(source.from);
  });
  const args = item.calls.flatMap(({ call }) => {
    const bound = trace.calls.get(call);
    if (bound !== undefined) return [bound];
    return call.kind === 'function' ? call.arguments.flatMap((a) => trace.bound.get(a.value) ?? []) : [];
  });
  return args.some(reads);
}

/** The relation's name, with its schema unless it is found without. */
export function relationText(printer: Printer, oid: number): string {
  const { catalog, searchPath, qualified } = printer.options;
  const relation = catalog.relation(oid);
  if (relation === null) throw new Unprintable(`relation ${oid}`);
  const bare = !qualified && !printer.frame.common.has(relation.name) && catalog.isVisible(relation, searchPath);
  return bare ? quoteIdentifier(relation.name) : `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`;
}

function tableText(printer: Printer, item: TableItem): string {
  if (item.asOf !== undefined) throw new Unprintable('FOR SYSTEM_TIME');
  const known = required(printer.trace.items.get(item), 'table');
  if (known.common !== null) return quoteIdentifier(known.common);
  return (item.only ? 'ONLY ' : '') + relationText(printer, known.relation);
}

function sampleText({ trace, expressions }: Printer, { sample }: TableItem): string {
  if (sample === undefined) return '';
  const text = (e: Expr): string => expressions.text(required(trace.calls.get(e), 'TABLESAMPLE'), false);
  const method = quoteIdentifier(sample.method[sample.method.length - 1]);
  const seed = sample.repeatable === undefined ? '' : ` REPEATABLE (${text(sample.repeatable)})`;
  return ` TABLESAMPLE ${method} (${sample.arguments.map(text).join(', ')})${seed}`;
}

function namesOf(printer: Printer, item: FromItem): ItemNames {
  return required(printer.items.get(item), 'names');
}

/** Behind an item: its name and its columns' names, where they do not say themselves. */
function aliasText(printer: Printer, item: FromItem): string {
  const { name, columns, showName, showColumns } = namesOf(printer, item);
  if (name === null || !showName) return '';
  return ` ${quoteIdentifier(name)}${showColumns && columns.length > 0 ? `(${columns.map(quoteIdentifier).join(', ')})` : ''}`;
}

function definitionsText(printer: Printer, calls: FunctionItem['calls'][number], names: readonly string[]): string {
  return calls.columns.map((c, i) => {
    const { type, collation } = required(printer.trace.definitions.get(c), c.name);
    const collate = collation === undefined ? '' : ` COLLATE ${quoteIdentifier(collation)}`;
    return `${quoteIdentifier(names[i])} ${printer.expressions.typeName(type)}${collate}`;
  }).join(', ');
}

function definedAlias(printer: Printer, item: FunctionItem): string {
  const { name, columns } = namesOf(printer, item);
  return ` ${name === null ? 'AS ' : quoteIdentifier(name)}(${definitionsText(printer, item.calls[0], columns)})`;
}

function functionText(printer: Printer, item: FunctionItem): string {
  const { trace, expressions } = printer;
  const one = (e: Expr): string => {
    const bound = trace.calls.get(e);
    if (bound !== undefined) return expressions.text(bound, true);
    if (e.kind !== 'function') throw new Unprintable('a call in FROM');
    // unnest of several arrays was bound one by one.
    const args = e.arguments.map((a) => expressions.text(required(trace.bound.get(a.value), 'argument'), true));
    return `unnest(${args.join(', ')})`;
  };
  const [only] = item.calls;
  const ordinality = item.ordinality ? ' WITH ORDINALITY' : '';
  if (item.calls.length === 1 && (only.columns.length === 0 || !item.ordinality)) {
    const { call } = only;
    return several(call) ? `UNNEST(${one(call).slice('unnest('.length)}${ordinality}` : one(call) + ordinality;
  }
  const calls = item.calls.map((c) => {
    const definitions = c.columns.length === 0 ? ''
      : ` AS (${definitionsText(printer, c, c.columns.map((d) => d.name))})`;
    return one(c.call) + definitions;
  });
  return `ROWS FROM(${calls.join(', ')})${ordinality}`;
}

function several(call: Expr): boolean {
  return call.kind === 'function' && call.name[call.name.length - 1] === 'unnest' && call.arguments.length > 1;
}

const WORDS = { inner: 'JOIN', cross: 'CROSS JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', full: 'FULL JOIN' } as const;

function joinText(printer: Printer, item: JoinItem): string {
  if (item.asof) throw new Unprintable('ASOF JOIN');
  const { lines, options, trace } = printer;
  const { pretty } = options;
  const around = !pretty || item.alias !== undefined;
  const merged = trace.joins.get(item)?.merged ?? [];
  const none = item.on === undefined && merged.length === 0;
  let text = (around ? '(' : '') + itemText(printer, item.left);
  const word = item.join === 'inner' && none ? 'CROSS JOIN' : item.join === 'cross' ? 'CROSS JOIN' : WORDS[item.join];
  text += lines.keyword(` ${word} `, -8, 8, 4);
  const apart = pretty && item.right.kind === 'join' && item.right.alias === undefined;
  text += apart ? `(${itemText(printer, item.right)})` : itemText(printer, item.right);
  if (merged.length > 0) {
    text += ` USING (${(printer.usingNames.get(item) ?? []).map(quoteIdentifier).join(', ')})`;
    if (item.usingAlias !== undefined) text += ` AS ${quoteIdentifier(item.usingAlias)}`;
  } else if (item.on !== undefined) {
    const on = printer.expressions.text(required(trace.conditions.get(item.on), 'ON'), false);
    text += pretty ? ` ON ${on}` : ` ON (${on})`;
  } else if (word !== 'CROSS JOIN') {
    text += ' ON TRUE';
  }
  return text + (around ? ')' : '') + (item.alias === undefined ? '' : aliasText(printer, item));
}

