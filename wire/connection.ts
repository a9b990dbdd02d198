// Connection: one client's conversation as a state machine: startup, then query cycles until it leaves.
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { DatabaseError } from '../engine/data/error.ts';
import { whenThere } from '../engine/data/soon.ts';
import type { Soon } from '../engine/data/soon.ts';
import { oidOf } from '../engine/data/type-info.ts';
import type { CopyInSink, Database, ExecuteResult, ResultColumn, Session } from '../sql/index.ts';
import * as backend from './backend.ts';
import type * as CopyArrow from './copy-arrow.ts';
import { CopyDecoder } from './copy-in.ts';
import type { CopyInput } from './copy-in.ts';
import { writeCopyHeader, writeCopyRows, writeCopyTrailer } from './copy-out.ts';
import { LARGE_MAX } from './frontend.ts';
import type { FrontendMessage } from './frontend.ts';
import type { Inflow } from './inflow.ts';
import { Room } from './input-memory.ts';
import type { InputMemory } from './input-memory.ts';
import { Disconnected, MessageReader } from './message-reader.ts';
import { Outflow } from './outflow.ts';
import type { Page } from './page.ts';
import { RowEncoder } from './result.ts';
import { startUp } from './startup.ts';

/** What is encoded before it is handed to the socket, in bytes. */
const FLUSH_BYTES = 64 * 1024;

export interface ConnectionHost {
  readonly database: Database;
  readonly processId: number;
  readonly secret: number;
  /** Key for looking made-up SCRAM verifiers up by user, so that unknown users look like known ones. */
  readonly serverSecret: Uint8Array;
  readonly input: InputMemory;
  /** Asked once the client has said that it wants a session, not only to cancel one; false: there are too many. */
  admit(): boolean;
  /** CancelRequest from any connection: answers nothing, whether or not it matched. */
  cancel(processId: number, secret: number): void;
  log(message: string): void;
}

/** Rows of a record batch at most. */
const ARROW_ROWS = 16384;

/** COPY's formats and the result formats of a portal, kept beside it. */
type Formats = readonly number[];

export class Connection {
  readonly #inflow: Inflow;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader: MessageReader;
  readonly #out: Outflow;
  readonly #page: Page;
  readonly #changedParameters = new Map<string, string>();
  #session: Session | null = null;
  #closing = false;
  /** Messages that arrived outside a cycle (notices, parameter changes, notifications) wait for a good place. */
  #busy = false;

