// Calls of small functions that nobody inlines, with values live across them.
#include "kernel.h"

static NOINLINE u32 leaf(u32 x, u32 y) { return (x ^ y) + (x >> 3); }
static NOINLINE u32 middle(u32 x, u32 y, u32 z) { return leaf(x, y) + leaf(y, z) * 3 + x; }
static NOINLINE u64 wide(u64 x, u32 y) { return x * 31 + y; }

i64 run(i32 scale) {
  u32 a = 1, b = 2, c = 3;
  u64 sum = 0;
  for (u32 i = 0; i < (u32)scale; i++) {
    u32 t = middle(a, b, i);
    sum = wide(sum, t);
    a = b;
    b = c;
    c = t ^ a;
  }
  return (i64)(sum ^ a ^ (u64)c << 32);
}
