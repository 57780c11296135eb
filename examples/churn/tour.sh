#!/bin/sh
# Trains, sweeps, registers, promotes, and predicts with the model in production, as a team would. Needs setup.sh.
set -eu
cd "$(dirname "$0")"
program=${LOCKSTEP:-../../bin/lockstep.cjs}
lockstep() { echo "\$ lockstep $*"; node "$program" "$@"; }

lockstep repro
lockstep sweep -S train.max_depth=2,4 -S train.eta=0.05,0.1 --metric auc --maximize -j 2
lockstep runs apply latest:sweep
lockstep models register current:train --name ChurnModelV2
lockstep models promote ChurnModelV2 latest Production --archive-existing --verify --require 'metrics.auc >= 0.75'
lockstep models show ChurnModelV2/Production

# Whoever loads the model asks a server by its name, here one on a free port for as long as it takes.
address=$(mktemp)
node "$program" server --port 0 > "$address" &
server=$!
trap 'kill "$server"; wait "$server" || true; rm -f "$address"' EXIT
until grep -q http "$address"; do kill -0 "$server"; sleep 0.1; done
MLFLOW_TRACKING_URI=$(sed 's/.* //' "$address")
export MLFLOW_TRACKING_URI
.venv/bin/python src/predict.py data/test.csv
