#include "clock_state.h"

#include <errno.h>
#include <sys/timex.h>

#include "js.h"

namespace weft {

napi_value ClockState(napi_env env, napi_callback_info) {
  timex clock = {};
  const int state = adjtimex(&clock);
  if (state < 0) return js::Throw(env, {errno, "adjtimex"});
  const struct {
    const char* name;
    double value;
  } fields[] = {
      {"state", static_cast<double>(state)},          {"offset", static_cast<double>(clock.offset)},
      {"freq", static_cast<double>(clock.freq)},      {"maxerror", static_cast<double>(clock.maxerror)},
      {"esterror", static_cast<double>(clock.esterror)}, {"status", static_cast<double>(clock.status)},
      {"constant", static_cast<double>(clock.constant)}, {"tick", static_cast<double>(clock.tick)},
      {"ppsfreq", static_cast<double>(clock.ppsfreq)}, {"jitter", static_cast<double>(clock.jitter)},
      {"shift", static_cast<double>(clock.shift)},    {"stabil", static_cast<double>(clock.stabil)},
      {"jitcnt", static_cast<double>(clock.jitcnt)},  {"calcnt", static_cast<double>(clock.calcnt)},
      {"errcnt", static_cast<double>(clock.errcnt)},  {"stbcnt", static_cast<double>(clock.stbcnt)},
      {"tai", static_cast<double>(clock.tai)},
  };
  napi_value result = nullptr;
  if (napi_create_object(env, &result) != napi_ok) return nullptr;
  for (const auto& [name, value] : fields) {
    napi_value number = nullptr;
    if (napi_create_double(env, value, &number) == napi_ok) js::Set(env, result, name, number);
  }
  return result;
}

}  // namespace weft
