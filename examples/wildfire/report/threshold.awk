# Where the curve crosses one half, on a straight line between the two densities around it.
BEGIN { FS = "," }
NR == 1 { next }
{
  if (!found && before != "" && before < 0.5 && $3 >= 0.5) {
    threshold = density + ($1 - density) * (0.5 - before) / ($3 - before)
    found = 1
  }
  density = $1; before = $3
  forests += $6
  if ($5 > longest) { longest = $5; slowest = $1 }
}
END {
  if (!found) { print "no density is half crossed" > "/dev/stderr"; exit 1 }
  printf "{\n"
  printf "  \"threshold\": %.4f,\n", threshold / 100
  printf "  \"longest_fire\": {\"density\": %.2f, \"steps\": %d},\n", slowest / 100, longest
  printf "  \"forests\": %d\n", forests
  printf "}\n"
}
