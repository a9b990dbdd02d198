// Checkpoints: the state's changed pages and a record of everything else, taken in one moment, and read back.
import { ByteReader, PieceWriter, corrupt } from '../data/bytes.ts';
import { DatabaseError } from '../data/error.ts';
import type { Watermark } from '../data/time.ts';
import type { PageImage, StateReader, StateStore, StateWriter } from '../state/ports.ts';
import { rowsState, viewState } from './published-state.ts';
import type { PublishedState } from './published-state.ts';
import type { View } from './view.ts';

/*
 * Format of CheckpointMeta.bytes: as PieceWriter writes.
 *   u8 version, 1; i64 time of the epoch; block with the catalog
 *   u32 relations; each: u32 id; u8 1 = i64 watermark follows; u8 1 = block with the connector's offset follows
 *   u32 views; each: u32 id, text fingerprint, errors (error-rows.ts), u32 states, each: text `operator/name`
 */
const VERSION = 1;

/** The changed pages; from here on they count as saved. */
export function takePages(state: PublishedState): PageImage[] {
  const images: PageImage[] = [];
  for (const [id, relation] of state.relations) relation.save(imagesTo(images, () => rowsState(id)));
  for (const [id, view] of state.views) {
    if (view.broken) continue;
    view.save(imagesTo(images, (name) => {
      view.states.add(name);
      return viewState(id, name);
    }));
  }
  return images;
}

function imagesTo(images: PageImage[], stateOf: (name: string) => string): StateWriter {
  return {
    page: (name, page, content) => images.push({ state: stateOf(name), page, content }),
    state: (name, pages) => {
      const state = stateOf(name);
      for (const { page, content } of pages.changedPages()) images.push({ state, page, content });
    },
  };
}

/** Requires: `takePages` was called in the same moment, which names the states. */
export function encodeMeta(state: PublishedState, catalog: Uint8Array): Uint8Array {
  const out = new PieceWriter();
  out.u8(VERSION);
  out.i64(state.time);
  out.block(catalog);
  out.u32(state.relations.size);
  for (const [id, { watermark, offset }] of state.relations) {
    out.u32(id);
    out.u8(watermark === null ? 0 : 1);
    if (watermark !== null) out.i64(watermark);
    out.u8(offset === null ? 0 : 1);
    if (offset !== null) out.block(offset);
  }
  out.u32(state.views.size);
  for (const [id, view] of state.views) {
    out.u32(id);
    // No circuit has this fingerprint, so a stopped view is computed anew.
    out.text(view.broken ? '' : view.circuit.fingerprint);
    view.relation.errors.save(out);
    out.u32(view.states.size);
    for (const name of view.states) out.text(name);
  }
  return out.join();
}

export interface CheckpointReader {
  readonly time: bigint;
  readonly catalog: Uint8Array;
  /** Fills relations and views that the catalog has defined. */
  load(state: PublishedState, store: StateStore, log: (message: string) => void): Promise<void>;
}

export function decodeMeta(bytes: Uint8Array): CheckpointReader {
  const from = new ByteReader(bytes);
  const version = from.u8();
  if (version !== VERSION) throw corrupt(`checkpoint version ${version}`);
  const time = from.i64();
  const catalog = from.block();
  return { time, catalog, load: (state, store, log) => load(from, { state, store, log }) };
}

interface Loading {
  readonly state: PublishedState;
  readonly store: StateStore;
  log(message: string): void;
}

async function load(from: ByteReader, loading: Loading): Promise<void> {
  const { state, store } = loading;
  for (let n = from.u32(); n > 0; n--) {
    const id = from.u32();
    const watermark: Watermark = from.u8() === 1 ? from.i64() : null;
    const offset = from.u8() === 1 ? from.block().slice() : null;
    const relation = state.relations.get(id);
    if (relation === undefined) throw corrupt(`relation ${id} of the checkpoint is not in its catalog`);
    relation.watermark = watermark;
    relation.offset = offset;
    // A view's rows come with its circuit's state, or are made anew.
    if (!state.views.has(id)) relation.restore(await readerOf(store, rowsState(id)));
  }
  const saved = new Map<number, SavedView>();
  for (let n = from.u32(); n > 0; n--) {
    const id = from.u32();
    const view = state.views.get(id);
    if (view === undefined) throw corrupt(`view ${id} of the checkpoint is not in its catalog`);
    const fingerprint = from.text();
    view.relation.errors.restore(from);
    const states: string[] = [];
    for (let s = from.u32(); s > 0; s--) states.push(from.text());
    saved.set(id, { fingerprint, states });
  }
  const anew = new Set<number>();
  for (const view of state.views.values()) {
    // What stood on rows that are computed anew does not know how they differ from those it has seen.
    const stale = view.circuit.sources.some((source) => source.kind === 'relation' && anew.has(source.relation));
    const why = stale ? 'a view it reads is' : await tryLoadView(view, saved.get(view.definition.id) ?? null, loading.store);
    if (why === null) continue;
    anew.add(view.definition.id);
    computeAnew(view, saved.get(view.definition.id) ?? null, { why, ...loading });
  }
}

interface SavedView {
  readonly fingerprint: string;
  readonly states: readonly string[];
}

/** What cannot be used is made anew from the view's sources: state is a function of them. */
function computeAnew(view: View, saved: SavedView | null, { state, log, why }: Loading & { readonly why: string }): void {
  log(`view "${view.definition.name}" is computed anew: ${why}`);
  for (const other of saved?.states ?? []) view.states.add(other);
  state.refill(view);
}

async function tryLoadView(view: View, saved: SavedView | null, store: StateStore): Promise<string | null> {
  const { id, circuit } = view.definition;
  if (saved === null) return 'the checkpoint does not know it';
  if (saved.fingerprint !== circuit.fingerprint) return 'its circuit has changed';
  const readers = new Map<string, StateReader>();
  try {
    for (const name of saved.states) readers.set(name, await readerOf(store, viewState(id, name)));
    view.relation.restore(await readerOf(store, rowsState(id)));
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'XX001') throw error;
    return error.message;
  }
  view.restoreLater((name) => readers.get(name)?.pages(name) ?? []);
  for (const name of saved.states) view.states.add(name);
  return null;
}

/** The pages of one state; each is read when it is touched. */
async function readerOf(store: StateStore, state: string): Promise<StateReader> {
  const pages = await store.pages(state);
  return { pages: () => pages };
}
