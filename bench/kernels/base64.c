// Encoding to base64 and back: table lookups, shifts, byte loads and stores.
#include "kernel.h"

#define SIZE 49152
static u8 input[SIZE], encoded[SIZE / 3 * 4], output[SIZE], reverse[256];
static const u8 alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static NOINLINE void encode(void) {
  u8 *to = encoded;
  for (u32 i = 0; i < SIZE; i += 3) {
    u32 bits = (u32)input[i] << 16 | (u32)input[i + 1] << 8 | input[i + 2];
    *to++ = alphabet[bits >> 18];
    *to++ = alphabet[bits >> 12 & 63];
    *to++ = alphabet[bits >> 6 & 63];
    *to++ = alphabet[bits & 63];
  }
}

static NOINLINE u32 decode(void) {
  u8 *to = output;
  u32 bad = 0;
  for (u32 i = 0; i < sizeof encoded; i += 4) {
    u32 a = reverse[encoded[i]], b = reverse[encoded[i + 1]], c = reverse[encoded[i + 2]], d = reverse[encoded[i + 3]];
    bad |= a | b | c | d;
    u32 bits = a << 18 | b << 12 | c << 6 | d;
    *to++ = (u8)(bits >> 16);
    *to++ = (u8)(bits >> 8);
    *to++ = (u8)bits;
  }
  return bad & 64;
}

i64 run(i32 scale) {
  u64 seed = 3, sum = 0;
  for (u32 i = 0; i < 256; i++) reverse[i] = 64;
  for (u32 i = 0; i < 64; i++) reverse[alphabet[i]] = (u8)i;
  for (u32 i = 0; i < SIZE; i++) input[i] = (u8)next_random(&seed);
  for (i32 round = 0; round < scale; round++) {
    input[(u32)round % SIZE] ^= (u8)round;
    encode();
    sum = mix(sum, decode());
    sum = mix(sum, encoded[(u32)round * 5 % sizeof encoded] | (u64)output[(u32)round % SIZE] << 8);
  }
  return (i64)sum;
}
