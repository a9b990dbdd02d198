// The conformance suite of Journal: every implementation passes it.
import { describe, expect, test } from 'vitest';
import { toEpoch } from '../../engine/data/time.ts';
import type { Journal } from '../../engine/state/ports.ts';

export interface JournalHarness {
  journal: Journal;
  /** Close and open the same data again; null where nothing survives. */
  readonly reopen: ((journal: Journal) => Promise<Journal>) | null;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function all(journal: Journal, after = 0): Promise<string[]> {
  const out: string[] = [];
  for await (const record of journal.replay(toEpoch(after))) {
    out.push(`${record.epoch}:${new TextDecoder().decode(record.bytes)}`);
  }
  return out;
}

export function journalConformance(name: string, open: () => Promise<JournalHarness>): void {
  describe(`Journal: ${name}`, () => {
    test('gives back what was appended, in order', async () => {
      const { journal } = await open();
      await journal.append(toEpoch(1), [bytes('a'), bytes('bc')], true);
      await journal.append(toEpoch(2), [], false);
      await journal.append(toEpoch(3), [bytes('x'.repeat(100_000))], true);
      expect(await all(journal)).toEqual(['1:abc', '2:', `3:${'x'.repeat(100_000)}`]);
      expect(await all(journal, 2)).toEqual([`3:${'x'.repeat(100_000)}`]);
      expect(await all(journal, 3)).toEqual([]);
      await journal.close();
    });

    test('keeps everything after a trimmed epoch', async () => {
      const { journal } = await open();
      for (let e = 1; e <= 50; e++) await journal.append(toEpoch(e), [bytes(`r${e}`), new Uint8Array(500)], e % 3 === 0);
      await journal.trim(toEpoch(30));
      const epochs = (await all(journal, 30)).map((r) => Number(r.split(':')[0]));
      expect(epochs).toEqual(Array.from({ length: 20 }, (_, i) => 31 + i));
      await journal.close();
    });

    test('goes on after being closed', async () => {
      const harness = await open();
      if (harness.reopen === null) return;
      let { journal } = harness;
      for (let e = 1; e <= 20; e++) {
        await journal.append(toEpoch(e), [bytes(`r${e}`)], e % 2 === 0);
        if (e % 5 === 0) journal = await harness.reopen(journal);
      }
      expect(await all(journal)).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}:r${i + 1}`));
      await journal.close();
    });
  });
}
