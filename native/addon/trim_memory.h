#ifndef WEFT_TRIM_MEMORY_H_
#define WEFT_TRIM_MEMORY_H_

#include <node_api.h>

namespace weft {

// Gives pages of freed memory back to the kernel, malloc_trim(3); false where none was given, or the C library has no such thing.
napi_value TrimMemory(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_TRIM_MEMORY_H_
