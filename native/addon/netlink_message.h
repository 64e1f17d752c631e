#ifndef WEFT_NETLINK_MESSAGE_H_
#define WEFT_NETLINK_MESSAGE_H_

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include <string>

namespace weft {

// The header at `data`, which need not be aligned.
nlmsghdr ReadHeader(const uint8_t* data);
// Whether a whole message stands at `offset`.
bool MessageAt(const uint8_t* data, size_t length, size_t offset, nlmsghdr* header);
// The errno that NLMSG_ERROR and NLMSG_DONE both start with; positive.
int ErrnoOf(const uint8_t* message, const nlmsghdr& header);
// The kernel's sentence of an extended acknowledgement, or an empty string.
std::string KernelMessage(const uint8_t* message, const nlmsghdr& header);

}  // namespace weft

#endif  // WEFT_NETLINK_MESSAGE_H_
