// jsonb paths and edits: fields and elements, containment, jsonb_set, jsonb_insert, deletions, concatenation.
import { DatabaseError } from './error.ts';
import { isJsonArray, isJsonObject, orderedObject } from './json.ts';
import { Numeric } from './numeric.ts';
import type { Json, JsonArray, JsonObject } from './json.ts';

/** value -> 'key'; undefined: no such field. */
export function jsonField(value: Json, key: string): Json | undefined {
  return isJsonObject(value) ? value.get(key) : undefined;
}

/** value -> index; a negative one counts from the end. A scalar is its own only element. */
export function jsonElement(value: Json, index: number): Json | undefined {
  if (isJsonObject(value)) return undefined;
  if (!isJsonArray(value)) return index === 0 || index === -1 ? value : undefined;
  return value[index < 0 ? value.length + index : index];
}

/** value #> path. */
export function jsonPath(value: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const step of path) {
    if (at === undefined) return undefined;
    if (isJsonArray(at)) {
      const index = arrayIndex(step);
      at = index === null ? undefined : jsonElement(at, index);
    } else at = jsonField(at, step);
  }
  return at;
}

function arrayIndex(step: string): number | null {
  const value = /^\s*[+-]?\d+$/.test(step) ? Number(step) : NaN;
  return Math.abs(value) <= 2147483647 ? value : null;
}

export function jsonEquals(a: Json, b: Json): boolean {
  if (a instanceof Numeric && b instanceof Numeric) return a.equals(b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (isJsonArray(a)) return isJsonArray(b) && a.length === b.length && a.every((v, i) => jsonEquals(v, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b) || a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !jsonEquals(value, other)) return false;
  }
  return true;
}

/** a @> b. An array contains a scalar, at the top. */
export function jsonContains(a: Json, b: Json): boolean {
  if (isJsonArray(a) && !isJsonArray(b) && !isJsonObject(b)) return a.some((v) => jsonEquals(v, b));
  return containsNested(a, b);
}

function containsNested(a: Json, b: Json): boolean {
  if (isJsonArray(a)) {
    return isJsonArray(b) && b.every((wanted) => a.some((v) => containsNested(v, wanted)));
  }
  if (!isJsonObject(a)) return jsonEquals(a, b);
  if (!isJsonObject(b)) return false;
  for (const [key, wanted] of b) {
    const value = a.get(key);
    if (value === undefined || !containsNested(value, wanted)) return false;
  }
  return true;
}

/** value ? key: a field, a string element, or the string itself. */
export function jsonExists(value: Json, key: string): boolean {
  if (isJsonObject(value)) return value.has(key);
  return isJsonArray(value) ? value.includes(key) : value === key;
}

/** a || b. */
export function jsonConcat(a: Json, b: Json): Json {
  if (isJsonObject(a) && isJsonObject(b)) return orderedObject(new Map([...a, ...b]));
  const asArray = (v: Json): JsonArray => (isJsonArray(v) ? v : [v]);
  return [...asArray(a), ...asArray(b)];
}

function invalid(message: string): DatabaseError {
  return new DatabaseError('22023', message);
}

/** value - key: the field, or the string elements equal to it. */
export function jsonDeleteKeys(value: Json, keys: readonly string[]): Json {
  if (isJsonObject(value)) return new Map([...value].filter(([key]) => !keys.includes(key)));
  if (isJsonArray(value)) return value.filter((v) => typeof v !== 'string' || !keys.includes(v));
  throw invalid('cannot delete from scalar');
}

/** value - index. */
export function jsonDeleteElement(value: Json, index: number): Json {
  if (isJsonObject(value)) throw invalid('cannot delete from object using integer index');
  if (!isJsonArray(value)) throw invalid('cannot delete from scalar');
  const at = index < 0 ? value.length + index : index;
  return value.filter((_, i) => i !== at);
}

/** What happens at the end of a path. */
type Edit =
  | { readonly kind: 'set'; readonly value: Json; readonly create: boolean }
  | { readonly kind: 'insert'; readonly value: Json; readonly after: boolean }
  | { readonly kind: 'delete' };

