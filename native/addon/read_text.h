#ifndef WEFT_READ_TEXT_H_
#define WEFT_READ_TEXT_H_

#include <node_api.h>

namespace weft {

// readText(path, maxBytes): the text of one regular file, on the thread pool in one go. native/addon.ts tells the rest.
napi_value ReadText(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_READ_TEXT_H_
