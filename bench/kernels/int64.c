// 64-bit integers: shifts, multiplication, division, remainder, rotation, bit counts.
#include "kernel.h"

i64 run(i32 scale) {
  u64 x = 88172645463325252ULL, y = 0x9E3779B97F4A7C15ULL, sum = 0;
  for (i32 i = 0; i < scale; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    y = y * 6364136223846793005ULL + 1442695040888963407ULL;
    sum += (x ^ y) % ((y >> 40) + 3);
    sum = (sum << 23 | sum >> 41) ^ (u64)((i64)x / (i64)((y >> 33) + 1));
    sum += (u64)__builtin_clzll(x | 1) + (u64)__builtin_ctzll(y | 1 << 20);
    if ((i64)x < (i64)y) sum -= x;
  }
  return (i64)sum;
}
