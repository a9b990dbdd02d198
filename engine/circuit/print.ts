// Circuits as text: the tree that EXPLAIN shows, and the fingerprint that guards saved state.
import type { LogicalType, Schema } from '../data/types.ts';
import { typmodOf } from '../data/types.ts';
import type { CircuitNode, NodeFlow } from './circuit.ts';

/** One line a node, inputs below their reader; a node read twice is printed once and named after that. */
export function printCircuit(
  nodes: readonly CircuitNode[], root: number, flows: readonly NodeFlow[] | null,
): readonly string[] {
  const readers = countReaders(nodes);
  const lines: string[] = [];
  const printed = new Set<number>();
  const visit = (n: number, depth: number): void => {
    const node = nodes[n];
    const shared = readers[n] > 1 ? ` [shared ${n}]` : '';
    const again = printed.has(n);
    const measures = flows === null || again ? '' : ` ${measuresOf(node, flows[n])}`;
    lines.push(`${indent(depth)}${nameOf(node)}${shared}${measures}`);
    if (again) return;
    printed.add(n);
    if (node.kind === 'operator') for (const input of node.inputs) visit(input, depth + 1);
  };
  visit(root, 0);
  return lines;
}

function indent(depth: number): string {
  return depth === 0 ? '' : `${' '.repeat(6 * depth - 4)}->  `;
}

function countReaders(nodes: readonly CircuitNode[]): number[] {
  const readers = nodes.map(() => 0);
  for (const node of nodes) if (node.kind === 'operator') for (const input of node.inputs) readers[input]++;
  return readers;
}

function nameOf(node: CircuitNode): string {
  return node.kind === 'source' ? node.label : node.operator.name;
}

function measuresOf(node: CircuitNode, flow: NodeFlow): string {
  const rows = `rows in=${flow.totalIn} out=${flow.totalOut} last in=${flow.lastIn} out=${flow.lastOut}`;
  if (node.kind === 'source') return `(${rows})`;
  const { totalTime, lastTime } = flow;
  const time = totalTime === 0 ? '' : ` time=${totalTime.toFixed(3)} last=${lastTime.toFixed(3)} ms`;
  const { rows: held, bytes } = node.operator.stateSize();
  return held === 0 && bytes === 0 ? `(${rows}${time})` : `(${rows}${time} state rows=${held} bytes=${bytes})`;
}

/** Names, schemas and wiring of all nodes, shortened to 16 hexadecimal digits. */
export function circuitFingerprint(nodes: readonly CircuitNode[], root: number): string {
  const text = nodes.map((node) => {
    if (node.kind === 'operator') {
      return `${node.operator.name}(${node.inputs.join(',')})${schemaText(node.operator.schema)}`;
    }
    const { source } = node;
    const from = source.kind === 'constant' ? 'constant' : `${source.relation}:${source.columns.join(',')}:${source.late}`;
    return `source ${from}${schemaText(source.schema)}`;
  });
  return hexHash(`${text.join('\n')}\n${root}`);
}

function schemaText(schema: Schema): string {
  return `{${schema.columns.map((c) => typeText(c.type)).join(',')}}`;
}

function typeText(type: LogicalType): string {
  switch (type.kind) {
    case 'array': return `${typeText(type.element)}[]`;
    case 'record': return `(${type.fields.map((f) => typeText(f.type)).join(',')})`;
    case 'domain': return typeText(type.base);
    default: return typmodOf(type) < 0 ? type.kind : `${type.kind}/${typmodOf(type)}`;
  }
}

/** FNV-1a, 32 bits twice with different starts: enough to tell circuits apart. */
function hexHash(text: string): string {
  return [0x811c9dc5, 0x3c6ef372].map((seed) => {
    let h = seed;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    return (h >>> 0).toString(16).padStart(8, '0');
  }).join('');
}
