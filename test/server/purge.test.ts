import { expect, test } from 'vitest';
import { addAccessToken } from '../../src/server/access-tokens.ts';
import { project } from '../support/rig.ts';
import { type ServerRig, serverRig } from './rig.ts';

async function loggedModel(
  rig: ServerRig,
  experiment: string,
): Promise<{ readonly id: string; readonly root: string }> {
  const { json } = await rig.post('logged-models', { experiment_id: experiment, name: 'net' });
  const { model_id, artifact_uri } = (json.model as { info: { model_id: string; artifact_uri: string } }).info;
  return { id: model_id, root: artifact_uri.replace('mlflow-artifacts:/', '') };
}

async function register(rig: ServerRig, source: string, run_id: string): Promise<void> {
  await rig.post('registered-models/create', { name: 'N' });
  expect((await rig.post('model-versions/create', { name: 'N', source, run_id })).status).toBe(200);
}

test('a deleted run goes for good with its records and artifacts, and content that others have stays', async () => {
  await using rig = await serverRig();
  const [gone, other] = [await rig.run(), await rig.run()];
  for (const { root } of [gone, other]) await rig.putArtifact(`${root}/same.txt`, 'the same');
  await rig.putArtifact(`${gone.root}/own.txt`, 'its own');
  await rig.post('runs/log-batch', {
    run_id: gone.id,
    metrics: [{ key: 'm', value: 1, timestamp: 1 }],
    params: [{ key: 'p', value: 'v' }],
  });
  const early = await rig.post('runs/purge', { run_id: gone.id });
  expect([early.status, early.json.message]).toEqual([400, expect.stringContaining("must be in the 'deleted' state")]);
  await rig.post('runs/delete', { run_id: gone.id });
  expect((await rig.post('runs/purge', { run_id: gone.id })).json).toEqual({});
  expect((await rig.get(`/api/2.0/mlflow/runs/get?run_id=${gone.id}`)).status).toBe(404);
  expect((await rig.post('runs/restore', { run_id: gone.id })).status).toBe(404);
  expect(await rig.tracking.db.selectFrom('metrics').selectAll().execute()).toEqual([]);
  expect((await rig.getArtifact(`${gone.root}/own.txt`)).status).toBe(404);
  expect((await rig.getArtifact(`${other.root}/same.txt`)).text).toBe('the same');
  expect(rig.files()).toHaveLength(1);
});

test('what a registered version came from stays until the version is deleted', async () => {
  await using rig = await serverRig();
  const run = await rig.run();
  await rig.putArtifact(`${run.root}/model/MLmodel`, 'model');
  await register(rig, `mlflow-artifacts:/${run.root}/model`, run.id);
  await rig.post('runs/delete', { run_id: run.id });
  const refused = await rig.post('runs/purge', { run_id: run.id });
  expect([refused.status, refused.json.error_code]).toEqual([409, 'RESOURCE_CONFLICT']);
  expect(refused.json.message).toContain("version 1 of the registered model 'N'");
  expect((await rig.getArtifact(`${run.root}/model/MLmodel`)).text).toBe('model');
  const version = { name: 'N', version: '1' };
  await rig.send({ method: 'DELETE', path: '/api/2.0/mlflow/model-versions/delete', json: version });
  expect((await rig.post('runs/purge', { run_id: run.id })).status).toBe(200);
  expect(rig.files()).toEqual([]);
});

test('an experiment goes with all that is in it or not at all, and its name is free again', async () => {
  await using rig = await serverRig();
  const { experiment_id } = (await rig.post('experiments/create', { name: 'short' })).json as { experiment_id: string };
  const created = await rig.post('runs/create', { experiment_id, start_time: 1 });
  const { run_id } = (created.json.run as { info: { run_id: string } }).info;
  const model = await loggedModel(rig, experiment_id);
  await rig.putArtifact(`${model.root}/MLmodel`, 'model');
  await register(rig, `models:/${model.id}`, '');
  await rig.post('experiments/delete', { experiment_id });
  expect((await rig.post('experiments/purge', { experiment_id })).status).toBe(409);
  expect((await rig.get(`/api/2.0/mlflow/runs/get?run_id=${run_id}`)).status).toBe(200);
  await rig.send({ method: 'DELETE', path: '/api/2.0/mlflow/registered-models/delete', json: { name: 'N' } });
  expect((await rig.post('experiments/purge', { experiment_id })).status).toBe(200);
  expect((await rig.get(`/api/2.0/mlflow/runs/get?run_id=${run_id}`)).status).toBe(404);
  expect(rig.files()).toEqual([]);
  expect((await rig.post('experiments/create', { name: 'short' })).status).toBe(200);
  await rig.post('experiments/delete', { experiment_id: '0' });
  expect((await rig.post('experiments/purge', { experiment_id: '0' })).status).toBe(400);
});

test('only a token with the scope admin removes anything for good', async () => {
  let [write, admin] = ['', ''];
  await using rig = await serverRig({
    prepare: async (tracking) => {
      write = (await addAccessToken(tracking, { name: 'w', scope: 'write', now: 1 })) ?? '';
      admin = (await addAccessToken(tracking, { name: 'a', scope: 'admin', now: 1 })) ?? '';
    },
  });
  const purge = (token: string, way = 'purge') =>
    rig.send({
      method: 'POST',
      path: `/api/2.0/mlflow/runs/${way}`,
      json: { run_id: 'nothing' },
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await purge(write)).json.message).toContain("the scope 'admin'");
  expect((await purge(admin)).status).toBe(404);
  for (const way of ['%70urge', 'purge/', 'purge;', '/purge']) {
    expect([way, (await purge(write, way)).json.error_code]).not.toEqual([way, 'RESOURCE_DOES_NOT_EXIST']);
  }
  // An artifact may be called so.
  const path = '/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/purge';
  const headers = { authorization: `Bearer ${write}` };
  expect((await rig.send({ method: 'PUT', path, body: 'x', headers })).status).toBe(200);
});

test('server purge removes all that was deleted long enough ago, and names what stays', async () => {
  await using rig = await serverRig();
  const [kept, gone, active] = [await rig.run(), await rig.run(), await rig.run()];
  await register(rig, `mlflow-artifacts:/${kept.root}`, kept.id);
  const model = await loggedModel(rig, '0');
  await rig.putArtifact(`${model.root}/MLmodel`, 'model');
  await rig.send({ method: 'DELETE', path: `/api/2.0/mlflow/logged-models/${model.id}` });
  for (const { id } of [kept, gone]) await rig.post('runs/delete', { run_id: id });
  await using p = await project({});
  const purge = async (...args: readonly string[]) => {
    const place = ['--backend', `${rig.directory}/lockstep.db`, '--artifacts', `${rig.directory}/artifacts`];
    const { code, stdout, stderr } = await p.lockstep(['server', 'purge', '--json', ...place, ...args]);
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as { removed: object[]; kept: object[] };
  };
  expect(await purge('--older-than', '1d')).toEqual({ removed: [], kept: [] });
  expect((await purge('--dry')).removed).toHaveLength(3);
  expect(await purge()).toEqual({
    removed: [
      { kind: 'model', id: model.id },
      { kind: 'run', id: gone.id },
    ],
    kept: [{ kind: 'run', id: kept.id, why: expect.stringContaining("version 1 of the registered model 'N'") }],
  });
  expect(rig.files()).toEqual([]);
  expect((await rig.get(`/api/2.0/mlflow/runs/get?run_id=${active.id}`)).status).toBe(200);
});
