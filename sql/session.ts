// ServerSession: one client's conversation, simple and extended, with PostgreSQL's transaction rules (manual 55.2).
import { typeOfOid } from './binder/type-name.ts';
import { Batch } from '../engine/data/batch.ts';
import { DatabaseError, assert } from '../engine/data/error.ts';
import type { FormatSettings } from '../engine/data/settings.ts';
import type { RegNames } from '../engine/data/text-format.ts';
import { typeFromOid } from '../engine/data/type-info.ts';
import type { Soon } from '../engine/data/soon.ts';
import type { LogicalType } from '../engine/data/types.ts';
import type { Statement } from './parser/ast-statement.ts';
import { parseIn } from './parser/foreign.ts';
import { StatementPortal } from './portal.ts';
import { PreparedStatement, decodeParameters } from './prepared-statement.ts';
import type {
  BindRequest, ExecuteResult, Session, SessionOptions, StatementDescription, TransactionStatus,
} from './session-api.ts';
import type { Notification, Peer, Services } from './services.ts';
import { SessionState, shownQuery, startupOptions, statementTimeout } from './session-state.ts';
import type { SessionInfo } from './catalog/entry.ts';
import type { BoundStatement, StatementResult } from './statement/bound.ts';
import { bindStatement } from './statement/index.ts';
import { shownLimit } from './statement/alter-system.ts';
import { bindInsertLiterals } from './statement/insert-literals.ts';
import { runBound, runPortal } from './session-run.ts';
import { dropTemporary } from './temporary.ts';
import { failTransaction, finishTransaction, interruptible } from './session-transaction.ts';

const FAILED = 'current transaction is aborted, commands ignored until end of transaction block';

/** The last statement of a simple query: called with its tag when it is durable. */
type Told = (tag: string) => void;

export class ServerSession implements Session, Peer {
  readonly #state: SessionState;
  readonly #onClose: () => void;
  #waiting: Notification[] = [];
  #waitingSize = 0;
  #idleTimer: NodeJS.Timeout | null = null;
  #statementTimer: NodeJS.Timeout | null = null;
  #closed = false;

  /** Throws what the client is to be told as FATAL. */
  constructor(services: Services, options: SessionOptions, onClose: () => void) {
    this.#state = new SessionState(services, options, bindStatement);
    this.#onClose = onClose;
    this.#applyStartup(options);
    this.#state.settings.reportChanges();
    this.#startIdleTimer();
  }

  get transactionStatus(): TransactionStatus {
    const { transaction } = this.#state;
    if (transaction === null || transaction.kind === 'implicit') return 'I';
    return transaction.failed ? 'E' : 'T';
  }

  get format(): FormatSettings {
    return this.#state.settings.format;
  }

  get names(): RegNames {
    return this.#state.evalContext().catalog;
  }

  async *simple(text: string, durable?: (tag: string) => void): AsyncGenerator<ExecuteResult> {
    const state = this.#state;
    this.#begin(text);
    // A simple query ends the unnamed statement and portal of the extended protocol.
    this.closeStatement('');
    let finished = false;
    const tell = (tag: string): void => {
      this.#end();
      durable?.(tag);
    };
    try {
      const dialect = state.settings.get('sql_dialect') ?? 'postgres';
      const fast = this.#failed || dialect !== 'postgres' ? null : bindInsertLiterals(text, state);
      if (fast !== null) yield await this.#runCommand(fast, tell);
      const statements = fast === null ? parseIn(text, dialect) : [];
      if (statements.length === 0 && fast === null) yield { kind: 'empty' };
      const turn = state.services.startSlices();
      for (let i = 0; i < statements.length; i++) {
        const others = i === 0 ? undefined : turn();
        if (others !== undefined) await others;
        const last = i === statements.length - 1;
        const prepared = new PreparedStatement({
          name: '', text, parsed: statements[i], declared: null, fromSql: false, prepareTime: state.statementStart,
        });
        yield* this.#runOne(prepared, last ? tell : null, statements.length > 1);
      }
      await finishTransaction(state, 'implicit');
      finished = true;
    } catch (error) {
      finished = true;
      const told = error instanceof DatabaseError ? error.named(state.names) : error;
      failTransaction(state);
      throw told;
    } finally {
      // The consumer went away in the middle.
      if (!finished) failTransaction(state);
      this.#end();
    }
  }

