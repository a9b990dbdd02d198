// SessionState: what the statements of one session share: settings, transaction, prepared statements, portals.
import type { Datum } from '../engine/data/datum.ts';
import { DatabaseError } from '../engine/data/error.ts';
import type { EvalContext } from '../engine/expression/context.ts';
import { AdvisoryLocks } from './advisory-locks.ts';
import type { DeclaredParameters } from './binder/environment.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { RandomGenerator } from './random-generator.ts';
import { TEMPORARY_SCHEMA } from './catalog/entry.ts';
import type { RoleEntry, SessionInfo, SystemContext } from './catalog/entry.ts';
import { CatalogNames } from './catalog/names.ts';
import { KeptMap, KeptMemory } from './kept-memory.ts';
import type { Statement } from './parser/ast-statement.ts';
import type { Portal } from './portal.ts';
import type { PreparedStatement } from './prepared-statement.ts';
import type { Services } from './services.ts';
import type { TypeSite } from './binder/type-name.ts';
import type { Notice, SessionOptions } from './session-api.ts';
import { Settings, splitIdentifiers } from './settings.ts';
import type { BoundStatement } from './statement/bound.ts';
import { printStored } from './statement/stored-expression.ts';
import { writableParts } from './statement/updatable-view.ts';
import { viewText } from './statement/view-text.ts';
import { Transaction } from './transaction.ts';
import type { Isolation } from './transaction.ts';

/** The names under which the one database can be reached. */
export const DATABASE_NAMES: readonly string[] = ['millrace', 'postgres'];

const SEVERITY_RANK = ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice', 'warning', 'error'];

/** As PostgreSQL's track_activity_query_size, less its last byte. */
const SHOWN_BYTES = 1023;

/** What things take on the heap, roughly, as measured: a statement's tree grows with its text. The unnamed one is not counted. */
const STATEMENT_BYTES = 6144;
const CHARACTER_BYTES = 16;
const PORTAL_BYTES = 1024;
const CHANNEL_BYTES = 256;

/** Of a parameter. */
function sizeOf(value: Datum): number {
  return typeof value === 'string' ? 2 * value.length : value instanceof Uint8Array ? value.length : 0;
}

/** The switch over statements, handed down: some of them make statements of their own (PREPARE). */
export type StatementBinder = (
  statement: Statement, state: SessionState,
  site: { readonly text: string; readonly declared: DeclaredParameters },
) => BoundStatement;

