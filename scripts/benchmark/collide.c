// Names that fall on one line of Ambit's index of names, for who guesses the seed of its hash, or knows it.
//
// usage: collide SEED COUNT BITS ORIGIN   that many names below ORIGIN whose hashes agree in their upper BITS bits: these say
//                                         the line (Sources/Zones/NameIndex.swift), up to 2^BITS lines
//        collide SEED NAME                the hash of a name; collide.c and Sources/DNSFormat/Names/NameKey.swift are held
//                                         to the same one by a test each

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const uint8_t *name, size_t length, uint64_t seed) {
  uint64_t value = seed ^ length;
  for (size_t at = 0; at < length; at += 8) {
    uint64_t word = 0;
    memcpy(&word, name + at, length - at < 8 ? length - at : 8);
    unsigned __int128 product = (unsigned __int128)(value ^ word) * 0x9e3779b97f4a7c15u;
    value = ((uint64_t)(product >> 64) ^ (uint64_t)product) + seed;
  }
  return value;
}

// The name in wire format, small letters as they are; gives its octets, 0 for none.
static size_t write_name(uint8_t to[256], const char *name) {
  size_t at = 0;
  while (*name) {
    size_t length = strcspn(name, ".");
    if (length == 0 || length > 63 || at + length > 253) return 0;
    to[at] = (uint8_t)length;
    memcpy(to + at + 1, name, length);
    at += 1 + length;
    name += length + (name[length] == '.');
  }
  to[at] = 0;
  return at + 1;
}

int main(int argc, char **argv) {
  uint8_t origin[256], name[300];
  size_t size = argc == 3 || argc == 5 ? write_name(origin, argv[argc - 1]) : 0;
  if (size == 0) {
    fprintf(stderr, "usage: collide SEED COUNT BITS ORIGIN | collide SEED NAME\n");
    return 2;
  }
  uint64_t seed = strtoull(argv[1], NULL, 0), place = 0x5eed5eed5eed5eed, found = 0;
  if (argc == 3) {
    printf("0x%016llx\n", (unsigned long long)hash(origin, size, seed));
    return 0;
  }
  uint64_t count = strtoull(argv[2], NULL, 0), bits = strtoull(argv[3], NULL, 0);
  if (bits < 1 || bits > 24 || size > 240) return 2;
  for (uint64_t number = 0; found < count; number++) {
    char text[32];
    int length = snprintf(text, sizeof text, "q%010llx", (unsigned long long)number);
    name[0] = (uint8_t)length;
    memcpy(name + 1, text, (size_t)length);
    memcpy(name + 1 + length, origin, size);
    if ((hash(name, (size_t)length + 1 + size, seed) ^ place) >> (64 - bits) != 0) continue;
    printf("%s.%s\n", text, argv[4]);
    found++;
  }
  return 0;
}
