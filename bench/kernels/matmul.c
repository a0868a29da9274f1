// Dense f64 matrix product, three nested loops, one running sum.
#include "kernel.h"

#define SIZE 160
static f64 left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

i64 run(i32 scale) {
  u64 seed = 88172645463325252ULL, sum = 0;
  for (u32 i = 0; i < SIZE; i++)
    for (u32 j = 0; j < SIZE; j++) {
      left[i][j] = (f64)(next_random(&seed) >> 8) / 65536.0;
      right[i][j] = (f64)(next_random(&seed) >> 8) / 65536.0;
    }
  for (i32 round = 0; round < scale; round++) {
    for (u32 i = 0; i < SIZE; i++)
      for (u32 j = 0; j < SIZE; j++) {
        f64 total = 0;
        for (u32 k = 0; k < SIZE; k++) total += left[i][k] * right[k][j];
        product[i][j] = total;
      }
    left[round % SIZE][round % SIZE] += 1.0;
    for (u32 i = 0; i < SIZE; i++) sum = mix(sum, bits_of(product[i][(i * 7) % SIZE]));
  }
  return (i64)sum;
}
