// Vectors of floats, for the kernels that keep sums in registers.
#pragma once

#include "vector.h"
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#if defined(__AVX512F__) && defined(__AVX512BF16__)
#define RLT_BF16_DOT  // the processor multiplies pairs of bf16 and adds them to float32
#endif

namespace rlt {

// Floats of one register; wider vectors would live in memory.
#ifdef __AVX512F__
constexpr int kLanes = 16;
constexpr int kTileVectors = 4;  // vectors of a row whose sums fit into the registers beside those of five other rows
#else
constexpr int kLanes = 8;
constexpr int kTileVectors = 2;
#endif
typedef float floats __attribute__((vector_size(4 * kLanes), aligned(4)));
typedef uint16_t halves __attribute__((vector_size(2 * kLanes), aligned(2)));
typedef uint32_t words __attribute__((vector_size(4 * kLanes), aligned(4)));

inline floats load(const float* from) { return *reinterpret_cast<const floats*>(from); }

inline floats load(const bf16* from) {
  words bits = __builtin_convertvector(*reinterpret_cast<const halves*>(from), words) << 16;
  return reinterpret_cast<floats>(bits);
}

inline floats broadcast(float value) { return value - floats{}; }

}  // namespace rlt
