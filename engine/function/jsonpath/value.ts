// Items of SQL/JSON path: JSON values, and the moments that .datetime() makes of them.
import { isJsonArray, isJsonObject } from '../../data/json.ts';
import type { Json } from '../../data/json.ts';
import { Numeric } from '../../data/numeric.ts';
import { PathMoment } from './moment.ts';

export type PathValue = Json | PathMoment;

/** Items found, or null where it is only asked whether there are any: then the first is enough. */
export type FoundItems = PathValue[] | null;

/** null: it is none. */
export function asArray(value: PathValue): readonly Json[] | null {
  return !(value instanceof PathMoment) && isJsonArray(value) ? value : null;
}
export function asObject(value: PathValue): ReadonlyMap<string, Json> | null {
  return !(value instanceof PathMoment) && isJsonObject(value) ? value : null;
}
export function asNumber(value: PathValue): Numeric | null {
  return value instanceof Numeric ? value : null;
}
