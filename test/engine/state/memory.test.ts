// The ports in memory pass the suites that the ones on disk pass.
import { MemoryJournal, MemoryStateStore } from '../../../engine/state/memory.ts';
import { journalConformance } from '../../conformance/journal.ts';
import { stateStoreConformance } from '../../conformance/state-store.ts';

journalConformance('memory', async () => ({ journal: new MemoryJournal(), reopen: async (journal) => journal }));
stateStoreConformance('memory', async () => ({ store: new MemoryStateStore(), reopen: async (store) => store }));
