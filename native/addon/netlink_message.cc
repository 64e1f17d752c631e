#include "netlink_message.h"

#include <string.h>

namespace weft {

namespace {

// Where the extended acknowledgement starts: after the errno in NLMSG_DONE, and in NLMSG_ERROR after the request's header,
// or after the whole request where the kernel did not cap it.
size_t ExtAckOffset(const uint8_t* message, const nlmsghdr& header) {
  size_t offset = NLMSG_HDRLEN + sizeof(int32_t);
  if (header.nlmsg_type == NLMSG_DONE) return offset;
  if (header.nlmsg_len < offset + sizeof(nlmsghdr)) return header.nlmsg_len;
  if ((header.nlmsg_flags & NLM_F_CAPPED) != 0) return offset + sizeof(nlmsghdr);
  return offset + NLMSG_ALIGN(ReadHeader(message + offset).nlmsg_len);
}

}  // namespace

nlmsghdr ReadHeader(const uint8_t* data) {
  nlmsghdr header;
  memcpy(&header, data, sizeof(header));
  return header;
}

bool MessageAt(const uint8_t* data, size_t length, size_t offset, nlmsghdr* header) {
  if (length < offset || length - offset < sizeof(nlmsghdr)) return false;
  *header = ReadHeader(data + offset);
  return header->nlmsg_len >= sizeof(nlmsghdr) && header->nlmsg_len <= length - offset;
}

int ErrnoOf(const uint8_t* message, const nlmsghdr& header) {
  if (header.nlmsg_len < NLMSG_HDRLEN + sizeof(int32_t)) return 0;
  int32_t error;
  memcpy(&error, message + NLMSG_HDRLEN, sizeof(error));
  return error < 0 ? -error : error;
}

std::string KernelMessage(const uint8_t* message, const nlmsghdr& header) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  size_t offset = ExtAckOffset(message, header);
  while (offset + NLA_HDRLEN <= header.nlmsg_len) {
    nlattr attribute;
    memcpy(&attribute, message + offset, sizeof(attribute));
    if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > header.nlmsg_len - offset) return {};
    if ((attribute.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      const char* text = reinterpret_cast<const char*>(message + offset + NLA_HDRLEN);
      return std::string(text, strnlen(text, attribute.nla_len - NLA_HDRLEN));
    }
    offset += NLA_ALIGN(attribute.nla_len);
  }
  return {};
}

}  // namespace weft
