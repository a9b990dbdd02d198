// Checksums put together from those of blocks against checksums of the bytes.
import { expect, test } from 'vitest';
import { BlockChecksums } from '../../storage/block-checksums.ts';
import { crc32c } from '../../storage/crc32c.ts';
import { Random } from '../support/random.ts';

test('are those of the pieces', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = new Random(seed);
    const bytes = Uint8Array.from({ length: random.pick([10, 4096, 300_000]) }, () => random.int(0, 255));
    const checksums = new BlockChecksums(bytes);
    for (let n = 0; n < 300; n++) {
      const at = (): number => (random.bool(0.3) ? Math.min(bytes.length, 4096 * random.int(0, 73)) : random.int(0, bytes.length));
      const [start, end] = [at(), at()].toSorted((a, b) => a - b);
      const initial = random.pick([0, 1, 0xffffffff, 0x12345678]);
      const said = `seed ${seed}: ${start} .. ${end} from ${initial}`;
      expect([said, checksums.of(start, end, initial)]).toEqual([said, crc32c(bytes.subarray(start, end), initial)]);
    }
  }
});
