// Views that a transaction makes are filled before it commits, in turns with whatever else is to be done: no row waits for
// them, and until then they can be given up. Other sessions' definitions wait, since the transaction holds the catalog's lock.
import type { ViewBuilding } from '../engine/runtime/contract.ts';
import { viewDefinition } from './relation-definition.ts';
import type { SessionState } from './session-state.ts';
import type { Transaction } from './transaction.ts';
import { viewContext } from './view-context.ts';

/** To be closed once the transaction is over; null: there is nothing to fill. Rejects with what interrupts the session. */
export function buildViews(state: SessionState, transaction: Transaction): Promise<readonly ViewBuilding[]> | null {
  return transaction.hasCatalogChanges && transaction.newViews.length > 0 ? build(state, transaction) : null;
}

async function build(state: SessionState, transaction: Transaction): Promise<readonly ViewBuilding[]> {
  const { signal, services } = state;
  const { functions } = services;
  const { catalog } = transaction;
  const context = { catalog, functions, evalContext: viewContext(catalog, functions) };
  const pause = services.startSlices();
  const begun: ViewBuilding[] = [];
  try {
    for (const entry of transaction.newViews) {
      const definition = viewDefinition(context, entry);
      // What the transaction has made or changed itself is only there when it commits.
      const known = definition.circuit.sources.every((source) => source.kind === 'constant'
        || services.catalog.get(source.relation) === catalog.get(source.relation));
      const building = known ? services.runtime.buildView(definition) : null;
      if (building === null) continue;
      begun.push(building);
      for (const _ of building.work()) {
        const turn = pause();
        if (turn !== undefined) await turn;
        signal.throwIfAborted();
        state.checkInterrupt();
      }
    }
    return begun;
  } catch (error) {
    for (const building of begun) building.close();
    throw error;
  }
}
