#include "read_files.h"

#include <errno.h>

#include <memory>

#include "bulk_read.h"
#include "js.h"

namespace weft {

namespace {

// The arguments of readFiles, checked, with references that hold the memory while a thread works on it.
struct BulkReadTask {
  static constexpr size_t kBuffers = 8;
  BulkRead read;
  size_t done = 0;
  napi_ref buffers[kBuffers] = {};
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;

  static bool TypedArray(napi_env env, napi_value value, napi_typedarray_type wanted, void** data, size_t* length) {
    if (js::TypedArray(env, value, wanted, data, length)) return true;
    js::ThrowTypeError(env, "readFiles: expected (Int32Array, Int32Array, string[], Uint8Array, Int32Array, Float64Array)");
    return false;
  }

  static bool Texts(napi_env env, napi_value array, std::vector<std::string>* texts) {
    uint32_t count = 0;
    if (napi_get_array_length(env, array, &count) != napi_ok) return false;
    char text[4096];
    for (uint32_t i = 0; i < count; ++i) {
      napi_value item = nullptr;
      size_t length = 0;
      if (napi_get_element(env, array, i, &item) != napi_ok ||
          napi_get_value_string_utf8(env, item, text, sizeof(text), &length) != napi_ok) {
        return false;
      }
      texts->emplace_back(text, length);
    }
    return true;
  }

  bool TakeMarks(napi_env env, napi_value value) {
    napi_valuetype type = napi_undefined;
    if (value == nullptr || (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined)) return true;
    void* marks = nullptr;
    size_t room = 0;
    if (!TypedArray(env, value, napi_float64_array, &marks, &room) || room < read.count) return false;
    read.marks = static_cast<double*>(marks);
    napi_create_reference(env, value, 1, &buffers[7]);
    return true;
  }

  // The last four arguments of readNumbers: the keys of each shape, the shape of each of the first files, room for numbers, and for
  // marks, which may be left out.
  bool TakeShapes(napi_env env, const napi_value* values) {
    uint32_t count = 0;
    if (napi_get_array_length(env, values[0], &count) != napi_ok) return false;
    for (uint32_t i = 0; i < count; ++i) {
      napi_value keys = nullptr;
      std::vector<std::string> texts;
      if (napi_get_element(env, values[0], i, &keys) != napi_ok || !Texts(env, keys, &texts)) return false;
      read.shapes.emplace_back(std::move(texts));
    }
    void* shape_of = nullptr;
    void* numbers = nullptr;
    size_t room = 0;
    if (!TypedArray(env, values[1], napi_int32_array, &shape_of, &read.shaped_count) ||
        !TypedArray(env, values[2], napi_float64_array, &numbers, &room)) {
      return false;
    }
    read.shape_of = static_cast<const int32_t*>(shape_of);
    read.values = static_cast<double*>(numbers);
    size_t wanted = 0;
    for (size_t i = 0; i < read.shaped_count; ++i) {
      const size_t shape = static_cast<size_t>(read.shape_of[i]);
      if (shape >= read.shapes.size()) return false;
      wanted += read.shapes[shape].width();
    }
    if (read.shaped_count > read.count || wanted > room) return false;
    if (!TakeMarks(env, values[3])) return false;
    napi_create_reference(env, values[1], 1, &buffers[5]);
    napi_create_reference(env, values[2], 1, &buffers[6]);
    return true;
  }

  // False with an exception pending unless everything fits together.
  bool Take(napi_env env, napi_callback_info info, bool with_shapes = false) {
    napi_value values[10] = {};
    size_t count = 10;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
    void* data[5] = {};
    size_t lengths[5] = {};
    if (!TypedArray(env, values[0], napi_int32_array, &data[0], &lengths[0]) ||
        !TypedArray(env, values[1], napi_int32_array, &data[1], &lengths[1]) ||
        !TypedArray(env, values[3], napi_uint8_array, &data[2], &lengths[2]) ||
        !TypedArray(env, values[4], napi_int32_array, &data[3], &lengths[3]) ||
        !TypedArray(env, values[5], napi_float64_array, &data[4], &lengths[4])) {
      return false;
    }
    read.fds = static_cast<int32_t*>(data[0]);
    read.count = lengths[0];
    read.lengths = static_cast<int32_t*>(data[1]);
    read.bytes = static_cast<uint8_t*>(data[2]);
    read.capacity = lengths[2];
    read.groups = static_cast<const int32_t*>(data[3]);
    read.group_count = lengths[3];
    read.stamps = static_cast<double*>(data[4]);
    size_t closed = 0;
    for (size_t i = 0; i < read.count; ++i) closed += read.fds[i] < 0 ? 1 : 0;
    if (!Texts(env, values[2], &read.paths) || read.paths.size() != closed || lengths[1] < read.count ||
        lengths[4] < read.group_count + 1) {
      js::Throw(env, {EINVAL, "readFiles"});
      return false;
    }
    if (with_shapes && !TakeShapes(env, values + 6)) {
      bool pending = false;
      if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) js::Throw(env, {EINVAL, "readNumbers"});
      return false;
    }
    const size_t order[5] = {0, 1, 3, 4, 5};
    for (size_t i = 0; i < 5; ++i) napi_create_reference(env, values[order[i]], 1, &buffers[i]);
    return true;
  }

  void Release(napi_env env) {
    for (napi_ref& buffer : buffers) {
      if (buffer != nullptr) napi_delete_reference(env, buffer);
    }
    if (work != nullptr) napi_delete_async_work(env, work);
  }

  static void Execute(napi_env, void* arg) {
    BulkReadTask* task = static_cast<BulkReadTask*>(arg);
    task->done = task->read.Run();
  }

  static void Complete(napi_env env, napi_status, void* arg) {
    std::unique_ptr<BulkReadTask> task(static_cast<BulkReadTask*>(arg));
    napi_value value = js::Number(env, static_cast<int32_t>(task->done));
    if (value != nullptr) napi_resolve_deferred(env, task->deferred, value);
    task->Release(env);
  }
};

napi_value Start(napi_env env, napi_callback_info info, bool with_shapes) {
  auto task = std::make_unique<BulkReadTask>();
  if (!task->Take(env, info, with_shapes)) {
    task->Release(env);
    return nullptr;
  }
  napi_value promise = nullptr;
  if (napi_create_async_work(env, nullptr, js::Text(env, "weft:read-files"), BulkReadTask::Execute,
                             BulkReadTask::Complete, task.get(), &task->work) != napi_ok ||
      napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, task->work) != napi_ok) {
    task->Release(env);
    return js::Throw(env, {ENOMEM, "readFiles"});
  }
  task.release();  // Complete frees it.
  return promise;
}

}  // namespace

napi_value ReadFiles(napi_env env, napi_callback_info info) { return Start(env, info, false); }

napi_value ReadNumbers(napi_env env, napi_callback_info info) { return Start(env, info, true); }

napi_value ReadFilesSync(napi_env env, napi_callback_info info) {
  BulkReadTask task;
  if (!task.Take(env, info)) return nullptr;
  const size_t done = task.read.Run();
  task.Release(env);
  return js::Number(env, static_cast<int32_t>(done));
}

}  // namespace weft
