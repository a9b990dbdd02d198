// IN with a list: what binding it costs, in items looked at.
import { afterEach, expect, test, vi } from 'vitest';
import { bindQuery } from '../../../sql/binder/bind-query.ts';
import { MemoryQueries, parseQuery } from '../../support/memory-query.ts';

afterEach(() => { vi.restoreAllMocks(); });

/** Items that searches of arrays pass while a list of so many is bound. */
function searched(items: number, list: string): number {
  const queries = new MemoryQueries();
  queries.table({ name: 't', columns: 'a int4, b int4', rows: [] });
  const query = parseQuery(`SELECT * FROM t WHERE a IN (${list}, ${Array.from({ length: items }, (_, i) => i).join(', ')})`);
  const env = queries.environment();
  let passed = 0;
  for (const name of ['indexOf', 'includes'] as const) {
    const plain: (this: unknown[], wanted: unknown) => unknown = Array.prototype[name];
    vi.spyOn(Array.prototype, name).mockImplementation(function search(this: unknown[], wanted: unknown): never {
      const found = plain.call(this, wanted);
      passed += typeof found === 'number' && found >= 0 ? found + 1 : this.length;
      return found as never;
    });
  }
  bindQuery(query, { env, parent: null, commonTables: null });
  vi.restoreAllMocks();
  return passed;
}

test.each(['b', 'b, a', '7'])('IN (%s, ..) does not search its list for each item', (list) => {
  expect(searched(1000, list)).toBeLessThan(20_000);
});
