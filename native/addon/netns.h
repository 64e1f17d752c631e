#ifndef WEFT_NETNS_H_
#define WEFT_NETNS_H_

#include <string>

namespace weft {

// Why a call failed: the errno and the system call that gave it. error 0 is success.
struct Failure {
  int error = 0;
  const char* syscall = "";
};

// Makes a netlink socket inside the network namespace that the file at `path` stands for; an empty path is the caller's own.
// The descriptor, or -1 with `failure` filled in. No thread of this process but a fresh one that ends here changes namespace.
int OpenSocketInNetns(const std::string& path, int protocol, Failure* failure);

}  // namespace weft

#endif  // WEFT_NETNS_H_
