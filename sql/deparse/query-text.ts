// A bound query as SQL, in PostgreSQL's layout: what a view's definition is printed as.
import { quoteIdentifier } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import type { ColumnSource, QueryTrace, TargetTrace, Trace } from '../binder/trace.ts';
import type { CommonTable, FromItem, GroupItem, Query, QueryBody, Select, SetOperation, Values } from '../parser/ast.ts';
import type { DeparseOptions } from '../plan/deparse.ts';
import { Deparser } from '../plan/deparse.ts';
import { Indentation } from '../plan/indentation.ts';
import { directionText, keyText, notedClear, notedText, rowText, sortText, specificationText } from './call-text.ts';
import { fromText } from './from-text.ts';
import { nameItems } from './item-names.ts';
import type { ItemNames } from './item-names.ts';
import type { Frame, Printer, PrintOptions, QueryForm } from './printer.ts';
import { required, Unprintable } from './printer.ts';

/** The query as pg_get_viewdef() prints it, without the semicolon. `labels`: names of the view's columns. */
export function queryText(trace: Trace, query: Query, labels: readonly string[], options: PrintOptions): string {
  const printer = new QueryPrinter(trace, options);
  // Rules have two rows of these names.
  const frame: Frame = { used: new Map([['old', 0], ['new', 0]]), common: new Set(), own: new Set(), windows: [] };
  return Indentation.finished(printer.query(query, { labels, visible: true, frame }));
}

class QueryPrinter implements Printer {
  readonly options: PrintOptions;
  readonly trace: Trace;
  readonly lines = new Indentation();
  readonly items = new Map<FromItem, ItemNames>();
  readonly usingNames = new Map<FromItem, readonly string[]>();
  readonly expressions: Deparser;
  frame: Frame = { used: new Map(), common: new Set(), own: new Set(), windows: [] };

  constructor(trace: Trace, options: PrintOptions) {
    this.trace = trace;
    this.options = options;
    const deparse: DeparseOptions = {
      columnName: () => { throw new Unprintable('a column of unknown origin'); },
      pretty: options.pretty, format: options.format, names: options.names, indentation: this.lines,
      exact: options.qualified, fieldName: (type, index) => options.catalog.fieldNames(type.oid ?? 0)?.[index] ?? null,
      onPath: options.qualified ? undefined : (schema) => options.catalog.effectivePath(options.searchPath).includes(schema),
      instead: {
        text: (e, implicit) => notedText(this, e, implicit), isClear: (e, clear, apart) => notedClear(this, e, clear, apart),
      },
    };
    this.expressions = new Deparser(deparse);
  }

  query(query: Query, form: QueryForm): string {
    const { level } = this.lines;
    const { frame } = this;
    this.frame = form.frame;
    const text = this.#query(query, form);
    this.lines.level = level;
    this.frame = frame;
    return text;
  }

  #query(query: Query, form: QueryForm): string {
    if (query.asOf !== undefined) throw new Unprintable('AS OF');
    const { body } = query;
    if (body.kind === 'select') this.frame = { ...nameItems(this, body.from, this.frame), windows: body.windows };
    let text = query.with === undefined ? '' : this.#with(query.with.tables, query.with.recursive);
    switch (body.kind) {
      case 'select': text += this.#select(body, form); break;
      case 'values': text += this.#values(body, form); break;
      case 'setOperation': text += this.#setOperation(body, form, required(this.trace.types.get(body), 'set operation')); break;
    }
    const trace = this.trace.queries.get(body);
    if (query.orderBy.length > 0) {
      text += this.lines.keyword(' ORDER BY ', -8, 8, 1) + this.#orderBy(body, required(trace, 'ORDER BY'));
    }
    if (query.offset !== undefined) text += this.lines.keyword(' OFFSET ', -8, 8) + this.#limit(query.offset);
    if (query.limit !== undefined) {
      text += query.withTies ? `${this.lines.keyword(' FETCH FIRST ', -8, 8)}(${this.#limit(query.limit)}) ROWS WITH TIES`
        : this.lines.keyword(' LIMIT ', -8, 8) + (query.limit.kind === 'null' ? 'ALL' : this.#limit(query.limit));
    }
    return text + this.#locking(query);
  }

