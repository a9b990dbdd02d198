// OperatorCircuit: runs a DAG of operators, one step an epoch, in topological order; carries watermarks along.
import type { Delta } from '../data/delta.ts';
import { Delta as EmptyDelta, concatDeltas } from '../data/delta.ts';
import { leastWatermark } from '../data/time.ts';
import type { Epoch, Watermark } from '../data/time.ts';
import type { Schema } from '../data/types.ts';
import type { Operator, Portions, StateSize, StepContext } from '../operator/operator.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { Circuit, CircuitSource, SourceReader } from './contract.ts';
import { contextFor } from '../operator/error-scope.ts';
import type { ErrorScope, ErrorTargets } from '../operator/error-scope.ts';
import type { PieceContext, Pieces } from '../operator/pieces.ts';
import { DeltaSum } from './delta-sum.ts';
import { PieceRun } from './piece-run.ts';
import { circuitFingerprint, printCircuit } from './print.ts';

export type CircuitNode =
  | { readonly kind: 'source'; readonly source: CircuitSource; readonly label: string }
  | {
      readonly kind: 'operator'; readonly operator: Operator; readonly inputs: readonly number[];
      /** Whose errors it takes, if there are any. */
      readonly listens: ErrorScope | null;
      readonly targets: ErrorTargets;
    };

/** What went through a node, in the last epoch and since the circuit was made: rows, and milliseconds where they are taken. */
export interface NodeFlow {
  lastIn: number;
  lastOut: number;
  lastTime: number;
  totalIn: number;
  totalOut: number;
  totalTime: number;
}

/** An operator that has more portions to give. */
interface Unfinished {
  readonly n: number;
  readonly portions: Portions;
}

interface NodeStep {
  readonly context: StepContext;
  /** Even without rows for it. */
  readonly asked: boolean;
  /** Takes those that have more to give. */
  readonly unfinished: Unfinished[];
}

interface AdvanceStep {
  /** As the node sees it. */
  readonly own: StepContext;
  readonly outer: StepContext;
  /** Takes what comes out of the circuit on the way. */
  readonly sum: DeltaSum;
}

type OperatorNode = CircuitNode & { readonly kind: 'operator' };

/** Of an input without rows to come (constants): later than any other. */
const FOREVER = 0x7fffffffffffffffn;

export class OperatorCircuit implements Circuit {
  readonly sources: readonly CircuitSource[];
  readonly schema: Schema;
  readonly fingerprint: string;
  readonly #nodes: readonly CircuitNode[];
  readonly #operators: readonly Operator[];
  readonly #root: number;
  #outputs: Delta[];
  readonly #empty: readonly Delta[];
  readonly #flows: readonly NodeFlow[];
  readonly #watermarks: Watermark[];
  /** No step yet: operators that have rows for no input (an aggregate without keys) must be asked once. */
  #fresh = true;

  /** What operators absorb they have not put out yet. */
  #filling = false;

  /** For measuring alone: nothing that is computed hangs on it. */
  readonly #timer: (() => number) | null;
  #epoch: Epoch | null = null;

  /** Requires: inputs stand before their readers. `timer`: milliseconds, to say how long each operator takes. */
  constructor(nodes: readonly CircuitNode[], root: number, timer: (() => number) | null = null) {
    this.#timer = timer;
    this.#nodes = nodes;
    this.#root = root;
    this.sources = nodes.flatMap((node) => (node.kind === 'source' ? [node.source] : []));
    this.#operators = nodes.flatMap((node) => (node.kind === 'operator' ? [node.operator] : []));
    const schemas = nodes.map((node) => (node.kind === 'source' ? node.source.schema : node.operator.schema));
    this.schema = schemas[root];
    this.#empty = schemas.map((schema) => EmptyDelta.empty(schema));
    this.#outputs = this.#empty.slice();
    this.#flows = nodes.map(() => ({ lastIn: 0, lastOut: 0, lastTime: 0, totalIn: 0, totalOut: 0, totalTime: 0 }));
    this.#watermarks = nodes.map(() => null);
    this.fingerprint = circuitFingerprint(nodes, root);
  }

