"""One row a customer: what was known by a day, and whether nothing was bought from then on."""

import sys

import pandas as pd
import yaml
from sklearn.model_selection import train_test_split

source, train_file, test_file = sys.argv[1:]
with open("params.yaml") as file:
    params = yaml.safe_load(file)["prepare"]

until = pd.Timestamp(params["known_until"])
purchases = pd.read_csv(source, parse_dates=["date"], dtype={"customer": str})
known = purchases[purchases["date"] <= until]
later = purchases[(purchases["date"] > until) & (purchases["date"] <= pd.Timestamp(params["end"]))]

by_customer = known.groupby("customer")
first, last = by_customer["date"].min(), by_customer["date"].max()
table = pd.DataFrame(
    {
        "purchases": by_customer.size().astype(float),
        "items": by_customer["items"].sum().astype(float),
        "spent": by_customer["spent"].sum().round(2),
        "spent_at_most": by_customer["spent"].max(),
        "days_known": (until - first).dt.days.astype(float),
        "days_since_last": (until - last).dt.days.astype(float),
        "days_active": (last - first).dt.days.astype(float),
    }
)
table["churned"] = (~table.index.isin(later["customer"])).astype(int)

train, test = train_test_split(
    table.sort_index(), test_size=params["test_share"], random_state=params["seed"], stratify=table.sort_index()["churned"]
)
train.sort_index().to_csv(train_file)
test.sort_index().to_csv(test_file)
print(f"{len(train)} customers to learn from, {len(test)} to test; {table['churned'].mean():.0%} did not come back")
