// Decoding and checking UTF-8 text of mixed lengths: unpredictable short branches on bytes.
#include "kernel.h"

#define SIZE 65536
static u8 text[SIZE + 4];

static u32 encode(u8 *to, u32 point) {
  if (point < 0x80) return to[0] = (u8)point, 1;
  if (point < 0x800) return to[0] = (u8)(0xC0 | point >> 6), to[1] = (u8)(0x80 | (point & 63)), 2;
  if (point < 0x10000) {
    to[0] = (u8)(0xE0 | point >> 12);
    to[1] = (u8)(0x80 | (point >> 6 & 63));
    to[2] = (u8)(0x80 | (point & 63));
    return 3;
  }
  to[0] = (u8)(0xF0 | point >> 18);
  to[1] = (u8)(0x80 | (point >> 12 & 63));
  to[2] = (u8)(0x80 | (point >> 6 & 63));
  to[3] = (u8)(0x80 | (point & 63));
  return 4;
}

static NOINLINE u64 decode(const u8 *at, const u8 *end) {
  u64 sum = 0;
  while (at < end) {
    u32 lead = *at++, point = lead, more = 0, least = 0;
    if (lead >= 0xF0) point = lead & 7, more = 3, least = 0x10000;
    else if (lead >= 0xE0) point = lead & 15, more = 2, least = 0x800;
    else if (lead >= 0xC0) point = lead & 31, more = 1, least = 0x80;
    else if (lead >= 0x80) return ~0ULL;
    for (; more; more--) {
      u32 next = *at++;
      if ((next & 0xC0) != 0x80) return ~1ULL;
      point = point << 6 | (next & 63);
    }
    if (point < least || point > 0x10FFFF) return ~2ULL;
    sum = sum * 31 + point;
  }
  return sum;
}

i64 run(i32 scale) {
  static const u32 ranges[8] = {0x60, 0x60, 0x60, 0x60, 0x700, 0x700, 0xC000, 0x40000};
  u64 seed = 99, sum = 0;
  u32 length = 0;
  text[length++] = '#';
  while (length < SIZE) {
    u32 range = ranges[next_random(&seed) & 7];
    length += encode(text + length, 0x20 + next_random(&seed) % range);
  }
  for (i32 round = 0; round < scale; round++) sum = mix(sum, decode(text + (round & 1), text + length));
  return (i64)sum;
}
