// SEARCH and CYCLE of WITH RECURSIVE: columns that order the rows or stop at rows seen before, written into the query
// itself (manual 7.8.2.1, 7.8.2.2). The recursive term finds them at the working table under names nobody can write.
import { DatabaseError } from '../../engine/data/error.ts';
import type { CommonTable, Expr, FromItem, Query, Select, SetOperation, Target } from '../parser/ast.ts';
import { findTable } from './recursion-rules.ts';

const SEQUENCE = '*SEARCH*';
const MARK = '*CYCLE MARK*';
const PATH = '*CYCLE PATH*';
const INNER = '*TERM*';

export interface Extended {
  readonly query: Query;
  /** Columns behind the table's own: as the working table has them, and as the query around sees them. */
  readonly hidden: readonly string[];
  readonly shown: readonly string[];
}

/** `columns`: the table's own, by name. Errors are PostgreSQL's (42601, 42701). */
export function withSearchAndCycle(table: CommonTable, query: Query, columns: readonly string[]): Extended {
  checkClauses(table, columns);
  const { search, cycle } = table;
  const { body } = query;
  if (body.kind !== 'setOperation') throw onlySelect('left');
  const hidden = [...(search === undefined ? [] : [SEQUENCE]), ...(cycle === undefined ? [] : [MARK, PATH])];
  const shown = [...(search === undefined ? [] : [search.sequence]), ...(cycle === undefined ? [] : [cycle.mark, cycle.path])];
  const terms = new Terms(table, columns, hidden);
  const extended: SetOperation = { ...body, left: terms.base(body.left), right: terms.step(body.right) };
  return { query: { ...query, body: extended }, hidden, shown };
}

function onlySelect(side: 'left' | 'right'): DatabaseError {
  return new DatabaseError(side === 'left' ? '0A000' : '42601',
    `with a SEARCH or CYCLE clause, the ${side} side of the UNION must be a SELECT`);
}

function checkClauses({ search, cycle }: CommonTable, columns: readonly string[]): void {
  const check = (clause: string, list: readonly string[], position: number | undefined): void => {
    list.forEach((column, i) => {
      if (!columns.includes(column)) {
        throw new DatabaseError('42601', `${clause} column "${column}" not in WITH query column list`, { position });
      }
      if (list.indexOf(column) !== i) {
        throw new DatabaseError('42701', `${clause} column "${column}" specified more than once`, { position });
      }
    });
  };
  const added = (what: string, column: string, position: number | undefined): void => {
    if (!columns.includes(column)) return;
    throw new DatabaseError('42601', `${what} name "${column}" already used in WITH query column list`, { position });
  };
  if (search !== undefined) {
    check('search', search.columns, search.position);
    added('search sequence column', search.sequence, search.position);
  }
  if (cycle === undefined) return;
  const { position, mark, path } = cycle;
  check('cycle', cycle.columns, position);
  added('cycle mark column', mark, position);
  added('cycle path column', path, position);
  if (mark === path) {
    throw new DatabaseError('42601', 'cycle mark column name and cycle path column name are the same', { position });
  }
  for (const [what, column] of [['cycle mark', mark], ['cycle path', path]]) {
    if (search?.sequence !== column) continue;
    throw new DatabaseError('42601', `search sequence column name and ${what} column name are the same`,
      { position: search.position });
  }
}

type Cycle = NonNullable<CommonTable['cycle']>;

class Terms {
  readonly #table: CommonTable;
  readonly #columns: readonly string[];
  readonly #hidden: readonly string[];

  constructor(table: CommonTable, columns: readonly string[], hidden: readonly string[]) {
    this.#table = table;
    this.#columns = columns;
    this.#hidden = hidden;
  }

