// Edit distance by dynamic programming: minimum of three, a select-heavy inner loop.
#include "kernel.h"

#define SIZE 600
static u8 first[SIZE], second[SIZE];
static u32 row[SIZE + 1];

i64 run(i32 scale) {
  u64 seed = 21, sum = 0;
  for (u32 i = 0; i < SIZE; i++) first[i] = next_random(&seed) & 7, second[i] = next_random(&seed) & 7;
  for (i32 round = 0; round < scale; round++) {
    first[(u32)round % SIZE] ^= 1;
    for (u32 j = 0; j <= SIZE; j++) row[j] = j;
    for (u32 i = 1; i <= SIZE; i++) {
      u32 diagonal = row[0];
      row[0] = i;
      for (u32 j = 1; j <= SIZE; j++) {
        u32 best = diagonal + (first[i - 1] != second[j - 1]);
        u32 above = row[j] + 1, left = row[j - 1] + 1;
        diagonal = row[j];
        if (above < best) best = above;
        if (left < best) best = left;
        row[j] = best;
      }
    }
    sum = mix(sum, row[SIZE]);
  }
  return (i64)sum;
}
