// Vectors of floats, for the kernels that keep sums in registers.
#pragma once

// GCC 12 takes the undefined value that its own header passes to unmasked instructions for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include <cstdlib>
#include <new>
#include <vector>

#include "vector.h"

#if defined(__AVX512F__) && defined(__AVX512BF16__)
#define RLT_BF16_DOT  // the processor multiplies pairs of bf16 and adds them to float32
#endif
#ifdef __AMX_BF16__
#define RLT_TILES  // and does so with tiles of them
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
typedef float floats __attribute__((vector_size(4 * kLanes)));
typedef uint16_t halves __attribute__((vector_size(2 * kLanes)));
typedef uint32_t words __attribute__((vector_size(4 * kLanes)));

// The same where they lie in memory. Sums are never of these types: the compiler would keep them in memory.
typedef floats floats_there __attribute__((aligned(4), may_alias));
typedef halves halves_there __attribute__((aligned(2), may_alias));
typedef words words_there __attribute__((aligned(4), may_alias));

inline floats load(const float* from) { return *reinterpret_cast<const floats_there*>(from); }

inline floats load(const bf16* from) {
  words bits = __builtin_convertvector(*reinterpret_cast<const halves_there*>(from), words) << 16;
  return reinterpret_cast<floats>(bits);
}

// As the stores of one value.
inline void store(float* to, floats values) { *reinterpret_cast<floats_there*>(to) = values; }

inline void store(bf16* to, floats values) {
  words bits = reinterpret_cast<words>(values), nan = reinterpret_cast<words>(values != values);
  words rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  *reinterpret_cast<halves_there*>(to) = __builtin_convertvector((rounded & ~nan) | (nan & 0x7FC0u), halves);
}

inline floats broadcast(float value) { return value - floats{}; }

// sum + left * right, rounded once.
#ifdef __AVX512F__
inline floats fused(floats left, floats right, floats sum) { return reinterpret_cast<floats>(_mm512_fmadd_ps((__m512)left, (__m512)right, (__m512)sum)); }
#else
inline floats fused(floats left, floats right, floats sum) { return reinterpret_cast<floats>(_mm256_fmadd_ps((__m256)left, (__m256)right, (__m256)sum)); }
#endif

// The larger of two; not-a-number in `value` stays.
inline floats larger(floats bound, floats value) {
#ifdef __AVX512F__
  return reinterpret_cast<floats>(_mm512_max_ps((__m512)bound, (__m512)value));
#else
  return reinterpret_cast<floats>(_mm256_max_ps((__m256)bound, (__m256)value));
#endif
}

// 2^x to about 2 units in the last place, x <= 127; below -126 that of -126. x = n + r, |r| <= 1/2: a polynomial in r, and n added to the exponent.
inline floats power_of_two(floats x) {
  constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits
  x = larger(broadcast(-126.0f), x);
  floats shifted = x + magic, r = x - (shifted - magic);
  floats p = fused(broadcast(1.54035304e-4f), r, broadcast(1.33335581e-3f));
  p = fused(p, r, broadcast(9.61812911e-3f));
  p = fused(p, r, broadcast(5.55041087e-2f));
  p = fused(p, r, broadcast(2.40226507e-1f));
  p = fused(p, r, broadcast(6.93147181e-1f));
  p = fused(p, r, broadcast(1.0f));
  return reinterpret_cast<floats>(reinterpret_cast<words>(p) + (reinterpret_cast<words>(shifted) << 23));
}

// The largest and the sum of a vector's values.
inline float largest(floats values) {
  float most = values[0];
  for (int i = 1; i < kLanes; i++) most = most < values[i] ? values[i] : most;
  return most;
}
inline float total(floats values) {
  float sum = 0;
  for (int i = 0; i < kLanes; i++) sum += values[i];
  return sum;
}

// A row as floats, with zeros at its end; and floats as a row.
template <typename T>
void widen_row(const T* from, int64_t count, int64_t padded, float* to) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) to[i] = widen(from[i]);
  for (int64_t i = count; i < padded; i++) to[i] = 0.0f;
}
template <typename T>
void narrow_row(const float* from, int64_t count, T* to) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) store(&to[i], from[i]);
}

