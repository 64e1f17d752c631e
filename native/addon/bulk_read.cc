#include "bulk_read.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "content_mark.h"

namespace weft {

namespace {

double MonotonicMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

int32_t ReadFromStart(int fd, uint8_t* bytes) {
  ssize_t length;
  do {
    length = pread(fd, bytes, kMaxFileBytes, 0);
  } while (length < 0 && errno == EINTR);
  return length < 0 ? -errno : static_cast<int32_t>(length);
}

int32_t OpenAndRead(const std::string& path, uint8_t* bytes, int32_t* fd) {
  const bool keep = *fd == kOpenAndKeep;
  const int opened = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return -errno;
  const int32_t length = ReadFromStart(opened, bytes);
  if (keep && length >= 0) {
    *fd = opened;
  } else {
    close(opened);
  }
  return length;
}

}  // namespace

size_t BulkRead::Run() {
  size_t offset = 0;
  size_t next_path = 0;
  size_t group = 0;
  double* numbers = values;
  stamps[0] = MonotonicMs();
  size_t index = 0;
  for (; index < count && capacity - offset >= kMaxFileBytes; ++index) {
    while (group < group_count && static_cast<size_t>(groups[group]) <= index) stamps[++group] = MonotonicMs();
    int32_t& fd = fds[index];
    const int32_t length =
        fd >= 0 ? ReadFromStart(fd, bytes + offset) : OpenAndRead(paths[next_path++], bytes + offset, &fd);
    lengths[index] = length;
    if (index < shaped_count) {
      // Its text is only passed through: the next file is read over it.
      const NumberShape& shape = shapes[static_cast<size_t>(shape_of[index])];
      const char* text = reinterpret_cast<const char*>(bytes + offset);
      if (length >= 0 && !shape.Parse(text, static_cast<size_t>(length), numbers)) lengths[index] = -EBADMSG;
      numbers += shape.width();
      continue;
    }
    if (marks != nullptr) marks[index] = length < 0 ? length : ContentMark(bytes + offset, static_cast<size_t>(length));
    if (length > 0) offset += static_cast<size_t>(length);
  }
  while (group < group_count) stamps[++group] = MonotonicMs();
  return index;
}

}  // namespace weft
