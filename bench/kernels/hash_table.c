// An open-addressing hash table: multiplication, masking, scattered loads and stores.
#include "kernel.h"

#define SLOTS 16384
typedef struct { u64 key; u32 count; u32 last; } Slot;
static Slot slots[SLOTS];

static NOINLINE Slot *find(u64 key) {
  u32 at = (u32)(key * 0x9E3779B97F4A7C15ULL >> 50);
  while (slots[at].key && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
  return &slots[at];
}

i64 run(i32 scale) {
  u64 seed = 11, sum = 0;
  for (u32 i = 0; i < SLOTS; i++) slots[i] = (Slot){0, 0, 0};
  for (u32 i = 0; i < (u32)scale; i++) {
    u64 key = (u64)(next_random(&seed) % 12000) * 2654435761u + 1;
    Slot *slot = find(key);
    slot->key = key;
    slot->count++;
    sum = mix(sum, slot->last);
    slot->last = i;
  }
  for (u32 i = 0; i < SLOTS; i++) sum = mix(sum, slots[i].count);
  return (i64)sum;
}
