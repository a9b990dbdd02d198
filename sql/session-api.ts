// The session's contract, as wire/ sees it. Everything crossing it is a message: nothing mutable is shared.
import type { Collation } from './binder/collation.ts';
import type { Batch } from '../engine/data/batch.ts';
import type { DatabaseError } from '../engine/data/error.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import type { RegNames } from '../engine/data/text-format.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { LogicalType } from '../engine/data/types.ts';

/** ReadyForQuery's byte: idle, in a transaction block, in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** One field of RowDescription. `table` and `attribute` are 0 where the column is no plain table column. */
export interface ResultColumn {
  readonly name: string;
  readonly type: LogicalType;
  readonly table: number;
  readonly attribute: number;
  /** Absent: its type's. */
  readonly collation?: Collation;
}

export interface StatementDescription {
  readonly parameters: readonly LogicalType[];
  /** null: the statement returns no rows (NoData). */
  readonly columns: readonly ResultColumn[] | null;
}

/** A parameter as it came: text (format 0) or binary (format 1); null is SQL NULL. */
export interface BoundParameter {
  readonly format: 0 | 1;
  readonly bytes: Uint8Array | null;
}

export interface BindRequest {
  readonly portal: string;
  readonly statement: string;
  readonly parameters: readonly BoundParameter[];
  /** Kept with the portal for whoever encodes its rows. */
  readonly resultFormats?: readonly number[];
}

export type Notice = DatabaseError & { readonly severity?: 'NOTICE' | 'WARNING' | 'INFO' | 'LOG' | 'DEBUG' };

/**
 * rows: `columns`, then batches; the tag is asked for when the batches are done (row count known), e.g. `SELECT 3`.
 * suspended: see Session.execute. SUBSCRIBE is rows whose batches do not end.
 */
export type ExecuteResult =
  | { readonly kind: 'rows'; readonly columns: readonly ResultColumn[]; readonly batches: AsyncIterable<Batch>;
      /** Command tag once `rowCount` rows were sent. */ tag(rowCount: number): string }
  | { readonly kind: 'command'; readonly tag: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'copyIn'; readonly sink: CopyInSink }
  | { readonly kind: 'copyOut'; readonly format: CopyFormat; readonly columns: readonly ResultColumn[];
      readonly batches: AsyncIterable<Batch>; tag(rowCount: number): string };

/** COPY's options (manual, SQL command COPY), defaults filled in. */
export interface CopyFormat {
  /** arrow: an Apache Arrow IPC stream. */
  readonly format: 'text' | 'csv' | 'binary' | 'arrow';
  readonly delimiter: string;
  readonly nullText: string;
  readonly header: boolean | 'match';
  readonly quote: string;
  readonly escape: string;
  readonly forceQuote: readonly number[] | 'all';
  readonly forceNotNull: readonly number[];
  readonly forceNull: readonly number[];
}

/**
 * Where wire/copy.ts puts the rows it has decoded. All rows of a COPY are one statement: an error anywhere, or
 * `abort`, leaves nothing behind.
 */
export interface CopyInSink {
  readonly format: CopyFormat;
  /** The target columns in the order of the incoming fields. */
  readonly columns: readonly ResultColumn[];
  /** For `COPY t, line n` contexts and constraint messages. */
  readonly table: string;
  /** Columns as in `columns`. Resolves when there is room for more (backpressure). */
  write(batch: Batch): Promise<void>;
  finish(): Promise<{ readonly tag: string }>;
  abort(error: DatabaseError): Promise<void>;
}

/** An end of a connection over the network. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface SessionOptions {
  readonly user: string;
  readonly database: string;
  /** Startup parameters other than user and database (application_name, options ...); a bad one throws. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly processId: number;
  readonly remote: Endpoint | null;
  /** The server's end of the connection to it; absent: there is none. */
  readonly local?: Endpoint;
  onNotice(notice: Notice): void;
  /** A reported setting changed (ParameterStatus); also called for all 13 when the session opens. */
  onParameterStatus(name: string, value: string): void;
  onNotification(notification: { processId: number; channel: string; payload: string }): void;
  /** Bytes of notifications that the client has been sent and has not taken; absent: it takes all at once. */
  readonly untaken?: () => number;
}

/**
 * One client's conversation. Calls are made one at a time, in the order of the client's messages (the connection
 * awaits each), but `cancel` may come at any moment. An error is thrown by the call or rejects it; in an extended sequence
 * the connection then skips to Sync.
 */
export interface Session {
  readonly transactionStatus: TransactionStatus;
  /** Settings that decide the text format of values, as of now. */
  readonly format: FormatSettings;
  /** Text of regclass and its kin, as the catalog and the search path are now. */
  readonly names: RegNames;
  /**
   * Simple query: each statement's result in turn; the caller drains one before it asks for the next. The whole
   * string is one implicit transaction (manual 55.2.2.1). Ends after the first error, which it throws.
   *
   * `durable` is told the last statement's tag where its commit is durable, and all that is left is to make it visible,
   * which happens before anything more is read from any client: CommandComplete and ReadyForQuery may be sent.
   */
  simple(text: string, durable?: (tag: string) => void): AsyncIterable<ExecuteResult>;
  /** `parameterTypes`: type OIDs, 0 = to be inferred. */
  parse(name: string, text: string, parameterTypes: readonly number[]): void;
  describeStatement(name: string): StatementDescription;
  bind(request: BindRequest): void;
  describePortal(name: string): StatementDescription;
  /** As Bind gave them; none where there is no such portal. */
  resultFormats(portal: string): readonly number[];
  /**
   * Runs the portal, or goes on with it. `rows.batches` yields at most `maxRows` rows (0: all); then
   * `portalDone(name)` tells CommandComplete from PortalSuspended.
   */
  execute(portal: string, maxRows: number): Soon<ExecuteResult>;
  portalDone(portal: string): boolean;
  closeStatement(name: string): void;
  closePortal(name: string): void;
  /**
   * End of an extended sequence: commits or rolls back the implicit transaction, closes its portals. `durable`: as for a
   * simple query; ReadyForQuery may be sent.
   */
  sync(durable?: () => void): Soon<void>;
  /** An extended sequence failed: the transaction block, if any, is now in status E. */
  fail(): void;
  /** Makes what runs now end with 57014. */
  cancel(): void;
  /** Rolls back what is open and forgets everything. */
  close(): Promise<void>;
}
