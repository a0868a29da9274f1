// The native side of the comparison: one kernel as an ordinary program.
//
// Reads a scale per line; answers with the checksum and the wall and processor time of the run in
// nanoseconds, so that a benchmark can start it once and ask for a round whenever it likes.
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

long long run(int scale);

static long long now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void) {
  int scale;
  while (scanf("%d", &scale) == 1) {
    long long wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    long long checksum = run(scale);
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = now(CLOCK_MONOTONIC) - wall;
    printf("%lld %lld %lld\n", checksum, wall, cpu);
    fflush(stdout);
  }
  return 0;
}
