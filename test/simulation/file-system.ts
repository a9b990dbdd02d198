// SimulatedFileSystem: the product's FileSystem over a Disk; calls complete when the scheduler says, and fail when the faults say.
import { basename, dirname } from 'node:path';
import type { FileHandle, FileSystem, SpaceUse } from '../../storage/file-system.ts';
import { joinPieces } from '../../engine/data/bytes.ts';
import { FileNode, FolderNode } from './disk.ts';
import type { Disk, Node, Piece } from './disk.ts';
import { faultError } from './faults.ts';
import type { Call, Faults } from './faults.ts';
import type { Lane, Scheduler } from './scheduler.ts';

/** A call under way: what it does when it gets to it. */
interface Underway {
  /** `share` of the bytes, 1 for all. */
  effect(share: number): void;
  /** Something of it may be done, and the rest not. */
  readonly divisible: boolean;
}

const DISK_BYTES = 1e12;

const LANE: Readonly<Record<Call, Lane>> = {
  write: 'write', sync: 'sync', open: 'name', rename: 'name', remove: 'name', syncFolder: 'sync', read: 'read',
  levelWrite: 'level', levelRead: 'level', page: 'write',
};

export interface FileSystemParts {
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  /** Syncs do nothing: for the negative control. */
  readonly lying: boolean;
  /** Milliseconds that a synchronous write takes. */
  readonly syncMs: number;
}

export class SimulatedFileSystem implements FileSystem {
  readonly #parts: FileSystemParts;
  readonly #underway = new Set<Underway>();
  #calls = 0;
  openFiles = 0;
  /** A sync has failed after which the page cache shows what is on the platter. */
  dropped = false;
  /** The call of this number, from 1 on, is the last thing the process does; Infinity: none. */
  lastCall = Infinity;

  constructor(parts: FileSystemParts) {
    this.#parts = parts;
  }

  get calls(): number {
    return this.#calls;
  }

  /** The process ends: of what is under way, any part may be done. */
  stop(): void {
    const { random } = this.#parts.scheduler;
    for (const { effect, divisible } of this.#underway) {
      if (!random.bool(0.4)) continue;
      try {
        effect(divisible ? random.pick([1, random.float()]) : 1);
      } catch {
        // It would have failed: nobody is told any more.
      }
    }
    this.#underway.clear();
    this.#parts.scheduler.stop();
  }

  /** A call is made. Throws once the process has ended. */
  #begin(): void {
    if (this.#parts.scheduler.stopped) throw faultError('EKILLED', 'the process has ended');
    this.#calls++;
  }

