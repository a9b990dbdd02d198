// INSERT, UPDATE and DELETE of the borrowed tree, and CREATE TABLE and VIEW from the tokens, as our statements.
import type { WatermarkDefinition } from './ast-definition.ts';
import type { Statement } from './ast-statement.ts';
import type { Assignment, ColumnDefinition, Constraint, Expr, Insert, Option, Query, TableItem } from './ast.ts';
import { commas, expression } from './foreign-expression.ts';
import type { Cursor } from './foreign-cursor.ts';
import type { Foreign } from './foreign-expression.ts';
import { child, children, nameIn } from './foreign-grammar.ts';
import type { Tree } from './foreign-grammar.ts';
import { names } from './foreign-query.ts';
import { foreignType } from './foreign-type.ts';

export function readInsert(tree: Tree, foreign: Foreign): Insert {
  const { cursor } = foreign;
  cursor.take('insert');
  cursor.takeIf('into');
  const relation = cursor.relation();
  const columns = cursor.is('(') && cursor.peek(1)?.value !== 'select' && cursor.peek(1)?.value !== 'with'
    ? columnList(foreign) : [];
  const values = child(tree, 'values');
  if (values === undefined) throw cursor.mismatch();
  const source = cursor.is('values') ? rows(values, foreign) : foreign.query(values);
  return {
    kind: 'insert', with: undefined, relation, alias: undefined, columns, overriding: undefined, source,
    onConflict: undefined, returning: [], position: relation.position,
  };
}

function columnList(foreign: Foreign): Insert['columns'] {
  const { cursor } = foreign;
  const list: Insert['columns'][number][] = [];
  cursor.take('(');
  do {
    const position = cursor.position();
    list.push({ name: cursor.name(), path: [], position });
  } while (cursor.takeIf(','));
  cursor.take(')');
  return list;
}

function rows(tree: Tree, foreign: Foreign): Query {
  const { cursor } = foreign;
  cursor.take('values');
  const list = children(tree, 'values').map((row, i) => {
    if (i > 0) cursor.take(',');
    cursor.take('(');
    const items = commas(children(row, 'value'), foreign);
    cursor.take(')');
    return items;
  });
  const position = list[0]?.[0]?.position;
  return {
    kind: 'query', with: undefined, body: { kind: 'values', rows: list, position }, orderBy: [], limit: undefined,
    withTies: false, offset: undefined, locking: [], range: undefined, position,
  };
}

function target(foreign: Foreign): TableItem {
  const { cursor } = foreign;
  const relation = cursor.relation();
  const named = cursor.takeIf('as') || (!cursor.done && !cursor.is('set') && !cursor.is('where')
    && cursor.peek()?.kind === 'word');
  const alias = named ? { name: cursor.name(), columns: [] } : undefined;
  return { kind: 'table', relation, only: false, alias, asOf: undefined, position: relation.position };
}

export function readUpdate(tree: Tree, foreign: Foreign): Statement {
  const { cursor } = foreign;
  cursor.take('update');
  const table = target(foreign);
  cursor.take('set');
  const set = children(tree, 'set').map((part, i): Assignment => {
    if (i > 0) cursor.take(',');
    const position = cursor.position();
    const column = cursor.name(nameIn(part['column']));
    cursor.take('=');
    return { column, path: [], value: expression(child(part, 'value'), foreign), multiple: undefined, position };
  });
  // MySQL's SET takes the columns that are already set as new; when none is read again, there is no difference.
  if (set.length > 1 && ['mysql', 'mariadb'].includes(cursor.dialect.name)) checkIndependent(set, foreign);
  const where = cursor.takeIf('where') ? expression(child(tree, 'where'), foreign) : undefined;
  return {
    kind: 'update', with: undefined, table, set, from: [], where, returning: [], position: table.position,
  };
}

function checkIndependent(set: readonly Assignment[], foreign: Foreign): void {
  const before = new Set<string>();
  for (const assignment of set) {
    const read = JSON.stringify(assignment.value, (_key, value: unknown) => value);
    for (const column of before) {
      if (read.includes(`"${column}"`)) throw foreign.cursor.refuse(`reading "${column}" after setting it`,
        assignment.position);
    }
    before.add(assignment.column);
  }
}

export function readDelete(tree: Tree, foreign: Foreign): Statement {
  const { cursor } = foreign;
  cursor.take('delete', 'from');
  const table = target(foreign);
  const where = cursor.takeIf('where') ? expression(child(tree, 'where'), foreign) : undefined;
  return { kind: 'delete', with: undefined, table, using: [], where, returning: [], position: table.position };
}

