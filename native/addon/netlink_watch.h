#ifndef WEFT_NETLINK_WATCH_H_
#define WEFT_NETLINK_WATCH_H_

#include <node_api.h>
#include <uv.h>

#include <memory>

#include "netlink_socket.h"

namespace weft {

// Hands what arrives on a socket to a JavaScript listener (data, overrun, errno) on the event loop. Frees itself after Stop,
// once libuv has let go of the handle; also when the environment goes down with the watch open.
class NetlinkWatch {
 public:
  // `owner` is kept alive while the watch runs, and is the listener's `this`. nullptr with `failure` filled in on failure.
  static NetlinkWatch* Start(napi_env env, std::shared_ptr<NetlinkSocket> socket, napi_value owner,
                             napi_value listener, Failure* failure);
  void Stop();
  // No callback of JavaScript can reach a freed owner: called by the owner's finalizer and by Stop's caller.
  bool stopped() const { return stopping_; }

 private:
  struct Reading;

  NetlinkWatch(napi_env env, std::shared_ptr<NetlinkSocket> socket) : env_(env), socket_(std::move(socket)) {}
  ~NetlinkWatch();
  bool Register(napi_value owner, napi_value listener);
  void OnReadable();
  Reading ReadAvailable();
  void Deliver(const Reading& reading);
  static void OnPoll(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentDown(napi_async_cleanup_hook_handle handle, void* arg);

  const napi_env env_;
  const std::shared_ptr<NetlinkSocket> socket_;
  uv_poll_t poll_ = {};
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  napi_async_context context_ = nullptr;
  napi_ref owner_ = nullptr;
  napi_ref listener_ = nullptr;
  std::unique_ptr<uint8_t[]> buffer_;
  bool stopping_ = false;
};

}  // namespace weft

#endif  // WEFT_NETLINK_WATCH_H_
