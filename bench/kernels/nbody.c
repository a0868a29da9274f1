// Planetary motion: f64 arithmetic with division and square root over a small array of structures.
#include "kernel.h"

#define BODIES 5
typedef struct { f64 x, y, z, vx, vy, vz, mass; } Body;

#define PI 3.141592653589793
#define SOLAR_MASS (4 * PI * PI)
#define DAYS 365.24

static const Body start[BODIES] = {
    {0, 0, 0, 0, 0, 0, SOLAR_MASS},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694 * DAYS,
     0.00769901118419740425 * DAYS, -0.0000690460016972063023 * DAYS, 0.000954791938424326609 * SOLAR_MASS},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411 * DAYS,
     0.00499852801234917238 * DAYS, 0.0000230417297573763929 * DAYS, 0.000285885980666130812 * SOLAR_MASS},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618 * DAYS,
     0.0023784717395948095 * DAYS, -0.0000296589568540237556 * DAYS, 0.0000436624404335156298 * SOLAR_MASS},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322 * DAYS,
     0.00162824170038242295 * DAYS, -0.000095159225451971587 * DAYS, 0.0000515138902046611451 * SOLAR_MASS},
};
static Body bodies[BODIES];

static void advance(f64 dt) {
  for (u32 i = 0; i < BODIES; i++) {
    Body *a = &bodies[i];
    for (u32 j = i + 1; j < BODIES; j++) {
      Body *b = &bodies[j];
      f64 dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      f64 square = dx * dx + dy * dy + dz * dz;
      f64 force = dt / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * force;
      a->vy -= dy * b->mass * force;
      a->vz -= dz * b->mass * force;
      b->vx += dx * a->mass * force;
      b->vy += dy * a->mass * force;
      b->vz += dz * a->mass * force;
    }
  }
  for (u32 i = 0; i < BODIES; i++) {
    bodies[i].x += dt * bodies[i].vx;
    bodies[i].y += dt * bodies[i].vy;
    bodies[i].z += dt * bodies[i].vz;
  }
}

i64 run(i32 scale) {
  u64 sum = 0;
  for (u32 i = 0; i < BODIES; i++) bodies[i] = start[i];
  for (i32 step = 0; step < scale; step++) advance(0.01);
  for (u32 i = 0; i < BODIES; i++) sum = mix(mix(sum, bits_of(bodies[i].x)), bits_of(bodies[i].vz));
  return (i64)sum;
}
