/**
 * What a database of each schema may hold, as statements that SQLite and PostgreSQL both know: entry N is what schema
 * N + 1 brought. With a new migration comes a new entry; the ones before it stay as they are.
 */
export const WRITTEN_BY_SCHEMA: readonly string[] = [
  `insert into experiments (experiment_id, name, creation_time) values (3, 'three', 1700000000000);
   insert into environments (environment, record) values ('e1', '{"os":"linux"}');
   insert into runs (run, run_id, experiment_id, stage, file, status, start_time, end_time, environment)
     values (7, '7', 3, 'train', 'pipeline.yaml', 'FINISHED', 5, 9, 'e1');
   insert into tags (run, key, value) values (7, 'team', 'a');
   insert into params (run, position, key, value) values (7, 0, 'lr', '0.1');
   insert into metrics (run, position, key, value, is_nan, step, timestamp) values (7, 0, 'm', 0.1, 0, -4, 1);
   insert into latest_metrics (run, position, key, value, is_nan, step, timestamp) values (7, 0, 'm', 0.1, 0, -4, 1);
   insert into inputs (run, position, path, digest, size) values (7, 0, 'data.csv', 'sha256:aa', 4);
   insert into artifacts (run, position, path, digest, size, kind, stored)
     values (7, 0, 'outs/model', 'sha256:bb', 5, 'out', 1)`,
  `update experiments set artifact_location = 's3://bucket/three' where experiment_id = 3;
   insert into experiment_tags (experiment_id, key, value) values (3, 'note', 'n');
   update runs set origin = 'client', name = 'seven', user_id = 'me', artifact_uri = 's3://bucket/three/7' where run = 7;
   insert into datasets (dataset, experiment_id, name, digest, source_type, source) values (1, 3, 'd', 'x', 'code', '{}');
   insert into dataset_inputs (run, dataset, position) values (7, 1, 0);
   insert into dataset_input_tags (run, dataset, key, value) values (7, 1, 'context', 'train');
   insert into model_inputs (run, model_id, position) values (7, 'm-1', 0);
   insert into model_outputs (run, model_id, position, step) values (7, 'm-1', 0, 2);
   insert into logged_model_metrics
     (model_id, run_id, key, dataset_name, dataset_digest, timestamp, step, value, is_nan)
     values ('m-1', '7', 'm', 'd', 'x', 1, 2, 0.5, 0)`,
  `insert into artifact_files (path, digest, size, stored_time) values ('3/7/artifacts/a', 'sha256:cc', 6, 7);
   insert into access_tokens (token_id, name, scope, secret_digest, creation_time)
     values ('00000000', 'ci', 'write', 'dd', 8)`,
  `insert into logged_models (model_id, name, artifact_location, status, lifecycle_stage, experiment_id,
     creation_time, last_updated_time) values ('m-1', 'net', 's3://bucket/m-1', 'LOGGED_MODEL_READY', 'active', 3, 1, 2);
   insert into logged_model_tags (model_id, key, value) values ('m-1', 'a', 'b');
   insert into logged_model_params (model_id, key, value) values ('m-1', 'c', 'd');
   insert into registered_models (name, creation_time, last_updated_time) values ('N', 1, 2);
   insert into registered_model_tags (name, key, value) values ('N', 'e', 'f');
   insert into registered_model_aliases (name, alias, version) values ('N', 'champion', 1);
   insert into model_versions (name, version, current_stage, source, creation_time, last_updated_time, run_id)
     values ('N', 1, 'Production', 'models:/m-1', 1, 2, '7');
   insert into model_version_tags (name, version, key, value) values ('N', 1, 'g', 'h');
   insert into model_history (entry, name, version, what, was, now, time)
     values (1, 'N', 1, 'stage', 'None', 'Production', 2)`,
  `insert into model_version_provenance (name, version, semantic_version, reasons, run_id, lineage, files)
     values ('N', 1, '1.0.0', '[]', '7', '{}', '[]');
   update model_history set who = 'me' where entry = 1`,
  "insert into logged_params (run, key, value) values (7, 'lr', '0.2')",
];
