"""Prints the names of all experiments."""

import json

from mlflow import MlflowClient

print(json.dumps([experiment.name for experiment in MlflowClient().search_experiments()]))
