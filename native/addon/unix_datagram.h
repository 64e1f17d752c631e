#ifndef WEFT_UNIX_DATAGRAM_H_
#define WEFT_UNIX_DATAGRAM_H_

#include <node_api.h>

namespace weft {

// Sends one datagram to a unix socket, which Node.js has no words for: a path, or an abstract name after an @. Does not wait.
napi_value SendDatagram(napi_env env, napi_callback_info info);

}  // namespace weft

#endif  // WEFT_UNIX_DATAGRAM_H_
