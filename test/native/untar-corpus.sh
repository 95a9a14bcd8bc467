#!/usr/bin/env bash
# Archives for fuzz-untar to begin with, in each of GNU tar's formats: long names, links, holes, attributes, devices.
set -euo pipefail
corpus=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
long=$(printf 'long/%.0s' {1..30})
mkdir -p "$long"
echo content >"${long}file"
ln -s "${long}file" link
ln "${long}file" hard
mkfifo pipe
truncate -s 8K holes
printf end >>holes
for format in v7 ustar oldgnu gnu pax; do
  # v7 and ustar cannot hold all of it: what they can is enough.
  tar --format=$format -cf "$corpus/$format" . 2>/dev/null || true
  for version in 0.0 0.1 1.0; do
    tar --format=$format --sparse-version=$version -Scf "$corpus/$format-$version" holes 2>/dev/null || true
  done
done
tar --format=pax --xattrs --pax-option=SCHILY.xattr.user.note=x,comment=y -cf "$corpus/records" link holes