  constructor(inflow: Inflow, host: ConnectionHost) {
    const { socket } = inflow;
    this.#inflow = inflow;
    this.#socket = socket;
    this.#host = host;
    this.#reader = new MessageReader(inflow, host.input);
    this.#out = new Outflow(socket, () => {
      host.log(`connection ${host.processId}: gave up a client that takes no data`);
    });
    this.#page = this.#out.page;
    socket.setNoDelay(true);
    // Without a listener a client's reset would end the process.
    socket.on('error', () => socket.destroy());
  }

  /** Runs until the client leaves or is thrown out; never rejects. */
  async run(): Promise<void> {
    this.#reader.onDisconnect(() => this.#session?.cancel());
    try {
      this.#busy = true;
      this.#session = await startUp({
        reader: this.#reader, page: this.#page, flush: () => this.#flush(), host: this.#host,
        remote: { address: this.#socket.remoteAddress ?? '', port: this.#socket.remotePort ?? 0 },
        local: { address: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 },
        hooks: {
          onNotice: (notice) => this.#notify(() => {
            backend.errorOrNotice(this.#page, notice.severity ?? 'NOTICE', notice);
          }),
          onParameterStatus: (name, value) => this.#reportParameter(name, value),
          onNotification: (n) => this.#notify(() => {
            backend.notificationResponse(this.#page, n.processId, n.channel, n.payload);
          }),
          untaken: () => this.#out.untaken,
        },
      });
      if (this.#session !== null) await this.#serve(this.#session);
    } catch (error) {
      this.#lastWords(error);
    } finally {
      const session = this.#session;
      this.#session = null;
      this.#reader.close();
      await session?.close();
      this.#inflow.leave();
    }
  }

  /** For pg_cancel_backend and CancelRequest. */
  cancel(): void {
    this.#session?.cancel();
  }

  /** 57P01: the server stops, or an administrator ends this session. */
  terminate(error: DatabaseError): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#session?.cancel();
    // Who does not take what there is for him would not take this.
    if (this.#out.stalls) {
      this.#socket.destroy();
      return;
    }
    backend.errorOrNotice(this.#page, 'FATAL', error);
    this.#out.write();
    this.#inflow.leave();
    this.#socket.destroySoon();
  }

  /** As PostgreSQL 15: changes are told just before ReadyForQuery; those of the startup at once. */
  #reportParameter(name: string, value: string): void {
    if (this.#session === null) backend.parameterStatus(this.#page, name, value);
    else this.#changedParameters.set(name, value);
  }

  #ready(session: Session): void {
    if (this.#changedParameters.size > 0) {
      const byName = [...this.#changedParameters].toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
      for (const [name, value] of byName) backend.parameterStatus(this.#page, name, value);
      this.#changedParameters.clear();
    }
    backend.readyForQuery(this.#page, session.transactionStatus);
  }

  /** Written at once when the session is idle, else with the answers under way. */
  #notify(write: () => void): void {
    if (this.#closing) return;
    write();
    if (!this.#busy) this.#out.push();
  }

  #lastWords(error: unknown): void {
    if (error instanceof Disconnected || this.#closing) return;
    const fault = backend.asDatabaseError(error);
    if (fault.code === 'XX000') this.#host.log(`connection ${this.#host.processId}: ${String(fault.fields.cause ?? error)}`);
    backend.errorOrNotice(this.#page, 'FATAL', fault);
    this.#out.write();
  }

  async #serve(session: Session): Promise<void> {
    this.#ready(session);
    await this.#flush();
    for (;;) {
      let message: FrontendMessage | null;
      try {
        message = this.#reader.readNow();
        if (message === null) {
          const flushed = this.#flush();
          if (flushed !== undefined) {
            await flushed;
            continue;
          }
          this.#busy = false;
          await this.#reader.more();
          this.#busy = true;
          continue;
        }
      } catch (error) {
        // A malformed body leaves the stream in step: an ERROR like any other. A bad length does not.
        if (error instanceof Disconnected || this.#reader.broken) throw error;
        if (this.#reader.inSequence) await this.#fail(session, error);
        else this.#refuse(session, error);
        continue;
      }
      if (message.kind === 'terminate') return await this.#flush();
      const handled = this.#handle(session, message);
      if (handled !== undefined) await handled;
      if (this.#page.at >= FLUSH_BYTES) await this.#flush();
      const turn = this.#reader.turn();
      if (turn !== undefined) await turn;
    }
  }

  #handle(session: Session, message: FrontendMessage): Soon<void> {
    switch (message.kind) {
      case 'query': return this.#simpleQuery(session, message.text);
      case 'sync': return this.#sync(session);
      case 'flush': return this.#flush();
      case 'functionCall':
        this.#sendError(new DatabaseError('0A000', 'fastpath function calls are not supported'));
        this.#ready(session);
        return;
      // Left over from a COPY that failed: the client had not heard of it yet.
      case 'copyData': case 'copyDone': case 'copyFail':
        return;
      case 'password':
        throw new DatabaseError('08P01', 'invalid frontend message type 112');
      default:
        try {
          const done = this.#extended(session, message);
          return done instanceof Promise ? done.catch((error: unknown) => this.#fail(session, error)) : undefined;
        } catch (error) {
          return this.#fail(session, error);
        }
    }
  }

  /** A message that stands for itself could not be read. */
  #refuse(session: Session, error: unknown): void {
    this.#sendError(error);
    session.fail();
    this.#ready(session);
  }

  /** Tells the error, then skips to Sync, which ends the failed sequence. */
  async #fail(session: Session, error: unknown): Promise<void> {
    if (error instanceof Disconnected) throw error;
    this.#sendError(error);
    session.fail();
    await this.#flush();
    for (;;) {
      let message: FrontendMessage;
      try {
        message = await this.#reader.read();
      } catch (next) {
        if (next instanceof Disconnected || this.#reader.broken) throw next;
        continue;
      }
      if (message.kind === 'sync') break;
      if (message.kind === 'terminate') throw new Disconnected();
      await this.#reader.turn();
    }
    await this.#sync(session);
  }

  #sync(session: Session): Soon<void> {
    let told = false;
    const end = (): void => {
      if (!told) this.#ready(session);
      told = true;
    };
    const fail = (error: unknown): void => {
      if (error instanceof Disconnected) throw error;
      if (!told) this.#sendError(error);
      end();
    };
    try {
      const done = session.sync(() => {
        end();
        this.#writeUnlessMore();
      });
      if (done instanceof Promise) return done.then(end, fail);
      end();
    } catch (error) {
      fail(error);
    }
  }

  async #simpleQuery(session: Session, text: string): Promise<void> {
    let told = false;
    const durable = (tag: string): void => {
      told = true;
      backend.commandComplete(this.#page, tag);
      this.#ready(session);
      this.#writeUnlessMore();
    };
    try {
      for await (const result of session.simple(text, durable)) {
        if (!told) await this.#sendResult(result, { formats: [], describe: true });
      }
    } catch (error) {
      if (error instanceof Disconnected) throw error;
      if (!told) this.#sendError(error);
    }
    if (!told) this.#ready(session);
  }

  #extended(session: Session, message: FrontendMessage): Soon<void> {
    switch (message.kind) {
      case 'parse':
        session.parse(message.name, message.text, message.types);
        backend.parseComplete(this.#page);
        return;
      case 'bind':
        this.#bind(session, message);
        return;
      case 'describe':
        this.#describe(session, message.target, message.name);
        return;
      case 'execute': return this.#execute(session, message.portal, message.maxRows);
      case 'close':
        if (message.target === 'S') session.closeStatement(message.name);
        else session.closePortal(message.name);
        backend.closeComplete(this.#page);
        return;
      default:
        throw new DatabaseError('08P01', `unexpected message ${message.kind}`);
    }
  }

  #bind(session: Session, message: FrontendMessage & { readonly kind: 'bind' }): void {
    const { portal, statement, parameters, resultFormats } = message;
    for (const format of resultFormats) {
      if (format > 1) throw new DatabaseError('22023', `unsupported format code: ${format}`);
    }
    session.bind({ portal, statement, parameters, resultFormats });
    if (resultFormats.length > 1) {
      const { columns } = session.describePortal(portal);
      const count = columns?.length ?? 0;
      if (resultFormats.length !== count) {
        session.closePortal(portal);
        throw new DatabaseError(
          '08P01', `bind message has ${resultFormats.length} result formats but query has ${count} columns`);
      }
    }
    backend.bindComplete(this.#page);
  }

  #describe(session: Session, target: 'S' | 'P', name: string): void {
    const described = target === 'S' ? session.describeStatement(name) : session.describePortal(name);
    if (target === 'S') backend.parameterDescription(this.#page, described.parameters.map(oidOf));
    const formats = target === 'S' ? [] : session.resultFormats(name);
    if (described.columns === null) backend.noData(this.#page);
    else backend.rowDescription(this.#page, described.columns, formats);
  }

  #execute(session: Session, portal: string, maxRows: number): Soon<void> {
    const formats = session.resultFormats(portal);
    return whenThere(session.execute(portal, maxRows), (result) => this.#sendResult(result, {
      formats, describe: false,
      suspended: () => maxRows > 0 && !session.portalDone(portal),
    }));
  }

  #sendResult(result: ExecuteResult, how: ResultDelivery): Soon<void> {
    switch (result.kind) {
      case 'command':
        backend.commandComplete(this.#page, result.tag);
        return;
      case 'empty':
        backend.emptyQueryResponse(this.#page);
        return;
      default: return this.#sendData(result, how);
    }
  }

  async #sendData(
    result: ExecuteResult & { readonly kind: 'rows' | 'copyIn' | 'copyOut' }, how: ResultDelivery,
  ): Promise<void> {
    switch (result.kind) {
      case 'rows': {
        if (how.describe) backend.rowDescription(this.#page, result.columns, how.formats);
        const rows = await this.#sendRows(result.columns, result.batches, how.formats);
        if (how.suspended?.() === true) backend.portalSuspended(this.#page);
        else backend.commandComplete(this.#page, result.tag(rows));
        return;
      }
      case 'copyIn':
        await this.#copyIn(result.sink);
        return;
      case 'copyOut': {
        const tag = await this.#copyOut(result);
        backend.commandComplete(this.#page, tag);
      }
    }
  }

  async #sendRows(
    columns: readonly ResultColumn[], batches: ExecuteRows, formats: Formats,
  ): Promise<number> {
    const encoder = new RowEncoder(columns.map((c, i) => ({ type: c.type, binary: backend.formatOf(formats, i) === 1 })));
    let rows = 0;
    for await (const batch of batches) {
      rows += batch.length;
      for (let at = 0; at < batch.length;) {
        at = encoder.encode(this.#page, batch, { from: at, untilBytes: FLUSH_BYTES, settings: this.#settings() });
        if (this.#page.at >= FLUSH_BYTES) await this.#flush();
      }
      // A SUBSCRIBE has no end to wait for: what there is goes out when nothing more is ready.
      if (batch.length > 0) await this.#flush();
    }
    return rows;
  }

  #settings(): Pick<Session, 'format' | 'names'> {
    if (this.#session === null) throw new Disconnected();
    return this.#session;
  }

  async #copyOut(result: ExecuteResult & { readonly kind: 'copyOut' }): Promise<string> {
    const { format, columns } = result;
    backend.copyResponse(this.#page, 'out', columns.length, isBinary(format));
    if (format.format === 'arrow') return this.#copyOutArrow(result);
    writeCopyHeader(this.#page, format, columns);
    let rows = 0;
    for await (const batch of result.batches) {
      rows += batch.length;
      for (let at = 0; at < batch.length;) {
        at = writeCopyRows(this.#page, batch, {
          from: at, untilBytes: FLUSH_BYTES, copy: format, columns, settings: this.#settings(),
        });
        if (this.#page.at >= FLUSH_BYTES) await this.#flush();
      }
      // COPY (SUBSCRIBE ..) has no end to wait for.
      if (batch.length > 0) await this.#flush();
    }
    writeCopyTrailer(this.#page, format);
    backend.copyDone(this.#page);
    return result.tag(rows);
  }

  async #copyOutArrow(result: ExecuteResult & { readonly kind: 'copyOut' }): Promise<string> {
    const { ArrowEncoder } = await copyArrow();
    const encoder = new ArrowEncoder(result.columns);
    let rows = 0;
    backend.copyData(this.#page, encoder.begin());
    for await (const batch of result.batches) {
      rows += batch.length;
      for (let at = 0; at < batch.length; at += ARROW_ROWS) {
        const part = batch.slice(at, Math.min(at + ARROW_ROWS, batch.length));
        backend.copyData(this.#page, encoder.batch(part, this.#settings().format));
        await this.#flush();
      }
    }
    backend.copyData(this.#page, encoder.end());
    backend.copyDone(this.#page);
    return result.tag(rows);
  }

  /** The COPY sub-protocol (manual 55.2.6). Any error leaves nothing behind. */
  async #copyIn(sink: CopyInSink): Promise<void> {
    backend.copyResponse(this.#page, 'in', sink.columns.length, isBinary(sink.format));
    await this.#flush();
    const settings = (): Session['format'] => this.#settings().format;
    const decoder = sink.format.format === 'arrow' ? new (await copyArrow()).ArrowInput(sink, settings)
      : new CopyDecoder(sink, settings);
    const room = new Room(this.#host.input);
    try {
      await this.#receiveCopy(sink, decoder, room);
      const { tag } = await sink.finish();
      backend.commandComplete(this.#page, tag);
    } catch (error) {
      const fault = error instanceof Disconnected
        ? new DatabaseError('08006', 'unexpected EOF on client connection with an open transaction')
        : backend.asDatabaseError(error);
      await sink.abort(fault);
      throw error;
    } finally {
      room.fit(0);
    }
  }

  async #receiveCopy(sink: CopyInSink, decoder: CopyInput, room: Room): Promise<void> {
    for (;;) {
      const message = await this.#reader.read();
      switch (message.kind) {
        case 'copyData':
          for (const batch of await decoder.push(message.bytes)) await sink.write(batch);
          if (decoder.held > LARGE_MAX) {
            throw new DatabaseError('54000', 'out of memory', {
              detail: `A row of COPY has at most ${LARGE_MAX} bytes.`, where: decoder.where(),
            });
          }
          room.fit(decoder.held);
          break;
        case 'copyDone':
          for (const batch of await decoder.finish()) await sink.write(batch);
          return;
        case 'copyFail':
          throw new DatabaseError('57014', `COPY from stdin failed: ${message.message}`, { where: decoder.where() });
        case 'flush': case 'sync':
          break;
        default:
          throw new DatabaseError('08P01', `unexpected message type 0x${messageByte(message)} during COPY from stdin`);
      }
      const turn = this.#reader.turn();
      if (turn !== undefined) await turn;
    }
  }

  #sendError(error: unknown): void {
    const fault = backend.asDatabaseError(error);
    if (fault.code === 'XX000') {
      const cause = fault.fields.cause;
      this.#host.log(`internal error: ${cause instanceof Error ? cause.stack ?? cause.message : fault.message}`);
    }
    const names = this.#session?.names;
    backend.errorOrNotice(this.#page, 'ERROR', names === undefined ? fault : fault.named(names));
  }

  /** Answers to more of what has arrived already go out together. */
  #writeUnlessMore(): void {
    if (!this.#reader.hasMore) this.#out.write();
  }

  /** As Outflow's; then the others get their turn. */
  #flush(): Soon<void> {
    return this.#out.flush() ?? this.#reader.turn();
  }
}

interface ResultDelivery {
  readonly formats: Formats;
  readonly describe: boolean;
  readonly suspended?: () => boolean;
}

type ExecuteRows = (ExecuteResult & { readonly kind: 'rows' })['batches'];

const MESSAGE_BYTES: Readonly<Record<string, string>> = {
  query: 'Q', parse: 'P', bind: 'B', describe: 'D', close: 'C', execute: 'E', functionCall: 'F', terminate: 'X',
  password: 'p',
};

/** Why: Arrow's package takes a tenth of a second to load, which a start need not wait for. */
function copyArrow(): Promise<typeof CopyArrow> {
  return import('./copy-arrow.ts');
}

/** As the client is told: what comes is not text. */
function isBinary({ format }: CopyInSink['format']): boolean {
  return format === 'binary' || format === 'arrow';
}

function messageByte(message: FrontendMessage): string {
  return Buffer.from(MESSAGE_BYTES[message.kind] ?? '?').toString('hex').toUpperCase();
}
