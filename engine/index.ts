// The door of engine: the runtime and what its callers speak with it.
export { MillraceRuntime } from './runtime/runtime.ts';
export type { RuntimeOptions, RuntimePorts } from './runtime/runtime.ts';
export type {
  IndexDefinition, RelationDefinition, Runtime, RuntimeHost, Snapshot, Subscription, SubscriptionEvent, Transaction,
  UniqueKey, ViewDefinition,
} from './runtime/contract.ts';
