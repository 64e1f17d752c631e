// The addon's JavaScript face: checks arguments, keeps handles, runs work on the thread pool. native/addon.ts has its types.
#include <errno.h>
#include <node_api.h>
#include <string.h>

#include <memory>
#include <utility>

#include "clock_state.h"
#include "js.h"
#include "netlink_socket.h"
#include "netlink_watch.h"
#include "read_files.h"
#include "read_text.h"
#include "stat_files.h"
#include "trim_memory.h"
#include "unix_datagram.h"

namespace weft {

namespace {

const napi_type_tag kSocketTag = {0x7765667400000001ULL, 0x9e1bd0c7a2f64c55ULL};

// What a JavaScript socket object wraps. `socket` is empty once closed.
struct Handle {
  napi_env env;
  std::shared_ptr<NetlinkSocket> socket;
  NetlinkWatch* watch = nullptr;

  void Close() {
    if (watch != nullptr) std::exchange(watch, nullptr)->Stop();
    if (socket) socket->Cancel();
    socket.reset();
  }
};

// A transaction that is running must not hold up the end of the process or worker.
void CancelAtExit(void* arg) {
  Handle* handle = static_cast<Handle*>(arg);
  // The watch has its own hook, and frees itself.
  handle->watch = nullptr;
  handle->Close();
}

void FinalizeHandle(napi_env env, void* data, void*) {
  Handle* handle = static_cast<Handle*>(data);
  napi_remove_env_cleanup_hook(env, CancelAtExit, handle);
  handle->Close();
  delete handle;
}

struct Arguments {
  napi_value values[2] = {nullptr, nullptr};

  Arguments(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
};

// nullptr with a TypeError pending if the value is no socket of this addon.
Handle* UnwrapHandle(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool tagged = false;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_object &&
      napi_check_object_type_tag(env, value, &kSocketTag, &tagged) == napi_ok && tagged &&
      napi_unwrap(env, value, &data) == napi_ok) {
    return static_cast<Handle*>(data);
  }
  js::ThrowTypeError(env, "expected a socket made by open()");
  return nullptr;
}

// The socket for requests; nullptr with an exception pending if it is closed or watched.
std::shared_ptr<NetlinkSocket> RequestSocket(napi_env env, napi_value value) {
  Handle* handle = UnwrapHandle(env, value);
  if (handle == nullptr) return nullptr;
  if (!handle->socket) {
    js::Throw(env, {EBADF, "use of a closed socket"});
    return nullptr;
  }
  if (handle->watch != nullptr) {
    js::Throw(env, {EBUSY, "request on a watched socket"});
    return nullptr;
  }
  return handle->socket;
}

struct Bytes {
  uint8_t* data = nullptr;
  size_t length = 0;
};

// False with an exception pending unless the value is a buffer of whole messages.
bool GetMessages(napi_env env, napi_value value, Bytes* bytes) {
  bool is_buffer = false;
  void* data = nullptr;
  if (napi_is_buffer(env, value, &is_buffer) != napi_ok || !is_buffer ||
      napi_get_buffer_info(env, value, &data, &bytes->length) != napi_ok) {
    js::ThrowTypeError(env, "expected a Buffer of netlink messages");
    return false;
  }
  bytes->data = static_cast<uint8_t*>(data);
  size_t count = 0;
  if (NetlinkSocket::CountMessages(bytes->data, bytes->length, &count)) return true;
  js::Throw(env, {EINVAL, "netlink message length"});
  return false;
}

napi_value ToJs(napi_env env, const Outcomes& outcomes) {
  const size_t bytes = outcomes.errnos.size() * sizeof(int32_t);
  napi_value buffer = nullptr;
  napi_value errnos = nullptr;
  napi_value result = nullptr;
  void* data = nullptr;
  if (napi_create_arraybuffer(env, bytes, &data, &buffer) != napi_ok) return nullptr;
  if (bytes > 0) memcpy(data, outcomes.errnos.data(), bytes);
  napi_create_typedarray(env, napi_int32_array, outcomes.errnos.size(), buffer, 0, &errnos);
  napi_value messages = js::Undefined(env);
  if (!outcomes.kernel_messages.empty()) {
    napi_create_object(env, &messages);
    for (const auto& [index, text] : outcomes.kernel_messages) {
      napi_set_element(env, messages, index, js::Text(env, text));
    }
  }
  napi_create_object(env, &result);
  js::Set(env, result, "errnos", errnos);
  js::Set(env, result, "kernelMessages", messages);
  return result;
}

napi_value ToJs(napi_env env, const DumpResult& dump) {
  napi_value data = nullptr;
  napi_value result = nullptr;
  if (napi_create_buffer_copy(env, dump.data.size(), dump.data.data(), nullptr, &data) != napi_ok) return nullptr;
  napi_create_object(env, &result);
  js::Set(env, result, "data", data);
  js::Set(env, result, "interrupted", js::Boolean(env, dump.interrupted));
  js::Set(env, result, "errno", js::Number(env, dump.error));
  js::Set(env, result, "kernelMessage",
          dump.kernel_message.empty() ? js::Undefined(env) : js::Text(env, dump.kernel_message));
  return result;
}

// One call on the thread pool. `Run` is Transact or Dump; the buffer is held until it is done.
template <typename Result, void (NetlinkSocket::*Run)(uint8_t*, size_t, Result*)>
struct Task {
  std::shared_ptr<NetlinkSocket> socket;
  Bytes bytes;
  napi_ref buffer = nullptr;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  Result result;

