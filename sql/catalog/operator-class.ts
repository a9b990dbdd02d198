// Which btree operator class orders the values of a type, by default and by name.
import { DatabaseError } from '../../engine/data/error.ts';
import { mentionType, oidOf, typeFromName, typeRow } from '../../engine/data/type-info.ts';
import { multirangeFamily, rangeFamily } from '../../engine/data/range-type.ts';
import { baseType } from '../../engine/data/types.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import { isBinaryCoercible } from '../binder/type-rules.ts';
import { BTREE_CLASS_TABLE, DIFFERENCE_TABLE } from './operator-class-table.ts';

export interface OperatorClass {
  readonly name: string;
  readonly oid: number;
  /** Name of the input type, which may be a pseudo-type. */
  readonly input: string;
  readonly isDefault: boolean;
}

export const BTREE_CLASSES: readonly OperatorClass[] = BTREE_CLASS_TABLE.trim().split('\n').map((line) => {
  const [name, oid, input, isDefault] = line.split(' ');
  return { name, oid: Number(oid), input, isDefault: isDefault === 't' };
});

/** The class that orders values of the type; null: there is no order. */
export function defaultClass(type: LogicalType): OperatorClass | null {
  const input = inputOf(baseType(type));
  return BTREE_CLASSES.find((c) => c.isDefault && c.input === input) ?? null;
}

/** 42704 where there is none of that name, 42804 where it orders other values. */
export function requireClass(name: readonly string[], type: LogicalType): OperatorClass {
  const found = BTREE_CLASSES.find((c) => c.name === name[name.length - 1]);
  if (found === undefined) {
    throw new DatabaseError('42704', `operator class "${name.join('.')}" does not exist for access method "btree"`);
  }
  if (accepts(found, type)) return found;
  throw new DatabaseError('42804', `operator class "${name.join('.')}" does not accept data type ${mentionType(type)}`);
}

/** May values of the type be ordered by it? */
function accepts({ input }: OperatorClass, type: LogicalType): boolean {
  const base = baseType(type);
  if (inputOf(base) === input || typeRow(oidOf(base))?.name === input) return true;
  const taken = input.startsWith('any') || input === 'record' ? null : plainType(input);
  return taken !== null && isBinaryCoercible(base, taken);
}

/** Types there are none of here have classes all the same. */
function plainType(name: string): LogicalType | null {
  try {
    return typeFromName(name, [], true);
  } catch {
    return null;
  }
}

function inputOf(type: LogicalType): string {
  switch (type.kind) {
    case 'array': return type.vector === true ? 'oidvector' : 'anyarray';
    case 'enum': return 'anyenum';
    case 'record': return 'record';
    case 'varchar': return 'text';
    case 'cidr': return 'inet';
    case 'domain': return inputOf(type.base);
    case 'boolean': return 'bool';
    case 'regclass': case 'regtype': case 'regproc': case 'regprocedure': case 'regnamespace': case 'regrole': case 'regoper':
    case 'regoperator': case 'regcollation': return 'oid';
    default:
      if (rangeFamily(type) !== undefined) return 'anyrange';
      return multirangeFamily(type) === undefined ? type.kind : 'anymultirange';
  }
}

/** OID of a function of PostgreSQL's own that gives the distance of two values of the type; null: there is none of that name. */
export function differenceFunction(name: string, type: LogicalType): number | null {
  const kind = typeRow(oidOf(baseType(type)))?.name;
  for (const line of DIFFERENCE_TABLE.trim().split('\n')) {
    const [known, oid, argument] = line.split(' ');
    if (known === name && argument === kind) return Number(oid);
  }
  return null;
}
