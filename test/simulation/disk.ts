// Disk: folders and files in memory that know what is on the platter and what only in the page cache; power cuts and damage.
import type { Random } from '../support/random.ts';

/** Written whole or not at all. */
const SECTOR = 512;

export interface Piece {
  readonly position: number;
  readonly bytes: Uint8Array;
}

export class FileNode {
  /** As the page cache shows it; its bytes are never changed in place. */
  live: Uint8Array = new Uint8Array(0);
  /** On the platter for certain. */
  #durable: Uint8Array = this.live;
  /** Written since, in order. */
  #unsynced: Piece[] = [];
  /** Of a sync that failed: the system takes them for clean, no later sync writes them. */
  #forsaken: Piece[] = [];

  write(piece: Piece): void {
    if (piece.bytes.length === 0) return;
    this.live = put(this.live, piece);
    this.#unsynced.push(piece);
  }

  /** What a sync has to write, as of now. */
  get unsynced(): readonly Piece[] {
    return this.#unsynced;
  }

  /** These pieces are on the platter. */
  synced(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      const at = this.#unsynced.indexOf(piece);
      if (at < 0) continue;
      this.#durable = put(this.#durable, piece);
      // What was written to the same bytes before does not matter any more.
      const before = this.#unsynced.splice(0, at + 1).slice(0, at);
      this.#unsynced.unshift(...before.flatMap((older) => without(older, piece)));
      this.#forsaken = this.#forsaken.flatMap((older) => without(older, piece));
    }
  }

  /** A sync of all that has failed. `evicted`: the page cache shows what is on the platter, as far as that goes. */
  forsake(evicted: boolean): void {
    if (evicted) this.live = put(this.live, { position: 0, bytes: this.#durable });
    else this.#forsaken.push(...this.#unsynced);
    this.#unsynced = [];
  }

  /** What is found after the power was cut. */
  afterPowerCut(random: Random): FileNode {
    const out = new FileNode();
    const pieces = [...this.#forsaken, ...this.#unsynced];
    const mode = random.pick(['none', 'all', 'prefix', 'sectors', 'sectors'] as const);
    let bytes = this.#durable;
    if (mode === 'prefix') for (const piece of pieces.slice(0, random.int(0, pieces.length))) bytes = put(bytes, piece);
    if (mode === 'all') for (const piece of pieces) bytes = put(bytes, piece);
    if (mode === 'sectors') {
      // A sector is as it was at some moment.
      for (const parts of bySector(pieces).values()) {
        for (const part of parts.slice(0, random.int(0, parts.length))) bytes = put(bytes, part);
      }
    }
    out.damage(bytes);
    return out;
  }

  /** Changes what is stored. */
  damage(bytes: Uint8Array): void {
    this.live = bytes;
    this.#durable = bytes;
    this.#unsynced = [];
    this.#forsaken = [];
  }
}

function bySector(pieces: readonly Piece[]): ReadonlyMap<number, readonly Piece[]> {
  const out = new Map<number, Piece[]>();
  for (const { position, bytes } of pieces) {
    for (let at = 0; at < bytes.length;) {
      const sector = Math.floor((position + at) / SECTOR);
      const end = Math.min(bytes.length, (sector + 1) * SECTOR - position);
      const parts = out.get(sector) ?? [];
      out.set(sector, parts);
      parts.push({ position: position + at, bytes: bytes.subarray(at, end) });
      at = end;
    }
  }
  return out;
}

/** What of a piece is not under another one. */
function without({ position, bytes }: Piece, over: Piece): Piece[] {
  const before = Math.min(bytes.length, over.position - position);
  const after = Math.max(0, over.position + over.bytes.length - position);
  const out: Piece[] = [];
  if (before >= bytes.length || after >= bytes.length + over.bytes.length || after <= 0) return [{ position, bytes }];
  if (before > 0) out.push({ position, bytes: bytes.subarray(0, before) });
  if (after < bytes.length) out.push({ position: position + after, bytes: bytes.subarray(after) });
  return out;
}

function put(target: Uint8Array, { position, bytes }: Piece): Uint8Array {
  const out = new Uint8Array(Math.max(target.length, position + bytes.length));
  out.set(target);
  out.set(bytes, position);
  return out;
}

export type Node = FileNode | FolderNode;

/** One step, done whole or not: a rename takes a name away and gives one. */
interface NameChange {
  readonly gone: string | null;
  readonly name: string | null;
  readonly node: Node | null;
}

export class FolderNode {
  readonly names = new Map<string, Node>();
  readonly #durable = new Map<string, Node>();
  #unsynced: NameChange[] = [];
  #done = 0;

  #change(change: NameChange): void {
    apply(this.names, change);
    this.#unsynced.push(change);
  }

  add(name: string, node: Node): void {
    this.#change({ gone: null, name, node });
  }

  remove(name: string): void {
    this.#change({ gone: name, name: null, node: null });
  }

  rename(from: string, to: string): void {
    this.#change({ gone: from, name: to, node: this.names.get(from) ?? null });
  }

  /** What a sync has to write, as of now: so many changes. */
  get unsynced(): number {
    return this.#done + this.#unsynced.length;
  }

  /** All changes up to that number are on the platter. */
  synced(upTo: number): void {
    if (upTo <= this.#done) return;
    for (const change of this.#unsynced.splice(0, upTo - this.#done)) apply(this.#durable, change);
    this.#done = upTo;
  }

  /** A journaling file system keeps the order of changes in a folder. */
  afterPowerCut(random: Random): FolderNode {
    const out = new FolderNode();
    const names = new Map(this.#durable);
    const reached = random.pick([0, this.#unsynced.length, random.int(0, this.#unsynced.length)]);
    for (const change of this.#unsynced.slice(0, reached)) apply(names, change);
    for (const [name, node] of names) {
      const left = node.afterPowerCut(random);
      out.names.set(name, left);
      out.#durable.set(name, left);
    }
    return out;
  }
}

function apply(names: Map<string, Node>, { gone, name, node }: NameChange): void {
  if (gone !== null) names.delete(gone);
  if (name !== null && node !== null) names.set(name, node);
}

export class Disk {
  root: FolderNode = new FolderNode();

  powerCut(random: Random): void {
    this.root = this.root.afterPowerCut(random);
  }

  /** Every file, with its path. */
  *files(folder: FolderNode = this.root, path = ''): Generator<readonly [string, FileNode]> {
    for (const [name, node] of folder.names) {
      if (node instanceof FileNode) yield [`${path}/${name}`, node];
      else yield* this.files(node, `${path}/${name}`);
    }
  }

  /** Damages one file somewhere; says how. */
  damage(random: Random): string {
    const files = [...this.files()].filter(([, { live }]) => live.length > 0);
    const [path, file] = random.pick(files);
    const { length } = file.live;
    const at = random.int(0, length - 1);
    const bytes = file.live.slice();
    const kind = random.pick(['flip', 'flip', 'flip', 'zero', 'cut'] as const);
    if (kind === 'flip') bytes[at] ^= 1 << random.int(0, 7);
    if (kind === 'zero') bytes.fill(0, at, at + random.int(1, SECTOR));
    file.damage(kind === 'cut' ? bytes.subarray(0, at) : bytes);
    return `${kind} at ${at} of ${length} in ${path}`;
  }
}
