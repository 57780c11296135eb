"""A model is logged, registered, moved through stages and loaded again, as MLflow's documents show it."""

import json
import os
import sys

import mlflow
import numpy
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
inputs = numpy.array([[1.0], [2.0], [3.0]])
model = LinearRegression().fit(inputs, numpy.array([2.0, 4.0, 6.0]))
answer = {}

mlflow.set_experiment("models")
with mlflow.start_run() as run:
    logged = mlflow.sklearn.log_model(model, name="model", registered_model_name="Line", input_example=inputs)
answer["model"] = logged.model_id.startswith("m-")

client = MlflowClient()
client.transition_model_version_stage("Line", "1", "Production")
client.set_registered_model_alias("Line", "champion", "1")
client.set_registered_model_tag("Line", "team", "a")
client.set_model_version_tag("Line", "1", "checked", "yes")
client.update_model_version("Line", "1", description="the first")


def predict(address):
    return round(float(mlflow.pyfunc.load_model(address).predict(numpy.array([[5.0]]))[0]), 6)


places = ["models:/Line/Production", "models:/Line/1", "models:/Line@champion", "models:/Line/latest"]
answer["predictions"] = [predict(place) for place in [*places, f"runs:/{run.info.run_id}/model", logged.model_uri]]

again = mlflow.register_model(f"runs:/{run.info.run_id}/model", "Line")
client.transition_model_version_stage("Line", again.version, "Production", archive_existing_versions=True)
copied = client.copy_model_version("models:/Line/1", "Copy")
answer["copy"] = [copied.name, copied.version, predict("models:/Copy/1")]
found = client.search_model_versions("name = 'Line'")
answer["versions"] = sorted([str(one.version), one.current_stage, list(one.aliases), dict(one.tags)] for one in found)
answer["models"] = sorted(one.name for one in client.search_registered_models())
answer["run"] = all(one.run_id == run.info.run_id for one in found)
client.delete_model_version("Line", "2")
client.rename_registered_model("Copy", "Other")
client.delete_registered_model("Other")
answer["left"] = [one.name for one in client.search_registered_models()]
try:
    client.get_model_version("Line", "2")
except mlflow.exceptions.RestException as error:
    answer["refusal"] = error.error_code
try:
    client.create_model_version("Line", "file:///etc", run_id=run.info.run_id)
except mlflow.exceptions.MlflowException as error:
    answer["attack"] = error.error_code

json.dump(answer, sys.stdout)
