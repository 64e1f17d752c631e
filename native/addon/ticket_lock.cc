#include "ticket_lock.h"

namespace weft {

void TicketLock::lock() {
  std::unique_lock<std::mutex> guard(mutex_);
  const uint64_t ticket = next_++;
  turn_.wait(guard, [&] { return serving_ == ticket; });
}

void TicketLock::unlock() {
  {
    std::lock_guard<std::mutex> guard(mutex_);
    ++serving_;
  }
  turn_.notify_all();
}

}  // namespace weft
