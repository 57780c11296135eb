import fc from 'fast-check';

/** How many times as many random cases are tried, and others than in the gate; 0 in the gate. */
const HUNT = Number(process.env.LOCKSTEP_HUNT ?? 0);

/** The gate's verdict is to depend on the change under test alone, so its cases are the same each time. */
const GATE_SEED = 20_261_124;
const RUNS = 100;

/** As many runs of a property, or more when hunting. */
export function runs(count: number): number {
  return count * Math.max(1, HUNT);
}

fc.configureGlobal(HUNT > 0 ? { numRuns: runs(RUNS) } : { seed: GATE_SEED });