  static void Execute(napi_env, void* arg) {
    Task* task = static_cast<Task*>(arg);
    ((*task->socket).*Run)(task->bytes.data, task->bytes.length, &task->result);
  }

  static void Complete(napi_env env, napi_status, void* arg) {
    std::unique_ptr<Task> task(static_cast<Task*>(arg));
    // Results are nullptr while the environment goes down; then nobody waits either.
    napi_value value = ToJs(env, task->result);
    if (value != nullptr) napi_resolve_deferred(env, task->deferred, value);
    napi_delete_reference(env, task->buffer);
    napi_delete_async_work(env, task->work);
  }

  static napi_value Start(napi_env env, const Arguments& arguments, const char* name) {
    auto task = std::make_unique<Task>();
    task->socket = RequestSocket(env, arguments.values[0]);
    if (!task->socket || !GetMessages(env, arguments.values[1], &task->bytes)) return nullptr;
    napi_value promise = nullptr;
    if (napi_create_reference(env, arguments.values[1], 1, &task->buffer) != napi_ok ||
        napi_create_async_work(env, nullptr, js::Text(env, name), Execute, Complete, task.get(), &task->work) !=
            napi_ok ||
        napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
        napi_queue_async_work(env, task->work) != napi_ok) {
      return js::Throw(env, {ENOMEM, name});
    }
    task.release();  // Complete frees it.
    return promise;
  }
};

using TransactTask = Task<Outcomes, &NetlinkSocket::Transact>;
using DumpTask = Task<DumpResult, &NetlinkSocket::Dump>;

napi_value Open(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  napi_value options = arguments.values[0];
  OpenOptions open;
  open.protocol = js::GetInt(env, options, "protocol");
  open.netns_path = js::GetText(env, options, "netnsPath");
  open.groups = js::GetInts(env, options, "groups");
  open.receive_buffer_bytes = js::GetInt(env, options, "receiveBufferBytes");
  open.receive_timeout_ms = js::GetInt(env, options, "receiveTimeoutMs");
  Failure failure;
  std::shared_ptr<NetlinkSocket> socket = NetlinkSocket::Open(open, &failure);
  if (!socket) return js::Throw(env, failure);
  napi_value object = nullptr;
  auto handle = std::make_unique<Handle>();
  handle->env = env;
  handle->socket = std::move(socket);
  if (napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &kSocketTag) != napi_ok ||
      napi_wrap(env, object, handle.get(), FinalizeHandle, nullptr, nullptr) != napi_ok) {
    return js::Throw(env, {ENOMEM, "open"});
  }
  napi_add_env_cleanup_hook(env, CancelAtExit, handle.release());
  return object;
}

napi_value Close(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Handle* handle = UnwrapHandle(env, arguments.values[0]);
  if (handle != nullptr) handle->Close();
  return nullptr;
}

napi_value TransactSync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Bytes bytes;
  std::shared_ptr<NetlinkSocket> socket = RequestSocket(env, arguments.values[0]);
  if (!socket || !GetMessages(env, arguments.values[1], &bytes)) return nullptr;
  Outcomes outcomes;
  socket->Transact(bytes.data, bytes.length, &outcomes);
  return ToJs(env, outcomes);
}

napi_value Transact(napi_env env, napi_callback_info info) {
  return TransactTask::Start(env, Arguments(env, info), "weft:netlink-transact");
}

napi_value Dump(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_buffer_info(env, arguments.values[1], &data, &length) == napi_ok && length == 0) {
    return js::Throw(env, {EINVAL, "netlink message length"});
  }
  return DumpTask::Start(env, arguments, "weft:netlink-dump");
}

napi_value Watch(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  napi_valuetype type = napi_undefined;
  std::shared_ptr<NetlinkSocket> socket = RequestSocket(env, arguments.values[0]);
  if (!socket) return nullptr;
  if (napi_typeof(env, arguments.values[1], &type) != napi_ok || type != napi_function) {
    return js::ThrowTypeError(env, "expected a listener function");
  }
  Failure failure;
  NetlinkWatch* watch =
      NetlinkWatch::Start(env, std::move(socket), arguments.values[0], arguments.values[1], &failure);
  if (watch == nullptr) return js::Throw(env, failure);
  UnwrapHandle(env, arguments.values[0])->watch = watch;
  return nullptr;
}

}  // namespace

}  // namespace weft

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {
      {"open", weft::Open},         {"close", weft::Close}, {"transactSync", weft::TransactSync},
      {"transact", weft::Transact}, {"dump", weft::Dump},   {"watch", weft::Watch},
      {"readFiles", weft::ReadFiles}, {"readFilesSync", weft::ReadFilesSync},
      {"readNumbers", weft::ReadNumbers}, {"readText", weft::ReadText},
      {"clockState", weft::ClockState}, {"statFiles", weft::StatFiles},  {"trimMemory", weft::TrimMemory},
      {"sendDatagram", weft::SendDatagram},
  };
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) != napi_ok) return nullptr;
    weft::js::Set(env, exports, name, function);
  }
  return exports;
}
