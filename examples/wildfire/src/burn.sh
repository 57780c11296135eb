#!/bin/sh
# Burns every forest of one density, which is $DENSITY: reads ../forests/dNN; writes dNN/ (the ashes), dNN.csv (the mean
# fire front, step by step) and dNN.txt, a line per forest: its number, trees, trees burnt, 1 if the fire crossed it,
# 1 if it was a disaster.
set -eu

name="d$DENSITY"
disaster=$(../src/param.sh ../params.yaml disaster)
# By hand, without lockstep, there is nobody to log to.
log=${LOCKSTEP_METRICS:-/dev/null}
mkdir -p "$name"
: > "$name.txt"
: > "$name.steps"

for forest in ../forests/"$name"/*.txt; do
  sample=$(basename "$forest" .txt)
  awk -v ashes="$name/$sample.txt" -f ../src/burn.awk "$forest" > "$name.log"
  grep '^step' "$name.log" >> "$name.steps" || true
  awk -v sample="$sample" -v disaster="$disaster" '
    $1 == "end" { printf "%s %d %d %d %d\n", sample, $2, $3, $4, ($3 > disaster * $2) }' "$name.log" >> "$name.txt"
  # One point of two series after each forest: they can be watched while the stage still runs.
  awk -v now="$(date +%s)" '
    { trees += $2; burnt += $3; disasters += $5 }
    END {
      format = "{\"key\": \"%s\", \"value\": %.4f, \"step\": %d, \"timestamp\": %d000}\n"
      printf format, "burnt_share", (trees > 0 ? burnt / trees : 0), NR, now
      printf format, "disasters", disasters, NR, now
    }' "$name.txt" >> "$log"
done

{
  echo step,burning
  awk -v forests="$(wc -l < "$name.txt")" '
    { sum[$2] += $3; if ($2 > last) last = $2 }
    END { for (step = 1; step <= last; step++) printf "%d,%.4f\n", step, sum[step] / forests }' "$name.steps"
} > "$name.csv"
rm "$name.log" "$name.steps"
tail -n 1 "$name.txt"
