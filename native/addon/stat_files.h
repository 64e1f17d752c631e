#ifndef WEFT_STAT_FILES_H_
#define WEFT_STAT_FILES_H_

#include <node_api.h>

namespace weft {

// stat(2) of many paths at once: inode, time of change, size, links and mode of each, or NaN.
napi_value StatFiles(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_STAT_FILES_H_
