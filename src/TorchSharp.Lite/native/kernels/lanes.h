// Vectors of 16 floats, for the kernels that keep sums in registers.
#pragma once

#include "vector.h"

namespace rlt {

// The compiler splits it where the processor's registers are narrower.
typedef float floats __attribute__((vector_size(64), aligned(4)));
typedef uint16_t halves __attribute__((vector_size(32), aligned(2)));
typedef uint32_t words __attribute__((vector_size(64), aligned(4)));

inline floats load(const float* from) { return *reinterpret_cast<const floats*>(from); }

inline floats load(const bf16* from) {
  words bits = __builtin_convertvector(*reinterpret_cast<const halves*>(from), words) << 16;
  return reinterpret_cast<floats>(bits);
}

inline floats broadcast(float value) { return value - floats{}; }

}  // namespace rlt
