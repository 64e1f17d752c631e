#include "netlink_watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <new>

#include "js.h"

namespace weft {

namespace {

// At most this much is handed over at one wakeup; the poll is level-triggered, so the rest follows at the next.
constexpr size_t kBatchBytes = 1024 * 1024;
// Room that must be left for another datagram. Notifications are below 16 KiB unless a card has hundreds of functions.
constexpr size_t kDatagramBytes = 128 * 1024;

}  // namespace

struct NetlinkWatch::Reading {
  size_t bytes = 0;
  bool overrun = false;
  int error = 0;
};

NetlinkWatch* NetlinkWatch::Start(napi_env env, std::shared_ptr<NetlinkSocket> socket, napi_value owner,
                                  napi_value listener, Failure* failure) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    *failure = {EINVAL, "napi_get_uv_event_loop"};
    return nullptr;
  }
  NetlinkWatch* watch = new (std::nothrow) NetlinkWatch(env, std::move(socket));
  if (watch == nullptr) {
    *failure = {ENOMEM, "new"};
    return nullptr;
  }
  const int error = uv_poll_init(loop, &watch->poll_, watch->socket_->fd());
  if (error != 0) {
    *failure = {-error, "uv_poll_init"};
    delete watch;
    return nullptr;
  }
  watch->poll_.data = watch;
  // From here on the handle belongs to the loop, so only Stop may free the watch.
  if (!watch->Register(owner, listener) || uv_poll_start(&watch->poll_, UV_READABLE, OnPoll) != 0) {
    *failure = {EINVAL, "uv_poll_start"};
    watch->Stop();
    return nullptr;
  }
  return watch;
}

bool NetlinkWatch::Register(napi_value owner, napi_value listener) {
  buffer_.reset(new (std::nothrow) uint8_t[kBatchBytes]);
  return buffer_ != nullptr && napi_create_reference(env_, owner, 1, &owner_) == napi_ok &&
         napi_create_reference(env_, listener, 1, &listener_) == napi_ok &&
         napi_async_init(env_, owner, js::Text(env_, "weft:netlink-watch"), &context_) == napi_ok &&
         napi_add_async_cleanup_hook(env_, OnEnvironmentDown, this, &cleanup_) == napi_ok;
}

void NetlinkWatch::Stop() {
  if (stopping_) return;
  stopping_ = true;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), OnClosed);
}

void NetlinkWatch::OnClosed(uv_handle_t* handle) { delete static_cast<NetlinkWatch*>(handle->data); }

void NetlinkWatch::OnEnvironmentDown(napi_async_cleanup_hook_handle, void* arg) {
  static_cast<NetlinkWatch*>(arg)->Stop();
}

NetlinkWatch::~NetlinkWatch() {
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  if (context_ != nullptr) napi_async_destroy(env_, context_);
  if (listener_ != nullptr) napi_delete_reference(env_, listener_);
  if (owner_ != nullptr) napi_delete_reference(env_, owner_);
  if (scope != nullptr) napi_close_handle_scope(env_, scope);
  if (cleanup_ != nullptr) napi_remove_async_cleanup_hook(cleanup_);
}

void NetlinkWatch::OnPoll(uv_poll_t* poll, int status, int) {
  NetlinkWatch* watch = static_cast<NetlinkWatch*>(poll->data);
  // libuv stops the handle when the socket has an error pending, and ENOBUFS is one: without this the watch would go deaf.
  if (status < 0) uv_poll_start(poll, UV_READABLE, OnPoll);
  watch->OnReadable();
}

void NetlinkWatch::OnReadable() {
  const Reading reading = ReadAvailable();
  if (reading.error != 0) uv_poll_stop(&poll_);
  if (reading.bytes > 0 || reading.overrun || reading.error != 0) Deliver(reading);
}

NetlinkWatch::Reading NetlinkWatch::ReadAvailable() {
  Reading reading;
  while (kBatchBytes - reading.bytes >= kDatagramBytes) {
    sockaddr_nl sender = {};
    socklen_t sender_length = sizeof(sender);
    const size_t room = kBatchBytes - reading.bytes;
    const ssize_t received = recvfrom(socket_->fd(), buffer_.get() + reading.bytes, room, MSG_DONTWAIT | MSG_TRUNC,
                                      reinterpret_cast<sockaddr*>(&sender), &sender_length);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno == ENOBUFS) {
        reading.overrun = true;
        continue;
      }
      if (errno != EAGAIN) reading.error = errno;
      break;
    }
    // Longer than all the room there is: cut off, hence as good as lost.
    if (static_cast<size_t>(received) > room) reading.overrun = true;
    else if (sender.nl_pid == 0) reading.bytes += NLMSG_ALIGN(static_cast<size_t>(received));
  }
  return reading;
}

void NetlinkWatch::Deliver(const Reading& reading) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value owner = nullptr;
  napi_value listener = nullptr;
  napi_value data = nullptr;
  if (napi_get_reference_value(env_, owner_, &owner) == napi_ok &&
      napi_get_reference_value(env_, listener_, &listener) == napi_ok &&
      napi_create_buffer_copy(env_, reading.bytes, buffer_.get(), nullptr, &data) == napi_ok) {
    napi_value args[] = {data, js::Boolean(env_, reading.overrun), js::Number(env_, reading.error)};
    // `this` must be an object: undefined makes the call fail.
    if (napi_make_callback(env_, context_, owner, listener, 3, args, nullptr) == napi_pending_exception) {
      napi_value exception = nullptr;
      if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
    }
  }
  napi_close_handle_scope(env_, scope);
}

}  // namespace weft
