// CircuitBuilder: puts sources and operators together into a circuit, inputs before their readers.
import { assert } from '../data/error.ts';
import type { Operator } from '../operator/operator.ts';
import { OperatorCircuit } from './circuit.ts';
import type { CircuitNode } from './circuit.ts';
import type { Circuit, CircuitSource } from './contract.ts';

declare const nodeTag: unique symbol;
/** A source or operator added before. May be read by several others: then it is computed once. */
export type NodeId = number & { readonly [nodeTag]: true };

export class CircuitBuilder {
  readonly #nodes: CircuitNode[] = [];
  #finished = false;

  /** `label`: as EXPLAIN prints it. */
  source(source: CircuitSource, label: string): NodeId {
    return this.#push({ kind: 'source', source, label });
  }

  add(operator: Operator, inputs: readonly NodeId[]): NodeId {
    return this.#push({ kind: 'operator', operator, inputs });
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
