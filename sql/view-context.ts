// What expressions of materialized views see: the published catalog; no session, no clock, no dice.
import { DEFAULT_FORMAT } from '../engine/data/settings.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import type { FunctionRegistry } from '../engine/function/registry.ts';
import type { Catalog } from './catalog/catalog.ts';
import { notContinuous } from './catalog/continuous.ts';
import { CatalogNames, LastingNames } from './catalog/names.ts';

export function viewContext(catalog: Catalog, functions: FunctionRegistry): EvalContext {
  const refuse = (what: string): never => {
    throw notContinuous(what);
  };
  return {
    format: DEFAULT_FORMAT, transactionTime: null, statementTime: null, clock: () => refuse('clock_timestamp()'),
    random: () => refuse('random()'), host: null,
    catalog: new LastingNames(new CatalogNames(catalog, ['public'], functions)),
  };
}
