#ifndef WEFT_CLOCK_STATE_H_
#define WEFT_CLOCK_STATE_H_

#include <node_api.h>

namespace weft {

// How the kernel disciplines its clock: adjtimex(2) with no mode, which changes nothing and needs no rights.
napi_value ClockState(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_CLOCK_STATE_H_