/** What of a stored expression PostgreSQL reads in the same way, as it is stored as it is written. */
export interface Stored {
  watermark(from: number, to: number): { readonly expression: Expr; readonly text: string };
}

/** CREATE TABLE, from the tokens; with a connector it is a source. */
export function readCreateTable(foreign: Foreign, stored: Stored): Statement {
  const { cursor } = foreign;
  cursor.take('create', 'table');
  const ifNotExists = cursor.takeIf('if', 'not', 'exists');
  const relation = cursor.relation();
  const columns: ColumnDefinition[] = [];
  const constraints: Constraint[] = [];
  let watermark: WatermarkDefinition | undefined;
  cursor.take('(');
  do {
    if (cursor.is('watermark', 'for')) watermark = readWatermark(foreign, stored);
    else if (cursor.is('primary', 'key') || cursor.is('constraint') || cursor.is('unique')) {
      constraints.push(tableConstraint(foreign));
    } else columns.push(columnDefinition(foreign));
  } while (cursor.takeIf(','));
  cursor.take(')');
  const options = cursor.dialect.name === 'flink' && cursor.takeIf('with') ? withOptions(foreign) : [];
  while (takeTableOption(cursor));
  const common = {
    relation, ifNotExists, columns, constraints, watermark, options, position: relation.position,
  };
  if (options.some((option) => option.name === 'connector')) {
    // Files are told their format as one of their options.
    const isFile = options.some(({ name, value }) => name === 'connector' && value?.kind === 'string'
      && value.text === 'filesystem');
    const format = isFile ? undefined : options.find((option) => option.name === 'format');
    return {
      ...common, kind: 'createSource', appendOnly: false, badRowsTo: undefined,
      options: [...options.filter((option) => option !== format).map((option) => ({
        ...option, name: option.name.replaceAll('-', '_'),
        ...isFile && option.name === 'connector' ? { value: { kind: 'string', text: 'file' } as const } : {},
      })), ...isFile ? [NO_HEADER] : []],
      format: format?.value?.kind !== 'string' ? undefined : {
        format: 'PLAIN', formatOptions: [], encode: format.value.text.toUpperCase(), encodeOptions: [],
        position: format.position,
      },
    };
  }
  if (options.length > 0) throw cursor.refuse('WITH without a connector', relation.position);
  return {
    ...common, kind: 'createTable', persistence: 'permanent', like: [], inherits: [], appendOnly: false,
    onCommit: 'preserve',
  };
}

/** What MySQL's dumps say of how a table is stored: nothing of it changes what the table holds. */
function takeTableOption(cursor: Cursor): boolean {
  if (!['mysql', 'mariadb'].includes(cursor.dialect.name)) return false;
  const from = cursor.at;
  cursor.takeIf('default');
  const named = ['engine', 'charset', 'collate', 'row_format'].some((word) => cursor.takeIf(word))
    || cursor.takeIf('character', 'set');
  if (!named) {
    cursor.at = from;
    return false;
  }
  cursor.takeIf('=');
  cursor.name();
  return true;
}

/** Flink's files have none. */
const NO_HEADER: Option = { name: 'header', value: { kind: 'string', text: 'false' }, position: undefined };

function withOptions(foreign: Foreign): Option[] {
  const { cursor } = foreign;
  const list: Option[] = [];
  cursor.take('(');
  do {
    const position = cursor.position();
    const name = cursor.next('string').value;
    cursor.take('=');
    list.push({ name, value: { kind: 'string', text: cursor.next('string').value }, position });
  } while (cursor.takeIf(','));
  cursor.take(')');
  return list;
}

function readWatermark(foreign: Foreign, stored: Stored): WatermarkDefinition {
  const { cursor } = foreign;
  const position = cursor.position();
  cursor.take('watermark', 'for');
  const column = cursor.name();
  cursor.take('as');
  const from = cursor.at;
  let to = from;
  while (to < cursor.end && cursor.tokens[to]?.value !== ',' && cursor.tokens[to]?.value !== ')') {
    const partner = cursor.tokens[to]?.partner ?? -1;
    to = partner > to ? partner + 1 : to + 1;
  }
  const range = { start: cursor.tokens[from]?.start ?? 0, end: cursor.tokens[to - 1]?.end ?? 0 };
  // Read by both; what is stored is the text, for our own reader.
  foreign.list(from, to);
  return { column, ...stored.watermark(from, to), range, position };
}

