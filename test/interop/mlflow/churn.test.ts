import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MLFLOW_PYTHON } from './real-mlflow.ts';

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLE = join(ROOT, 'examples/churn');
/** What running it leaves behind, where somebody did that in the checkout. */
const LEFT = /churn\/(\.venv|\.lockstep|data|pipeline\.lock|model\.json|metrics\.json|\.gitignore)/;

describe.skipIf(MLFLOW_PYTHON === undefined)('examples/churn', { timeout: 300_000 }, () => {
  test('trains, sweeps, registers the best, promotes it above the threshold, and MLflow loads it by its stage', () => {
    const directory = mkdtempSync(join(tmpdir(), 'lockstep-churn-'));
    const run = (program: string, ...args: readonly string[]) =>
      execFileSync(program, args, {
        cwd: directory,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, LOCKSTEP: join(ROOT, 'bin/lockstep.cjs'), MLFLOW_DISABLE_TELEMETRY: 'true' },
      });
    try {
      cpSync(EXAMPLE, directory, { recursive: true, filter: (path) => !LEFT.test(path) });
      symlinkSync(dirname(dirname(MLFLOW_PYTHON ?? '')), join(directory, '.venv'));
      for (const args of [
        ['init', '-q'],
        ['add', 'src', 'pipeline.yaml', 'params.yaml', 'requirements.txt'],
      ]) {
        run('git', ...args);
      }
      run('git', '-c', 'user.name=Rig', '-c', 'user.email=rig@example.org', 'commit', '-qm', 'churn');
      const said = run('sh', 'tour.sh');
      expect(said).toMatch(/^config-\d{3} ★ best/m);
      expect(said).toContain('ChurnModelV2 version 1: None → Production');
      expect(said.match(/^customer \d{5} will not come back: \d+%$/gm)).toHaveLength(5);
      const lockstep = (...args: readonly string[]) => JSON.parse(run('node', join(ROOT, 'bin/lockstep.cjs'), ...args));
      const { run: trained, files } = lockstep('models', 'show', 'ChurnModelV2/Production', '--json');
      // Declared and logged are the same, of the configuration whose outs are in the workspace.
      const { max_depth, eta } = /max_depth: (?<max_depth>\S+)\n\s+eta: (?<eta>\S+)/.exec(
        readFileSync(join(directory, 'params.yaml'), 'utf8'),
      )?.groups ?? { max_depth: '', eta: '' };
      expect(trained.params).toMatchObject({
        'train.max_depth': Number(max_depth),
        'train.eta': Number(eta),
        max_depth: Number(max_depth),
      });
      expect(Object.keys(trained.metrics).sort()).toEqual(['train-auc', 'train-logloss', 'valid-auc', 'valid-logloss']);
      expect(files.map(({ path }: { path: string }) => path)).toContain('MLmodel');
      const { series } = lockstep('runs', 'show', trained.id, '--json');
      expect(series['valid-auc']).toHaveLength(80);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
