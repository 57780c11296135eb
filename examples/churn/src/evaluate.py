"""How well the model tells who will not come back, on customers that it has not seen."""

import json
import sys

import pandas as pd
import xgboost as xgb
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

model_file, test_file, metrics_file = sys.argv[1:]
booster = xgb.Booster(model_file=model_file)
test = pd.read_csv(test_file, index_col="customer", dtype={"customer": str})
likely = booster.predict(xgb.DMatrix(test.drop(columns="churned")))
churned = test["churned"]
metrics = {
    "auc": round(float(roc_auc_score(churned, likely)), 6),
    "accuracy": round(float(accuracy_score(churned, likely > 0.5)), 6),
    "f1": round(float(f1_score(churned, likely > 0.5)), 6),
}
with open(metrics_file, "w") as file:
    json.dump(metrics, file, indent=2)
    file.write("\n")
print(metrics)
