// What every kernel shares: fixed-width names, the one exported entry, and a small generator.
//
// A kernel is freestanding C: no library, no state kept between two calls of `run`, and a checksum
// over everything it computed as its result, so that no engine can skip the work or get it wrong
// unnoticed. `scale` is how much work to do.
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef signed int i32;
typedef unsigned int u32;
typedef signed long long i64;
typedef unsigned long long u64;
typedef double f64;

#ifdef __wasm__
#define ENTRY __attribute__((export_name("run")))
#define HOST(name) __attribute__((import_module("bench"), import_name(name)))
#else
#define ENTRY
#define HOST(name)
#endif
#define NOINLINE __attribute__((noinline))

ENTRY i64 run(i32 scale);

// xorshift64*: the same numbers on every machine.
static inline u32 next_random(u64 *state) {
  u64 x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return (u32)((x * 0x2545F4914F6CDD1DULL) >> 32);
}

static inline u64 mix(u64 sum, u64 value) {
  return (sum ^ value) * 0x100000001B3ULL + (sum >> 29);
}

static inline u64 bits_of(f64 value) {
  union { f64 number; u64 bits; } view = {value};
  return view.bits;
}

#endif
