// Evaluation of SQL/JSON path: what PostgreSQL 15's jsonpath_exec does, item by item.
import { DatabaseError } from '../../data/error.ts';
import { jsonTypeOf, orderedObject } from '../../data/json.ts';
import type { Json } from '../../data/json.ts';
import type { JsonPath, Path, PathItem, PathMethod } from '../../data/jsonpath.ts';
import { Numeric } from '../../data/numeric.ts';
import { parseFloat8 } from '../../data/float-text.ts';
import type { TimeZone } from '../../data/timezone.ts';
import { arithmetic, truncated } from './arithmetic.ts';
import { Containers } from './binary-size.ts';
import { MOMENT_NAMES, PathMoment, plainMoment, templateMoment } from './moment.ts';
import { isPredicate, Predicates } from './predicate.ts';
import { asArray, asNumber, asObject } from './value.ts';
import type { FoundItems, PathValue } from './value.ts';

export interface PathOptions {
  readonly variables: ReadonlyMap<string, Json>;
  /** For the functions whose names end in _tz: what compares a moment without a zone to one with it. */
  readonly zone: TimeZone | null;
  /** Throws where the statement is to end. */
  readonly checkInterrupt: (() => void) | undefined;
}

/** Items that one path may find. */
const MAX_FOUND = 1 << 22;

const error = (code: string, message: string): DatabaseError => new DatabaseError(code, message);

export class PathEvaluation {
  readonly root: Json;
  readonly strict: boolean;
  readonly zone: TimeZone | null;
  readonly #variables: ReadonlyMap<string, Json>;
  readonly #path: Path;
  readonly #predicates: Predicates;
  readonly #checkInterrupt: (() => void) | undefined;
  #steps = 0;
  #ignoreStructure: boolean;
  /** Of the array that `last` is about; −1: none. */
  #arraySize = -1;
  #base: Containers | null = null;
  /** PostgreSQL numbers objects: 0 is the root, 1 the variables, then those that .keyvalue() makes. */
  #generated = 2;

  constructor({ strict, path }: JsonPath, root: Json, { variables, zone, checkInterrupt }: PathOptions) {
    this.#checkInterrupt = checkInterrupt;
    this.root = root;
    this.strict = strict;
    this.zone = zone;
    this.#path = path;
    this.#variables = variables;
    this.#ignoreStructure = !strict;
    this.#predicates = new Predicates(this);
  }

