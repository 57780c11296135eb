# One forest as text: `T` for a tree, `.` for bare ground, each cell a tree with a chance of `density` in a hundred.
# Random numbers are Park and Miller's (x → 16807 x mod 2^31-1): its products stay below 2^53, so every awk computes
# them exactly, while rand() is another sequence in each of them.

function next_random() {
  state = (state * 16807) % 2147483647
  return state / 2147483647
}

BEGIN {
  state = (seed * 7919 + density * 104729 + sample * 1299709) % 2147483646 + 1
  # Seeds that lie close together take some steps to come apart.
  for (i = 0; i < 20; i++) next_random()
  for (y = 0; y < size; y++) {
    line = ""
    for (x = 0; x < size; x++) line = line (next_random() * 100 < density ? "T" : ".")
    print line
  }
}
