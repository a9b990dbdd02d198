// The door of sql/: what wire/ (and an embedding program) may use.
export { checkDatabase } from './check.ts';
export { restoreDatabase } from './restore.ts';
export { openDatabase } from './database.ts';
export { safeConnections } from '../storage/open-files.ts';
export { startSlices } from '../storage/pause.ts';
export type { Database, DatabaseOptions } from './database.ts';
export type {
  BindRequest, CopyInSink, Endpoint, ExecuteResult, Notice, ResultColumn, Session, SessionOptions, StatementDescription,
  TransactionStatus,
} from './session-api.ts';
