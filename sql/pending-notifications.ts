// PendingNotifications: what a transaction tells listeners when it commits.
import { Buffer } from 'node:buffer';
import { DatabaseError } from '../engine/data/error.ts';

/** Bytes: PostgreSQL's limits. */
const MAX_CHANNEL = 63;
const MAX_PAYLOAD = 7999;
/** Characters that wait, of all sessions; PostgreSQL's queue is on disk and has 8 GB. */
const QUEUE = 64 * 1024 * 1024;

export interface PendingNotification {
  readonly channel: string;
  readonly payload: string;
}

export class PendingNotifications {
  readonly #all: PendingNotification[] = [];
  /** Characters so far, those of savepoints gone back to included. */
  #size = 0;
  get length(): number {
    return this.#all.length;
  }

  /** Throws 22023, and 54000 where they become too many. */
  add(channel: string, payload: string): void {
    if (channel === '') throw new DatabaseError('22023', 'channel name cannot be empty');
    if (Buffer.byteLength(channel) > MAX_CHANNEL) throw new DatabaseError('22023', 'channel name too long');
    if (Buffer.byteLength(payload) > MAX_PAYLOAD) throw new DatabaseError('22023', 'payload string too long');
    this.#size += channel.length + payload.length;
    this.requireRoom(0);
    this.#all.push({ channel, payload });
  }

  /** Back to the first so many. */
  truncate(length: number): void {
    this.#all.length = length;
  }

  /** 54000 where they are too many beside so many characters that listeners have not taken. */
  requireRoom(waiting: number): void {
    if (this.#size + waiting > QUEUE) throw new DatabaseError('54000', 'too many notifications in the NOTIFY queue');
  }

  /** Those that are the same once. */
  *distinct(): Generator<PendingNotification> {
    const seen = new Set<string>();
    for (const notification of this.#all) {
      const id = `${notification.channel}\u0000${notification.payload}`;
      if (!seen.has(id)) yield notification;
      seen.add(id);
    }
  }
}
