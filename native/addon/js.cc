#include "js.h"

#include <string.h>

namespace weft::js {

napi_value Throw(napi_env env, const Failure& failure) {
  const std::string message = std::string(failure.syscall) + ": " + strerror(failure.error);
  napi_value error = nullptr;
  if (napi_create_error(env, nullptr, Text(env, message), &error) != napi_ok) return nullptr;
  Set(env, error, "errno", Number(env, failure.error));
  Set(env, error, "syscall", Text(env, failure.syscall));
  napi_throw(env, error);
  return nullptr;
}

napi_value ThrowTypeError(napi_env env, const char* message) {
  napi_throw_type_error(env, nullptr, message);
  return nullptr;
}

napi_value Number(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value Boolean(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value Text(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

bool TypedArray(napi_env env, napi_value value, napi_typedarray_type wanted, void** data, size_t* length) {
  bool is_typed_array = false;
  napi_typedarray_type type = napi_int8_array;
  return value != nullptr && napi_is_typedarray(env, value, &is_typed_array) == napi_ok && is_typed_array &&
         napi_get_typedarray_info(env, value, &type, length, data, nullptr, nullptr) == napi_ok && type == wanted;
}

napi_value Undefined(napi_env env) {
  napi_value result = nullptr;
  napi_get_undefined(env, &result);
  return result;
}

void Set(napi_env env, napi_value object, const char* name, napi_value value) {
  if (value != nullptr) napi_set_named_property(env, object, name, value);
}

int GetInt(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  int32_t result = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_int32(env, value, &result);
  return result;
}

std::string GetText(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  size_t length = 0;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) return {};
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return {};
  std::string text(length + 1, '\0');
  napi_get_value_string_utf8(env, value, text.data(), text.size(), &length);
  text.resize(length);
  return text;
}

std::vector<int> GetInts(napi_env env, napi_value object, const char* name) {
  napi_value array = nullptr;
  uint32_t length = 0;
  std::vector<int> result;
  if (napi_get_named_property(env, object, name, &array) != napi_ok) return result;
  if (napi_get_array_length(env, array, &length) != napi_ok) return result;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    int32_t value = 0;
    if (napi_get_element(env, array, i, &element) == napi_ok) napi_get_value_int32(env, element, &value);
    result.push_back(value);
  }
  return result;
}

}  // namespace weft::js