  step(inputs: readonly Delta[], context: StepContext): Delta {
    const unfinished: Unfinished[] = [];
    const first = this.#first(inputs, context, unfinished);
    if (unfinished.length === 0) return first;
    const sum = new DeltaSum();
    sum.add(first);
    for (const portion of this.#rest(unfinished, context)) sum.add(portion);
    return sum.with(this.#empty[this.#root]);
  }

  *steps(inputs: readonly Delta[], context: StepContext): Generator<Delta, void> {
    const unfinished: Unfinished[] = [];
    yield this.#first(inputs, context, unfinished);
    yield* this.#rest(unfinished, context);
  }

  *fill(inputs: readonly Delta[], context: StepContext): Generator<Delta, void> {
    this.#filling = true;
    yield* this.steps(inputs, context);
  }

  /** Before a node is settled, all before it are. */
  *settle(context: StepContext): Generator<Delta | null, void> {
    for (const [n, node] of this.#nodes.entries()) {
      if (node.kind === 'source' || node.operator.settle === undefined) continue;
      const settling = node.operator.settle(contextFor(context, node.targets));
      for (let next = this.#timed(n, () => settling.next()); next.done !== true; next = this.#timed(n, () => settling.next())) {
        if (next.value === null) {
          yield null;
          continue;
        }
        const unfinished: Unfinished[] = [];
        yield this.#behind(n, next.value, context, unfinished);
        yield* this.#rest(unfinished, context);
      }
    }
    this.#filling = false;
  }

  /** Every node is stepped; what the `unfinished` have still to give is left to `#rest`. */
  #first(inputs: readonly Delta[], context: StepContext, unfinished: Unfinished[]): Delta {
    this.#enter(context.epoch);
    let source = 0;
    for (let n = 0; n < this.#nodes.length; n++) {
      const node = this.#nodes[n];
      if (node.kind === 'source') {
        const rows = inputs[source++];
        this.#put(n, rows, rows.length);
      } else this.#stepNode(n, node, { context, asked: this.#fresh, unfinished });
    }
    this.#fresh = false;
    return this.#take();
  }

  /**
   * The other portions, each taken to the end of the circuit before the next is made. The last of the nodes goes on first:
   * those before it stand still for as long, and with them the deltas that it reads.
   */
  *#rest(unfinished: Unfinished[], context: StepContext): Generator<Delta, void> {
    for (let last = unfinished.at(-1); last !== undefined; last = unfinished.at(-1)) {
      const { n, portions } = last;
      const next = this.#timed(n, () => portions.next());
      if (next.done === true) unfinished.pop();
      yield this.#behind(n, next.value, context, unfinished);
    }
  }

