// Named notation of arguments, f(a => 1): what holds for every call.
import { DatabaseError } from '../../engine/data/error.ts';
import type { Argument } from '../parser/ast.ts';

/** Names come last and each once (42601). */
export function checkArgumentNames(args: readonly Argument[]): void {
  const seen = new Set<string>();
  for (const { name, position, value } of args) {
    if (name === undefined) {
      if (seen.size === 0) continue;
      throw new DatabaseError('42601', 'positional argument cannot follow named argument',
        { position: position ?? value.position });
    }
    if (seen.has(name)) throw new DatabaseError('42601', `argument name "${name}" used more than once`, { position });
    seen.add(name);
  }
}
