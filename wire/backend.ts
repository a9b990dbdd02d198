// BackendMessage → bytes: one function per message of the PostgreSQL protocol 3.0 that we send (manual 55.7).
import { DatabaseError, sizeError } from '../engine/data/error.ts';
import { oidOf, typeSize } from '../engine/data/type-info.ts';
import { baseType, typmodOf } from '../engine/data/types.ts';
import type { ResultColumn, TransactionStatus } from '../sql/index.ts';
import type { Page } from './page.ts';

const code = (letter: string): number => letter.charCodeAt(0);

const AUTHENTICATION = code('R');
const BACKEND_KEY_DATA = code('K');
const BIND_COMPLETE = code('2');
const CLOSE_COMPLETE = code('3');
const COMMAND_COMPLETE = code('C');
const COPY_DONE = code('c');
const COPY_IN_RESPONSE = code('G');
const COPY_OUT_RESPONSE = code('H');
const EMPTY_QUERY_RESPONSE = code('I');
const ERROR_RESPONSE = code('E');
const NEGOTIATE_PROTOCOL_VERSION = code('v');
const NO_DATA = code('n');
const NOTICE_RESPONSE = code('N');
const NOTIFICATION_RESPONSE = code('A');
const PARAMETER_DESCRIPTION = code('t');
const PARAMETER_STATUS = code('S');
const PARSE_COMPLETE = code('1');
const PORTAL_SUSPENDED = code('s');
const READY_FOR_QUERY = code('Z');
const ROW_DESCRIPTION = code('T');

/** Writes type and a length to be patched; gives where the length is. */
export function beginMessage(page: Page, type: number): number {
  page.int8(type);
  const at = page.at;
  page.int32(0);
  return at;
}

export function endMessage(page: Page, lengthAt: number): void {
  page.patchInt32(lengthAt, page.at - lengthAt);
}

function empty(page: Page, type: number): void {
  page.int8(type);
  page.int32(4);
}

export function copyData(page: Page, bytes: Uint8Array): void {
  const at = beginMessage(page, 'd'.charCodeAt(0));
  page.raw(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  endMessage(page, at);
}

export function parseComplete(page: Page): void { empty(page, PARSE_COMPLETE); }
export function bindComplete(page: Page): void { empty(page, BIND_COMPLETE); }
export function closeComplete(page: Page): void { empty(page, CLOSE_COMPLETE); }
export function noData(page: Page): void { empty(page, NO_DATA); }
export function portalSuspended(page: Page): void { empty(page, PORTAL_SUSPENDED); }
export function emptyQueryResponse(page: Page): void { empty(page, EMPTY_QUERY_RESPONSE); }
export function copyDone(page: Page): void { empty(page, COPY_DONE); }

/** kind: 0 ok, 10 SASL (body: mechanisms), 11 SASL continue, 12 SASL final. */
export function authentication(page: Page, kind: number, body: Uint8Array | null = null): void {
  const at = beginMessage(page, AUTHENTICATION);
  page.int32(kind);
  if (body !== null) page.raw(body);
  endMessage(page, at);
}

export function backendKeyData(page: Page, processId: number, secret: number): void {
  page.int8(BACKEND_KEY_DATA);
  page.int32(12);
  page.int32(processId);
  page.int32(secret);
}

/** `version` is the full number, 196608 for 3.0, as PostgreSQL 15 sends it. */
export function negotiateProtocolVersion(page: Page, version: number, unknown: readonly string[]): void {
  const at = beginMessage(page, NEGOTIATE_PROTOCOL_VERSION);
  page.int32(version);
  page.int32(unknown.length);
  for (const name of unknown) page.cstring(name);
  endMessage(page, at);
}

export function parameterStatus(page: Page, name: string, value: string): void {
  const at = beginMessage(page, PARAMETER_STATUS);
  page.cstring(name);
  page.cstring(value);
  endMessage(page, at);
}

export function readyForQuery(page: Page, status: TransactionStatus): void {
  page.int8(READY_FOR_QUERY);
  page.int32(5);
  page.int8(code(status));
}

export function commandComplete(page: Page, tag: string): void {
  const at = beginMessage(page, COMMAND_COMPLETE);
  page.cstring(tag);
  endMessage(page, at);
}

export function notificationResponse(page: Page, processId: number, channel: string, payload: string): void {
  const at = beginMessage(page, NOTIFICATION_RESPONSE);
  page.int32(processId);
  page.cstring(channel);
  page.cstring(payload);
  endMessage(page, at);
}

export function parameterDescription(page: Page, types: readonly number[]): void {
  const at = beginMessage(page, PARAMETER_DESCRIPTION);
  page.int16(types.length);
  for (const type of types) page.int32(type);
  endMessage(page, at);
}

/** `formats`: none (all text), one for all, or one a column. A domain's column is one of its base type, as in PostgreSQL. */
export function rowDescription(page: Page, columns: readonly ResultColumn[], formats: readonly number[]): void {
  const at = beginMessage(page, ROW_DESCRIPTION);
  page.int16(columns.length);
  columns.forEach((column, i) => {
    page.cstring(column.name);
    page.int32(column.table);
    page.int16(column.attribute);
    const type = baseType(column.type);
    page.int32(oidOf(type));
    page.int16(typeSize(type));
    page.int32(typmodOf(type));
    page.int16(formatOf(formats, i));
  });
  endMessage(page, at);
}

export function formatOf(formats: readonly number[], column: number): number {
  if (formats.length === 0) return 0;
  return formats.length === 1 ? formats[0] : formats[column];
}

export function copyResponse(page: Page, direction: 'in' | 'out', columns: number, binary: boolean): void {
  const at = beginMessage(page, direction === 'in' ? COPY_IN_RESPONSE : COPY_OUT_RESPONSE);
  page.int8(binary ? 1 : 0);
  page.int16(columns);
  for (let i = 0; i < columns; i++) page.int16(binary ? 1 : 0);
  endMessage(page, at);
}

export type Severity = 'ERROR' | 'FATAL' | 'PANIC' | 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';

/** ErrorResponse for ERROR, FATAL and PANIC, else NoticeResponse; fields in PostgreSQL's order (manual 55.8). */
export function errorOrNotice(page: Page, severity: Severity, error: DatabaseError): void {
  const isError = severity === 'ERROR' || severity === 'FATAL' || severity === 'PANIC';
  const at = beginMessage(page, isError ? ERROR_RESPONSE : NOTICE_RESPONSE);
  const field = (letter: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    page.int8(code(letter));
    page.cstring(String(value));
  };
  const { fields } = error;
  field('S', severity);
  field('V', severity);
  field('C', error.code);
  field('M', error.message);
  field('D', fields.detail);
  field('H', fields.hint);
  field('P', fields.position);
  field('W', fields.where);
  field('s', fields.schema);
  field('t', fields.table);
  field('c', fields.column);
  field('d', fields.dataType);
  field('n', fields.constraint);
  page.int8(0);
  endMessage(page, at);
}

/** What a client is told of an error that is no DatabaseError: a fault of ours, XX000, without its stack. */
export function asDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const limit = error instanceof RangeError ? sizeError(error) : error;
  if (limit instanceof DatabaseError) return limit;
  const message = error instanceof Error ? error.message : String(error);
  return new DatabaseError('XX000', `internal error: ${message}`, { cause: error });
}
