// What every kernel stands on: the two element types, vectors of 16 floats, exp, and parallel loops.
// The kernels are plain C++ over pointers; library.cpp is what the program calls. All arithmetic is in float32.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

namespace rlt {

struct bf16 {
  uint16_t bits;
};

inline float widen(float value) { return value; }

inline float widen(bf16 value) {
  uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

inline void store(float* to, float value) { *to = value; }

// Rounds to nearest, ties to even; not-a-number stays one.
inline void store(bf16* to, float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  to->bits = static_cast<uint16_t>(value != value ? 0x7FC0u : rounded);
}

// exp to about 2 units in the last place, without branches so that loops of it vectorise: x = n ln 2 + r, |r| <= ln 2 / 2,
// a polynomial in r, and n added to the exponent. Below the smallest normal number it is 0.
inline float fast_exp(float x) {
  constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits
  float clamped = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  float shifted = clamped * 1.44269504f + magic;
  float n = shifted - magic;
  float r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  int32_t bits = (exponent - 0x4B400000 + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? 0.0f : (x != x ? x : p * power);
}

inline float sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

constexpr int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Runs body(begin, end) over disjoint ranges of at least `grain` that cover [0, count), on libtorch's threads.
void parallel_ranges(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

// How many threads run such loops.
int64_t thread_count();

// Runs body(i) for i in [0, count); threads take the next item as they get free, for items of unequal size.
void parallel_items(int64_t count, const std::function<void(int64_t)>& body);

}  // namespace rlt
