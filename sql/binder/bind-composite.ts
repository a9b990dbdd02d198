// Casts, ARRAY[..], ROW(..), subscripts and fields.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType } from '../../engine/data/type-info.ts';
import { INT4, TEXT, arrayOf, baseType, hasDimensions } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { Expression, SubscriptExpression } from '../../engine/expression/expression.ts';
import type { Expr, Subscript } from '../parser/ast.ts';
import { checked } from './domain-check.ts';
import { coerce, coerceArgument, settleUnknown, tryCoerce } from './coercion.ts';
import { requireCommonType } from './common-type.ts';
import { spreadFields } from './environment.ts';
import { applyFunction } from './functions.ts';
import { bind } from './level.ts';
import type { Site } from './level.ts';
import { locationOf } from './location.ts';
import { expandQualifiedStar } from './scope.ts';
import { resolveTypeName } from './type-name.ts';
import { canCoerce } from './type-rules.ts';

type Of<K extends Expr['kind']> = Expr & { readonly kind: K };

export function bindCast(e: Of<'cast'>, site: Site): Expression {
  const target = resolveTypeName(site.env, e.type);
  const base = baseType(target);
  if (e.operand.kind === 'array' && base.kind === 'array') {
    // Their subscripts begin at 0, and those of what is made by ARRAY at 1.
    if (base.vector === true) throw new DatabaseError('42804', `array is not a valid ${mentionType(base)}`);
    return checked(site, coerce(bindArray(e.operand, site, base.element), target,
      { env: site.env, context: 'explicit', position: e.position }));
  }
  const input = bind(e.operand, site);
  if (base.kind === 'unknown' && input.type.kind !== 'unknown') {
    throw new DatabaseError('42846', `cannot cast type ${mentionType(input.type)} to unknown`, { position: e.position });
  }
  // The error of a cast points at the cast, that of a bad literal at the literal.
  const position = input.type.kind === 'unknown' ? locationOf(e.operand) : e.position;
  const cast = coerce(input, target, { env: site.env, context: 'explicit', position });
  return input.type === cast.type ? cast : checked(site, cast);
}

/** ARRAY[..]; `element` from a cast around it. */
export function bindArray(e: Of<'array'>, site: Site, element: LogicalType | null): Expression {
  const bound = e.elements.map((x) => (x.kind === 'array' ? bindArray(x, site, element) : bind(x, site)));
  const places = e.elements.map(locationOf);
  if (bound.length === 0) {
    if (element === null) {
      throw new DatabaseError('42P18', 'cannot determine type of empty array', {
        position: e.position, hint: 'Explicitly cast to the desired type, for example ARRAY[]::integer[].',
      });
    }
    return { kind: 'array', type: arrayOf(element), elements: [] };
  }
  const nested = bound.some((b) => hasDimensions(b.type));
  const type = element !== null && !nested ? element
    : requireCommonType(bound.map((b) => b.type), 'ARRAY', (i) => places[i]);
  const elements = bound.map((b, i) => (element === null ? coerceArgument(site.env, b, type, places[i])
    : coerce(b, type, { env: site.env, context: 'explicit', position: places[i] })));
  return { kind: 'array', type: hasDimensions(type) ? type : arrayOf(type), elements };
}

export function bindRow(e: Of<'row'>, site: Site): Expression {
  const fields = e.fields.flatMap((f) => rowFields(f, site));
  return {
    kind: 'row', fields,
    type: { kind: 'record', fields: fields.map((f, i) => ({ name: `f${i + 1}`, type: f.type })) },
  };
}

function rowFields(e: Expr, site: Site): readonly Expression[] {
  if (e.kind === 'fieldStar') return bindFields(e, site).map((f) => f.expression);
  if (e.kind !== 'star' || e.qualifier.length === 0) return [bind(e, site)];
  return expandQualifiedStar({ env: site.env, scope: site.scope, position: e.position }, e.qualifier)
    .map((r) => r.expression);
}

/** (record).* */
export function bindFields(
  e: Of<'fieldStar'>, site: Site,
): readonly { readonly name: string; readonly expression: Expression }[] {
  const input = bind(e.operand, site);
  const type = baseType(input.type);
  if (type.kind !== 'record' || type.fields.length === 0) {
    throw new DatabaseError('42809', `type ${mentionType(input.type)} is not composite`, { position: locationOf(e.operand) });
  }
  const fields = spreadFields(site.env, type);
  site.env.columns?.noteFields(input, fields.map((_, index) => index));
  return fields.map((f, index) => ({
    name: f.name, expression: input.kind === 'row' ? input.fields[index] : { kind: 'field', input, index, type: f.type },
  }));
}

/** ROW(..) whose fields nothing typed: text. */
export function settleRow(e: Expression, site: Site): Expression {
  if (e.kind !== 'row' || !e.fields.some((f) => f.type.kind === 'unknown')) return e;
  const fields = e.fields.map((f) => settleUnknown(site.env, f));
  return {
    kind: 'row', fields,
    type: { kind: 'record', fields: fields.map((f, i) => ({ name: `f${i + 1}`, type: f.type })) },
  };
}

