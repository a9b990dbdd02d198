// PieceRun: a circuit that runs once, by asking its root for pieces, which asks its inputs for theirs.
import type { Delta } from '../data/delta.ts';
import { deltaBytes } from '../data/delta.ts';
import { contextFor } from '../operator/error-scope.ts';
import { collect, whole } from '../operator/pieces.ts';
import type { PieceContext, Pieces } from '../operator/pieces.ts';
import type { CircuitNode, NodeFlow } from './circuit.ts';
import type { SourceReader } from './contract.ts';

export interface PieceRunOptions {
  readonly read: SourceReader;
  readonly context: PieceContext;
  /** Milliseconds; null: what goes through the nodes is not measured. */
  readonly timer: (() => number) | null;
  /** By node; written where it is measured. */
  readonly flows: readonly NodeFlow[];
}

/** One run, begun by asking for `pieces`; see Circuit.pieces. */
export class PieceRun {
  readonly #nodes: readonly CircuitNode[];
  readonly #root: number;
  readonly #options: PieceRunOptions;
  /** By node. */
  readonly #outputs: Pieces[] = [];
  /** Nodes before it are run to their end before anything else. */
  readonly #early: number;
  /** What nodes below have taken of the time of the one that is being asked. */
  #below = 0;

  constructor(nodes: readonly CircuitNode[], root: number, options: PieceRunOptions) {
    this.#nodes = nodes;
    this.#root = root;
    this.#options = options;
    // Who listens to errors takes them when it is run: by then all have been reported.
    this.#early = nodes.findLastIndex((node) => node.kind === 'operator' && node.listens !== null);
    const readers = readersOf(nodes);
    for (const [n, node] of nodes.entries()) {
      const made = this.#made(node, n);
      const measured = options.timer === null ? made : this.#measured(made, n, options.timer);
      const late = n < this.#early && readers[n].some((reader) => reader >= this.#early);
      this.#outputs.push(late || readers[n].length > 1 ? new KeptPieces(measured, options.context) : measured);
    }
  }

  *pieces(): Pieces {
    // Those that are not kept are run by the one that reads them.
    for (const output of this.#outputs.slice(0, Math.max(0, this.#early))) {
      if (output instanceof KeptPieces) for (const _ of output) yield null;
    }
    yield* this.#outputs[this.#root];
  }

  #made(node: CircuitNode, n: number): Pieces {
    const { read, timer } = this.#options;
    if (node.kind === 'source') {
      const { source } = node;
      return source.kind === 'relation' && source.probe !== undefined
        ? this.#probed(source.probe.node, (keys) => read(source, keys)) : read(source, null);
    }
    const { operator } = node;
    const context: PieceContext = contextFor(this.#options.context, node.targets);
    const inputs = node.inputs.map((input) => (timer === null ? this.#outputs[input] : this.#arriving(this.#outputs[input], n)));
    return operator.pieces === undefined ? whole(operator, inputs, context) : operator.pieces(inputs, context);
  }

  *#probed(node: number, read: (keys: Delta) => Pieces): Pieces {
    const { context } = this.#options;
    const keys = yield* collect(this.#outputs[node], context);
    yield* read(keys);
    context.hold(-deltaBytes(keys));
  }

  *#arriving(pieces: Pieces, n: number): Pieces {
    const flow = this.#options.flows[n];
    for (const piece of pieces) {
      flow.lastIn += piece?.length ?? 0;
      flow.totalIn += piece?.length ?? 0;
      yield piece;
    }
  }

  /** The time is what the node takes without those it asks. */
  *#measured(pieces: Pieces, n: number, timer: () => number): Pieces {
    const isSource = this.#nodes[n].kind === 'source';
    const flow = this.#options.flows[n];
    const iterator = pieces[Symbol.iterator]();
    for (;;) {
      const outer = this.#below;
      this.#below = 0;
      const start = timer();
      const next = iterator.next();
      const took = timer() - start;
      flow.lastTime += took - this.#below;
      flow.totalTime += took - this.#below;
      this.#below = outer + took;
      if (next.done === true) return;
      const rows = next.value?.length ?? 0;
      if (isSource) {
        flow.lastIn += rows;
        flow.totalIn += rows;
      }
      flow.lastOut += rows;
      flow.totalOut += rows;
      yield next.value;
    }
  }
}

/** Pieces that several ask for, each at its own pace: made once, and kept. Not empty ones: readers may double at each level. */
class KeptPieces implements Iterable<Delta | null> {
  readonly #source: Iterator<Delta | null>;
  readonly #context: PieceContext;
  readonly #kept: Delta[] = [];
  #ended = false;

  constructor(pieces: Pieces, context: PieceContext) {
    this.#source = pieces[Symbol.iterator]();
    this.#context = context;
  }

  *[Symbol.iterator](): Iterator<Delta | null> {
    for (let at = 0; at < this.#kept.length || !this.#ended;) {
      if (at === this.#kept.length && !this.#more()) yield null;
      else if (at < this.#kept.length) yield this.#kept[at++];
    }
  }

  /** Whether another piece was made. */
  #more(): boolean {
    const next = this.#source.next();
    if (next.done === true) this.#ended = true;
    else if (next.value !== null && (next.value.length > 0 || this.#kept.length === 0)) {
      this.#context.hold(deltaBytes(next.value));
      return this.#kept.push(next.value) > 0;
    }
    return false;
  }
}

/** By node, once for each time that one reads it. */
function readersOf(nodes: readonly CircuitNode[]): readonly (readonly number[])[] {
  const readers = nodes.map((): number[] => []);
  for (const [n, node] of nodes.entries()) {
    if (node.kind === 'operator') for (const input of node.inputs) readers[input].push(n);
    else if (node.source.kind === 'relation' && node.source.probe !== undefined) readers[node.source.probe.node].push(n);
  }
  return readers;
}