/** A path as SQL has it; a NULL element is an error once it is reached. */
export type EditPath = readonly (string | null)[];

/** jsonb_set. */
export function jsonSet(target: Json, path: EditPath, value: Json, create: boolean): Json {
  if (!isJsonArray(target) && !isJsonObject(target)) throw invalid('cannot set path in scalar');
  const empty = isJsonArray(target) ? target.length === 0 : target.size === 0;
  if (path.length === 0 || (empty && !create)) return target;
  return edit(target, path, 0, { kind: 'set', value, create });
}

/** jsonb_insert. */
export function jsonInsert(target: Json, path: EditPath, value: Json, after: boolean): Json {
  if (!isJsonArray(target) && !isJsonObject(target)) throw invalid('cannot set path in scalar');
  if (path.length === 0) return target;
  return edit(target, path, 0, { kind: 'insert', value, after });
}

/** target #- path. */
export function jsonDeletePath(target: Json, path: EditPath): Json {
  if (!isJsonArray(target) && !isJsonObject(target)) throw invalid('cannot delete path in scalar');
  const empty = isJsonArray(target) ? target.length === 0 : target.size === 0;
  if (path.length === 0 || empty) return target;
  return edit(target, path, 0, { kind: 'delete' });
}

function edit(target: Json, path: EditPath, level: number, change: Edit): Json {
  if (!isJsonArray(target) && !isJsonObject(target)) return target;
  const step = path[level];
  if (step === null) throw new DatabaseError('22004', `path element at position ${level + 1} is null`);
  return isJsonArray(target)
    ? editArray(target, { path, level, step }, change)
    : editObject(target, { path, level, step }, change);
}

interface Step { readonly path: EditPath; readonly level: number; readonly step: string }

function editObject(target: JsonObject, { path, level, step }: Step, change: Edit): Json {
  const last = level === path.length - 1;
  const old = target.get(step);
  const copy = new Map(target);
  if (!last) {
    if (old !== undefined) copy.set(step, edit(old, path, level + 1, change));
    return copy;
  }
  switch (change.kind) {
    case 'delete':
      copy.delete(step);
      return copy;
    case 'insert':
      if (old !== undefined) {
        throw new DatabaseError('22023', 'cannot replace existing key',
          { hint: 'Try using the function jsonb_set to replace key value.' });
      }
      copy.set(step, change.value);
      return orderedObject(copy);
    case 'set':
      if (old !== undefined || change.create) copy.set(step, change.value);
      return orderedObject(copy);
  }
}

function editArray(target: JsonArray, { path, level, step }: Step, change: Edit): Json {
  const index = arrayIndex(step);
  if (index === null) {
    throw new DatabaseError('22P02', `path element at position ${level + 1} is not an integer: "${step}"`);
  }
  const before = index < 0 && -index > target.length;
  const at = Math.min(index < 0 ? target.length + index : index, target.length);
  const inside = !before && at < target.length;
  const copy = [...target];
  if (level < path.length - 1) {
    if (inside) copy[at] = edit(target[at], path, level + 1, change);
    return copy;
  }
  switch (change.kind) {
    case 'delete': return inside ? copy.toSpliced(at, 1) : copy;
    case 'insert':
      if (before) return [change.value, ...copy];
      return copy.toSpliced(inside && change.after ? at + 1 : at, 0, change.value);
    case 'set':
      if (inside) return copy.with(at, change.value);
      if (!change.create) return copy;
      return before ? [change.value, ...copy] : [...copy, change.value];
  }
}

/** jsonb_strip_nulls: drops fields that are null, at every depth. */
export function jsonStripNulls(value: Json): Json {
  if (isJsonArray(value)) return value.map(jsonStripNulls);
  if (!isJsonObject(value)) return value;
  return new Map([...value].filter(([, v]) => v !== null).map(([k, v]) => [k, jsonStripNulls(v)] as const));
}
