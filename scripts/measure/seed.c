// Preloaded into a server that is measured: whatever it draws at random is SEED, so that its tables always lie the same.
// With -DSTILL the wall clock stands still too, so that nothing depends on how many of its seconds a measurement takes.
// Without effect, and silent, where Swift's library is linked statically. Never for a server that strangers can reach.
//
// cc -shared -fPIC -DSEED=… [-DSTILL] -o seed.so seed.c

#define _GNU_SOURCE
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Shows that the preload took effect; counting.py looks for it in the server's log.
static const char first_call[] = "seed.c: what is drawn at random is the seed\n";
static atomic_flag is_told = ATOMIC_FLAG_INIT;

// Where Swift's own generator takes its octets from.
void swift_stdlib_random(void *octets, size_t count) {
  if (!atomic_flag_test_and_set(&is_told) && write(2, first_call, sizeof first_call - 1) < 0) _exit(3);
  unsigned long long seed = SEED;
  for (size_t at = 0; at < count; at += sizeof seed)
    memcpy((char *)octets + at, &seed, count - at < sizeof seed ? count - at : sizeof seed);
}

#ifdef STILL
// Any clock but the wall clock goes on; it is asked of the kernel, since this hides the C library's way.
int clock_gettime(clockid_t clock, struct timespec *time) {
  if (clock != CLOCK_REALTIME) return (int)syscall(SYS_clock_gettime, clock, time);
  *time = (struct timespec){.tv_sec = 1800000000};
  return 0;
}
#endif
