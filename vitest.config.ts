import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores is what a small machine has; more workers than that only fight each other.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
