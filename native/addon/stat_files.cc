#include "stat_files.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "js.h"

namespace weft {

namespace {

constexpr size_t kColumns = 5;

void FillRow(const char* path, double* row) {
  struct stat found;
  if (stat(path, &found) != 0) {
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
  for (double* row = static_cast<double*>(rows); path < end; path += strlen(path) + 1, row += kColumns) {
    FillRow(path, row);
  }
  return js::Number(env, static_cast<int32_t>(count));
}

}  // namespace weft
