// Spectral norm of an implicit matrix: integer arithmetic feeding f64 division and sums.
#include "kernel.h"

#define SIZE 200
static f64 u[SIZE], v[SIZE], w[SIZE];

static inline f64 entry(u32 i, u32 j) { return 1.0 / (f64)((i + j) * (i + j + 1) / 2 + i + 1); }

static NOINLINE void times(const f64 *from, f64 *to) {
  for (u32 i = 0; i < SIZE; i++) {
    f64 sum = 0;
    for (u32 j = 0; j < SIZE; j++) sum += entry(i, j) * from[j];
    to[i] = sum;
  }
}
static NOINLINE void times_transposed(const f64 *from, f64 *to) {
  for (u32 i = 0; i < SIZE; i++) {
    f64 sum = 0;
    for (u32 j = 0; j < SIZE; j++) sum += entry(j, i) * from[j];
    to[i] = sum;
  }
}

i64 run(i32 scale) {
  for (u32 i = 0; i < SIZE; i++) u[i] = 1;
  for (i32 round = 0; round < scale; round++) {
    times(u, w);
    times_transposed(w, v);
    times(v, w);
    times_transposed(w, u);
  }
  f64 uv = 0, vv = 0;
  for (u32 i = 0; i < SIZE; i++) uv += u[i] * v[i], vv += v[i] * v[i];
  return (i64)bits_of(__builtin_sqrt(uv / vv));
}
