"""What a service would do: load the model that is in production, by its name, and predict."""

import sys

import mlflow.pyfunc
import pandas as pd

model = mlflow.pyfunc.load_model("models:/ChurnModelV2/Production")
customers = pd.read_csv(sys.argv[1], index_col="customer", dtype={"customer": str}).drop(columns="churned").head(5)
for customer, likely in zip(customers.index, model.predict(customers)):
    print(f"customer {customer} will not come back: {likely:.0%}")