const MAX_DIMENSIONS = 6;

export function bindSubscript(e: Of<'subscript'>, site: Site): Expression {
  const input = bind(e.operand, site);
  const type = baseType(input.type);
  if (type.kind === 'jsonb') return jsonbElement(input, e, site);
  if (type.kind !== 'array') {
    throw new DatabaseError('42804',
      `cannot subscript type ${mentionType(input.type)} because it does not support subscripting`,
      { position: locationOf(e.operand) });
  }
  if (e.subscripts.length > MAX_DIMENSIONS) {
    throw new DatabaseError('54000',
      `number of array dimensions (${e.subscripts.length}) exceeds the maximum allowed (${MAX_DIMENSIONS})`);
  }
  const subscripts = e.subscripts.map((s) => bindIndex(s, site));
  const slice = subscripts.some((s) => s.slice);
  const result: SubscriptExpression = {
    kind: 'subscript', input, subscripts,
    type: slice ? (type.vector === true ? arrayOf(type.element) : type) : type.element,
  };
  return result;
}

/** j['a'][0]: NULL where there is nothing, or a subscript is NULL. */
function jsonbElement(input: Expression, e: Of<'subscript'>, site: Site): Expression {
  const path = e.subscripts.map((s) => {
    if (s.kind === 'slice') {
      const bound = s.upper ?? s.lower;
      throw new DatabaseError('42804', 'jsonb subscript does not support slices',
        { position: bound === undefined ? undefined : locationOf(bound) });
    }
    return jsonbSubscript(s.index, site);
  });
  const bound = applyFunction(site.env, 'jsonb_extract_path', [input, ...path], e.position);
  site.env.trace?.forms.set(bound, { kind: 'element', input, path });
  return bound;
}

/** A key or an index, as text. */
export function jsonbSubscript(index: Expr, site: Site): Expression {
  const position = locationOf(index);
  const bound = bind(index, site);
  if (bound.type.kind === 'unknown') return coerceArgument(site.env, bound, TEXT, position);
  const fitting = [INT4, TEXT].filter((t) => canCoerce(bound.type, t, 'implicit'));
  if (fitting.length !== 1) {
    throw new DatabaseError('42804', `subscript type ${mentionType(bound.type)} is not supported`, {
      position, hint: fitting.length === 0 ? 'jsonb subscript must be coercible to either integer or text.'
        : 'jsonb subscript must be coercible to only one type, integer or text.',
    });
  }
  const typed = coerceArgument(site.env, bound, fitting[0], position);
  return coerce(typed, TEXT, { env: site.env, context: 'explicit', position });
}

function bindIndex(s: Subscript, site: Site): SubscriptExpression['subscripts'][number] {
  const one = (e: Expr | undefined): Expression | null => {
    if (e === undefined) return null;
    const coerced = tryCoerce(bind(e, site), INT4, { env: site.env, context: 'assignment', position: locationOf(e) });
    if (coerced !== null) return coerced;
    throw new DatabaseError('42804', 'array subscript must have type integer', { position: locationOf(e) });
  };
  if (s.kind === 'index') return { slice: false, lower: null, upper: one(s.index) };
  return { slice: true, lower: one(s.lower), upper: one(s.upper) };
}

/** (record).field */
export function bindField(e: Of<'field'>, site: Site): Expression {
  const input = bind(e.operand, site);
  const type = baseType(input.type);
  // A row that is cast becomes another row, which is where its cast is.
  const position = e.operand.kind === 'cast' && input.kind === 'row' ? e.operand.position : locationOf(e.operand);
  if (type.kind !== 'record') {
    throw new DatabaseError('42809',
      `column notation .${e.name} applied to type ${mentionType(input.type)}, which is not a composite type`, { position });
  }
  const field = fieldOf(input, e.name, site);
  if (field !== null) return field;
  const relation = e.operand.kind === 'column' && input.kind === 'row' ? e.operand.name[e.operand.name.length - 1] : undefined;
  throw new DatabaseError('42703', relation !== undefined ? `column ${relation}.${e.name} does not exist`
    : type.oid === undefined ? `could not identify column "${e.name}" in record data type`
      : `column "${e.name}" not found in data type ${mentionType(type)}`, { position });
}

/** null: it is no row with such a field. */
export function fieldOf(input: Expression, name: string, site: Site): Expression | null {
  const type = baseType(input.type);
  const index = type.kind === 'record' ? type.fields.findIndex((f) => f.name === name) : -1;
  if (type.kind !== 'record' || index < 0) return null;
  site.env.columns?.noteFields(input, [index]);
  return input.kind === 'row' ? input.fields[index] : { kind: 'field', input, index, type: type.fields[index].type };
}
