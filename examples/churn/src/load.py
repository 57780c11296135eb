"""Takes the table of purchases out of the installed package `lifetimes`, as CSV."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd

package = importlib.util.find_spec("lifetimes")
table = Path(package.submodule_search_locations[0]) / "datasets" / "CDNOW_master.txt"
columns = ["customer", "date", "items", "spent"]
purchases = pd.read_csv(table, sep=r"\s+", names=columns, header=0, dtype={"customer": str, "date": str})
purchases["date"] = pd.to_datetime(purchases["date"], format="%Y%m%d").dt.date
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
purchases.to_csv(sys.argv[1], index=False)
print(f"{len(purchases)} purchases of {purchases['customer'].nunique()} customers")
