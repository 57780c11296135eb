"""What the client of MLflow 2 does with models: they are artifacts of their run, and the run is told of them."""

import json

import mlflow
from mlflow import MlflowClient


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


client = MlflowClient()
answer = {}
mlflow.set_experiment("old")
with mlflow.start_run() as run:
    logged = mlflow.pyfunc.log_model(artifact_path="model", python_model=Doubling(), registered_model_name="Doubling")
run_id = run.info.run_id
answer["uri"] = logged.model_uri == f"runs:/{run_id}/model"
history = json.loads(client.get_run(run_id).data.tags["mlflow.log-model.history"])
answer["history"] = [entry["artifact_path"] for entry in history]
answer["files"] = sorted(file.path for file in client.list_artifacts(run_id, "model"))[:2]
client.transition_model_version_stage("Doubling", "1", "Production")
client.set_registered_model_alias("Doubling", "champion", "1")


def predict(address):
    import pandas

    return int(mlflow.pyfunc.load_model(address).predict(pandas.DataFrame({"x": [21]}))["x"][0])


places = [logged.model_uri, "models:/Doubling/1", "models:/Doubling/Production", "models:/Doubling@champion"]
answer["predictions"] = [predict(place) for place in places]
answer["version"] = [client.get_model_version("Doubling", "1").run_id == run_id, client.search_model_versions("name='Doubling'")[0].version]
print(json.dumps(answer))
