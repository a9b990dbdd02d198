// Names of functions and operators as regproc, regprocedure, regoper and regoperator read and write them.
import { DatabaseError } from '../../engine/data/error.ts';
import { formatTypeName, quoteIdentifier } from '../../engine/data/type-info.ts';
import type { LogicalType } from '../../engine/data/types.ts';
import type { FunctionEntry, FunctionOids, OperatorEntry } from './system/function-oids.ts';

/** The OID of a type by its name. */
type TypeOid = (name: string) => number;

/** `now`; of several of a name PostgreSQL says which schema they are in. */
export function functionName({ name }: FunctionEntry, oids: FunctionOids): string {
  const quoted = quoteIdentifier(name);
  return oids.byName(name).length === 1 ? quoted : `pg_catalog.${quoted}`;
}

/** `abs(integer)`. */
export function functionSignature({ name, args, variadic }: FunctionEntry): string {
  return `${quoteIdentifier(name)}(${[...args, ...variadic === null ? [] : [variadic]].map(formatTypeName).join(',')})`;
}

export function operatorName({ name }: OperatorEntry, oids: FunctionOids): string {
  return oids.operatorsNamed(name).length === 1 ? name : `pg_catalog.${name}`;
}

/** `+(integer,integer)`, `-(NONE,integer)`. */
export function operatorSignature({ name, left, right }: OperatorEntry): string {
  return `${name}(${left === null ? 'NONE' : formatTypeName(left)},${formatTypeName(right)})`;
}

/** The only function of that name; `text`: as it was written. */
export function functionNamed(name: string, text: string, oids: FunctionOids): FunctionEntry {
  return only(oids.byName(name), () => `function "${text}" does not exist`, () => `more than one function named "${text}"`);
}

export function operatorNamed(name: string, text: string, oids: FunctionOids): OperatorEntry {
  return only(oids.operatorsNamed(name), () => `operator does not exist: ${text}`, () => `more than one operator named ${text}`);
}

function only<T>(found: readonly T[], none: () => string, several: () => string): T {
  if (found.length === 0) throw new DatabaseError('42883', none());
  if (found.length > 1) throw new DatabaseError('42725', several());
  return found[0];
}

export function functionWith(
  name: string, args: readonly string[], text: string, { oids, oidOf }: { readonly oids: FunctionOids; readonly oidOf: TypeOid },
): FunctionEntry {
  const wanted = args.map(oidOf);
  const found = oids.byName(name).find((f) =>
    sameTypes([...f.args, ...f.variadic === null ? [] : [f.variadic]], wanted, oidOf));
  if (found === undefined) throw new DatabaseError('42883', `function "${text}" does not exist`);
  return found;
}

export function operatorWith(
  name: string, args: readonly string[], text: string, { oids, oidOf }: { readonly oids: FunctionOids; readonly oidOf: TypeOid },
): OperatorEntry {
  if (args.length === 1) {
    throw new DatabaseError('42P02', 'missing argument',
      { hint: 'Use NONE to denote the missing argument of a unary operator.' });
  }
  if (args.length !== 2) {
    throw new DatabaseError('54023', 'too many arguments', { hint: 'Provide two argument types for operator.' });
  }
  const [left, right] = args.map((arg) => (arg.toLowerCase() === 'none' ? null : oidOf(arg)));
  const found = right === null ? undefined : oids.operatorsNamed(name).find((o) =>
    sameTypes(o.left === null ? [o.right] : [o.left, o.right], left === null ? [right] : [left, right], oidOf));
  if (found === undefined) throw new DatabaseError('42883', `operator does not exist: ${text}`);
  return found;
}

function sameTypes(types: readonly LogicalType[], wanted: readonly number[], oidOf: TypeOid): boolean {
  return types.length === wanted.length && types.every((t, i) => oidOf(formatTypeName(t)) === wanted[i]);
}

/** `name(type, type)` in its parts: quotes and brackets keep commas together. */
export function nameAndTypes(text: string): { readonly name: string; readonly types: readonly string[] } {
  const open = outsideQuotes(text, 0, (c) => c === '(');
  if (open === text.length) throw new DatabaseError('22P02', 'expected a left parenthesis');
  const rest = text.slice(open + 1).trimEnd();
  if (!rest.endsWith(')')) throw new DatabaseError('22P02', 'expected a right parenthesis');
  const inner = rest.slice(0, -1);
  const types: string[] = [];
  for (let at = 0; at <= inner.length && inner.trim() !== '';) {
    let depth = 0;
    const end = outsideQuotes(inner, at, (c) => {
      if (c === '(' || c === '[') depth++;
      if (c === ')' || c === ']') depth--;
      return c === ',' && depth === 0;
    });
    const type = inner.slice(at, end).trim();
    if (type === '') throw new DatabaseError('22P02', 'expected a type name');
    types.push(type);
    at = end + 1;
  }
  return { name: text.slice(0, open), types };
}

/** The first place from `at` on, outside of double quotes, where the test holds; the end if there is none. */
function outsideQuotes(text: string, at: number, test: (c: string) => boolean): number {
  let quoted = false;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (!quoted && test(text[i])) return i;
  }
  return text.length;
}
