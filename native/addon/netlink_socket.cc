#include "netlink_socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "netlink_message.h"

namespace weft {

namespace {

constexpr size_t kMaxChunkMessages = 128;
constexpr size_t kMaxChunkBytes = 64 * 1024;
// What one queued acknowledgement may cost of the receive buffer: the kernel counts the whole skb, about 800 bytes, more with
// a long extended acknowledgement. A chunk whose acknowledgements do not fit would lose some.
constexpr size_t kAckBufferBytes = 1536;
// An acknowledgement with its sentence is far shorter; what is longer is the answer to a GET, which nobody waits for here.
constexpr size_t kAckBytes = 1024;
constexpr size_t kReceiveVector = 64;
// The kernel fills up to 32 KiB per datagram of a dump.
constexpr size_t kDumpReceiveBytes = 64 * 1024;
constexpr int32_t kUnanswered = -1;

bool SetOption(int fd, int level, int option, const void* value, socklen_t length, Failure* failure) {
  if (setsockopt(fd, level, option, value, length) == 0) return true;
  *failure = {errno, "setsockopt"};
  return false;
}

bool SetReceiveBuffer(int fd, int bytes, Failure* failure) {
  // FORCE passes rmem_max but needs CAP_NET_ADMIN in the machine's first user namespace.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0) return true;
  return SetOption(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes), failure);
}

}  // namespace

// Messages [first, first + count) of a buffer; bytes [offset, offset + bytes).
struct NetlinkSocket::Chunk {
  size_t first = 0;
  size_t count = 0;
  size_t offset = 0;
  size_t bytes = 0;
  uint32_t seq = 0;
};

struct NetlinkSocket::ReceiveVector {
  mmsghdr headers[kReceiveVector];
  iovec slots[kReceiveVector];
  sockaddr_nl senders[kReceiveVector];
  uint8_t bytes[kReceiveVector][kAckBytes];

  ReceiveVector() {
    memset(headers, 0, sizeof(headers));
    for (size_t i = 0; i < kReceiveVector; ++i) {
      slots[i] = {bytes[i], kAckBytes};
      headers[i].msg_hdr.msg_iov = &slots[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_name = &senders[i];
    }
  }

  int Receive(int fd, int flags) {
    for (mmsghdr& header : headers) header.msg_hdr.msg_namelen = sizeof(sockaddr_nl);
    return recvmmsg(fd, headers, kReceiveVector, flags, nullptr);
  }
};

std::shared_ptr<NetlinkSocket> NetlinkSocket::Open(const OpenOptions& options, Failure* failure) {
  int fd = OpenSocketInNetns(options.netns_path, options.protocol, failure);
  if (fd < 0) return nullptr;
  auto socket = std::make_shared<NetlinkSocket>(fd);
  if (!socket->Configure(options, failure)) return nullptr;
  return socket;
}

bool NetlinkSocket::Configure(const OpenOptions& options, Failure* failure) {
  const int on = 1;
  const timeval timeout = {options.receive_timeout_ms / 1000, (options.receive_timeout_ms % 1000) * 1000};
  if (!SetOption(fd_, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on), failure) ||
      !SetOption(fd_, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on), failure) ||
      !SetOption(fd_, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on), failure) ||
      !SetReceiveBuffer(fd_, options.receive_buffer_bytes, failure) ||
      !SetOption(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout), failure)) {
    return false;
  }
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    *failure = {errno, "bind"};
    return false;
  }
  for (int group : options.groups) {
    if (!SetOption(fd_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group), failure)) return false;
  }
  int bytes = 0;
  socklen_t length = sizeof(bytes);
  if (getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, &length) != 0) {
    *failure = {errno, "getsockopt"};
    return false;
  }
  chunk_messages_ = std::clamp(static_cast<size_t>(bytes) / kAckBufferBytes, size_t{1}, kMaxChunkMessages);
  return true;
}

NetlinkSocket::NetlinkSocket(int fd) : fd_(fd) {}

NetlinkSocket::~NetlinkSocket() { close(fd_); }

bool NetlinkSocket::CountMessages(const uint8_t* data, size_t length, size_t* count) {
  *count = 0;
  nlmsghdr header;
  size_t offset = 0;
  while (offset < length) {
    if (!MessageAt(data, length, offset, &header)) return false;
    offset += NLMSG_ALIGN(header.nlmsg_len);
    ++*count;
  }
  return true;
}

