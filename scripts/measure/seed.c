// Preloaded into a server that is measured: whatever it draws at random is SEED, so that its tables always lie the same.
// Without effect, and silent, where Swift's library is linked statically. Never for a server that strangers can reach.
//
// cc -shared -fPIC -DSEED=… -o seed.so seed.c

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
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
