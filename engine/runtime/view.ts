// View: a circuit installed over relations; feeds it their changes, tells it their watermarks.
import { Delta } from '../data/delta.ts';
import { leastWatermark } from '../data/time.ts';
import type { Watermark } from '../data/time.ts';
import type { Circuit, CircuitSource } from '../circuit/contract.ts';
import type { StepContext } from '../operator/operator.ts';
import { prefixed } from '../operator/composite.ts';
import { cancel } from '../state/consolidate.ts';
import type { StateReader, StateWriter } from '../state/ports.ts';
import type { ViewDefinition } from './contract.ts';
import type { RelationChange } from './relation-change.ts';
import { selectColumns } from './relation.ts';
import type { Relation } from './relation.ts';

export class View {
  readonly definition: ViewDefinition;
  readonly relation: Relation;
  /** Names of the states its operators have saved: `operator/name`. */
  readonly states = new Set<string>();
  /** A fault of ours stopped it: its circuit is not to be trusted, fed or saved. */
  broken = false;
  readonly #circuit: Circuit;
  /** Its result changes as time passes. */
  readonly timed: boolean;
  readonly #empty: readonly Delta[];
  /** Not null: the circuit's state is still to be read. */
  #restore: Generator<null> | null = null;
  /** What the circuit was told last, by source. */
  #told: readonly Watermark[];

  constructor(definition: ViewDefinition, relation: Relation) {
    this.definition = definition;
    this.relation = relation;
    this.#circuit = definition.circuit;
    this.timed = definition.circuit.timed;
    this.#empty = definition.circuit.sources.map((source) => Delta.empty(source.schema));
    this.#told = definition.circuit.sources.map(() => null);
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  /** The change of the result, or null when none of its sources changed. */
  step(changes: ReadonlyMap<number, RelationChange>, context: StepContext): Delta | null {
    let any = false;
    const inputs = this.#circuit.sources.map((source, i) => {
      const input = inputOf(source, changes);
      if (input === null || input.length === 0) return this.#empty[i];
      any = true;
      return input;
    });
    if (!any) return null;
    this.ready();
    return this.#circuit.step(inputs, context);
  }

  /** When its result changes by itself, µs since 1970 UTC; null: not as things are. */
  due(): bigint | null {
    if (this.broken || !this.timed) return null;
    this.ready();
    return this.#circuit.due();
  }

  /** What closes, comes in or goes; null when no watermark has moved and nothing is due. */
  advance(watermarkOf: (relation: number) => Watermark, context: StepContext): Delta | null {
    const now = this.#watermarks(watermarkOf);
    const due = this.due();
    const passed = due !== null && context.time !== undefined && due <= context.time;
    if (!passed && now.every((watermark, i) => watermark === this.#told[i])) return null;
    this.#told = now;
    this.ready();
    return this.#circuit.advance(now, context);
  }

  #watermarks(watermarkOf: (relation: number) => Watermark): readonly Watermark[] {
    return this.#circuit.sources.map((source) => (source.kind === 'relation' ? watermarkOf(source.relation) : null));
  }

  /** Of the view's own rows: the least of its sources', where a column carries event time through. */
  watermark(watermarkOf: (relation: number) => Watermark): Watermark {
    if (this.definition.eventTime === null) return null;
    const known = this.#circuit.sources.filter((source) => source.kind === 'relation');
    const [first, ...rest] = known.map((source) => watermarkOf(source.relation));
    return first === undefined ? null : rest.reduce(leastWatermark, first);
  }

  /** Everything its sources hold, a portion at a time; what closes is still to come. `context`: as of now. */
  *fill(
    scan: (relation: number, columns: readonly number[]) => Iterable<Delta>, context: () => StepContext,
  ): Generator<null> {
    const { sources } = this.#circuit;
    const constants = sources.map((source, i) => (source.kind === 'constant' ? Delta.insert(source.rows()) : this.#empty[i]));
    yield* this.#apply(this.#circuit.fill(constants, context()));
    for (const [i, source] of sources.entries()) {
      if (source.kind === 'constant') continue;
      for (const delta of scan(source.relation, source.columns)) {
        yield* this.#apply(this.#circuit.fill(this.#empty.with(i, delta), context()));
      }
    }
    yield* this.#apply(this.#circuit.settle(context()));
  }

  /** More of what a relation holds, or less: the same as if it had been there when the view was filled. */
  *feed(relation: number, delta: Delta, context: () => StepContext): Generator<null> {
    for (const [i, source] of this.#circuit.sources.entries()) {
      if (source.kind === 'constant' || source.relation !== relation) continue;
      yield* this.#apply(this.#circuit.steps(this.#empty.with(i, selectColumns(delta, source.columns)), context()));
    }
  }

  *#apply(changes: Iterable<Delta | null>): Generator<null> {
    for (const change of changes) {
      if (change !== null) this.relation.apply(cancel(change));
      yield null;
    }
  }

  /** States by name, `operator/name`. What was not restored to its end has not changed. */
  save(out: StateWriter): void {
    if (this.#restore === null || out.looking === true) this.#circuit.save((operator) => prefixed(out, `${operator}/`));
  }

  /** The circuit's state is read when it is stepped for the first time, or before, piece by piece. */
  restoreLater(pages: (state: string) => ReturnType<StateReader['pages']>): void {
    this.#restore = this.#circuit.restore((operator) => ({ pages: (name) => pages(`${operator}/${name}`) }));
  }

  /** Restores now what is to be restored. */
  ready(): void {
    while (!this.restoreSome());
  }

  /** Restores a piece of what is left; whether all is there. */
  restoreSome(): boolean {
    if (this.#restore?.next().done !== false) this.#restore = null;
    return this.#restore === null;
  }
}

function inputOf(source: CircuitSource, changes: ReadonlyMap<number, RelationChange>): Delta | null {
  if (source.kind === 'constant') return null;
  const change = changes.get(source.relation);
  if (change === undefined) return null;
  return change.select(source.columns, source.late === 'drop');
}