  /** All items, in order, into `found`; what was found before an error stays there. */
  collect(found: PathValue[]): void {
    this.run(this.#path, 0, { value: this.root, current: this.root }, found);
  }

  /** Are there any? */
  exists(): boolean {
    if (!this.strict) return this.run(this.#path, 0, { value: this.root, current: this.root }, null);
    const found: PathValue[] = [];
    this.collect(found);
    return found.length > 0;
  }

  /** The items of a path of its own, arrays unwrapped where lax mode says so. True: there was one. */
  values(path: Path, current: PathValue, unwrap: boolean, found: FoundItems): boolean {
    const place = { value: current, current };
    if (!unwrap || this.strict) return this.run(path, 0, place, found);
    const items: PathValue[] = [];
    const some = this.run(path, 0, place, items);
    for (const item of items) found?.push(...asArray(item) ?? [item]);
    return some;
  }

  /** Items path[at ..] applied to a value. True: something was found. */
  run(path: Path, at: number, place: Place, found: FoundItems, unwrap = !this.strict): boolean {
    // As many items as a path of several wildcards finds come from a small value.
    if ((++this.#steps & 1023) === 0) this.#checkInterrupt?.();
    if (found !== null && found.length > MAX_FOUND) throw error('54000', `jsonpath finds more than ${MAX_FOUND} items`);
    const item = path[at];
    if (isPredicate(item)) {
      if (at + 1 === path.length && found === null) return true;
      return this.#next(path, at, place, this.#predicates.test(item, place.current), found);
    }
    switch (item.kind) {
      case 'literal': return this.#next(path, at, place, item.value, found);
      case 'variable': return this.#variable(item.name, path, at, place, found);
      case 'root':
        this.#base = new Containers(this.root, 0);
        return this.#next(path, at, place, this.root, found);
      case 'current': return this.#next(path, at, place, place.current, found);
      case 'last': return this.#next(path, at, place, Numeric.fromInteger(this.#arraySize - 1), found);
      case 'key': return this.#key(item.name, { path, at, place, found, unwrap });
      case 'anyKey': return this.#anyKey({ path, at, place, found, unwrap });
      case 'anyArray': return this.#anyArray({ path, at, place, found, unwrap });
      case 'index': return this.#index(item, { path, at, place, found, unwrap });
      case 'any': return this.#any(item, { path, at, place, found, unwrap });
      case 'filter': {
        if (unwrap && asArray(place.value) !== null) return this.#unwrapped({ path, at, place, found, unwrap });
        const [condition] = item.argument;
        if (!isPredicate(condition) || this.#predicates.test(condition, place.value) !== true) return false;
        return this.#next(path, at, place, place.value, found);
      }
      case 'arithmetic': {
        const [left, right] = [item.left, item.right].map((side, i) => this.#operand(side, place, {
          operator: item.operator, side: i === 0 ? 'left' : 'right',
        }));
        return this.#next(path, at, place, arithmetic(item.operator, left, right), found);
      }
      case 'sign': return this.#sign(item, { path, at, place, found, unwrap });
      case 'method': return this.#method(item.name, { path, at, place, found, unwrap });
      case 'datetime': return this.#datetime(item.template, { path, at, place, found, unwrap });
    }
  }

  #next(path: Path, at: number, place: Place, value: PathValue, found: FoundItems): boolean {
    if (at + 1 < path.length) return this.run(path, at + 1, { ...place, value }, found);
    found?.push(value);
    return true;
  }

  #variable(name: string, path: Path, at: number, place: Place, found: FoundItems): boolean {
    const value = this.#variables.get(name);
    if (value === undefined) throw error('42704', `could not find jsonpath variable "${name}"`);
    this.#base = new Containers(this.#variables, 1);
    return this.#next(path, at, place, value, found);
  }

  /** Each child in turn goes on with path[from ..]. */
  #each(children: Iterable<PathValue>, step: Step, from: number, unwrap: boolean): boolean {
    const { path, place, found } = step;
    let some = false;
    for (const value of children) {
      const result = from < path.length ? this.run(path, from, { ...place, value }, found, unwrap) : found?.push(value) !== 0;
      some = result || some;
      if (result && found === null) return true;
    }
    return some;
  }

