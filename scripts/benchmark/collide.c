// Names that fall on one place of Ambit's index of names, for who guesses the seed of its hash.
//
// usage: collide COUNT SEED     prints that many names below mesh.test whose hashes agree in their low 16 bits (the first
// half) or their high 16 bits (the rest), by the hash of Sources/DNSFormat/Names/NameKey.swift

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

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: collide COUNT SEED\n");
    return 2;
  }
  int count = atoi(argv[1]);
  uint64_t seed = strtoull(argv[2], NULL, 0), place = 0x5eed;
  for (uint64_t number = 0, found = 0; found < (uint64_t)count && number < 2000000000; number++) {
    char text[32];
    int length = snprintf(text, sizeof text, "q%010llx", (unsigned long long)number);
    uint8_t name[64] = {(uint8_t)length};
    memcpy(name + 1, text, (size_t)length);
    memcpy(name + 1 + length, "\4mesh\4test", 11);
    uint64_t value = hash(name, (size_t)length + 12, seed);
    if ((found < (uint64_t)count / 2 ? value & 0xffff : value >> 48) != place) continue;
    printf("%s.mesh.test A\n", text);
    found++;
  }
  return 0;
}
