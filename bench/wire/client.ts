// The benches' client, a process of its own so that its work is not counted: raw protocol over a socket.
//
// It is told what to do over the process channel, and speaks alike to millrace and to PostgreSQL.
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { formatText } from '../../engine/data/text-format.ts';
import { datumAt } from '../../engine/data/access.ts';
import { DEFAULT_FORMAT } from '../../engine/data/settings.ts';
import {
  DEFAULT_NEXMARK, NEXMARK_SCHEMAS, nexmarkBatch, nexmarkEventAfter,
} from '../../wire/connector/nexmark-generator.ts';
import { cpuOf } from './cpu.ts';
import type { NexmarkKind } from '../../wire/connector/nexmark-generator.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

export type Order =
  | { readonly kind: 'run'; readonly target: Target; readonly statements: readonly string[] }
  /** Parts of `rows` rows, a COPY each; answers the seconds of each. `server`: whose CPU counts; null: the backend. */
  | {
      readonly kind: 'copy'; readonly target: Target; readonly table: NexmarkKind; readonly rows: number;
      readonly parts: number; readonly server: number | null;
    }
  /** Single-row INSERTs, each its own transaction; answers the seconds of each commit. */
  | {
      readonly kind: 'insert'; readonly target: Target; readonly connections: number; readonly count: number;
      readonly prepared: boolean;
    };

export type Answer =
  | {
      readonly kind: 'done'; readonly seconds: readonly number[]; readonly cpu: number;
      readonly rows: readonly string[];
    }
  | { readonly kind: 'failed'; readonly message: string };

const COPY_DATA = 64 * 1024;

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** One connection: writes bytes, waits for a message type, fails on ErrorResponse. */
class Wire {
  readonly #socket: Socket;
  #held: Buffer = Buffer.alloc(0);
  #types: string[] = [];
  #first: string[] = [];
  #error: Error | null = null;
  #waiting: (() => void) | null = null;
  /** As BackendKeyData tells. */
  processId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#stop(error));
    socket.on('close', () => this.#stop(new Error('the server closed the connection')));
  }

  static async open(target: Target): Promise<Wire> {
    const wire = new Wire(connect(target.port, target.host));
    const body = Buffer.concat([Buffer.from([0, 3, 0, 0]),
      ...['user', target.user, 'database', target.database].map(text), Buffer.from([0])]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(body.length + 4);
    wire.write(Buffer.concat([size, body]));
    await wire.until('Z');
    return wire;
  }

  /** False: wait for `drained` before more. */
  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('drain', resolve));
  }

  async until(type: string): Promise<void> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      const at = this.#types.indexOf(type);
      if (at >= 0) {
        this.#types.splice(0, at + 1);
        return;
      }
      await new Promise<void>((resolve) => { this.#waiting = resolve; });
    }
  }

  /** The first column of each row. */
  async query(sql: string): Promise<string[]> {
    this.#first = [];
    this.write(message('Q', text(sql)));
    await this.until('Z');
    return this.#first;
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.end(message('X', Buffer.alloc(0)));
  }

  #stop(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  #wake(): void {
    const wake = this.#waiting;
    this.#waiting = null;
    wake?.();
  }

  #take(chunk: Buffer): void {
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (bytes.length >= 5) {
      const size = bytes.readInt32BE(1) + 1;
      if (bytes.length < size) break;
      const type = String.fromCharCode(bytes[0]);
      if (type === 'E') this.#error ??= new Error(bytes.toString('utf8', 5, size).replaceAll('\0', ' '));
      if (type === 'R' && bytes.readInt32BE(5) !== 0) this.#error ??= new Error('the server asks for a password');
      if (type === 'K') this.processId = bytes.readInt32BE(5);
      if (type === 'D' && bytes.readInt16BE(5) > 0) {
        this.#first.push(bytes.toString('utf8', 11, 11 + Math.max(bytes.readInt32BE(7), 0)));
      }
      this.#types.push(type);
      bytes = bytes.subarray(size);
    }
    this.#held = bytes;
    this.#wake();
  }
}

