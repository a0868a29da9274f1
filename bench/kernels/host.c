// The host function of the native builds: its own file, so that no compiler sees through the call.
unsigned host_step(unsigned x, unsigned y);
unsigned host_step(unsigned x, unsigned y) { return x + y * 3; }
