# A burnt forest as a picture (PPM): ash is red, a tree that stands is green, bare ground is sand.
BEGIN { colour["a"] = "178 34 34"; colour["T"] = "34 110 60"; colour["."] = "237 224 196" }
{ rows[NR] = $0 }
END {
  printf "P3\n%d %d\n255\n", length(rows[1]), NR
  for (y = 1; y <= NR; y++) for (x = 1; x <= length(rows[y]); x++) print colour[substr(rows[y], x, 1)]
}