/** Text rows of one part of the stream, as CopyData messages; made once and kept. */
const made = new Map<string, readonly Buffer[]>();

function copyMessages(kind: NexmarkKind, part: number, rows: number): readonly Buffer[] {
  const name = `${kind} ${part} ${rows}`;
  const known = made.get(name);
  if (known !== undefined) return known;
  const from = nexmarkEventAfter(kind, part * rows);
  const batch = nexmarkBatch(kind, from, nexmarkEventAfter(kind, (part + 1) * rows), DEFAULT_NEXMARK);
  const types = NEXMARK_SCHEMAS[kind].columns.map((c) => c.type);
  const lines: string[] = [];
  for (let row = 0; row < batch.length; row++) {
    lines.push(batch.columns.map((c, i) => formatText(types[i], datumAt(c, row), DEFAULT_FORMAT)).join('\t'));
  }
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += COPY_DATA) messages.push(message('d', bytes.subarray(at, at + COPY_DATA)));
  made.set(name, messages);
  return messages;
}

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

async function copy({ target, table, rows, parts, server }: Order & { readonly kind: 'copy' }): Promise<Answer> {
  const data = Array.from({ length: parts }, (_, part) => copyMessages(table, part, rows));
  const wire = await Wire.open(target);
  const seconds: number[] = [];
  const pid = server ?? wire.processId;
  const before = cpuOf(pid);
  for (const messages of data) {
    const start = now();
    wire.write(message('Q', text(`COPY ${table} FROM STDIN`)));
    await wire.until('G');
    for (const piece of messages) {
      if (!wire.write(piece)) await wire.drained();
    }
    wire.write(message('c', Buffer.alloc(0)));
    await wire.until('Z');
    seconds.push(now() - start);
  }
  const cpu = cpuOf(pid) - before;
  wire.close();
  return { kind: 'done', seconds, cpu, rows: [] };
}

const PREPARE = message('P', Buffer.concat([text('one'), text('INSERT INTO single VALUES ($1, $2, $3)'), int16(0)]));
const SYNC = message('S', Buffer.alloc(0));

function execution(id: number): Buffer {
  const values = [String(id), 'a name', '12.50'].flatMap((value) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(value.length);
    return [size, Buffer.from(value)];
  });
  const bind = Buffer.concat([text(''), text('one'), int16(0), int16(3), ...values, int16(0)]);
  return Buffer.concat([message('B', bind), message('E', Buffer.concat([text(''), Buffer.alloc(4)])), SYNC]);
}

async function insert({ target, connections, count, prepared }: Order & { readonly kind: 'insert' }): Promise<Answer> {
  const seconds: number[] = [];
  const one = async (from: number): Promise<void> => {
    const wire = await Wire.open(target);
    if (prepared) {
      wire.write(Buffer.concat([PREPARE, SYNC]));
      await wire.until('Z');
    }
    for (let i = 0; i < count; i++) {
      const bytes = prepared ? execution(from + i)
        : message('Q', text(`INSERT INTO single VALUES (${from + i}, 'a name', 12.50)`));
      const start = now();
      wire.write(bytes);
      await wire.until('Z');
      seconds.push(now() - start);
    }
    wire.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, c) => one(c * count)));
  return { kind: 'done', seconds, cpu: 0, rows: [] };
}

async function run({ target, statements }: Order & { readonly kind: 'run' }): Promise<Answer> {
  const wire = await Wire.open(target);
  let rows: string[] = [];
  for (const statement of statements) rows = await wire.query(statement);
  wire.close();
  return { kind: 'done', seconds: [], cpu: 0, rows };
}

function obey(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'run': return run(order);
    case 'copy': return copy(order);
    case 'insert': return insert(order);
  }
}

function isOrder(value: unknown): value is Order {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

process.on('message', (order: unknown) => {
  if (!isOrder(order)) return;
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      process.send?.({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    });
});
