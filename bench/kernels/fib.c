// Naive recursion: prologue, compare, call, add. Tail calls are left alone so that both calls
// stay calls in every build, as in the program that the engine's seed printed.
#include "kernel.h"

static NOINLINE __attribute__((disable_tail_calls)) u32 fib(u32 n) {
  if (n < 2) return 1;
  return fib(n - 1) + fib(n - 2);
}

i64 run(i32 scale) { return fib((u32)scale); }
