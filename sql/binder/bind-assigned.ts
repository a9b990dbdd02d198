// column[subscript].field = value, of SET and of INSERT's column list: the column's whole new value.
import { DatabaseError, notSupported } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { BOOLEAN, INT4, JSONB, TEXT, arrayOf, baseType } from '../../engine/data/types.ts';
import type { ArrayType, LogicalType, RecordType } from '../../engine/data/types.ts';
import type { Expression } from '../../engine/expression/expression.ts';
import { ARRAY_SET_ELEMENT, JSONB_SET_ELEMENT } from '../../engine/function/element-assignment.ts';
import { ARRAY_SET_SLICE } from '../../engine/function/slice-assignment.ts';
import type { AssignedExpr, Assignment, Expr } from '../parser/ast.ts';
import { jsonbSubscript } from './bind-composite.ts';
import { tryCoerce } from './coercion.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';

type Path = Assignment['path'];
type Subscript = Exclude<Path[number], { readonly kind: 'field' }>;

/** What an assignment to a part of a column says beside the path. `position`: where it is said that the value does not fit. */
export interface Goal {
  readonly column: string;
  readonly position: number | undefined;
  readonly value: () => Expression;
  readonly valuePosition: number | undefined;
  readonly site: Site;
}

export function bindAssigned(e: AssignedExpr, site: Site): Expression {
  const { column, position, value } = e;
  return assignPart(bind(e.operand, site), e.path, {
    column, position, site, value: () => bind(value, site), valuePosition: locationOf(value),
  });
}

/** `base` with what stands at the path replaced. A domain's checks are those of the whole column: not made here. */
export function assignPart(base: Expression, path: Path, goal: Goal): Expression {
  const [first] = path;
  if (first === undefined) return goal.value();
  const plain = withoutDomain(base);
  if (first.kind === 'field') return assignField(plain, base.type, path, goal);
  const end = path.findIndex((p) => p.kind === 'field');
  const own = path.slice(0, end < 0 ? path.length : end).filter((p): p is Subscript => p.kind !== 'field');
  const rest = path.slice(own.length);
  const { type } = plain;
  if (type.kind === 'jsonb') return assignJson(plain, own, rest, goal);
  if (type.kind === 'array') {
    return own.some((p) => p.kind === 'slice') ? assignSlice(plain, type, { own, rest }, goal)
      : assignElement(plain, type, { own, rest }, goal);
  }
  throw new DatabaseError('42804',
    `cannot subscript type ${mentionType(base.type)} because it does not support subscripting`,
    { position: base.kind === 'literal' ? undefined : goal.position });
}

/** The value of a domain as one of the type it is over. */
function withoutDomain(base: Expression): Expression {
  if (base.type.kind !== 'domain') return base;
  const type = baseType(base.type);
  return base.kind === 'literal' ? { ...base, type } : { kind: 'cast', input: base, type, explicit: false };
}

interface ElementPath {
  readonly own: readonly Subscript[];
  readonly rest: Path;
}

function subscript(index: Expr, { site }: Goal): Expression {
  const bound = tryCoerce(bind(index, site), INT4, { env: site.env, context: 'assignment', position: locationOf(index) });
  if (bound !== null) return bound;
  throw new DatabaseError('42804', 'array subscript must have type integer', { position: locationOf(index) });
}

function assignElement(base: Expression, type: ArrayType, { own, rest }: ElementPath, goal: Goal): Expression {
  const subscripts = own.flatMap((p) => (p.kind === 'index' ? [subscript(p.index, goal)] : []));
  const old: Expression = {
    kind: 'subscript', input: base, type: type.element,
    subscripts: subscripts.map((s) => ({ slice: false, lower: null, upper: s })),
  };
  const value = fitting(assignPart(old, rest, goal), type.element, goal);
  return {
    kind: 'call', function: ARRAY_SET_ELEMENT, args: [base, { kind: 'array', type: arrayOf(INT4), elements: subscripts }, value],
    type,
  };
}