  get #position(): number | undefined {
    return this.#table.position;
  }

  base(term: Query): Query {
    if (term.body.kind !== 'select' && term.body.kind !== 'values') throw onlySelect('left');
    const { search, cycle } = this.#table;
    const added: Expr[] = [];
    if (search !== undefined) {
      added.push(search.breadthFirst ? this.#row([this.#depth('0'), ...this.#own(search.columns)])
        : this.#array(this.#row(this.#own(search.columns))));
    }
    if (cycle !== undefined) {
      added.push(this.#mark({ kind: 'boolean', value: false, position: undefined }, cycle));
      added.push(this.#array(this.#row(this.#own(cycle.columns))));
    }
    return this.#around(term, this.#columns, added, undefined);
  }

  step(term: Query): Query {
    if (term.body.kind !== 'select') throw onlySelect('right');
    const { search, cycle, name } = this.#table;
    const hidden = term.with?.tables.some((t) => t.name === name) === true;
    const itself = hidden ? null : findTable(term.body.from, name);
    if (itself === null) {
      throw new DatabaseError('0A000', `with a SEARCH or CYCLE clause, the recursive reference to WITH query "${name}" `
        + 'must be at the top level of its right-hand SELECT');
    }
    const alias = itself.alias?.name ?? name;
    const carried = this.#hidden.map((column): Target => ({
      expression: { kind: 'column', name: [alias, column], position: undefined }, alias: column, position: undefined,
    }));
    const body: Select = { ...term.body, targets: [...term.body.targets, ...carried] };
    const added: Expr[] = [];
    if (search !== undefined) {
      const before = this.#column(SEQUENCE);
      const depth: Expr = { kind: 'field', operand: before, name: 'f1', position: undefined };
      added.push(search.breadthFirst ? this.#row([this.#binary('+', depth, this.#depth('1')), ...this.#own(search.columns)])
        : this.#binary('||', before, this.#row(this.#own(search.columns))));
    }
    if (cycle === undefined) return this.#around({ ...term, body }, [...this.#columns, ...this.#hidden], added, undefined);
    const row = this.#row(this.#own(cycle.columns));
    const seen: Expr = {
      kind: 'quantifiedArray', operand: row, operator: '=', schema: undefined, quantifier: 'any', array: this.#column(PATH),
      position: cycle.position,
    };
    added.push(this.#mark(seen, cycle), this.#binary('||', this.#column(PATH), row));
    return this.#around({ ...term, body }, [...this.#columns, ...this.#hidden], added,
      this.#binary('<>', this.#column(MARK), this.#marks(cycle)[0]));
  }

  /** SELECT own columns, added ones FROM (term) WHERE .. */
  #around(term: Query, inner: readonly string[], added: readonly Expr[], where: Expr | undefined): Query {
    const position = this.#position;
    const item: FromItem = { kind: 'subquery', query: term, lateral: false, alias: { name: INNER, columns: inner }, position };
    const target = (expression: Expr, alias: string): Target => ({ expression, alias, position: undefined });
    const body: Select = {
      kind: 'select', distinct: undefined, from: [item], where, groupBy: [], groupDistinct: false, groupByAll: false,
      having: undefined, windows: [], qualify: undefined, into: undefined, position,
      targets: [
        ...this.#columns.map((c) => target(this.#column(c), c)), ...added.map((e, i) => target(e, this.#hidden[i])),
      ],
    };
    return {
      kind: 'query', with: undefined, body, orderBy: [], limit: undefined, withTies: false, offset: undefined, locking: [],
      range: undefined, position,
    };
  }

  #column(name: string): Expr {
    return { kind: 'column', name: [INNER, name], position: undefined };
  }

  #own(names: readonly string[]): readonly Expr[] {
    return names.map((n) => this.#column(n));
  }

  #row(fields: readonly Expr[]): Expr {
    return { kind: 'row', fields, explicit: true, position: undefined };
  }

  #array(element: Expr): Expr {
    return { kind: 'array', elements: [element], position: undefined };
  }

  #depth(text: string): Expr {
    return this.#cast({ kind: 'number', text, position: undefined }, 'int8');
  }

  #binary(operator: string, left: Expr, right: Expr): Expr {
    return { kind: 'binary', operator, schema: undefined, left, right, position: this.#position };
  }

  #mark(condition: Expr, cycle: Cycle): Expr {
    const { position } = cycle;
    const [result, otherwise] = this.#marks(cycle);
    return { kind: 'case', operand: undefined, branches: [{ condition, result, position }], otherwise, position };
  }

  /** Constants without a type of their own are text from the start, as they are shown. */
  #marks({ value, otherwise }: Cycle): readonly [Expr, Expr] {
    const untyped = [value, otherwise].every(({ kind }) => kind === 'string' || kind === 'null');
    return untyped ? [this.#cast(value, 'text'), this.#cast(otherwise, 'text')] : [value, otherwise];
  }

  #cast(operand: Expr, type: string): Expr {
    return {
      kind: 'cast', operand, position: undefined, type: {
        name: ['pg_catalog', type], modifiers: [], arrayDimensions: 0, setOf: false, ofColumn: false, position: undefined,
      },
    };
  }
}
