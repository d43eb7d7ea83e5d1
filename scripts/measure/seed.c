// Preloaded into a server that is measured: whatever it draws at random is SEED, so that its tables always lie the same.
// Without effect where Swift's library is linked statically. Never for a server that strangers can reach.
//
// cc -shared -fPIC -DSEED=… -o seed.so seed.c

#include <stddef.h>
#include <string.h>

// Where Swift's own generator takes its octets from.
void swift_stdlib_random(void *octets, size_t count) {
  unsigned long long seed = SEED;
  for (size_t at = 0; at < count; at += sizeof seed)
    memcpy((char *)octets + at, &seed, count - at < sizeof seed ? count - at : sizeof seed);
}
