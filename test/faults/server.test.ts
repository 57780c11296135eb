import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';
import { ServerProgram } from '../support/server-program.ts';

test('what the server acknowledged outlives its death', async () => {
  await using rig = await project({});
  await using server = await ServerProgram.start(rig.root);
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server.address}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { readonly run?: { readonly info: { readonly run_id: string } } };
  };
  const acknowledged: { readonly run: string; readonly steps: number[]; readonly files: string[] }[] = [];
  const client = async () => {
    const { run } = await post('runs/create', { experiment_id: '0', start_time: 1 });
    const own = { run: run?.info.run_id ?? '', steps: [] as number[], files: [] as string[] };
    acknowledged.push(own);
    for (let step = 0; ; step += 1) {
      await post('runs/log-metric', { run_id: own.run, key: 'm', value: step, timestamp: 1 + step, step });
      own.steps.push(step);
      const path = `0/${own.run}/artifacts/${step}.txt`;
      const put = await fetch(`${server.address}/api/2.0/mlflow-artifacts/artifacts/${path}`, {
        method: 'PUT',
        body: `content ${path}`,
      });
      if (put.ok) own.files.push(path);
    }
  };
  const clients = Array.from({ length: 8 }, client);
  const ended = Promise.allSettled(clients);
  await expect.poll(() => acknowledged.filter(({ files }) => files.length > 5).length, { timeout: 25_000 }).toBe(8);
  await server[Symbol.asyncDispose]();
  await ended;

  await using again = await ServerProgram.start(rig.root);
  for (const { run, steps, files } of acknowledged) {
    const history = await fetch(
      `${again.address}/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=m&max_results=25000`,
    );
    const { metrics } = (await history.json()) as { readonly metrics: readonly { readonly step: number }[] };
    expect(metrics.map(({ step }) => step)).toEqual(expect.arrayContaining(steps));
    for (const path of files) {
      const answer = await fetch(`${again.address}/api/2.0/mlflow-artifacts/artifacts/${path}`);
      const digest = createHash('sha256').update(`content ${path}`).digest('hex');
      expect([answer.headers.get('etag'), await answer.text()]).toEqual([`"${digest}"`, `content ${path}`]);
    }
  }
});
