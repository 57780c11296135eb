/** What `lockstep init` writes: three stages that need no more than a POSIX shell. */
export const PIPELINE = `# Three stages: numbers are drawn, then summed up and counted, side by side.
# lockstep repro runs what changed; lockstep status says why; lockstep dag draws this.
stages:
  draw:
    desc: Pseudo-random numbers, the same ones for the same seed
    cmd: sh draw.sh > numbers.txt
    deps: [draw.sh]
    params: [draw.count, draw.seed]
    outs: [numbers.txt]

  summary:
    desc: How many there are, and their mean
    cmd: |
      count=0 sum=0
      while read -r number; do
        count=$((count + 1)) sum=$((sum + number))
      done < numbers.txt
      echo "{\\"count\\": $count, \\"mean\\": $((sum / count))}" > summary.json
    deps: [numbers.txt]
    metrics:
      - summary.json: {cache: false}

  histogram:
    desc: How many numbers lie in each hundred
    cmd: sh histogram.sh < numbers.txt > histogram.csv
    deps: [histogram.sh, numbers.txt]
    plots:
      - histogram.csv: {cache: false, x: from, y: count}
`;

export const PARAMS = `draw:
  count: 500
  seed: 7
`;

export const DRAW = `# Draws numbers from 0 to 999 with a linear congruential generator.
count=$(sed -n 's/^  count: *//p' params.yaml)
state=$(sed -n 's/^  seed: *//p' params.yaml)
while [ "$count" -gt 0 ]; do
  state=$(((state * 1103515245 + 12345) % 2147483648))
  echo $((state / 65536 % 1000))
  count=$((count - 1))
done
`;

export const HISTOGRAM = `# Counts the numbers on stdin by hundreds.
for hundred in 0 1 2 3 4 5 6 7 8 9; do eval "count_$hundred=0"; done
while read -r number; do
  hundred=$((number / 100))
  eval "count_$hundred=\\$((count_$hundred + 1))"
done
echo from,count
for hundred in 0 1 2 3 4 5 6 7 8 9; do
  eval "echo $((hundred * 100)),\\$count_$hundred"
done
`;

export const CONFIG = `# Settings of this project, committed; config.local.yaml beside it is for this machine alone.
# These are the defaults.
#
# cache:
#   dir: .lockstep/cache
#   link: [reflink, copy]   # also: hardlink, symlink
# jobs: 4                   # stages at the same time; default: the number of cores
# grace: 5                  # seconds that a stopped stage has to end by itself
`;
