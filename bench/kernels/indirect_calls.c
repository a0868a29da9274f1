// Calls through a table of functions, the target changing every time.
#include "kernel.h"

typedef u32 (*Step)(u32, u32);
static NOINLINE u32 step_add(u32 x, u32 y) { return x + y; }
static NOINLINE u32 step_sub(u32 x, u32 y) { return x - y * 3; }
static NOINLINE u32 step_xor(u32 x, u32 y) { return x ^ (y << 5); }
static NOINLINE u32 step_mul(u32 x, u32 y) { return x * (y | 1); }
static NOINLINE u32 step_rot(u32 x, u32 y) { return (x << 7 | x >> 25) + y; }
static NOINLINE u32 step_not(u32 x, u32 y) { return ~x + (y >> 3); }
static NOINLINE u32 step_and(u32 x, u32 y) { return (x & 0x7fffffff) + y; }
static NOINLINE u32 step_or(u32 x, u32 y) { return (x | 1) ^ y; }

static Step volatile table[8] = {step_add, step_sub, step_xor, step_mul, step_rot, step_not, step_and, step_or};

i64 run(i32 scale) {
  Step steps[8];
  for (u32 i = 0; i < 8; i++) steps[i] = table[i];
  u32 x = 1;
  for (u32 i = 0; i < (u32)scale; i++) x = steps[(i * 5 + (i >> 3)) & 7](x, i);
  return x;
}
