// Recursive quicksort of random words: data-dependent branches, loads and stores.
#include "kernel.h"

#define COUNT 100000
static u32 values[COUNT];

static void sort(i32 low, i32 high) {
  while (low < high) {
    u32 pivot = values[low + (high - low) / 2];
    i32 i = low, j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        u32 swap = values[i];
        values[i++] = values[j];
        values[j--] = swap;
      }
    }
    if (j - low < high - i) {
      sort(low, j);
      low = i;
    } else {
      sort(i, high);
      high = j;
    }
  }
}

i64 run(i32 scale) {
  u64 seed = 0x123456789ABCDEFULL, sum = 0;
  for (i32 round = 0; round < scale; round++) {
    for (u32 i = 0; i < COUNT; i++) values[i] = next_random(&seed);
    sort(0, COUNT - 1);
    for (u32 i = 0; i < COUNT; i += 97) sum = mix(sum, values[i]);
  }
  return (i64)sum;
}