export class SessionState {
  readonly services: Services;
  readonly options: SessionOptions;
  readonly settings: Settings;
  readonly bindStatement: StatementBinder;
  /** Rows of results that are not taken whole, and of cursors. */
  readonly keptRows: KeptMemory;
  readonly prepared: KeptMap<PreparedStatement>;
  readonly portals: KeptMap<Portal>;
  /** Channels, by name. */
  readonly listening: KeptMap<string>;
  readonly advisory: AdvisoryLocks;
  /** currval, by sequence; and the one that nextval was called on last. */
  readonly sequenceValues = new Map<number, bigint>();
  lastSequence: number | null = null;
  transaction: Transaction | null = null;
  #portals = 0;
  /** What setseed has started. */
  random: RandomGenerator | null = null;
  /** Milliseconds that pg_sleep asked for in the statement that runs. */
  sleepFor = 0;
  /** As pg_stat_activity shows it: its beginning. */
  query = '';
  statementStart: bigint;
  stateChange: bigint;
  active = false;
  #abort = new AbortController();
  /** Of the statement, in milliseconds of performance.now(). */
  deadline = Infinity;
  #interrupted: ((error: DatabaseError) => void) | null = null;
  /** Name of the schema of the session's temporary objects, whether it is there or not. */
  readonly temporarySchema: string;
  #path: {
    readonly written: readonly string[]; readonly user: string; readonly temporary: boolean;
    readonly schemas: readonly string[];
  } = { written: [], user: '', temporary: false, schemas: [] };
  #names: CatalogNames | null = null;
  readonly #start: bigint;

  constructor(services: Services, options: SessionOptions, bindStatement: StatementBinder) {
    this.services = services;
    this.keptRows = new KeptMemory(services.runtime.queryMemory);
    const objects = new KeptMemory(services.objectMemory);
    this.prepared = new KeptMap(objects, ({ name, text }) => (name === '' ? 0 : STATEMENT_BYTES + CHARACTER_BYTES * text.length));
    this.portals = new KeptMap(objects, (portal) => PORTAL_BYTES
      + (portal.kind === 'statement' ? portal.parameters.reduce<number>((sum, value) => sum + sizeOf(value), 0) : 0));
    this.listening = new KeptMap(objects, (channel) => CHANNEL_BYTES + channel.length);
    this.advisory = new AdvisoryLocks(this, services.locks);
    this.bindStatement = bindStatement;
    this.options = options;
    this.temporarySchema = `${TEMPORARY_SCHEMA}${options.processId}`;
    this.#start = services.now();
    this.statementStart = this.#start;
    this.stateChange = this.#start;
    this.settings = new Settings({
      checks: { check: (name, value) => this.#checkSetting(name, value) },
      report: (name, value) => options.onParameterStatus(name, value),
    });
  }

  /** Portals are numbered as they are opened. */
  nextPortal(): number {
    return ++this.#portals;
  }

  get lastPortal(): number {
    return this.#portals;
  }

  get processId(): number {
    return this.options.processId;
  }

  get catalog(): Catalog {
    return this.transaction?.catalog ?? this.services.catalog;
  }

  get database(): string {
    return this.options.database;
  }

  get sessionUser(): string {
    return this.settings.get('session_authorization') ?? this.options.user;
  }

  get currentUser(): string {
    const role = this.settings.get('role') ?? 'none';
    return role === 'none' ? this.sessionUser : role;
  }

  get role(): RoleEntry {
    const role = this.catalog.role(this.currentUser);
    if (role === null) throw new DatabaseError('42704', `role "${this.currentUser}" does not exist`);
    return role;
  }

  /** The search path with `$user` replaced; the same array for as long as it says the same. */
  get searchPath(): readonly string[] {
    const written = this.settings.searchPath;
    const user = this.currentUser;
    const temporary = this.catalog.schema(this.temporarySchema) !== null;
    if (written !== this.#path.written || user !== this.#path.user || temporary !== this.#path.temporary) {
      const schemas = written.map((s) => (s === '$user' ? user : s)).filter((s) => s !== 'pg_temp');
      this.#path = { written, user, temporary, schemas: temporary ? [this.temporarySchema, ...schemas] : schemas };
    }
    return this.#path.schemas;
  }

  /** The transaction there must be while a statement runs. */
  get current(): Transaction {
    if (this.transaction === null) throw new DatabaseError('25P01', 'there is no transaction in progress');
    return this.transaction;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends what runs now with this error; what runs next is not touched. */
  interrupt(error: DatabaseError): void {
    this.#abort.abort(error);
    this.#interrupted?.(error);
  }

  /** What `work` comes to, or the interrupt when that is sooner. Why not by the signal: its listeners cost ten times this. */
  untilInterrupted<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#interrupted = reject;
      const over = (): void => {
        if (this.#interrupted === reject) this.#interrupted = null;
      };
      work.then((value) => {
        over();
        resolve(value);
      }, (error: unknown) => {
        over();
        reject(error);
      });
      if (this.#abort.signal.aborted) reject(this.#abort.signal.reason);
    });
  }

  /** Called as a statement begins: an interrupt that came too late for the last one is forgotten. */
  renewSignal(): void {
    if (this.#abort.signal.aborted) this.#abort = new AbortController();
  }

  /** While a statement keeps the thread to itself, no timer and no client can interrupt it: it looks at the clock. */
  checkInterrupt(): void {
    if (this.#abort.signal.aborted) throw this.#abort.signal.reason;
    if (this.deadline !== Infinity && performance.now() > this.deadline) throw statementTimeout();
  }

  get lockWait(): { readonly signal: AbortSignal; readonly timeout: number } {
    return { signal: this.signal, timeout: this.settings.integer('lock_timeout') };
  }

  begin(kind: 'implicit' | 'block'): Transaction {
    const isolation = this.settings.get('default_transaction_isolation');
    this.transaction = new Transaction({
      services: this.services, settings: this.settings, processId: this.processId, kind,
      isolation: asIsolation(isolation), readOnly: this.settings.boolean('default_transaction_read_only'),
    });
    return this.transaction;
  }

  notice(severity: 'NOTICE' | 'WARNING' | 'INFO', error: DatabaseError): void {
    const least = SEVERITY_RANK.indexOf(this.settings.get('client_min_messages') ?? 'notice');
    const rank = severity === 'INFO' ? Infinity : SEVERITY_RANK.indexOf(severity.toLowerCase());
    if (rank < least) return;
    const notice: Notice = Object.assign(new DatabaseError(error.code, error.message, error.fields), { severity });
    this.options.onNotice(notice);
  }

  warn(code: string, message: string): void {
    this.notice('WARNING', new DatabaseError(code, message));
  }

  /** now(), µs since 1970 UTC. */
  get transactionTime(): bigint {
    return this.transaction?.startTime ?? this.statementStart;
  }

  evalContext(): EvalContext {
    return {
      format: this.settings.format,
      transactionTime: this.transactionTime,
      statementTime: this.statementStart,
      relativeTo: this.transactionTime,
      clock: () => this.services.now(),
      random: () => this.#nextRandom(),
      catalog: this.names,
      checkInterrupt: () => this.checkInterrupt(),
      host: this,
    };
  }

  #nextRandom(): number {
    if (this.random === null) return this.services.random();
    this.transaction?.settle();
    return this.random.next();
  }

  /** OIDs as names, through the catalog and search path of now. */
  get names(): CatalogNames {
    const { catalog, searchPath } = this;
    if (this.#names === null || !this.#names.isOf(catalog, searchPath)) {
      this.#names = new CatalogNames(catalog, searchPath, this.services.functions);
    }
    return this.#names;
  }

  /** For the names of types in a statement. */
  typeSite(): TypeSite {
    return { catalog: this.catalog, searchPath: this.searchPath, warn: (warning) => { this.notice('WARNING', warning); } };
  }

  systemContext(): SystemContext {
    const { services, settings } = this;
    return {
      catalog: this.catalog,
      functions: services.functions,
      database: this.database,
      user: this.currentUser,
      searchPath: this.searchPath,
      format: settings.format,
      startTime: services.startTime,
      now: this.transactionTime,
      sessions: () => [...services.sessions.values()].map((peer) => peer.info()),
      settings: () => settings.list(),
      rowCount: (relation) => this.#rowCount(relation),
      memory: () => services.runtime.memory(),
      storage: () => services.runtime.storage(),
      journal: () => services.runtime.journal(),
      epochs: () => ({ newest: services.runtime.epoch, oldest: services.runtime.oldestEpoch }),
      stateSize: (relation) => services.runtime.stateSize(relation),
      viewErrors: (relation) => services.runtime.errors(relation),
      printed: (text, options) => printStored(this, text, options),
      viewText: (view, options) => viewText(this, view, options),
      writable: (view) => writableParts(this, view),
      sequence: (oid) => {
        const entry = this.catalog.get(oid);
        return entry?.kind === 'sequence' ? services.sequences.current(entry) : { last: 0n, called: false, ahead: 0n };
      },
      preparedStatements: () => [...this.prepared.values()].filter((p) => p.name !== '').map((p) => p.info()),
      cursors: () => [...this.portals.values()].map((p) => p.info()),
      locks: () => services.locks.list(),
    };
  }

  #rowCount(relation: number): number {
    const { snapshot } = this.services.readPoint();
    try {
      return snapshot.rowCount(relation);
    } finally {
      snapshot.release();
    }
  }

  info(): SessionInfo {
    const { transaction } = this;
    const state = this.active ? 'active' : transaction === null ? 'idle'
      : transaction.failed ? 'idle in transaction (aborted)' : 'idle in transaction';
    return {
      processId: this.processId, user: this.sessionUser, database: this.database,
      applicationName: this.settings.get('application_name') ?? '', remote: this.options.remote, state,
      query: this.query, backendStart: this.#start, transactionStart: transaction?.startTime ?? null,
      queryStart: this.statementStart, stateChange: this.stateChange,
    };
  }

  /** What the settings table cannot know: roles, and when a transaction's modes may still change. */
  #checkSetting(name: string, value: string): string {
    switch (name) {
      case 'role': case 'session_authorization':
        if (value !== 'none' && value !== '' && this.catalog.role(value) === null) {
          throw new DatabaseError('22023', `role "${value}" does not exist`);
        }
        return value;
      case 'transaction_isolation':
        this.#checkIsolation(value);
        return value;
      case 'transaction_read_only':
        if (this.transaction !== null) this.transaction.readOnly = value === 'on';
        return value;
      default: return value;
    }
  }

  #checkIsolation(value: string): void {
    if (this.transaction === null) return;
    if (this.transaction.started && value !== this.transaction.isolation) {
      throw new DatabaseError('25001', 'SET TRANSACTION ISOLATION LEVEL must be called before any query');
    }
    if (this.transaction.depth > 0) {
      throw new DatabaseError('25001', 'SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction');
    }
    this.transaction.isolation = asIsolation(value);
  }
}

