// A raw client of the PostgreSQL protocol for tests: sends scripted messages, decodes every answer into plain data.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One scripted message, as the fixtures write them. */
export type ScriptMessage =
  | 'Sync' | 'Flush' | 'CopyDone' | 'Function'
  | { readonly Query: { readonly q: string } }
  | { readonly Parse: { readonly q: string; readonly name?: string; readonly oids?: readonly number[] } }
  | { readonly Bind: {
      readonly stmt?: string; readonly portal?: string; readonly values?: readonly (string | null)[];
      readonly pf?: readonly number[]; readonly rf?: readonly number[];
    } }
  | { readonly Describe: { readonly kind?: 'S' | 'P'; readonly name?: string } }
  | { readonly Close: { readonly kind?: 'S' | 'P'; readonly name?: string } }
  | { readonly Execute: { readonly portal?: string; readonly max?: number } }
  | { readonly CopyData: { readonly data: string } }
  | { readonly CopyFail: { readonly msg: string } }
  | { readonly Raw: { readonly hex: string } };

export type Answer = Readonly<Record<string, unknown>> & { readonly msg: string };

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}

function int32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value | 0);
  return out;
}

function framed(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** A value is text, or hexadecimal bytes when its format is binary. */
function bindBody(bind: Extract<ScriptMessage, { Bind: unknown }>['Bind']): Buffer {
  const { stmt = '', portal = '', values = [], pf = [], rf = [] } = bind;
  const binary = (i: number): boolean => (pf.length === 1 ? pf[0] : pf[i] ?? 0) === 1;
  return Buffer.concat([
    cstring(portal), cstring(stmt),
    int16(pf.length), ...pf.map(int16),
    int16(values.length), ...values.map((value, i) => {
      if (value === null) return int32(-1);
      const bytes = binary(i) ? Buffer.from(value, 'hex') : Buffer.from(value);
      return Buffer.concat([int32(bytes.length), bytes]);
    }),
    int16(rf.length), ...rf.map(int16),
  ]);
}

export function encodeScript(message: ScriptMessage): Buffer {
  if (message === 'Sync') return framed('S');
  if (message === 'Flush') return framed('H');
  if (message === 'CopyDone') return framed('c');
  if (message === 'Function') return framed('F', int32(1), int16(0), int16(0), int16(0));
  if ('Query' in message) return framed('Q', cstring(message.Query.q));
  if ('Parse' in message) {
    const { q, name = '', oids = [] } = message.Parse;
    return framed('P', cstring(name), cstring(q), int16(oids.length), ...oids.map(int32));
  }
  if ('Bind' in message) return framed('B', bindBody(message.Bind));
  if ('Describe' in message) return framed('D', Buffer.from(message.Describe.kind ?? 'S'), cstring(message.Describe.name ?? ''));
  if ('Close' in message) return framed('C', Buffer.from(message.Close.kind ?? 'S'), cstring(message.Close.name ?? ''));
  if ('Execute' in message) return framed('E', cstring(message.Execute.portal ?? ''), int32(message.Execute.max ?? 0));
  if ('CopyData' in message) return framed('d', Buffer.from(message.CopyData.data));
  if ('CopyFail' in message) return framed('f', cstring(message.CopyFail.msg));
  return Buffer.from(message.Raw.hex, 'hex');
}

/** Whether the server answers it with ReadyForQuery (or CopyInResponse). */
function expectsReady(message: ScriptMessage): boolean {
  return message === 'Sync' || message === 'Function' || (typeof message === 'object' && 'Query' in message);
}

class Cursor {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  int8(): number { return this.bytes[this.at++]; }
  int16(): number { this.at += 2; return this.bytes.readInt16BE(this.at - 2); }
  int32(): number { this.at += 4; return this.bytes.readInt32BE(this.at - 4); }
  uint32(): number { this.at += 4; return this.bytes.readUInt32BE(this.at - 4); }
  cstring(): string {
    const end = this.bytes.indexOf(0, this.at);
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }
  raw(length: number): Buffer {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** Printable text as it is, anything else as 0x hex: readable fixtures, no information lost. */
function shown(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) && !/[\0-\x08\x0e-\x1f]/.test(text) ? text : `0x${bytes.toString('hex')}`;
}

function errorFields(c: Cursor): Record<string, string> {
  const out: Record<string, string> = {};
  for (;;) {
    const code = c.int8();
    if (code === 0) return out;
    const value = c.cstring();
    const letter = String.fromCharCode(code);
    // File, line and routine are PostgreSQL's own source.
    if (!'FLR'.includes(letter)) out[letter] = value;
  }
}

function list<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read);
}