// Turns kLanes rows of kLanes words, where row(i) reads row i: word i of `turned` has the word i of each row.
template <typename Row, typename Words>
inline void turn(Row row, Words* turned) {
#ifdef __AVX512F__
  __m512i four[4][4];  // [rows 4 g to 4 g + 3][word modulo 4], each four words in a lane of 128 bits
  for (int g = 0; g < 4; g++) {
    __m512i v0 = (__m512i)row(4 * g), v1 = (__m512i)row(4 * g + 1), v2 = (__m512i)row(4 * g + 2), v3 = (__m512i)row(4 * g + 3);
    __m512i low01 = _mm512_unpacklo_epi32(v0, v1), high01 = _mm512_unpackhi_epi32(v0, v1);
    __m512i low23 = _mm512_unpacklo_epi32(v2, v3), high23 = _mm512_unpackhi_epi32(v2, v3);
    four[g][0] = _mm512_unpacklo_epi64(low01, low23);
    four[g][1] = _mm512_unpackhi_epi64(low01, low23);
    four[g][2] = _mm512_unpacklo_epi64(high01, high23);
    four[g][3] = _mm512_unpackhi_epi64(high01, high23);
  }
  for (int w = 0; w < 4; w++) {
    __m512i low01 = _mm512_shuffle_i32x4(four[0][w], four[1][w], 0x44), high01 = _mm512_shuffle_i32x4(four[0][w], four[1][w], 0xee);
    __m512i low23 = _mm512_shuffle_i32x4(four[2][w], four[3][w], 0x44), high23 = _mm512_shuffle_i32x4(four[2][w], four[3][w], 0xee);
    turned[w] = (words)_mm512_shuffle_i32x4(low01, low23, 0x88);
    turned[w + 4] = (words)_mm512_shuffle_i32x4(low01, low23, 0xdd);
    turned[w + 8] = (words)_mm512_shuffle_i32x4(high01, high23, 0x88);
    turned[w + 12] = (words)_mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
#else
  __m256i four[2][4];
  for (int g = 0; g < 2; g++) {
    __m256i v0 = (__m256i)row(4 * g), v1 = (__m256i)row(4 * g + 1), v2 = (__m256i)row(4 * g + 2), v3 = (__m256i)row(4 * g + 3);
    __m256i low01 = _mm256_unpacklo_epi32(v0, v1), high01 = _mm256_unpackhi_epi32(v0, v1);
    __m256i low23 = _mm256_unpacklo_epi32(v2, v3), high23 = _mm256_unpackhi_epi32(v2, v3);
    four[g][0] = _mm256_unpacklo_epi64(low01, low23);
    four[g][1] = _mm256_unpackhi_epi64(low01, low23);
    four[g][2] = _mm256_unpacklo_epi64(high01, high23);
    four[g][3] = _mm256_unpackhi_epi64(high01, high23);
  }
  for (int w = 0; w < 4; w++) {
    turned[w] = (words)_mm256_permute2x128_si256(four[0][w], four[1][w], 0x20);
    turned[w + 4] = (words)_mm256_permute2x128_si256(four[0][w], four[1][w], 0x31);
  }
#endif
}

// A std::vector that starts at a cache line.
template <typename T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t(64))); }
  void deallocate(T* lines, size_t) { ::operator delete(lines, std::align_val_t(64)); }
  bool operator==(const LineAllocator&) const { return true; }
  bool operator!=(const LineAllocator&) const { return false; }
};
template <typename T>
using Lines = std::vector<T, LineAllocator<T>>;

// Memory of a thread for one purpose: it starts at a cache line and is kept for the next use.
template <typename Purpose, typename T>
T* scratch(int64_t count) {
  struct Memory {
    void* lines = nullptr;
    int64_t bytes = 0;
    ~Memory() { std::free(lines); }
  };
  static thread_local Memory memory;
  int64_t wanted = round_up(count * sizeof(T), 64);
  if (memory.bytes < wanted) {
    std::free(memory.lines);
    memory.lines = std::aligned_alloc(64, wanted);
    memory.bytes = wanted;
  }
  return static_cast<T*>(memory.lines);
}

}  // namespace rlt