/** The beginning of a query's text, by itself: a string cut off another would keep that. */
export function shownQuery(text: string): string {
  if (text.length <= SHOWN_BYTES / 3) return text;
  const bytes = Buffer.from(text.slice(0, SHOWN_BYTES));
  let end = Math.min(bytes.length, SHOWN_BYTES);
  while (end < bytes.length && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

export function asIsolation(text: string | null): Isolation {
  switch (text) {
    case 'serializable': case 'repeatable read': case 'read uncommitted': return text;
    default: return 'read committed';
  }
}

/** `options` of the startup packet: `-c name=value`, `--name=value`, blanks escaped by backslashes. */
export function startupOptions(text: string): readonly (readonly [string, string])[] {
  const words = text.match(/(?:\\.|\S)+/gs)?.map((w) => w.replace(/\\(.)/gs, '$1')) ?? [];
  const out: (readonly [string, string])[] = [];
  for (let i = 0; i < words.length; i++) {
    let word = words[i];
    if (word === '-c') word = words[++i] ?? '';
    else if (word.startsWith('-c')) word = word.slice(2);
    else if (word.startsWith('--')) word = word.slice(2);
    else throw new DatabaseError('42601', `invalid command-line argument for server process: ${word}`);
    const equals = word.indexOf('=');
    if (equals < 0) throw new DatabaseError('42601', `-c ${word} requires a value`);
    out.push([word.slice(0, equals).replaceAll('-', '_'), word.slice(equals + 1)]);
  }
  return out;
}

/** search_path in the form it is kept in: identifiers quoted where they must be. */
export function validSearchPath(text: string): string {
  if (splitIdentifiers(text) === null) {
    throw new DatabaseError('22023', `invalid value for parameter "search_path": "${text}"`, {
      detail: 'List syntax is invalid.',
    });
  }
  return text;
}

export function statementTimeout(): DatabaseError {
  return new DatabaseError('57014', 'canceling statement due to statement timeout');
}
