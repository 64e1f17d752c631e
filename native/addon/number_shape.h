#ifndef WEFT_NUMBER_SHAPE_H_
#define WEFT_NUMBER_SHAPE_H_

#include <stddef.h>

#include <string>
#include <vector>

namespace weft {

// Which numbers are wanted of a kernel file: the one that it begins with, or those of chosen keys of a flat keyed file (lines of
// `key value`, such as cpu.stat). statsd/model/cgroup-text.ts says the same in TypeScript, and a test holds the two together.
class NumberShape {
 public:
  // Without keys, the file is one number.
  explicit NumberShape(std::vector<std::string> keys) : keys_(std::move(keys)) {}

  // How many values a file gives.
  size_t width() const { return keys_.empty() ? 1 : keys_.size(); }

  // Fills `values`, NaN for a key that is not there. False when the file should be one number and is none.
  bool Parse(const char* text, size_t length, double* values) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace weft

#endif  // WEFT_NUMBER_SHAPE_H_