  #locking({ locking, body }: Query): string {
    let text = '';
    for (const clause of locking) {
      if (body.kind !== 'select') throw new Unprintable('locking');
      const named = clause.tables.length > 0 ? clause.tables.map((t) => t.name)
        : body.from.flatMap((item) => this.items.get(item)?.name ?? []);
      for (const name of named) {
        text += `${this.lines.keyword(` FOR ${clause.strength.toUpperCase()}`, -8, 8)} OF ${quoteIdentifier(name)}`;
        text += clause.wait === 'skip' ? ' SKIP LOCKED' : clause.wait === 'error' ? ' NOWAIT' : '';
      }
    }
    return text;
  }

  #with(tables: readonly CommonTable[], recursive: boolean): string {
    const { lines } = this;
    this.frame = { ...this.frame, common: new Set([...this.frame.common, ...tables.map((t) => t.name)]) };
    lines.level += 8;
    let text = ' ';
    let before = recursive ? 'WITH RECURSIVE ' : 'WITH ';
    for (const table of tables) {
      const { statement } = table;
      if (statement.kind !== 'query') throw new Unprintable('a modification in WITH');
      const columns = table.columns.length === 0 ? '' : `(${table.columns.map(quoteIdentifier).join(', ')})`;
      const kept = table.materialized === undefined ? '' : table.materialized ? 'MATERIALIZED ' : 'NOT MATERIALIZED ';
      text += `${before}${quoteIdentifier(table.name)}${columns} AS ${kept}(${lines.keyword('')}`;
      text += this.query(statement, { labels: null, visible: true, frame: this.frame });
      text += `${lines.keyword('')})${this.#searchAndCycle(table)}`;
      before = ', ';
    }
    return text + lines.keyword('', -8);
  }

  #searchAndCycle({ search, cycle }: CommonTable): string {
    const list = (names: readonly string[]): string => names.map(quoteIdentifier).join(', ');
    let text = '';
    if (search !== undefined) {
      text += ` SEARCH ${search.breadthFirst ? 'BREADTH' : 'DEPTH'} FIRST BY ${list(search.columns)}`
        + ` SET ${quoteIdentifier(search.sequence)}`;
    }
    if (cycle === undefined) return text;
    const [value, otherwise] = [cycle.value, cycle.otherwise].map((e) => required(this.trace.calls.get(e), 'mark of a cycle'));
    text += ` CYCLE ${list(cycle.columns)} SET ${quoteIdentifier(cycle.mark)}`;
    if (!isConstant(value, true) || !isConstant(otherwise, false)) {
      text += ` TO ${this.#constant(value)} DEFAULT ${this.#constant(otherwise)}`;
    }
    return `${text} USING ${quoteIdentifier(cycle.path)}`;
  }

  /** PostgreSQL shows a cast where its grammar takes a constant alone; what is kept is to be read again. */
  #constant(value: Expression): string {
    const text = this.expressions.text(value, false);
    return this.options.qualified ? text.replace(/^('(?:[^']|'')*')::(.*)$/, '$2 $1') : text;
  }

  #select(select: Select, form: QueryForm): string {
    const { lines } = this;
    const trace = required(this.trace.queries.get(select), 'select');
    if (select.groupByAll || select.qualify !== undefined || select.into !== undefined) {
      throw new Unprintable('GROUP BY ALL, QUALIFY');
    }
    lines.level += 8;
    let text = ' SELECT';
    if (select.distinct === 'all') text += ' DISTINCT';
    else if (select.distinct !== undefined) text += ` DISTINCT ON (${trace.distinctOn.map((e) => keyText(this, e)).join(', ')})`;
    text += this.#targets(trace.targets, form, text);
    text += fromText(this, select.from);
    if (trace.where !== null) text += lines.keyword(' WHERE ', -8, 8, 1) + this.expressions.text(trace.where, false);
    if (select.groupBy.length > 0) text += lines.keyword(' GROUP BY ', -8, 8, 1) + this.#groupBy(select);
    if (trace.having !== null) text += lines.keyword(' HAVING ', -8, 8) + this.expressions.text(trace.having, false);
    const windows = select.windows.map((w) => `${quoteIdentifier(w.name ?? '')} AS ${specificationText(this, w)}`);
    if (windows.length > 0) text += lines.keyword(' WINDOW ', -8, 8, 1) + windows.join(', ');
    return text;
  }


  #targets(targets: readonly TargetTrace[], form: QueryForm, before: string): string {
    const { lines, options } = this;
    let text = '';
    let wasMultiline = false;
    for (const [i, target] of targets.entries()) {
      text += i === 0 ? ' ' : ', ';
      const own = this.#target(target, form.labels?.[i] ?? target.name, form.visible);
      if (Indentation.startsLine(own)) text = text.replace(/ +$/, '');
      else if (i > 0 && (Indentation.lastLine(before + text) + own.length > options.wrap || wasMultiline)) {
        text += lines.keyword('', -8, 8, 4);
      }
      wasMultiline = Indentation.isMultiline(own.slice(1));
      text += own;
    }
    return text;
  }

  #target({ expression, name }: TargetTrace, label: string, visible: boolean): string {
    const source = this.#column(expression);
    if (source === undefined) {
      const text = this.expressions.text(expression, true);
      return !visible && label === '?column?' && name === label ? text : `${text} AS ${quoteIdentifier(label)}`;
    }
    if (source.index === null) return `${rowText(this, source, expression)} AS ${quoteIdentifier(label)}`;
    const column = this.items.get(source.from)?.columns[source.index];
    const text = this.expressions.text(expression, true);
    return column === label ? text : `${text} AS ${quoteIdentifier(label)}`;
  }

  /** Of this query or one around it. */
  #column(e: Expression): ColumnSource | undefined {
    const meaning = e.kind === 'parameter' && e.hole === true ? this.trace.holes.get(e.index) : undefined;
    return this.trace.columns.get(meaning?.kind === 'outer' ? meaning.target : e);
  }

  #groupBy(select: Select): string {
    const sets = select.groupBy.some((g) => g.kind !== 'expression');
    const distinct = select.groupDistinct ? 'DISTINCT ' : '';
    if (sets) return distinct + select.groupBy.map((g) => this.#groupItem(g, true)).join(', ');
    return distinct + select.groupBy.flatMap((g) => (g.kind === 'expression' ? this.#keys(g.expression) : [])).join(', ');
  }

  #keys(e: Extract<GroupItem, { kind: 'expression' }>['expression']): readonly string[] {
    if (e.kind === 'row' && !e.explicit) return e.fields.flatMap((f) => this.#keys(f));
    // By what it computes it would be the key of the first output column that does.
    const place = this.trace.groupPlaces.get(e);
    if (place !== undefined) return [String(place)];
    return [keyText(this, required(this.trace.groups.get(e), 'GROUP BY'))];
  }

  #groupItem(item: GroupItem, bare: boolean): string {
    switch (item.kind) {
      case 'empty': return '()';
      case 'expression': {
        const keys = this.#keys(item.expression);
        return bare && keys.length === 1 ? keys[0] : `(${keys.join(', ')})`;
      }
      case 'sets': return `GROUPING SETS (${item.items.map((i) => this.#groupItem(i, false)).join(', ')})`;
      case 'rollup': case 'cube': {
        const items = item.items.map((e) => this.#groupItem({ kind: 'expression', expression: e }, true));
        return `${item.kind.toUpperCase()}(${items.join(', ')})`;
      }
    }
  }

  #orderBy(body: QueryBody, trace: QueryTrace): string {
    return trace.order.map((key) => {
      if (body.kind === 'select') return sortText(this, key.bound, key);
      if (body.kind === 'values') throw new Unprintable('ORDER BY of VALUES');
      return String((key.target ?? 0) + 1) + directionText(key);
    }).join(', ');
  }

  #limit(e: NonNullable<Query['limit']>): string {
    const bound = required(this.trace.calls.get(e), 'LIMIT');
    return bound.kind === 'cast' && !bound.explicit ? this.expressions.inner(bound.input, bound, false)
      : this.expressions.text(bound, false);
  }

  #values(values: Values, form: QueryForm): string {
    const { rows } = required(this.trace.queries.get(values), 'VALUES');
    const text = `VALUES ${rows.map((r) => `(${r.map((e) => this.expressions.text(e, false)).join(',')})`).join(', ')}`;
    const renamed = form.labels?.some((l, i) => l !== `column${i + 1}`) === true;
    this.lines.level += 8;
    if (!renamed) return ` ${text}`;
    const targets = rows[0].map((_, i) => {
      const label = form.labels?.[i] ?? `column${i + 1}`;
      return `"*VALUES*".column${i + 1}${label === `column${i + 1}` ? '' : ` AS ${quoteIdentifier(label)}`}`;
    });
    const [first, ...rest] = targets;
    return ` SELECT ${first}${rest.map((t) => `, ${this.lines.keyword('', -8, 8, 4)}${t}`).join('')}`
      + `${this.lines.keyword(' FROM ', -8, 8, 2)}(${text}) "*VALUES*"`;
  }

  /** `types`: those of the columns of the whole. */
  #setOperation(body: SetOperation, form: QueryForm, types: readonly LogicalType[]): string {
    const { lines } = this;
    const lower = nested(body.left);
    const apart = lower !== null && !(lower.operator === body.operator && lower.all === body.all);
    let text = apart ? `(${lines.keyword('', 8)}` : '';
    text += this.#arm(body.left, types, form);
    text += apart ? lines.keyword(') ', -8) : lines.keyword('');
    text += `${body.operator.toUpperCase()} ${body.all ? 'ALL ' : ''}`;
    const right = nested(body.right) !== null;
    text += `${right ? '(' : ''}${lines.keyword('', right ? 8 : 0)}${this.#arm(body.right, types, { ...form, visible: false })}`;
    if (!right) return text;
    lines.level -= 8;
    return `${text}${lines.keyword(')')}`;
  }

  /** One side of a set operation; constants nothing typed so far are of the types of its columns. */
  #arm(query: Query, types: readonly LogicalType[], form: QueryForm): string {
    const inner = nested(query);
    if (inner !== null) return this.#setOperation(inner, form, types);
    const { body } = query;
    const known = this.trace.queries.get(body);
    if (known !== undefined && body.kind !== 'setOperation') {
      const typed = (e: Expression, i: number): Expression => (e.kind === 'literal' && e.type.kind === 'unknown'
        ? this.#typed(e, types[i]) : e);
      this.trace.queries.set(body, {
        ...known, targets: known.targets.map((t, i) => ({ ...t, expression: typed(t.expression, i) })),
        rows: known.rows.map((r) => r.map(typed)),
      });
    }
    const own = this.query(query, { ...form, frame: this.frame });
    const marked = query.with !== undefined || query.orderBy.length > 0 || query.limit !== undefined
      || query.offset !== undefined || query.locking.length > 0;
    return marked ? `(${own})` : own;
  }

  #typed(e: Expression & { readonly kind: 'literal' }, type: LogicalType): Expression {
    return e.value === null ? { ...e, type } : { kind: 'cast', input: e, type, explicit: true };
  }
}

function isConstant(e: Expression, value: boolean): boolean {
  return e.kind === 'literal' && e.value === value;
}

/** The set operation that a side is, where nothing surrounds it. */
function nested({ body, with: common, orderBy, limit, offset, locking }: Query): SetOperation | null {
  const plain = common === undefined && orderBy.length === 0 && limit === undefined && offset === undefined
    && locking.length === 0;
  return plain && body.kind === 'setOperation' ? body : null;
}

