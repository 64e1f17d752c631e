#ifndef WEFT_CONTENT_MARK_H_
#define WEFT_CONTENT_MARK_H_

#include <stddef.h>
#include <stdint.h>

namespace weft {

// A number from 1 to 2^52, exact in a double, that a text always has and another one almost never: whether a file says what it
// said before. Keyed anew in each process, so that whoever has a say in a file cannot aim at the number of another text.
double ContentMark(const uint8_t* bytes, size_t length);

}  // namespace weft

#endif  // WEFT_CONTENT_MARK_H_