int NetlinkSocket::Send(const uint8_t* data, size_t length) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    ssize_t sent = sendto(fd_, data, length, 0, reinterpret_cast<sockaddr*>(&kernel), sizeof(kernel));
    if (sent >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

NetlinkSocket::Chunk NetlinkSocket::NextChunk(uint8_t* data, size_t length, size_t offset) {
  Chunk chunk;
  chunk.offset = offset;
  chunk.seq = next_seq_;
  nlmsghdr header;
  while (chunk.count < chunk_messages_ && MessageAt(data, length, offset, &header)) {
    const size_t end = std::min(length, offset + NLMSG_ALIGN(header.nlmsg_len));
    if (chunk.count > 0 && end - chunk.offset > kMaxChunkBytes) break;
    header.nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    header.nlmsg_seq = next_seq_++;
    header.nlmsg_pid = 0;
    memcpy(data + offset, &header, sizeof(header));
    offset = end;
    ++chunk.count;
  }
  chunk.bytes = offset - chunk.offset;
  return chunk;
}

void NetlinkSocket::Transact(uint8_t* data, size_t length, Outcomes* outcomes) {
  size_t count = 0;
  CountMessages(data, length, &count);
  outcomes->errnos.assign(count, ECANCELED);
  size_t first = 0;
  size_t offset = 0;
  while (first < count && !cancelled_.load(std::memory_order_relaxed)) {
    // The lock is let go between chunks, so that a short request need not wait for a long batch.
    std::lock_guard<TicketLock> guard(lock_);
    Chunk chunk = NextChunk(data, length, offset);
    chunk.first = first;
    RunChunk(data, chunk, outcomes);
    first += chunk.count;
    offset += chunk.bytes;
  }
}

void NetlinkSocket::RunChunk(uint8_t* data, const Chunk& chunk, Outcomes* outcomes) {
  const auto begin = outcomes->errnos.begin() + static_cast<std::ptrdiff_t>(chunk.first);
  const auto end = begin + static_cast<std::ptrdiff_t>(chunk.count);
  const int send_error = Send(data + chunk.offset, chunk.bytes);
  if (send_error != 0) {
    std::fill(begin, end, send_error);
    return;
  }
  std::fill(begin, end, kUnanswered);
  if (!receive_vector_) receive_vector_ = std::make_unique<ReceiveVector>();
  int flags = MSG_WAITFORONE;
  int lost_because = ETIMEDOUT;
  while (std::find(begin, end, kUnanswered) != end) {
    const int received = receive_vector_->Receive(fd_, flags);
    if (received >= 0) {
      for (int i = received; i < static_cast<int>(kReceiveVector); ++i) receive_vector_->headers[i].msg_len = 0;
      ReadAcks(chunk, outcomes);
    } else if (errno == ENOBUFS) {
      // Acknowledgements were dropped. Those still queued count; then stop, for the lost ones will not come.
      flags = MSG_DONTWAIT;
      lost_because = ENOBUFS;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      lost_because = errno;
      break;
    }
  }
  std::replace(begin, end, kUnanswered, static_cast<int32_t>(lost_because));
}

void NetlinkSocket::ReadAcks(const Chunk& chunk, Outcomes* outcomes) {
  for (size_t i = 0; i < kReceiveVector; ++i) {
    const uint8_t* data = receive_vector_->bytes[i];
    const size_t length = std::min<size_t>(receive_vector_->headers[i].msg_len, kAckBytes);
    // Any process may send to a netlink port; only the kernel has port 0.
    if (receive_vector_->senders[i].nl_pid != 0) continue;
    nlmsghdr header;
    for (size_t offset = 0; MessageAt(data, length, offset, &header); offset += NLMSG_ALIGN(header.nlmsg_len)) {
      if (header.nlmsg_type != NLMSG_ERROR && header.nlmsg_type != NLMSG_DONE) continue;
      // Late answers of an earlier request that timed out fall outside.
      const uint32_t index = header.nlmsg_seq - chunk.seq;
      if (index >= chunk.count) continue;
      outcomes->errnos[chunk.first + index] = ErrnoOf(data + offset, header);
      std::string text = KernelMessage(data + offset, header);
      if (!text.empty()) outcomes->kernel_messages[static_cast<uint32_t>(chunk.first + index)] = std::move(text);
    }
  }
}

void NetlinkSocket::Dump(uint8_t* request, size_t length, DumpResult* result) {
  std::lock_guard<TicketLock> guard(lock_);
  nlmsghdr header = ReadHeader(request);
  header.nlmsg_flags |= NLM_F_REQUEST;
  header.nlmsg_seq = next_seq_++;
  header.nlmsg_pid = 0;
  memcpy(request, &header, sizeof(header));
  result->error = Send(request, length);
  std::vector<uint8_t> datagram(kDumpReceiveBytes);
  while (result->error == 0) {
    sockaddr_nl sender = {};
    socklen_t sender_length = sizeof(sender);
    const ssize_t received = recvfrom(fd_, datagram.data(), datagram.size(), MSG_TRUNC,
                                      reinterpret_cast<sockaddr*>(&sender), &sender_length);
    if (received < 0) {
      if (errno == EINTR) continue;
      result->error = errno == EAGAIN ? ETIMEDOUT : errno;
    } else if (static_cast<size_t>(received) > datagram.size()) {
      result->error = EMSGSIZE;
    } else if (sender.nl_pid == 0 &&
               CollectDatagram(datagram.data(), static_cast<size_t>(received), header.nlmsg_seq, result)) {
      return;
    } else if (cancelled_.load(std::memory_order_relaxed)) {
      result->error = ECANCELED;
    }
  }
}

// True when the datagram ends the dump.
bool NetlinkSocket::CollectDatagram(const uint8_t* data, size_t length, uint32_t seq, DumpResult* result) {
  nlmsghdr header;
  for (size_t offset = 0; MessageAt(data, length, offset, &header); offset += NLMSG_ALIGN(header.nlmsg_len)) {
    if (header.nlmsg_seq != seq) continue;
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0 && header.nlmsg_type != NLMSG_ERROR) result->interrupted = true;
    if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) {
      result->error = ErrnoOf(data + offset, header);
      result->kernel_message = KernelMessage(data + offset, header);
      return true;
    }
    const size_t end = std::min(length, offset + NLMSG_ALIGN(header.nlmsg_len));
    result->data.insert(result->data.end(), data + offset, data + end);
  }
  return false;
}

}  // namespace weft
