// SET column[subscript].field = value: the column's whole new value.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { formatTypeName } from '../../engine/data/type-info.ts';
import { BOOLEAN, INT4, JSONB, TEXT, arrayOf, baseType } from '../../engine/data/types.ts';
import type { LogicalType, RecordType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { ARRAY_SET_ELEMENT, JSONB_SET_ELEMENT } from '../../engine/function/element-assignment.ts';
import type { AssignedExpr, Assignment, Expr } from '../parser/ast.ts';
import { jsonbSubscript } from './bind-composite.ts';
import { tryCoerce } from './coercion.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';

type Path = Assignment['path'];

export function bindAssigned(e: AssignedExpr, site: Site): Expression {
  const { column, position, value } = e;
  return assignPart(bind(e.operand, site), e.path, {
    column, position, site, value: () => bind(value, site), valuePosition: locationOf(value),
  });
}

/** What an assignment to a part of a column says beside the path. */
export interface Goal {
  readonly column: string;
  readonly position: number | undefined;
  readonly value: () => Expression;
  readonly valuePosition: number | undefined;
  readonly site: Site;
}

/** `base` with what stands at the path replaced. */
export function assignPart(base: Expression, path: Path, goal: Goal): Expression {
  const [first] = path;
  if (first === undefined) return goal.value();
  if (first.kind === 'field') return assignField(base, first.name, path.slice(1), goal);
  const end = path.findIndex((p) => p.kind === 'field');
  const own = end < 0 ? path : path.slice(0, end);
  const indexes = own.map((p) => {
    if (p.kind === 'index') return p.index;
    throw notSupported('assignment to a slice of an array', { position: goal.position });
  });
  const type = baseType(base.type);
  if (type.kind === 'jsonb') return assignJson(base, indexes, path.slice(own.length), goal);
  if (type.kind === 'array') return assignElement(base, { element: type.element, indexes, rest: path.slice(own.length) }, goal);
  throw new DatabaseError('42804',
    `cannot subscript type ${formatTypeName(base.type)} because it does not support subscripting`,
    base.kind === 'literal' ? {} : { position: goal.position });
}

interface ElementPath {
  readonly element: LogicalType;
  readonly indexes: readonly Expr[];
  readonly rest: Path;
}

function assignElement(base: Expression, { element, indexes, rest }: ElementPath, goal: Goal): Expression {
  const { site } = goal;
  const subscripts = indexes.map((index) => {
    const bound = tryCoerce(bind(index, site), INT4, { env: site.env, context: 'assignment', position: locationOf(index) });
    if (bound !== null) return bound;
    throw new DatabaseError('42804', 'array subscript must have type integer', { position: locationOf(index) });
  });
  const old: Expression = {
    kind: 'subscript', input: base, type: element, subscripts: subscripts.map((s) => ({ slice: false, lower: null, upper: s })),
  };
  const value = fitting(assignPart(old, rest, goal), element, goal);
  const path: Expression = { kind: 'array', type: arrayOf(INT4), elements: subscripts };
  return { kind: 'call', function: ARRAY_SET_ELEMENT, args: [base, path, value], type: base.type };
}

function assignJson(base: Expression, indexes: readonly Expr[], rest: Path, goal: Goal): Expression {
  if (rest.length > 0) throw notSupported('assignment to a field of jsonb', { position: goal.position });
  const elements = indexes.map((index) => jsonbSubscript(index, goal.site));
  const numbered = elements[0].kind === 'cast' && elements[0].input.type.kind === 'int4';
  const value = fitting(goal.value(), JSONB, goal);
  return {
    kind: 'call', function: JSONB_SET_ELEMENT, type: base.type, args: [
      base, { kind: 'array', type: arrayOf(TEXT), elements }, value, { kind: 'literal', type: BOOLEAN, value: numbered },
    ],
  };
}

/** A row with one field replaced; of NULL, a row of NULLs. */
function assignField(base: Expression, name: string, rest: Path, goal: Goal): Expression {
  const type = baseType(base.type);
  const { column, position } = goal;
  if (type.kind !== 'record') {
    throw new DatabaseError('42804', `cannot assign to field "${name}" of column "${column}" because its type `
      + `${formatTypeName(base.type)} is not a composite type`, { position });
  }
  const place = type.fields.findIndex((f) => f.name === name);
  if (place < 0) {
    throw new DatabaseError('42703', `cannot assign to field "${name}" of column "${column}" because there is no such column `
      + `in data type ${formatTypeName(base.type)}`, { position });
  }
  const old = fieldsOf(base, type);
  const value = fitting(assignPart(old[place], rest, goal), type.fields[place].type, goal, name);
  return { kind: 'row', type, fields: old.with(place, value) };
}

function fieldsOf(base: Expression, type: RecordType): readonly Expression[] {
  if (base.kind === 'row') return base.fields;
  return type.fields.map((f, index): Expression => ({ kind: 'field', input: base, index, type: f.type }));
}

/** The value as an assignment converts it. */
function fitting(value: Expression, type: LogicalType, goal: Goal, field?: string): Expression {
  const { column, site, position, valuePosition } = goal;
  const found = tryCoerce(value, type, { env: site.env, context: 'assignment', position: valuePosition });
  if (found !== null) return found;
  const target = field === undefined ? `subscripted assignment to "${column}" requires type`
    : `subfield "${field}" is of type`;
  throw new DatabaseError('42804', `${target} ${formatTypeName(type)} but expression is of type ${formatTypeName(value.type)}`, {
    position, hint: 'You will need to rewrite or cast the expression.',
  });
}
