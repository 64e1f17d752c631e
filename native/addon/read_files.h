#ifndef WEFT_READ_FILES_H_
#define WEFT_READ_FILES_H_

#include <node_api.h>

// The JavaScript face of BulkRead: on the thread pool, or at once.
namespace weft {

napi_value ReadFiles(napi_env env, napi_callback_info info);
// The same, with numbers of the first files instead of their text.
napi_value ReadNumbers(napi_env env, napi_callback_info info);
napi_value ReadFilesSync(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_READ_FILES_H_