  get #isLast(): boolean {
    return this.#calls >= this.lastCall;
  }

  /** Completes when its turn comes. `failed`: what happens besides when it fails. */
  async call(call: Call, path: string, done: Underway, failed: () => void = () => {}): Promise<void> {
    this.#begin();
    this.#underway.add(done);
    if (this.#isLast) this.stop();
    await this.#parts.scheduler.turn(LANE[call]);
    this.#underway.delete(done);
    const code = this.#parts.faults.next(call);
    if (code === null) {
      done.effect(1);
      return;
    }
    if (done.divisible) done.effect(this.#parts.scheduler.random.pick([0, 0, this.#parts.scheduler.random.float()]));
    failed();
    throw faultError(code, `${call} ${path}`);
  }

  #forsake(file: FileNode): void {
    const evicted = this.#parts.scheduler.random.bool(0.3);
    file.forsake(evicted);
    this.dropped ||= evicted;
  }

  #folder(path: string): FolderNode {
    const node = this.#node(path);
    if (!(node instanceof FolderNode)) throw faultError('ENOENT', path);
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#node(path);
    if (!(node instanceof FileNode)) throw faultError('ENOENT', path);
    return node;
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#parts.disk.root;
    for (const name of path.split('/')) {
      if (name !== '') node = node instanceof FolderNode ? node.names.get(name) : undefined;
    }
    return node;
  }

  async #read<T>(path: string, result: () => T): Promise<T> {
    let value: T | undefined;
    await this.call('read', path, { divisible: false, effect: () => { value = result(); } });
    if (value === undefined) throw faultError('ENOENT', path);
    return value;
  }

  readonly space = (): SpaceUse => ({ free: this.#parts.faults.nearlyFull ? 0 : DISK_BYTES, total: DISK_BYTES });

  list(folder: string): Promise<readonly string[]> {
    return this.#read(folder, () => [...this.#folder(folder).names.keys()].toSorted());
  }

  exists(path: string): Promise<boolean> {
    return this.#read(path, () => this.#node(path) !== undefined);
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#read(path, () => this.#file(path).live.slice());
  }

  readStart(path: string, length: number): Promise<Uint8Array> {
    return this.#read(path, () => this.#file(path).live.slice(0, length));
  }

  size(path: string): Promise<number> {
    return this.#read(path, () => this.#file(path).live.length);
  }

  async open(path: string, mode: 'create' | 'existing'): Promise<FileHandle> {
    await this.call('open', path, { divisible: false, effect: () => this.#create(path, mode) });
    const file = this.#file(path);
    this.openFiles++;
    return this.#handle(path, file);
  }

  #create(path: string, mode: 'create' | 'existing'): void {
    const there = this.#node(path);
    if (mode === 'existing') {
      if (!(there instanceof FileNode)) throw faultError('ENOENT', path);
    } else {
      if (there !== undefined) throw faultError('EEXIST', path);
      this.#folder(dirname(path)).add(basename(path), new FileNode());
    }
  }

  #handle(path: string, file: FileNode): FileHandle {
    const { lying } = this.#parts;
    const write = async (pieces: readonly Uint8Array[], position: number): Promise<Piece> => {
      const bytes = joinPieces(pieces).slice();
      let piece: Piece = { position, bytes };
      await this.call('write', path, {
        divisible: true,
        effect: (share) => {
          if (share < 1) piece = { position, bytes: bytes.subarray(0, Math.floor(share * bytes.length)) };
          file.write(piece);
        },
      });
      return piece;
    };
    const sync = async (): Promise<void> => {
      const pieces = [...file.unsynced];
      await this.call('sync', path, {
        divisible: false, effect: () => { if (!lying) file.synced(pieces); },
      }, () => this.#forsake(file));
    };
    return {
      write: async (pieces, position) => void await write(pieces, position),
      writeDurable: async (pieces, position) => {
        const piece = await write(pieces, position);
        await this.call('sync', path, {
          divisible: false, effect: () => { if (!lying) file.synced([piece]); },
        }, () => this.#forsake(file));
      },
      writeNow: (pieces, position, durable) => this.#writeNow(path, file, { position, bytes: joinPieces(pieces).slice() }, durable),
      datasync: sync,
      close: async () => {
        if (this.#parts.scheduler.stopped) throw faultError('EKILLED', 'the process has ended');
        this.openFiles--;
        await this.#parts.scheduler.turn('name');
      },
    };
  }

  #writeNow(path: string, file: FileNode, piece: Piece, durable: boolean): void {
    this.#begin();
    const { faults, scheduler, lying, syncMs } = this.#parts;
    const { random } = scheduler;
    const part = (): Piece => ({ ...piece, bytes: piece.bytes.subarray(0, random.pick([0, Math.floor(random.float() * piece.bytes.length)])) });
    if (this.#isLast) {
      file.write(random.bool() ? piece : part());
      this.stop();
      throw faultError('EKILLED', 'the process has ended');
    }
    const code = faults.next('write');
    if (code !== null) {
      file.write(part());
      throw faultError(code, `write ${path}`);
    }
    file.write(piece);
    if (!durable) return;
    scheduler.clock += random.float() * 2 * syncMs;
    const failed = faults.next('sync');
    if (failed !== null) {
      this.#forsake(file);
      throw faultError(failed, `sync ${path}`);
    }
    if (!lying) file.synced([piece]);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.call('rename', from, {
      divisible: false,
      effect: () => {
        if (this.#node(from) === undefined) throw faultError('ENOENT', from);
        this.#folder(dirname(from)).rename(basename(from), basename(to));
      },
    });
  }

  async remove(path: string): Promise<void> {
    await this.call('remove', path, {
      divisible: false,
      effect: () => {
        if (this.#node(path) === undefined) throw faultError('ENOENT', path);
        this.#folder(dirname(path)).remove(basename(path));
      },
    });
  }

  async makeFolder(path: string): Promise<void> {
    await this.call('open', path, {
      divisible: false,
      effect: () => {
        if (this.#node(path) !== undefined) return;
        let at = this.#parts.disk.root;
        for (const name of path.split('/').filter((part) => part !== '')) {
          const there = at.names.get(name);
          const folder = there instanceof FolderNode ? there : new FolderNode();
          if (there === undefined) at.add(name, folder);
          at = folder;
        }
      },
    });
  }

  async syncFolder(path: string): Promise<void> {
    const folder = this.#folder(path);
    const upTo = folder.unsynced;
    await this.call('syncFolder', path, {
      divisible: false, effect: () => { if (!this.#parts.lying) folder.synced(upTo); },
    });
  }
}
