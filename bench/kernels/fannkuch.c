// Pancake flips over all permutations: small arrays, nested loops, swaps.
#include "kernel.h"

i64 run(i32 scale) {
  u32 permutation[16], flipped[16], count[16];
  u32 size = (u32)scale, most = 0, rounds = 0, r = size;
  i32 checksum = 0;
  for (u32 i = 0; i < size; i++) permutation[i] = i;
  for (;;) {
    for (; r != 1; r--) count[r - 1] = r;
    for (u32 i = 0; i < size; i++) flipped[i] = permutation[i];
    u32 flips = 0, first;
    while ((first = flipped[0]) != 0) {
      for (u32 low = 0, high = first; low < high; low++, high--) {
        u32 swap = flipped[low];
        flipped[low] = flipped[high];
        flipped[high] = swap;
      }
      flips++;
    }
    if (flips > most) most = flips;
    checksum += rounds & 1 ? -(i32)flips : (i32)flips;
    for (;; r++) {
      if (r == size) return (i64)checksum << 8 | most;
      u32 head = permutation[0];
      for (u32 i = 0; i < r; i++) permutation[i] = permutation[i + 1];
      permutation[r] = head;
      if (--count[r] > 0) break;
    }
    rounds++;
  }
}
