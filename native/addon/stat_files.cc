#include "stat_files.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "js.h"

namespace weft {

namespace {

constexpr size_t kColumns = 5;

// From here it pays to open a folder first.
constexpr size_t kManyPaths = 4;

// The folder that all paths of a call lie in, open: they are deep in one mostly, and the walk to it costs more than all the rest.
class Start {
 public:
  Start(const char* paths, const char* end, size_t count) {
    if (count < kManyPaths) return;
    size_t shared = strlen(paths);
    for (const char* path = paths; path < end; path += strlen(path) + 1) {
      // A shorter path ends in a zero, which the first has not before its own end.
      shared = static_cast<size_t>(std::mismatch(paths, paths + shared, path).first - paths);
      while (shared > 0 && paths[shared - 1] != '/') --shared;
    }
    // The root is where each walk begins anyway.
    if (shared < 2) return;
    fd_ = open(std::string(paths, shared).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd_ >= 0) length_ = shared;
  }
  ~Start() {
    if (fd_ >= 0) close(fd_);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  int Stat(const char* path, struct stat* found) const {
    const char* const rest = path + length_;
    const bool is_below = length_ > 0 && *rest != '\0' && *rest != '/';
    return is_below ? fstatat(fd_, rest, found, 0) : stat(path, found);
  }

 private:
  int fd_ = -1;
  // Of its path with the slash at its end; 0 while there is none.
  size_t length_ = 0;
};

void FillRow(const Start& start, const char* path, double* row) {
  struct stat found;
  if (start.Stat(path, &found) != 0) {
    for (size_t column = 0; column < kColumns; ++column) row[column] = NAN;
    return;
  }
  row[0] = static_cast<double>(found.st_ino);
  row[1] = static_cast<double>(found.st_mtim.tv_sec) * 1e3 + static_cast<double>(found.st_mtim.tv_nsec) / 1e6;
  row[2] = static_cast<double>(found.st_size);
  row[3] = static_cast<double>(found.st_nlink);
  row[4] = static_cast<double>(found.st_mode);
}

}  // namespace

napi_value StatFiles(napi_env env, napi_callback_info info) {
  napi_value values[2] = {};
  size_t argument_count = 2;
  napi_get_cb_info(env, info, &argument_count, values, nullptr, nullptr);
  void* paths = nullptr;
  void* rows = nullptr;
  size_t paths_length = 0;
  size_t room = 0;
  if (!js::TypedArray(env, values[0], napi_uint8_array, &paths, &paths_length) ||
      !js::TypedArray(env, values[1], napi_float64_array, &rows, &room)) {
    return js::ThrowTypeError(env, "statFiles: expected (Uint8Array, Float64Array)");
  }
  const char* path = static_cast<const char*>(paths);
  const char* const end = path + paths_length;
  if (paths_length > 0 && end[-1] != '\0') return js::Throw(env, {EINVAL, "statFiles"});
  size_t count = 0;
  for (const char* each = path; each < end; each += strlen(each) + 1) ++count;
  if (count > room / kColumns) return js::Throw(env, {EINVAL, "statFiles"});
  const Start start(path, end, count);
  for (double* row = static_cast<double*>(rows); path < end; path += strlen(path) + 1, row += kColumns) {
    FillRow(start, path, row);
  }
  return js::Number(env, static_cast<int32_t>(count));
}

}  // namespace weft
