// Byte stores at a stride, then a scan.
#include "kernel.h"

#define LIMIT 1000000
static u8 composite[LIMIT + 1];

i64 run(i32 scale) {
  u64 sum = 0;
  for (i32 round = 0; round < scale; round++) {
    for (u32 i = 0; i <= LIMIT; i++) composite[i] = 0;
    for (u32 i = 2; i * i <= LIMIT; i++) {
      if (composite[i]) continue;
      for (u32 j = i * i; j <= LIMIT; j += i) composite[j] = 1;
    }
    u32 count = 0;
    for (u32 i = 2; i <= LIMIT; i++) count += !composite[i];
    sum = mix(sum, count + (u32)round);
  }
  return (i64)sum;
}