  /** The same item for the elements of an array, but no deeper. */
  #unwrapped(step: Step): boolean {
    return this.#each(asArray(step.place.value) ?? [], step, step.at, false);
  }

  #key(name: string, step: Step): boolean {
    const { path, at, place, found, unwrap } = step;
    const object = asObject(place.value);
    if (object !== null) {
      const value = object.get(name);
      if (value !== undefined) return this.#next(path, at, place, value, found);
      if (this.#ignoreStructure) return false;
      throw error('2203A', `JSON object does not contain key ${JSON.stringify(name)}`);
    }
    if (unwrap && asArray(place.value) !== null) return this.#unwrapped(step);
    if (this.#ignoreStructure) return false;
    throw error('2203A', 'jsonpath member accessor can only be applied to an object');
  }

  #anyKey(step: Step): boolean {
    const object = asObject(step.place.value);
    if (object !== null) return this.#each(object.values(), step, step.at + 1, !this.strict);
    if (step.unwrap && asArray(step.place.value) !== null) return this.#unwrapped(step);
    if (this.#ignoreStructure) return false;
    throw error('2203C', 'jsonpath wildcard member accessor can only be applied to an object');
  }

  #anyArray(step: Step): boolean {
    const array = asArray(step.place.value);
    if (array !== null) return this.#each(array, step, step.at + 1, !this.strict);
    if (!this.strict) return this.#next(step.path, step.at, step.place, step.place.value, step.found);
    if (this.#ignoreStructure) return false;
    throw error('22039', 'jsonpath wildcard array accessor can only be applied to an array');
  }

  #index({ subscripts }: PathItem & { kind: 'index' }, step: Step): boolean {
    const { path, at, place, found } = step;
    const array = asArray(place.value);
    if (array === null && this.strict) {
      if (this.#ignoreStructure) return false;
      throw error('22039', 'jsonpath array accessor can only be applied to an array');
    }
    const size = array === null ? 1 : array.length;
    const outer = this.#arraySize;
    this.#arraySize = size;
    let some = false;
    try {
      for (const subscript of subscripts) {
        const from = this.#subscript(subscript.from, place);
        const to = subscript.to === null ? from : this.#subscript(subscript.to, place);
        if (!this.#ignoreStructure && (from < 0 || from > to || to >= size)) {
          throw error('22033', 'jsonpath array subscript is out of bounds');
        }
        for (let i = Math.max(from, 0); i <= Math.min(to, size - 1); i++) {
          const value = array === null ? place.value : array[i];
          some = this.#next(path, at, place, value, found) || some;
          if (some && found === null) return true;
        }
      }
      return some;
    } finally {
      this.#arraySize = outer;
    }
  }

  #subscript(path: Path, place: Place): number {
    const found: PathValue[] = [];
    this.run(path, 0, { value: place.value, current: place.current }, found);
    const number = found.length === 1 ? asNumber(found[0]) : null;
    if (number === null) throw error('22033', 'jsonpath array subscript is not a single numeric value');
    const index = truncated(number);
    if (index === null) throw error('22033', 'jsonpath array subscript is out of integer range');
    return index;
  }

  #any({ first, last }: PathItem & { kind: 'any' }, step: Step): boolean {
    let some = false;
    if (first === 0) {
      some = this.#leniently(() => this.#next(step.path, step.at, step.place, step.place.value, step.found));
      if (some && step.found === null) return true;
    }
    return this.#levels(step.place.value, 1, { first, last, step }) || some;
  }

  #levels(value: PathValue, level: number, reach: Reach): boolean {
    const { first, last, step } = reach;
    const children = asArray(value) ?? asObject(value)?.values();
    if (children === undefined || level > last) return false;
    let some = false;
    for (const child of children) {
      const leaf = asArray(child) === null && asObject(child) === null;
      if (level >= first || (first === Infinity && last === Infinity && leaf)) {
        some = this.#leniently(() => this.#next(step.path, step.at, step.place, child, step.found)) || some;
        if (some && step.found === null) return true;
      }
      if (level < last && !leaf) {
        some = this.#levels(child, level + 1, reach) || some;
        if (some && step.found === null) return true;
      }
    }
    return some;
  }

  #leniently(run: () => boolean): boolean {
    const before = this.#ignoreStructure;
    this.#ignoreStructure = true;
    try {
      return run();
    } finally {
      this.#ignoreStructure = before;
    }
  }

  #operand(path: Path, place: Place, { operator, side }: { operator: string; side: string }): Numeric {
    const found: PathValue[] = [];
    this.values(path, place.current, true, found);
    const number = found.length === 1 ? asNumber(found[0]) : null;
    if (number !== null) return number;
    throw error('22038', `${side} operand of jsonpath operator ${operator} is not a single numeric value`);
  }

  #sign({ operator, argument }: PathItem & { kind: 'sign' }, { path, at, place, found }: Step): boolean {
    const items: PathValue[] = [];
    this.values(argument, place.current, true, items);
    const end = at + 1 === path.length;
    let some = false;
    for (const item of items) {
      const number = asNumber(item);
      if (number === null) {
        if (found === null && end) continue;
        throw error('2203B', `operand of unary jsonpath operator ${operator} is not a numeric value`);
      }
      some = this.#next(path, at, place, operator === '-' ? number.negate() : number, found) || some;
      if (some && found === null) return true;
    }
    return some;
  }

  #method(name: PathMethod, step: Step): boolean {
    const { path, at, place, found, unwrap } = step;
    const { value } = place;
    if (name === 'type') return this.#next(path, at, place, typeName(value), found);
    if (name === 'size') return this.#size(step);
    if (unwrap && asArray(value) !== null) return this.#unwrapped(step);
    if (name === 'keyvalue') return this.#keyValue(step);
    if (name === 'double') return this.#next(path, at, place, toDouble(value), found);
    const number = asNumber(value);
    if (number === null) throw error('22036', `jsonpath item method .${name}() can only be applied to a numeric value`);
    const result = name === 'abs' ? number.abs() : name === 'floor' ? number.floor() : number.ceil();
    return this.#next(path, at, place, result, found);
  }

  #size({ path, at, place, found }: Step): boolean {
    const array = asArray(place.value);
    if (array === null && this.strict) {
      if (this.#ignoreStructure) return false;
      throw error('22039', 'jsonpath item method .size() can only be applied to an array');
    }
    return this.#next(path, at, place, Numeric.fromInteger(array === null ? 1 : array.length), found);
  }

  #keyValue({ path, at, place, found }: Step): boolean {
    const { value } = place;
    const object = asObject(value);
    if (object === null || value instanceof PathMoment) {
      throw error('2203C', 'jsonpath item method .keyvalue() can only be applied to an object');
    }
    const base = this.#base;
    const id = Numeric.fromBigInt(base?.idOf(value) ?? 0n);
    let some = false;
    for (const [key, member] of object) {
      const pair: Json = orderedObject(new Map<string, Json>([['key', key], ['value', member], ['id', id]]));
      this.#base = new Containers(pair, this.#generated++);
      some = this.#next(path, at, place, pair, found) || some;
      this.#base = base;
      if (some && found === null) return true;
    }
    return some;
  }

  #datetime(template: string | null, step: Step): boolean {
    const { path, at, place, found, unwrap } = step;
    const { value } = place;
    if (unwrap && asArray(value) !== null) return this.#unwrapped(step);
    if (typeof value !== 'string') {
      throw error('22031', 'jsonpath item method .datetime() can only be applied to a string');
    }
    const moment = template === null ? plainMoment(value) : templateMoment(value, template);
    if (moment !== null) return this.#next(path, at, place, moment, found);
    throw new DatabaseError('22031', `datetime format is not recognized: ${JSON.stringify(value)}`, {
      hint: 'Use a datetime template argument to specify the input data format.',
    });
  }
}

/** `current` is what @ stands for. */
export interface Place {
  readonly value: PathValue;
  readonly current: PathValue;
}

/** The item path[at] about to be applied. */
interface Step {
  readonly path: Path;
  readonly at: number;
  readonly place: Place;
  readonly found: FoundItems;
  readonly unwrap: boolean;
}

interface Reach { readonly first: number; readonly last: number; readonly step: Step }

function typeName(value: PathValue): string {
  return value instanceof PathMoment ? MOMENT_NAMES[value.kind] : jsonTypeOf(value);
}

function toDouble(value: PathValue): Numeric {
  const invalid = error('22036', typeof value === 'string'
    ? 'string argument of jsonpath item method .double() is not a valid representation of a double precision number'
    : 'numeric argument of jsonpath item method .double() is out of range for type double precision');
  if (typeof value !== 'string' && !(value instanceof Numeric)) {
    throw error('22036', 'jsonpath item method .double() can only be applied to a string or numeric value');
  }
  let number: number;
  try {
    number = parseFloat8(value.toString());
  } catch {
    throw invalid;
  }
  if (!Number.isFinite(number)) throw invalid;
  return value instanceof Numeric ? value : Numeric.fromFloat(number);
}