  async *#runOne(prepared: PreparedStatement, last: Told | null, several: boolean): AsyncGenerator<ExecuteResult> {
    const state = this.#state;
    this.#startStatement();
    this.#checkFailed(prepared.parsed?.statement ?? null);
    if (state.transaction === null) state.begin('implicit');
    state.current.several = several && state.current.kind === 'implicit';
    state.current.statement = prepared.parsed?.statement ?? null;
    const bound = prepared.bind(state);
    if (bound === null) return;
    yield* this.#runBound(bound, last);
  }

  /** A statement that is its whole query string and answers with a tag. */
  async #runCommand(bound: BoundStatement, last: Told): Promise<ExecuteResult> {
    const state = this.#state;
    this.#startStatement();
    if (state.transaction === null) state.begin('implicit');
    state.current.start();
    const result = await interruptible(state, bound.run(state, []));
    assert(result.kind === 'command' && result.lateTag === undefined, 'a statement without rows');
    await this.#finish(last, result.tag);
    return { kind: 'command', tag: result.tag };
  }

  /** A statement has been run and its result taken; the last of a string is committed before its tag is told. */
  async #finish(last: Told | null, tag: string | null): Promise<void> {
    const state = this.#state;
    state.transaction?.endStatement();
    if (state.advisory.isWaiting) await state.advisory.settle(state.lockWait);
    if (last !== null) await finishTransaction(state, 'implicit', tag === null ? undefined : () => last(tag));
    state.settings.reportChanges();
  }

  async *#runBound(bound: BoundStatement, last: Told | null): AsyncGenerator<ExecuteResult> {
    const state = this.#state;
    this.#startStatement();
    if (state.transaction === null) state.begin('implicit');
    yield* this.#deliver(await runBound(state, bound, []), last);
  }

  /** The result as the wire takes it. */
  async *#deliver(result: StatementResult, last: Told | null): AsyncGenerator<ExecuteResult> {
    const finish = (): Promise<void> => this.#finish(last, null);
    switch (result.kind) {
      case 'command':
        await this.#finish(last, result.lateTag === undefined ? result.tag : null);
        yield { kind: 'command', tag: await result.lateTag?.() ?? result.tag };
        return;
      case 'rows': case 'copyOut': {
        let taken = false;
        const batches = this.#interruptibleBatches(result.batches, async () => {
          taken = true;
          await finish();
        });
        yield { ...result, batches };
        if (!taken) await finish();
        return;
      }
      case 'copyIn': {
        const { sink } = result;
        yield {
          kind: 'copyIn',
          sink: {
            ...sink, write: (batch) => sink.write(batch), abort: (error) => sink.abort(error),
            finish: async () => {
              const tag = await sink.finish();
              await finish();
              return tag;
            },
          },
        };
      }
    }
  }

  async *#interruptibleBatches(
    batches: Iterable<Batch> | AsyncIterable<Batch>, atEnd: () => Promise<void>,
  ): AsyncGenerator<Batch> {
    const state = this.#state;
    for await (const batch of batches) {
      state.checkInterrupt();
      yield batch;
    }
    await atEnd();
  }

  parse(name: string, text: string, parameterTypes: readonly number[]): void {
    const state = this.#state;
    this.#begin(text);
    if (name === '') this.closeStatement('');
    const statements = parseIn(text, this.#state.settings.get('sql_dialect') ?? 'postgres');
    if (statements.length > 1) {
      throw new DatabaseError('42601', 'cannot insert multiple commands into a prepared statement');
    }
    const parsed = statements[0] ?? null;
    this.#checkFailed(parsed?.statement ?? null);
    if (name !== '' && state.prepared.has(name)) {
      throw new DatabaseError('42P05', `prepared statement "${name}" already exists`);
    }
    const prepared = new PreparedStatement({
      name, text, parsed, declared: parameterTypes.map((oid) => this.#declaredType(oid)), fromSql: false,
      prepareTime: state.statementStart,
    });
    prepared.bind(state);
    state.prepared.set(name, prepared);
  }

  #declaredType(oid: number): LogicalType | null {
    if (oid === 0 || oid === 705) return null;
    const type = typeFromOid(oid) ?? typeOfOid(this.#state.catalog, oid);
    if (type === null) throw new DatabaseError('42704', `type with OID ${oid} does not exist`);
    return type;
  }

  describeStatement(name: string): StatementDescription {
    const prepared = this.#prepared(name);
    this.#begin(prepared.text);
    if (this.#failed && prepared.parsed !== null) this.#checkFailed(prepared.parsed.statement);
    const bound = prepared.bind(this.#state);
    return { parameters: bound?.parameters ?? [], columns: bound?.columns ?? null };
  }

  bind(request: BindRequest): void {
    const state = this.#state;
    const prepared = this.#prepared(request.statement);
    this.#begin(prepared.text);
    this.#checkFailed(prepared.parsed?.statement ?? null);
    if (request.portal === '') this.closePortal('');
    else if (state.portals.has(request.portal)) {
      throw new DatabaseError('42P03', `cursor "${request.portal}" already exists`);
    }
    const bound = prepared.bind(state);
    const parameters = decodeParameters(state, bound?.parameters ?? [], request);
    const options = {
      name: request.portal, text: prepared.text, creationTime: state.statementStart, number: state.nextPortal(),
      resultFormats: request.resultFormats ?? [],
    };
    state.portals.set(request.portal, new StatementPortal(options, prepared, bound, parameters));
  }

  describePortal(name: string): StatementDescription {
    const portal = this.#state.portals.get(name);
    if (portal === undefined) throw new DatabaseError('34000', `portal "${name}" does not exist`);
    return { parameters: [], columns: portal.columns };
  }

  resultFormats(name: string): readonly number[] {
    return this.#state.portals.get(name)?.options.resultFormats ?? [];
  }

  execute(name: string, maxRows: number): Soon<ExecuteResult> {
    const state = this.#state;
    const portal = state.portals.get(name);
    if (portal === undefined) throw new DatabaseError('34000', `portal "${name}" does not exist`);
    this.#begin(portal.options.text);
    this.#startStatement();
    const end = (): void => {
      this.#stopStatement();
      state.transaction?.endStatement();
      state.settings.reportChanges();
    };
    const fail = (error: unknown): never => {
      end();
      throw error;
    };
    try {
      if (portal.kind === 'statement') this.#checkFailed(portal.prepared.parsed?.statement ?? null);
      if (state.transaction === null) state.begin('implicit');
      const result = runPortal(state, portal, { maxRows, end });
      return result instanceof Promise ? result.catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  }

  portalDone(name: string): boolean {
    const portal = this.#state.portals.get(name);
    if (portal === undefined) return true;
    switch (portal.kind) {
      case 'statement': return portal.done;
      case 'cursor': return portal.position > portal.rows.length;
      case 'subscription': return portal.rows.ended;
    }
  }

  closeStatement(name: string): void {
    this.#state.prepared.delete(name);
  }

  closePortal(name: string): void {
    this.#state.portals.get(name)?.close();
    this.#state.portals.delete(name);
  }

  sync(durable?: () => void): Soon<void> {
    let ended = false;
    const end = (): void => {
      if (!ended) this.#end();
      ended = true;
    };
    const fail = (error: unknown): never => {
      failTransaction(this.#state);
      end();
      throw error;
    };
    try {
      // Views are filled by what commits them.
      if (this.#state.transaction?.hasCatalogChanges === true) this.#startStatement();
      const done = finishTransaction(this.#state, 'implicit', () => {
        end();
        durable?.();
      });
      if (done instanceof Promise) return done.then(end, fail);
      end();
    } catch (error) {
      fail(error);
    }
  }

  fail(): void {
    this.#stopStatement();
    failTransaction(this.#state);
    this.#state.settings.reportChanges();
  }

  cancel(): void {
    if (this.#state.active) {
      this.#state.interrupt(new DatabaseError('57014', 'canceling statement due to user request'));
    }
  }

  info(): SessionInfo {
    return this.#state.info();
  }

  get active(): boolean {
    return this.#state.active;
  }

  listensTo(channel: string): boolean {
    return this.#state.listening.has(channel);
  }

  notify(notification: Notification): void {
    if (this.#state.active || this.#state.transaction !== null) {
      this.#waiting.push(notification);
      this.#waitingSize += notification.channel.length + notification.payload.length;
    } else {
      this.#state.options.onNotification(notification);
    }
  }

  get backlog(): number {
    return this.#waitingSize + (this.#state.listening.size === 0 ? 0 : this.#state.options.untaken?.() ?? 0);
  }

  forceSetting(name: string, value: string): void {
    this.#state.settings.force(name, value);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopStatement();
    this.#state.interrupt(new DatabaseError('57P01', 'terminating connection due to administrator command'));
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    for (const portal of this.#state.portals.values()) portal.close();
    this.#state.portals.clear();
    this.#state.prepared.clear();
    this.#state.listening.clear();
    this.#state.transaction?.rollback();
    this.#state.transaction = null;
    this.#state.advisory.releaseAll();
    const { services, temporarySchema } = this.#state;
    dropTemporary(services, temporarySchema).catch((error: unknown) => {
      services.log(`temporary objects were not dropped: ${String(error)}`);
    });
    this.#onClose();
  }

  get #failed(): boolean {
    return this.#state.transaction?.failed === true;
  }

  /** 25P02 for everything but what ends the transaction or goes back in it. */
  #checkFailed(statement: Statement | null): void {
    if (!this.#failed || statement === null) return;
    switch (statement.kind) {
      case 'commit': case 'rollback': case 'rollbackTo': case 'prepareTransaction': return;
      default: throw new DatabaseError('25P02', FAILED);
    }
  }

  #prepared(name: string): PreparedStatement {
    const prepared = this.#state.prepared.get(name);
    if (prepared !== undefined) return prepared;
    throw new DatabaseError('26000', name === '' ? 'unnamed prepared statement does not exist'
      : `prepared statement "${name}" does not exist`);
  }

  #begin(text: string): void {
    const state = this.#state;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    state.active = true;
    state.query = shownQuery(text);
    state.statementStart = state.services.now();
    state.stateChange = state.statementStart;
    state.advisory.forgetWishes();
    state.renewSignal();
  }

  /** Ready for the next query. */
  #end(): void {
    const state = this.#state;
    this.#stopStatement();
    state.active = false;
    state.stateChange = state.services.now();
    state.settings.reportChanges();
    if (state.transaction === null) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      for (const notification of waiting) state.options.onNotification(notification);
    }
    this.#startIdleTimer();
  }

  #startIdleTimer(): void {
    const state = this.#state;
    const [setting, code, what] = state.transaction === null ? ['idle_session_timeout', '57P05', 'idle-session'] as const
      : ['idle_in_transaction_session_timeout', '25P03', 'idle-in-transaction'] as const;
    const limit = state.settings.integer(setting);
    // Of a Sync after a Sync, say.
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    if (limit === 0) return;
    this.#idleTimer = setTimeout(() => {
      state.services.terminate(state.processId, new DatabaseError(code, `terminating connection due to ${what} timeout`));
    }, limit);
    this.#idleTimer.unref();
  }

  /** statement_timeout runs from here, until the next statement or the end. */
  #startStatement(): void {
    const state = this.#state;
    this.#stopStatement();
    const limit = state.settings.integer('statement_timeout');
    if (limit === 0) return;
    state.deadline = performance.now() + limit;
    this.#statementTimer = setTimeout(() => {
      state.interrupt(statementTimeout());
    }, limit);
  }

  #stopStatement(): void {
    if (this.#statementTimer !== null) clearTimeout(this.#statementTimer);
    this.#statementTimer = null;
    this.#state.deadline = Infinity;
  }

  #applyStartup(options: SessionOptions): void {
    const { settings, services } = this.#state;
    const role = services.catalog.role(options.user);
    if (role === null) throw new DatabaseError('28000', `role "${options.user}" does not exist`);
    if (!role.login) throw new DatabaseError('28000', `role "${options.user}" is not permitted to log in`);
    settings.force('session_authorization', options.user);
    settings.force('memory_limit', shownLimit(services.runtime.memory().limit));
    settings.force('is_superuser', role.superuser ? 'on' : 'off');
    for (const [name, value] of options.parameters) {
      if (name !== 'options') settings.initialize(name, value);
    }
    for (const [name, value] of startupOptions(options.parameters.get('options') ?? '')) {
      settings.initialize(name, value);
    }
  }
}
