#ifndef WEFT_NETLINK_SOCKET_H_
#define WEFT_NETLINK_SOCKET_H_

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "netns.h"
#include "ticket_lock.h"

namespace weft {

struct OpenOptions {
  int protocol = 0;
  std::string netns_path;
  std::vector<int> groups;
  int receive_buffer_bytes = 0;
  int receive_timeout_ms = 0;
};

struct Outcomes {
  std::vector<int32_t> errnos;
  std::map<uint32_t, std::string> kernel_messages;
};

struct DumpResult {
  std::vector<uint8_t> data;
  bool interrupted = false;
  int error = 0;
  std::string kernel_message;
};

// A netlink socket. Transact and Dump may be called from any thread; the descriptor is closed with the last shared_ptr, so a
// close in the middle of a transaction is safe.
class NetlinkSocket {
 public:
  static std::shared_ptr<NetlinkSocket> Open(const OpenOptions& options, Failure* failure);
  // How many messages stand end to end in the buffer; false if a length is wrong.
  static bool CountMessages(const uint8_t* data, size_t length, size_t* count);

  explicit NetlinkSocket(int fd);
  ~NetlinkSocket();
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  int fd() const { return fd_; }
  // What runs stops before its next send; what was not sent is answered with ECANCELED.
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Sends the messages and waits for the acknowledgement of each. Writes sequence numbers and NLM_F_ACK into `data`, which
  // CountMessages must have found whole.
  void Transact(uint8_t* data, size_t length, Outcomes* outcomes);
  // Sends one request and collects its answers up to NLMSG_DONE, an error, or an acknowledgement.
  void Dump(uint8_t* request, size_t length, DumpResult* result);

 private:
  struct Chunk;
  struct ReceiveVector;

  bool Configure(const OpenOptions& options, Failure* failure);
  Chunk NextChunk(uint8_t* data, size_t length, size_t offset);
  void RunChunk(uint8_t* data, const Chunk& chunk, Outcomes* outcomes);
  void ReadAcks(const Chunk& chunk, Outcomes* outcomes);
  bool CollectDatagram(const uint8_t* data, size_t length, uint32_t seq, DumpResult* result);
  int Send(const uint8_t* data, size_t length);

  const int fd_;
  size_t chunk_messages_ = 1;
  std::atomic<bool> cancelled_{false};
  TicketLock lock_;
  uint32_t next_seq_ = 1;
  std::unique_ptr<ReceiveVector> receive_vector_;
};

}  // namespace weft

#endif  // WEFT_NETLINK_SOCKET_H_
