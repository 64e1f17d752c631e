#include "number_shape.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

namespace weft {

namespace {

// Any number of so many digits is exact in a double.
constexpr size_t kSafeDigits = 15;
// The kernel writes no longer one.
constexpr size_t kMaxDigits = 20;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The whole number at the start, NaN when no digit stands there. What does not fit into 53 bits is rounded once.
double UintAt(const char* text, const char* end) {
  const char* at = text;
  uint64_t exact = 0;
  for (; at < end && at - text < static_cast<ptrdiff_t>(kSafeDigits) && IsDigit(*at); ++at) exact = exact * 10 + (*at - '0');
  if (at == text) return NAN;
  double value = static_cast<double>(exact);
  const char* const safe = at;
  for (; at < end && IsDigit(*at); ++at) value = value * 10 + (*at - '0');
  const size_t digits = static_cast<size_t>(at - text);
  if (at == safe || digits > kMaxDigits) return value;
  char copy[kMaxDigits + 1];
  memcpy(copy, text, digits);
  copy[digits] = '\0';
  return strtod(copy, nullptr);
}

}  // namespace

bool NumberShape::Parse(const char* text, size_t length, double* values) const {
  const char* const end = text + length;
  if (keys_.empty()) {
    values[0] = UintAt(text, end);
    return !isnan(values[0]);
  }
  for (size_t key = 0; key < keys_.size(); ++key) values[key] = NAN;
  for (const char* line = text; line < end;) {
    const void* found = memchr(line, '\n', static_cast<size_t>(end - line));
    const char* const newline = found == nullptr ? end : static_cast<const char*>(found);
    const void* space = memchr(line, ' ', static_cast<size_t>(newline - line));
    const char* const key_end = space == nullptr ? newline : static_cast<const char*>(space);
    const size_t key_length = static_cast<size_t>(key_end - line);
    for (size_t key = 0; key < keys_.size(); ++key) {
      if (keys_[key].size() != key_length || memcmp(keys_[key].data(), line, key_length) != 0) continue;
      const char* value = key_end;
      while (value < end && *value == ' ') ++value;
      values[key] = UintAt(value, end);
    }
    line = newline + 1;
  }
  return true;
}

}  // namespace weft
