import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/support/hunt.ts'],
    testTimeout: 30_000 * Math.max(1, Number(process.env.LOCKSTEP_HUNT ?? 0)),
    pool: 'forks',
  },
});