/** A plain subscript among slices means 1:i, as where an array is read. */
function assignSlice(base: Expression, type: ArrayType, { own, rest }: ElementPath, goal: Goal): Expression {
  const one = (e: Expr | undefined): Expression | null => (e === undefined ? null : subscript(e, goal));
  const bounds = own.map((p) => (p.kind === 'index' ? { slice: true, lower: number(1), upper: subscript(p.index, goal) }
    : { slice: true, lower: one(p.lower), upper: one(p.upper) }));
  const value = fitting(assignPart({ kind: 'subscript', input: base, type, subscripts: bounds }, rest, goal), type, goal);
  const integers = (list: readonly (Expression | null)[]): Expression => ({
    kind: 'array', type: arrayOf(INT4), elements: list.map((e) => e ?? number(0)),
  });
  const given = (list: readonly (Expression | null)[]): Expression => ({
    kind: 'array', type: arrayOf(BOOLEAN), elements: list.map((e) => ({ kind: 'literal', type: BOOLEAN, value: e !== null })),
  });
  const lower = bounds.map((b) => b.lower);
  const upper = bounds.map((b) => b.upper);
  return {
    kind: 'call', function: ARRAY_SET_SLICE, type,
    args: [base, integers(lower), given(lower), integers(upper), given(upper), value],
  };
}

function number(value: number): Expression {
  return { kind: 'literal', type: INT4, value };
}

function assignJson(base: Expression, own: readonly Subscript[], rest: Path, goal: Goal): Expression {
  if (rest.length > 0) throw notSupported('assignment to a field of jsonb', { position: goal.position });
  const elements = own.map((p) => {
    if (p.kind === 'index') return jsonbSubscript(p.index, goal.site);
    const bound = p.upper ?? p.lower;
    throw new DatabaseError('42804', 'jsonb subscript does not support slices',
      { position: bound === undefined ? goal.position : locationOf(bound) });
  });
  const numbered = elements[0].kind === 'cast' && elements[0].input.type.kind === 'int4';
  const value = fitting(goal.value(), JSONB, goal);
  return {
    kind: 'call', function: JSONB_SET_ELEMENT, type: base.type, args: [
      base, { kind: 'array', type: arrayOf(TEXT), elements }, value, { kind: 'literal', type: BOOLEAN, value: numbered },
    ],
  };
}

/** A row with one field replaced; of NULL, a row of NULLs. */
function assignField(base: Expression, named: LogicalType, path: Path, goal: Goal): Expression {
  const { type } = base;
  const { column, position } = goal;
  const name = path[0].kind === 'field' ? path[0].name : '';
  if (type.kind !== 'record') {
    throw new DatabaseError('42804', `cannot assign to field "${name}" of column "${column}" because its type `
      + `${mentionType(named)} is not a composite type`, { position });
  }
  const place = type.fields.findIndex((f) => f.name === name);
  if (place < 0) {
    throw new DatabaseError('42703', `cannot assign to field "${name}" of column "${column}" because there is no such column `
      + `in data type ${mentionType(named)}`, { position });
  }
  const old = fieldsOf(base, type);
  const value = fitting(assignPart(old[place], path.slice(1), { ...goal, column: name }), type.fields[place].type, goal, name);
  return { kind: 'row', type, fields: old.with(place, value) };
}

function fieldsOf(base: Expression, type: RecordType): readonly Expression[] {
  if (base.kind === 'row') return base.fields;
  if (base.kind === 'literal') return type.fields.map((f): Expression => ({ kind: 'literal', type: f.type, value: null }));
  return type.fields.map((f, index): Expression => ({ kind: 'field', input: base, index, type: f.type }));
}

/** The value as an assignment converts it. */
function fitting(value: Expression, type: LogicalType, goal: Goal, field?: string): Expression {
  const found = tryCoerce(value, type, { env: goal.site.env, context: 'assignment', position: goal.valuePosition });
  if (found !== null) return found;
  const target = field === undefined ? `subscripted assignment to "${goal.column}" requires type`
    : `subfield "${field}" is of type`;
  throw new DatabaseError('42804', `${target} ${mentionType(type)} but expression is of type ${mentionType(value.type)}`, {
    position: goal.position, hint: 'You will need to rewrite or cast the expression.',
  });
}
