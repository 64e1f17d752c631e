#include "read_text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "js.h"

namespace weft {

namespace {

// A FIFO in the place of a file would hold the thread for ever, and a link could lead anywhere.
constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
// Files of proc tell no size.
constexpr size_t kUnknownRoom = 16384;

class Descriptor {
 public:
  explicit Descriptor(const char* path) : fd_(open(path, kFlags)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// False for what is absent, unreadable, larger than `max` or no regular file.
bool ReadRegular(const std::string& path, size_t max, std::string* text) {
  const Descriptor file(path.c_str());
  struct stat found;
  if (file.get() < 0 || fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
  const size_t size = static_cast<size_t>(found.st_size);
  if (size > max) return false;
  size_t length = 0;
  // With room for one byte more, the read after the last is spared.
  const size_t room = size == 0 ? kUnknownRoom : size + 1;
  while (length < max) {
    const size_t wanted = std::min(room, max - length);
    text->resize(length + wanted);
    const ssize_t got = read(file.get(), text->data() + length, wanted);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    length += static_cast<size_t>(got);
    // A file of proc gives less than asked for and has more.
    if (got == 0 || (size > 0 && static_cast<size_t>(got) < wanted)) break;
  }
  text->resize(length);
  return true;
}

struct ReadTextTask {
  std::string path;
  size_t max = 0;
  std::string text;
  bool found = false;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;

  static void Execute(napi_env, void* arg) {
    ReadTextTask* task = static_cast<ReadTextTask*>(arg);
    task->found = ReadRegular(task->path, task->max, &task->text);
  }

  static void Complete(napi_env env, napi_status, void* arg) {
    std::unique_ptr<ReadTextTask> task(static_cast<ReadTextTask*>(arg));
    // Texts are nullptr while the environment goes down; then nobody waits either.
    napi_value value = task->found ? js::Text(env, task->text) : js::Undefined(env);
    if (value != nullptr) napi_resolve_deferred(env, task->deferred, value);
    napi_delete_async_work(env, task->work);
  }
};

}  // namespace

napi_value ReadText(napi_env env, napi_callback_info info) {
  napi_value values[2] = {};
  size_t count = 2;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  auto task = std::make_unique<ReadTextTask>();
  int64_t max = 0;
  size_t length = 0;
  if (napi_get_value_string_utf8(env, values[0], nullptr, 0, &length) != napi_ok ||
      napi_get_value_int64(env, values[1], &max) != napi_ok || max < 0) {
    return js::ThrowTypeError(env, "readText: expected (string, number)");
  }
  task->path.resize(length);
  napi_get_value_string_utf8(env, values[0], task->path.data(), length + 1, &length);
  // A path ends at its first zero byte, and would lead elsewhere.
  if (task->path.find('\0') != std::string::npos) return js::Throw(env, {EINVAL, "readText"});
  task->max = static_cast<size_t>(max);
  napi_value promise = nullptr;
  if (napi_create_async_work(env, nullptr, js::Text(env, "weft:read-text"), ReadTextTask::Execute,
                             ReadTextTask::Complete, task.get(), &task->work) != napi_ok ||
      napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, task->work) != napi_ok) {
    return js::Throw(env, {ENOMEM, "readText"});
  }
  task.release();  // Complete frees it.
  return promise;
}

}  // namespace weft
