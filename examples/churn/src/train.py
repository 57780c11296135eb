"""A training script as MLflow's users write it; nothing in it knows of lockstep."""

import sys

import mlflow
import mlflow.xgboost
import pandas as pd
import xgboost as xgb
import yaml
from mlflow.models import infer_signature
from sklearn.model_selection import train_test_split

source, model_file = sys.argv[1:]
with open("params.yaml") as file:
    params = yaml.safe_load(file)["train"]

table = pd.read_csv(source, index_col="customer", dtype={"customer": str})
features, target = table.drop(columns="churned"), table["churned"]
x_train, x_valid, y_train, y_valid = train_test_split(features, target, test_size=0.2, random_state=params["seed"])

mlflow.xgboost.autolog(log_models=False)
with mlflow.start_run():
    booster = xgb.train(
        {
            "objective": "binary:logistic",
            "eval_metric": ["logloss", "auc"],
            "max_depth": params["max_depth"],
            "eta": params["eta"],
            "subsample": params["subsample"],
            "seed": params["seed"],
            # One thread adds floats up in one order.
            "nthread": 1,
        },
        xgb.DMatrix(x_train, y_train),
        num_boost_round=params["rounds"],
        evals=[(xgb.DMatrix(x_train, y_train), "train"), (xgb.DMatrix(x_valid, y_valid), "valid")],
        verbose_eval=False,
    )
    predicted = booster.predict(xgb.DMatrix(x_valid))
    mlflow.xgboost.log_model(
        booster,
        name="model",
        signature=infer_signature(x_valid, predicted),
        input_example=x_valid.head(3),
    )

booster.save_model(model_file)
