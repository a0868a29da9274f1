// Copying and filling with loops: bytes, 32-bit and 64-bit words.
#include "kernel.h"

#define SIZE 65536
static u64 source[SIZE / 8], target[SIZE / 8];

static NOINLINE void copy_bytes(u8 *to, const u8 *from, u32 count) {
  for (u32 i = 0; i < count; i++) to[i] = from[i];
}
static NOINLINE void copy_words(u32 *to, const u32 *from, u32 count) {
  for (u32 i = 0; i < count; i++) to[i] = from[i];
}
static NOINLINE void copy_longs(u64 *to, const u64 *from, u32 count) {
  while (count--) *to++ = *from++;
}
static NOINLINE void fill(u8 *to, u8 value, u32 count) {
  for (u8 *end = to + count; to != end; to++) *to = value;
}

i64 run(i32 scale) {
  u64 seed = 42, sum = 0;
  for (u32 i = 0; i < SIZE / 8; i++) source[i] = (u64)next_random(&seed) << 32 | i;
  for (i32 round = 0; round < scale; round++) {
    fill((u8 *)target, (u8)round, SIZE);
    copy_bytes((u8 *)target + (round & 7), (const u8 *)source, SIZE - 8);
    sum = mix(sum, target[(u32)round % (SIZE / 8)]);
    copy_words((u32 *)target, (const u32 *)source + (round & 3), SIZE / 4 - 4);
    sum = mix(sum, target[(u32)round * 7 % (SIZE / 8)]);
    copy_longs(target, source, SIZE / 8);
    sum = mix(sum, target[(u32)round * 13 % (SIZE / 8)]);
  }
  return (i64)sum;
}
