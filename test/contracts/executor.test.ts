import { describe } from 'vitest';
import { localExecutor } from '../../src/executors/local.ts';
import { executorContract } from './executor.ts';
import { executorEndingContract } from './executor-ending.ts';

describe('local executor', () => {
  executorContract(localExecutor);
  executorEndingContract(localExecutor);
});