const NO_NAME = { name: undefined, deferrable: false, initiallyDeferred: false } as const;

function tableConstraint(foreign: Foreign): Constraint {
  const { cursor } = foreign;
  const position = cursor.position();
  const name = cursor.takeIf('constraint') ? cursor.name() : undefined;
  const kind = cursor.takeIf('primary', 'key') ? 'primaryKey' : 'unique';
  if (kind === 'unique') {
    cursor.take('unique');
    if (cursor.is('key') || cursor.is('index')) throw cursor.refuse('a named index');
  }
  const columns = names(foreign);
  cursor.takeIf('not', 'enforced');
  return { ...NO_NAME, name, kind, columns, include: [], nullsNotDistinct: false, usingIndex: undefined, position };
}

function columnDefinition(foreign: Foreign): ColumnDefinition {
  const { cursor } = foreign;
  if (['mysql', 'mariadb'].includes(cursor.dialect.name) && (cursor.is('key') || cursor.is('index') || cursor.is('fulltext'))) {
    throw cursor.refuse('an index inside CREATE TABLE', cursor.position(), 'Use CREATE INDEX.');
  }
  const position = cursor.position();
  const name = cursor.name();
  const type = foreignType(cursor);
  const constraints: Constraint[] = [];
  for (;;) {
    const at = cursor.position();
    const common = { ...NO_NAME, position: at };
    if (cursor.takeIf('not', 'null')) constraints.push({ ...common, kind: 'notNull' });
    else if (cursor.takeIf('null')) constraints.push({ ...common, kind: 'null' });
    else if (cursor.takeIf('primary', 'key') || cursor.is('unique')) {
      const kind = cursor.takeIf('unique') ? 'unique' as const : 'primaryKey' as const;
      if (kind === 'primaryKey') cursor.takeIf('not', 'enforced');
      constraints.push({
        ...common, kind, columns: [], include: [], nullsNotDistinct: false, usingIndex: undefined,
      });
    } else if (cursor.takeIf('auto_increment')) {
      constraints.push({ ...common, kind: 'identity', always: false, options: [] });
    } else if (cursor.takeIf('default')) constraints.push(defaultOf(foreign, at));
    else return { name, type, collation: undefined, constraints, position };
  }
}

/** A constant that PostgreSQL writes in the same way: the text is what is stored. */
function defaultOf(foreign: Foreign, position: number): Constraint {
  const { cursor } = foreign;
  const from = cursor.at;
  const start = cursor.peek()?.start ?? 0;
  cursor.takeIf('-');
  const token = cursor.peek();
  const written = token === undefined ? '' : cursor.whole.text.slice(token.start, token.end);
  const plain = token?.kind === 'number' || (token?.kind === 'string' && /^'[^\\]*'$/.test(written))
    || cursor.is('null') || cursor.is('true') || cursor.is('false') || cursor.is('current_timestamp');
  if (token === undefined || !plain || cursor.peek(1)?.value === '(') throw cursor.refuse('such a DEFAULT');
  cursor.at++;
  const end = cursor.at;
  const [value] = foreign.list(from, end);
  if (value === undefined) throw cursor.mismatch();
  return { ...NO_NAME, kind: 'default', expression: value, range: { start, end: token.end }, position };
}

/** CREATE [OR REPLACE] [MATERIALIZED] VIEW, up to its query. */
export function readCreateView(foreign: Foreign, query: (foreign: Foreign) => Query): Statement {
  const { cursor } = foreign;
  cursor.take('create');
  const orReplace = cursor.takeIf('or', 'replace');
  const materialized = cursor.takeIf('materialized');
  cursor.take('view');
  const ifNotExists = cursor.takeIf('if', 'not', 'exists');
  const relation = cursor.relation();
  const columnNames = cursor.is('(') ? names(foreign) : [];
  cursor.take('as');
  const common = {
    relation, orReplace, ifNotExists, columnNames, options: [], query: query(foreign), position: relation.position,
  };
  if (!materialized) return { ...common, kind: 'createView', persistence: 'permanent', checkOption: undefined, recursive: false };
  return {
    ...common, kind: 'createMaterializedView', withData: true, emitOnWindowClose: false, lateDataTo: undefined,
    replacementFor: undefined,
  };
}
