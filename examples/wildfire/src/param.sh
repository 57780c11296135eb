#!/bin/sh
# Prints one value of params.yaml: param.sh FILE KEY
awk -v key="$2:" '$1 == key { print $2; found = 1 } END { exit !found }' "$1"