/** Every field of every message but what differs from run to run (table OIDs become 1). */
export function decodeAnswer(type: string, body: Buffer): Answer {
  const c = new Cursor(body);
  switch (type) {
    case 'R': return { msg: 'Authentication', kind: c.int32(), rest: shown(body.subarray(4)) };
    case 'K': return { msg: 'BackendKeyData', processId: c.int32(), secret: c.int32() };
    case 'S': return { msg: 'ParameterStatus', name: c.cstring(), value: c.cstring() };
    case 'Z': return { msg: 'ReadyForQuery', status: String.fromCharCode(c.int8()) };
    case 'T': return { msg: 'RowDescription', fields: list(c.int16(), () => ({
      name: c.cstring(), table: c.uint32() === 0 ? 0 : 1, attnum: c.int16(), type: c.uint32(), len: c.int16(),
      mod: c.int32(), fmt: c.int16(),
    })) };
    case 'D': return { msg: 'DataRow', values: list(c.int16(), () => {
      const length = c.int32();
      return length < 0 ? null : shown(c.raw(length));
    }) };
    case 't': return { msg: 'ParameterDescription', oids: list(c.int16(), () => c.uint32()) };
    case 'C': return { msg: 'CommandComplete', tag: c.cstring() };
    case 'E': return { msg: 'ErrorResponse', ...errorFields(c) };
    case 'N': return { msg: 'NoticeResponse', ...errorFields(c) };
    case 'A': c.int32(); return { msg: 'NotificationResponse', channel: c.cstring(), payload: c.cstring() };
    case 'G': return { msg: 'CopyInResponse', format: c.int8(), columns: c.int16() };
    case 'H': return { msg: 'CopyOutResponse', format: c.int8(), columns: c.int16() };
    case 'd': return { msg: 'CopyData', data: shown(body) };
    case 'v': return { msg: 'NegotiateProtocolVersion', version: c.int32(), names: list(c.int32(), () => c.cstring()) };
    default: return { msg: NAMES[type] ?? `unknown message ${type}` };
  }
}

const NAMES: Readonly<Record<string, string>> = {
  1: 'ParseComplete', 2: 'BindComplete', 3: 'CloseComplete', n: 'NoData', s: 'PortalSuspended',
  I: 'EmptyQueryResponse', c: 'CopyDone',
};

export interface Address {
  readonly host: string;
  readonly port: number;
}

export class ProtocolClient {
  readonly #socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #answers: Answer[] = [];
  #closed = false;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#decode();
    });
    const onClose = (): void => {
      this.#closed = true;
      this.#notify();
    };
    socket.on('close', onClose);
    socket.on('error', onClose);
  }

  static async open(address: Address): Promise<ProtocolClient> {
    const socket = connect(address.port, address.host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new ProtocolClient(socket);
  }

  /** Sends a startup packet and reads up to the first ReadyForQuery, or the end. */
  async startup(parameters: Readonly<Record<string, string>>, version = 196608): Promise<readonly Answer[]> {
    const body = Buffer.concat([
      int32(version), ...Object.entries(parameters).flatMap(([k, v]) => [cstring(k), cstring(v)]), Buffer.alloc(1)]);
    this.#socket.write(Buffer.concat([int32(body.length + 4), body]));
    return this.untilReady();
  }

  send(...messages: readonly ScriptMessage[]): void {
    this.sendBytes(Buffer.concat(messages.map(encodeScript)));
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Answers up to and including ReadyForQuery or CopyInResponse; the last one says if the server hung up. */
  async untilReady(): Promise<readonly Answer[]> {
    const out: Answer[] = [];
    for (;;) {
      const answer = await this.next();
      out.push(answer);
      if (['ReadyForQuery', 'CopyInResponse', '<connection closed by server>'].includes(answer.msg)) return out;
    }
  }

  async next(): Promise<Answer> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      if (this.#closed) return { msg: '<connection closed by server>' };
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  /** Plays a script: messages go out until one that is answered by ReadyForQuery, then the answers are read. */
  async play(script: readonly ScriptMessage[]): Promise<readonly Answer[]> {
    const out: Answer[] = [];
    let copying = false;
    for (const message of script) {
      this.send(message);
      const ends = expectsReady(message)
        || (copying && (message === 'CopyDone' || (typeof message === 'object' && 'CopyFail' in message)));
      if (!ends) continue;
      const answers = await this.untilReady();
      copying = answers.at(-1)?.msg === 'CopyInResponse';
      out.push(...answers);
      if (answers.at(-1)?.msg === '<connection closed by server>') return out;
    }
    return out;
  }

  /** Takes no more bytes from the server until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #decode(): void {
    while (this.#buffer.length >= 5) {
      const length = this.#buffer.readInt32BE(1);
      if (this.#buffer.length < length + 1) break;
      const type = String.fromCharCode(this.#buffer[0]);
      this.#answers.push(decodeAnswer(type, this.#buffer.subarray(5, length + 1)));
      this.#buffer = this.#buffer.subarray(length + 1);
    }
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
