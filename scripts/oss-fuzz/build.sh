#!/usr/bin/env bash
# Builds every fuzz target for OSS-Fuzz or ClusterFuzzLite, into $OUT: the program, its seed
# corpus as TARGET_seed_corpus.zip, TARGET.options, and TARGET.dict where there is one.
#
# The builder sets OUT, SRC, SANITIZER and FUZZING_ENGINE. To try it here:
#
#   OUT=/tmp/out SANITIZER=none FUZZING_ENGINE=libfuzzer scripts/oss-fuzz/build.sh
set -euo pipefail
[ -n "${OUT:-}" ] || { echo "build.sh: OUT is not set: where do the programs go?" >&2; exit 2; }
case ${FUZZING_ENGINE:-libfuzzer} in
  libfuzzer) ;;
  *) echo "build.sh: no fuzzing engine but libfuzzer, not '$FUZZING_ENGINE'" >&2; exit 2 ;;
esac
sanitizer=${SANITIZER:-address}
case $sanitizer in
  address|none) ;;
  *) echo "build.sh: no sanitizer but address and none, not '$sanitizer'" >&2; exit 2 ;;
esac

# In the builder this script lies in $SRC, beside the sources.
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
[ -d "$root/fuzz" ] || root=${SRC:-$here}/microwasm
cd "$root"
mkdir -p "$OUT"

command -v zip >/dev/null || { echo "build.sh: needs zip, for the seed corpora" >&2; exit 2; }
programs=$(scripts/fuzz-build "$sanitizer")

for target in $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml); do
  cp "$programs/$target" "$OUT/"
  if [ -d "corpus/seeds/$target" ]; then
    rm -f "$OUT/${target}_seed_corpus.zip"
    zip -q -j "$OUT/${target}_seed_corpus.zip" "corpus/seeds/$target"/*
  fi
  {
    echo '[libfuzzer]'
    scripts/libfuzzer-options "$target" | sed 's/=/ = /'
    if [ -f "fuzz/dictionaries/$target.dict" ]; then
      cp "fuzz/dictionaries/$target.dict" "$OUT/"
      printf 'dict = %s.dict\n' "$target"
    fi
    # Out-of-bounds accesses are caught by the engine's own handler first.
    printf '\n[asan]\nallow_user_segv_handler = 1\nhandle_segv = 1\ndetect_leaks = 1\n'
  } > "$OUT/$target.options"
done
