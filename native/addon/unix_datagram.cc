#include "unix_datagram.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "js.h"

namespace weft {

namespace {

// 0, or why not.
int Send(const sockaddr_un& address, socklen_t length, const std::string& text, const char** syscall) {
  *syscall = "socket";
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  *syscall = "sendto";
  const ssize_t sent = sendto(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                              reinterpret_cast<const sockaddr*>(&address), length);
  const int error = sent < 0 ? errno : 0;
  close(fd);
  return error;
}

}  // namespace

napi_value SendDatagram(napi_env env, napi_callback_info info) {
  napi_value options = nullptr;
  size_t argument_count = 1;
  napi_get_cb_info(env, info, &argument_count, &options, nullptr, nullptr);
  const std::string path = js::GetText(env, options, "path");
  const std::string text = js::GetText(env, options, "text");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // A path needs room for its closing zero; an abstract name has none, and its first byte stands for the @.
  if (path.empty() || text.empty() || path.size() >= sizeof(address.sun_path)) {
    return js::Throw(env, {EINVAL, "sendDatagram"});
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const size_t ending = path[0] == '@' ? 0 : 1;
  const char* syscall = nullptr;
  const int error = Send(address, offsetof(sockaddr_un, sun_path) + path.size() + ending, text, &syscall);
  return error == 0 ? js::Undefined(env) : js::Throw(env, {error, syscall});
}

}  // namespace weft
