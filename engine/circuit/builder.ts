// CircuitBuilder: puts sources and operators together into a circuit, inputs before their readers.
import { assert } from '../data/error.ts';
import type { Operator } from '../operator/operator.ts';
import { OperatorCircuit } from './circuit.ts';
import type { CircuitNode } from './circuit.ts';
import type { Circuit, CircuitSource } from './contract.ts';
import type { ErrorScope } from '../operator/error-scope.ts';

declare const nodeTag: unique symbol;
/** A source or operator added before. May be read by several others: then it is computed once. */
export type NodeId = number & { readonly [nodeTag]: true };

export class CircuitBuilder {
  readonly #nodes: CircuitNode[] = [];
  #finished = false;
  /** By node: where its errors go. */
  readonly #targets: (ErrorScope | null)[][] = [];
  #scope: ErrorScope | null = null;

  /** `label`: as EXPLAIN prints it. */
  source(source: CircuitSource, label: string): NodeId {
    return this.#push({ kind: 'source', source, label });
  }

  add(operator: Operator, inputs: readonly NodeId[]): NodeId {
    return this.#push(this.#node(operator, inputs, null));
  }

  /** An operator that is also stepped when the scope has errors for it to take. */
  addListening(operator: Operator, inputs: readonly NodeId[], scope: ErrorScope): NodeId {
    return this.#push(this.#node(operator, inputs, scope));
  }

  #node(operator: Operator, inputs: readonly NodeId[], listens: ErrorScope | null): CircuitNode {
    return { kind: 'operator', operator, inputs, listens, targets: this.#newTargets() };
  }

  #newTargets(): (ErrorScope | null)[] {
    const targets = [this.#scope];
    this.#targets[this.#nodes.length] = targets;
    return targets;
  }

  /** Errors of what is added by `build` go to the scope. */
  scoped<T>(scope: ErrorScope, build: () => T): T {
    const outer = this.#scope;
    this.#scope = scope;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** A node added before is read once more, from here: its errors, and those of what is below it, count here, too. */
  reuse(node: NodeId): NodeId {
    const known = this.#targets[node];
    if (known !== undefined) this.#retarget(node, known[0]);
    return node;
  }

  #retarget(node: number, from: ErrorScope | null): void {
    const found = this.#nodes[node];
    const targets = this.#targets[node];
    if (found.kind !== 'operator' || !targets.includes(from) || targets.includes(this.#scope)) return;
    targets.push(this.#scope);
    for (const input of found.inputs) this.#retarget(input, from);
  }

  schemaOf(node: NodeId): Operator['schema'] {
    const found = this.#nodes[node];
    return found.kind === 'source' ? found.source.schema : found.operator.schema;
  }

  /** The circuit whose result is `node`'s output; `timer` as OperatorCircuit has it. Requires: called once. */
  finish(node: NodeId, timer: (() => number) | null = null): Circuit {
    assert(!this.#finished, 'one circuit a builder');
    this.#finished = true;
    return new OperatorCircuit(this.#nodes, node, timer);
  }

  #push(node: CircuitNode): NodeId {
    const id = this.#nodes.push(node) - 1;
    assertNodeId(id);
    return id;
  }
}

function assertNodeId(id: number): asserts id is NodeId {
  assert(id >= 0, 'node ids are numbers');
}
