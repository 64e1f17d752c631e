#ifndef WEFT_JS_H_
#define WEFT_JS_H_

#include <node_api.h>

#include <string>
#include <vector>

#include "netns.h"

// Small helpers over Node-API. A failing call means that an exception is pending or the environment is going down: in both
// cases the right answer is to return to JavaScript, so helpers give back nullptr or a zero value and no status.
namespace weft::js {

// Throws an Error with errno, code and syscall, and gives nullptr for `return Throw(...)`.
napi_value Throw(napi_env env, const Failure& failure);
napi_value ThrowTypeError(napi_env env, const char* message);

napi_value Number(napi_env env, int32_t value);
napi_value Boolean(napi_env env, bool value);
napi_value Text(napi_env env, const std::string& value);
napi_value Undefined(napi_env env);
void Set(napi_env env, napi_value object, const char* name, napi_value value);

// The memory of a typed array of this very type; false, without an exception, for anything else.
bool TypedArray(napi_env env, napi_value value, napi_typedarray_type wanted, void** data, size_t* length);

// Properties of an options object; a missing or wrong one is 0 or empty.
int GetInt(napi_env env, napi_value object, const char* name);
std::string GetText(napi_env env, napi_value object, const char* name);
std::vector<int> GetInts(napi_env env, napi_value object, const char* name);

}  // namespace weft::js

#endif  // WEFT_JS_H_