  /** What a node has given goes through those behind it. */
  #behind(n: number, output: Delta, context: StepContext, unfinished: Unfinished[]): Delta {
    this.#put(n, output, 0);
    for (let reader = n + 1; reader < this.#nodes.length; reader++) {
      const node = this.#nodes[reader];
      if (node.kind === 'operator') this.#stepNode(reader, node, { context, asked: false, unfinished });
    }
    return this.#take();
  }

  *pieces(read: SourceReader, context: PieceContext): Pieces {
    const run = new PieceRun(this.#nodes, this.#root, { read, context, flows: this.#flows, timer: this.#timer });
    yield* run.pieces();
  }

  #stepNode(n: number, node: OperatorNode, { context, asked, unfinished }: NodeStep): void {
    let rows = 0;
    const deltas: Delta[] = [];
    for (const input of node.inputs) {
      deltas.push(this.#outputs[input]);
      rows += this.#outputs[input].length;
    }
    if (rows === 0 && !asked && node.listens?.waiting !== true) {
      this.#outputs[n] = this.#empty[n];
      return;
    }
    const { operator } = node;
    const own = contextFor(context, node.targets);
    const start = this.#timer === null ? 0 : this.#timer();
    let output: Delta;
    if (this.#filling && operator.absorb !== undefined) {
      operator.absorb(deltas, own);
      output = this.#empty[n];
    } else if (operator.portions === undefined) output = operator.step(deltas, own);
    else {
      const portions = operator.portions(deltas, own);
      const next = portions.next();
      if (next.done !== true) unfinished.push({ n, portions });
      output = next.value;
    }
    if (this.#timer !== null) this.#took(n, this.#timer() - start);
    this.#put(n, output, rows);
  }

  /** An epoch may come in several steps. */
  #enter(epoch: Epoch): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    for (const flow of this.#flows) {
      flow.lastIn = 0;
      flow.lastOut = 0;
      flow.lastTime = 0;
    }
  }

  #took(n: number, milliseconds: number): void {
    const flow = this.#flows[n];
    flow.lastTime += milliseconds;
    flow.totalTime += milliseconds;
  }

  #timed<T>(n: number, work: () => T): T {
    if (this.#timer === null) return work();
    const start = this.#timer();
    const done = work();
    this.#took(n, this.#timer() - start);
    return done;
  }

  #put(n: number, output: Delta, rowsIn: number): void {
    this.#outputs[n] = output;
    const flow = this.#flows[n];
    flow.lastIn += rowsIn;
    flow.lastOut += output.length;
    flow.totalIn += rowsIn;
    flow.totalOut += output.length;
  }

  /** The result; deltas in between are let go. */
  #take(): Delta {
    const result = this.#outputs[this.#root];
    for (let n = 0; n < this.#outputs.length; n++) this.#outputs[n] = this.#empty[n];
    return result;
  }

  advance(watermarks: readonly Watermark[], context: StepContext): Delta {
    this.#enter(context.epoch);
    let source = 0;
    const sum = new DeltaSum();
    for (let n = 0; n < this.#nodes.length; n++) {
      const node = this.#nodes[n];
      if (node.kind === 'source') {
        this.#watermarks[n] = node.source.kind === 'constant' ? FOREVER : watermarks[source];
        source++;
        continue;
      }
      this.#advanceNode(n, node, context, sum);
    }
    return sum.with(this.#take());
  }

  /**
   * Steps a node to its last portion. Those before it go through the nodes behind at once, which must have all rows before
   * they are told the time; what other nodes have put out waits.
   */
  #stepWhole(n: number, operator: Operator, deltas: readonly Delta[], { own, outer, sum }: AdvanceStep): Delta {
    if (operator.portions === undefined) return this.#timed(n, () => operator.step(deltas, own));
    const portions = operator.portions(deltas, own);
    for (;;) {
      const next = this.#timed(n, () => portions.next());
      if (next.done === true) return next.value;
      const waiting = this.#outputs;
      this.#outputs = this.#empty.slice();
      const unfinished: Unfinished[] = [];
      sum.add(this.#behind(n, next.value, outer, unfinished));
      for (const portion of this.#rest(unfinished, outer)) sum.add(portion);
      this.#outputs = waiting;
    }
  }

  /** What closed upstream comes in as a step of its own, before the node is told the time itself. */
  #advanceNode(n: number, node: OperatorNode, outer: StepContext, sum: DeltaSum): void {
    const context = contextFor(outer, node.targets);
    const deltas = node.inputs.map((input) => this.#outputs[input]);
    const rows = deltas.reduce((total, delta) => total + delta.length, 0);
    const stepped = rows > 0 || node.listens?.waiting === true
      ? this.#stepWhole(n, node.operator, deltas, { own: context, outer, sum }) : this.#empty[n];
    const start = this.#timer === null ? 0 : this.#timer();
    const watermark = node.inputs.map((input) => this.#watermarks[input]).reduce(leastWatermark, FOREVER);
    // Constants alone have no time to speak of.
    const known = watermark === FOREVER ? null : watermark;
    const moved = known !== null && known !== this.#watermarks[n];
    const closed = moved ? node.operator.advance(known, context) : this.#empty[n];
    const due = node.operator.due?.() ?? null;
    const passed = due !== null && context.time !== undefined && due <= context.time;
    const ticked = passed ? node.operator.tick?.(context) ?? this.#empty[n] : this.#empty[n];
    if (this.#timer !== null) this.#took(n, this.#timer() - start);
    this.#watermarks[n] = watermark;
    if (rows > 0 || closed.length > 0 || ticked.length > 0) this.#put(n, concatDeltas([stepped, closed, ticked]), rows);
  }

  get timed(): boolean {
    return this.#operators.some((operator) => operator.due !== undefined);
  }

  due(): bigint | null {
    let least: bigint | null = null;
    for (const operator of this.#operators) {
      const due = operator.due?.() ?? null;
      if (due !== null && (least === null || due < least)) least = due;
    }
    return least;
  }

  save(out: (operator: number) => StateWriter): void {
    this.#operators.forEach((operator, i) => operator.save(out(i)));
  }

  *restore(from: (operator: number) => StateReader): Generator<null> {
    this.#fresh = false;
    for (const [i, operator] of this.#operators.entries()) {
      yield* operator.restore(from(i)) ?? [];
      yield null;
    }
  }

  print(options: { readonly state?: boolean } = {}): readonly string[] {
    return printCircuit(this.#nodes, this.#root, options.state === true ? this.#flows : null);
  }

  stateSize(): StateSize {
    let rows = 0;
    let bytes = 0;
    for (const operator of this.#operators) {
      const size = operator.stateSize();
      rows += size.rows;
      bytes += size.bytes;
    }
    return { rows, bytes };
  }
}
