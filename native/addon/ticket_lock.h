#ifndef WEFT_TICKET_LOCK_H_
#define WEFT_TICKET_LOCK_H_

#include <stdint.h>

#include <condition_variable>
#include <mutex>

namespace weft {

// First come, first served. A plain mutex would let a worker thread that runs through a long batch take it again and again
// while the main thread waits to send three messages.
class TicketLock {
 public:
  void lock();
  void unlock();

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t next_ = 0;
  uint64_t serving_ = 0;
};

}  // namespace weft

#endif  // WEFT_TICKET_LOCK_H_
