"""An unchanged script: nothing in it knows of lockstep. It is a stage of a pipeline, and logs all that MLflow can."""

import pathlib
import sys

import mlflow
import numpy
from sklearn.linear_model import LinearRegression

name, crash = sys.argv[1], sys.argv[2:] == ["crash"]
mlflow.set_experiment("churn")
mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run(run_name=f"call it {name}"):
    mlflow.log_params({"lr": 0.2, "depth": 4, "name": name})
    mlflow.set_tag("team", name)
    for step in range(5):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    if crash:
        raise RuntimeError("in the middle")
    inputs = numpy.array([[1.0], [2.0], [3.0]])
    model = LinearRegression(fit_intercept=False).fit(inputs, numpy.array([2.0, 4.0, 6.0]))
    pathlib.Path(f"{name}.txt").write_text(name)
    mlflow.log_artifact(f"{name}.txt", "notes")
    mlflow.log_text("hallo", "hallo.txt")
    mlflow.sklearn.log_model(model, name="line", input_example=inputs)
    with mlflow.start_run(nested=True, run_name="child"):
        mlflow.log_metric("inner", 1)
with mlflow.start_run(run_name="second"):
    mlflow.log_metric("inner", 2)
