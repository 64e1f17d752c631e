#include "content_mark.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

namespace weft {

namespace {

// Odd numbers without a pattern: the fractions of square roots of primes.
constexpr uint64_t kStep = 0x6a09e667f3bcc909ULL;
constexpr uint64_t kLast = 0xbb67ae8584caa73bULL;

uint64_t NewKey() {
  uint64_t key = 0;
  if (getrandom(&key, sizeof(key), GRND_NONBLOCK) == static_cast<ssize_t>(sizeof(key))) return key;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_nsec) * kLast ^ static_cast<uint64_t>(now.tv_sec);
}

// Both halves of the product: every bit of `a` has a say in every bit of the result.
uint64_t Mixed(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

double ContentMark(const uint8_t* bytes, size_t length) {
  static const uint64_t key = NewKey();
  // With the length in it, zeros at the end are not those that fill up the last word.
  uint64_t mark = key ^ (static_cast<uint64_t>(length) * kLast);
  uint64_t word = 0;
  for (; length >= sizeof(word); bytes += sizeof(word), length -= sizeof(word)) {
    memcpy(&word, bytes, sizeof(word));
    mark = Mixed(mark ^ word, kStep);
  }
  word = 0;
  if (length > 0) memcpy(&word, bytes, length);
  mark = Mixed(mark ^ word, kStep);
  return static_cast<double>((Mixed(mark, kLast ^ key) >> 12) + 1);
}

}  // namespace weft
