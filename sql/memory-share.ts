// Shares of a memory that many hold parts of: who holds too much of it, by itself or with the others.
import type { QueryMemory } from '../engine/runtime/contract.ts';

/** Who holds no more than such a part of what one may is not refused for what others hold. */
const SMALL = 16;

/** What is too much where somebody holds so many bytes, and all together so many; null: nothing. */
export function excess(memory: QueryMemory, own: number, all: number): 'own' | 'all' | null {
  if (own > memory.most) return 'own';
  return all > memory.mostOfAll && own > memory.most / SMALL ? 'all' : null;
}
