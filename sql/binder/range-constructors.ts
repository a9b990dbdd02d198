// The functions that make ranges and multiranges of types that users made: they come with the type, as PostgreSQL's do.
import { anyRangeFamily } from '../../engine/data/range-type.ts';
import { constructorsOf } from '../../engine/function/scalar/range.ts';
import type { ScalarFunction } from '../../engine/function/function.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { ownSchema } from '../catalog/catalog.ts';
import type { TypeEntry } from '../catalog/entry.ts';
import { typeOfEntry } from './type-name.ts';

/** One object a function for as long as the type stays what it is. */
const MADE = new WeakMap<TypeEntry, readonly ScalarFunction[]>();

/** Functions of that name; those of schemas further up the search path first. `schema`: only there. */
export function rangeConstructors(
  { catalog, searchPath }: { readonly catalog: Catalog; readonly searchPath: readonly string[] },
  { schema, name }: { readonly schema: string | undefined; readonly name: string },
): readonly ScalarFunction[] {
  const types = catalog.typesMadeBy(name);
  if (types.length === 0) return [];
  const path = schema === undefined ? catalog.effectivePath(searchPath) : [ownSchema(schema, searchPath)];
  return path.flatMap((home) => types.flatMap((type) => functionsOf(type).filter((f) => f.schema === home)));
}

/** Those that make values of the type. */
function functionsOf(entry: TypeEntry): readonly ScalarFunction[] {
  const known = MADE.get(entry);
  if (known !== undefined) return known;
  const { definition } = entry;
  const type = typeOfEntry(entry);
  const family = anyRangeFamily(type);
  if (family === undefined || !('constructedBy' in definition)) return [];
  const home = definition.constructedBy;
  const made = constructorsOf(family, { range: home, multirange: home })
    .filter((f) => (f.returns === family.range) === (definition.kind === 'range'));
  MADE.set(entry, made);
  return made;
}
