// FreeSpace with a disk of numbers: when it is measured, what is refused, and that it says so once.
import { expect, test } from 'vitest';
import type { SpaceUse } from '../../storage/file-system.ts';
import { FreeSpace } from '../../storage/free-space.ts';

const MB = 1 << 20;

class Disk {
  readonly logs: string[] = [];
  free = 100 * MB;
  measured = 0;
  readonly space: FreeSpace;

  constructor(floor?: number) {
    const measure = (): SpaceUse => {
      this.measured++;
      return { free: this.free, total: 1024 * MB };
    };
    this.space = new FreeSpace({ measure, floor, log: (message) => this.logs.push(message) });
  }
}

test('what would go below the floor is refused until there is room', () => {
  const state = new Disk(50 * MB);
  const { space, logs } = state;
  expect(space.shortage(MB)).toBeNull();
  expect(space.shortage(51 * MB)).toMatchObject({ code: '53100' });
  expect(space.short).toBe(true);
  // A smaller one fits.
  expect(space.shortage(MB)).toBeNull();
  state.free = 49 * MB;
  let taken = 0;
  while (space.shortage(100) === null) taken++;
  expect(taken).toBeLessThan(40);
  state.free = 60 * MB;
  expect(space.shortage(100)).toBeNull();
  expect(logs.map((line) => line.split(',')[0])).toEqual([
    'the disk is nearly full', 'there is room on the disk again', 'the disk is nearly full', 'there is room on the disk again']);
});

test('many bytes are measured sooner than many commits', () => {
  const state = new Disk();
  for (let i = 0; i < 330; i++) state.space.shortage(1);
  expect(state.measured).toBe(10);
  for (let i = 0; i < 10; i++) state.space.shortage(5 * MB);
  expect(state.measured).toBeGreaterThanOrEqual(15);
});

test('the floor is 64 MB, or a sixteenth of a small disk', () => {
  const state = new Disk();
  state.free = 64 * MB;
  expect(state.space.shortage(0)).toBeNull();
  expect(state.space.shortage(9 * MB)).not.toBeNull();
  const small = new FreeSpace({ measure: () => ({ free: 4 * MB, total: 48 * MB }), log: () => undefined });
  expect(small.shortage(0)).toBeNull();
  expect(small.shortage(2 * MB)).not.toBeNull();
});

test('a disk that cannot be measured is written to', () => {
  const space = new FreeSpace({ measure: () => { throw new Error('no'); }, log: () => undefined });
  expect(space.shortage(MB)).toBeNull();
});

test('it says once that the disk cannot be measured, and once a shortage what is to go', () => {
  const logs: string[] = [];
  let gone = 0;
  let free: number | null = null;
  const measure = (): SpaceUse => {
    if (free === null) throw new Error('no');
    return { free, total: 1024 * MB };
  };
  const space = new FreeSpace({ measure, floor: MB, log: (message) => logs.push(message), becameShort: () => { gone++; } });
  for (let i = 0; i < 200; i++) space.shortage(MB);
  expect(logs).toEqual(['could not measure the disk: no']);
  free = 0;
  for (let i = 0; i < 200; i++) space.shortage(MB);
  expect(gone).toBe(1);
  free = 100 * MB;
  expect(space.shortage(0)).toBeNull();
  free = 0;
  for (let i = 0; i < 200; i++) space.shortage(MB);
  expect(gone).toBe(2);
});
