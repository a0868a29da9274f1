// Escape times over a grid: f64 arithmetic in a loop with a data-dependent exit.
#include "kernel.h"

i64 run(i32 scale) {
  u64 sum = 0;
  for (i32 row = 0; row < scale; row++)
    for (i32 column = 0; column < scale; column++) {
      f64 cx = 3.0 * column / scale - 2.0, cy = 2.0 * row / scale - 1.0;
      f64 x = 0, y = 0;
      u32 count = 0;
      while (count < 200) {
        f64 xx = x * x, yy = y * y;
        if (xx + yy > 4.0) break;
        y = 2.0 * x * y + cy;
        x = xx - yy + cx;
        count++;
      }
      sum += count * (u32)(row ^ column);
    }
  return (i64)sum;
}
