"""Logs a run in all the ways that MLflow's client has, and prints what the client reads back, as JSON."""

import json
import math
import pathlib
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

client = MlflowClient()
found = {}

mlflow.set_experiment("churn")
with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
    run_id = run.info.run_id
    mlflow.log_param("lr", 0.1)
    mlflow.log_params({"depth": 4, "name": "é"})
    mlflow.log_metric("acc", 0.5, step=1)
    mlflow.log_metric("acc", 0.1 + 0.2, step=2)
    mlflow.log_metrics({"nan": float("nan"), "inf": float("inf"), "big": 1.7976931348623157e308}, step=2)
    mlflow.set_tag("stage", "train")
    mlflow.set_tags({"a": "1", "b": "2"})
    mlflow.delete_tag("b")
    mlflow.log_text("", "empty.txt")
    mlflow.log_text("hallo", "dir/a+b ü 100%.txt")
    mlflow.log_dict({"a": 1}, "d.json")
    local = pathlib.Path(tempfile.mkdtemp())
    (local / "f.bin").write_bytes(bytes(range(256)) * 10_000)
    mlflow.log_artifact(str(local / "f.bin"), "sub")
    mlflow.log_table({"x": [1, 2]}, "table.json")
    with mlflow.start_run(nested=True, run_name="child"):
        mlflow.log_metric("acc", 0.9)
client.log_batch(
    run_id,
    [Metric("loss", 1 / (i + 1), 1000 + i, i) for i in range(1000)],
)
client.log_batch(run_id, [], [Param("p", "v")], [RunTag("t", "w")])

read = client.get_run(run_id)
found["status"] = read.info.status
found["metrics"] = {k: str(v) for k, v in read.data.metrics.items()}
found["params"] = read.data.params
found["tags"] = {k: v for k, v in read.data.tags.items() if not k.startswith("mlflow.")}
found["history"] = [[m.step, m.value] for m in client.get_metric_history(run_id, "acc")]
found["long history"] = len(client.get_metric_history(run_id, "loss"))
found["artifacts"] = sorted([a.path, a.is_dir, a.file_size] for a in client.list_artifacts(run_id))

where = "metrics.acc > 0.2 and params.depth = '4' and tags.team = 'a'"
found["search"] = mlflow.search_runs(filter_string=where, order_by=["metrics.acc desc"])["run_id"].tolist() == [run_id]
children = f"tags.mlflow.parentRunId = '{run_id}'"
found["children"] = mlflow.search_runs(filter_string=children)["tags.mlflow.runName"].tolist()

target = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path=tempfile.mkdtemp()))
found["downloaded"] = sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.is_file())
found["same"] = (target / "sub/f.bin").read_bytes() == (local / "f.bin").read_bytes()
found["one"] = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/dir/a+b ü 100%.txt")


def refusal(call):
    try:
        call()
    except MlflowException as error:
        return error.error_code
    return None


found["refusals"] = [
    refusal(lambda: client.log_param(run_id, "lr", "other")),
    refusal(lambda: client.get_run("0" * 32)),
    refusal(lambda: client.create_experiment("churn")),
    refusal(lambda: client.search_runs(["0"], "nonsense ~ 1")),
]

with mlflow.start_run(run_id=run_id):
    mlflow.log_metric("later", 1)
client.set_terminated(run_id, "FAILED")
found["ended"] = client.get_run(run_id).info.status
client.delete_run(run_id)
found["deleted"] = client.get_run(run_id).info.lifecycle_stage
client.restore_run(run_id)
experiment = client.get_experiment_by_name("churn")
client.set_experiment_tag(experiment.experiment_id, "k", "v")
client.rename_experiment(experiment.experiment_id, "churn 2")
found["experiments"] = sorted(e.name for e in client.search_experiments())
client.delete_experiment(client.create_experiment("short"))
found["active"] = sorted(e.name for e in client.search_experiments())
found["run_id"] = run_id
print(json.dumps(found))
