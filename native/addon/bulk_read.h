#ifndef WEFT_BULK_READ_H_
#define WEFT_BULK_READ_H_

#include <stddef.h>
#include <stdint.h>

#include <string>
#include <vector>

#include "number_shape.h"

namespace weft {

// What `fds` holds for a file that is not open: opened and closed again, or left open with its descriptor written back.
constexpr int32_t kOpenOnce = -1;
constexpr int32_t kOpenAndKeep = -2;
// A file longer than this is cut. No file of a cgroup is.
constexpr size_t kMaxFileBytes = 128 * 1024;

// Many small files read from their start, one after the other, into one buffer. The memory belongs to the caller.
struct BulkRead {
  int32_t* fds = nullptr;
  // Bytes read, or a negative errno.
  int32_t* lengths = nullptr;
  size_t count = 0;
  // One for each file that is not open, in their order.
  std::vector<std::string> paths;
  uint8_t* bytes = nullptr;
  size_t capacity = 0;
  // Index after the last file of each group, ascending.
  const int32_t* groups = nullptr;
  size_t group_count = 0;
  // The first files may be wanted for their numbers alone, not for their text: which shape each has, and where the numbers go, end
  // to end. One that is not of its shape has -EBADMSG for its length.
  std::vector<NumberShape> shapes;
  const int32_t* shape_of = nullptr;
  size_t shaped_count = 0;
  double* values = nullptr;
  // May be null. For each file after the shaped ones: the ContentMark of what was read, or the negative errno.
  double* marks = nullptr;
  // CLOCK_MONOTONIC in milliseconds: before the first file, then after each group. Room for group_count + 1.
  double* stamps = nullptr;

  // Gives the number of files that were read: fewer than count when less than kMaxFileBytes of room was left.
  size_t Run();
};

}  // namespace weft

#endif  // WEFT_BULK_READ_H_
