# Sets the left edge of a forest on fire and lets it burn to the end: at each step a burning tree lights the trees
# above, below, left and right of it, and is ash. Writes the forest with `a` for ash to `ashes`, and prints
#   step <number> <trees that burn in it>     one line per step
#   end <trees> <burnt> <1 if the fire reached the right edge>

{ for (x = 1; x <= length($0); x++) cell[NR, x] = substr($0, x, 1) }
{ trees += gsub(/T/, "T"); size = length($0) }

END {
  burning = 0
  for (y = 1; y <= NR; y++) ignite(y, 1)
  while (waiting > 0) {
    burning = waiting
    for (i = 1; i <= burning; i++) { now_y[i] = next_y[i]; now_x[i] = next_x[i] }
    waiting = 0
    print "step", ++step, burning
    burnt += burning
    for (i = 1; i <= burning; i++) {
      ignite(now_y[i] - 1, now_x[i]); ignite(now_y[i] + 1, now_x[i])
      ignite(now_y[i], now_x[i] - 1); ignite(now_y[i], now_x[i] + 1)
    }
  }
  print "end", trees + 0, burnt + 0, crossed + 0
  for (y = 1; y <= NR; y++) {
    line = ""
    for (x = 1; x <= size; x++) line = line cell[y, x]
    print line > ashes
  }
}

function ignite(y, x) {
  if (cell[y, x] != "T") return
  cell[y, x] = "a"
  waiting++
  next_y[waiting] = y
  next_x[waiting] = x
  if (x == size) crossed = 1
}
