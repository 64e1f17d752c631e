#include "trim_memory.h"

#include <stdlib.h>  // defines __GLIBC__
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "js.h"

namespace weft {

napi_value TrimMemory(napi_env env, napi_callback_info) {
#ifdef __GLIBC__
  return js::Boolean(env, malloc_trim(0) == 1);
#else
  return js::Boolean(env, false);
#endif
}

}  // namespace weft
