// A linear map of a few rows: the weights are read once, as they lie in memory, and nothing is packed. That is all a
// decoding step of a few sequences costs; for more rows a matrix product is faster.
#include <algorithm>

#include "kernels.h"
#include "lanes.h"

namespace rlt {
namespace {

constexpr int64_t kOutputs = 16;  // outputs at once, one a lane
constexpr int64_t kAhead = 512;   // bytes by which weights are fetched ahead: 16 rows at once are more than processors follow by themselves

// Sums run over the inputs in order, for each output in a lane of its own, as in the matrix products of more rows: a row's result
// does not depend on how many rows there are.
template <int ROWS, typename T>
void few_outputs(const T* x, const T* weight, int64_t inputs, int64_t outputs, float* y) {
  float sum[ROWS][kOutputs] = {};
  for (int64_t k = 0; k < inputs; k++)
    for (int row = 0; row < ROWS; row++)
      for (int64_t n = 0; n < outputs; n++) sum[row][n] += widen(x[row * inputs + k]) * widen(weight[n * inputs + k]);
  for (int row = 0; row < ROWS; row++) std::copy(sum[row], sum[row] + kOutputs, y + row * kOutputs);
}

#ifdef __AVX512F__

// Turns 16 vectors of 16 words: word i of vector j becomes word j of vector i.
inline void turn(__m512i* v) {
  __m512i a[16], b[16];
  for (int i = 0; i < 16; i += 2) {
    a[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    a[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    b[i] = _mm512_unpacklo_epi64(a[i], a[i + 2]);
    b[i + 1] = _mm512_unpackhi_epi64(a[i], a[i + 2]);
    b[i + 2] = _mm512_unpacklo_epi64(a[i + 1], a[i + 3]);
    b[i + 3] = _mm512_unpackhi_epi64(a[i + 1], a[i + 3]);
  }
  for (int i = 0; i < 4; i++) {
    a[i] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0x88);
    a[i + 4] = _mm512_shuffle_i32x4(b[i], b[i + 4], 0xdd);
    a[i + 8] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0x88);
    a[i + 12] = _mm512_shuffle_i32x4(b[i + 8], b[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; i++) {
    v[i] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(a[i], a[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(a[i + 4], a[i + 12], 0xdd);
  }
}

// One word of each of 16 outputs against the same word of the row: a float, or a pair of bf16.
inline __m512 multiply_add(__m512 sum, __m512i words, const float* x) {
  return _mm512_fmadd_ps(_mm512_set1_ps(*x), _mm512_castsi512_ps(words), sum);
}

#ifdef RLT_BF16_DOT
inline __m512 multiply_add(__m512 sum, __m512i words, const bf16* x) {
  int32_t pair;
  std::memcpy(&pair, x, sizeof pair);
  return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32(pair), (__m512bh)words);
}
#endif

template <int ROWS, typename T>
void full_outputs(const T* x, const T* weight, int64_t inputs, float* y) {
  constexpr int64_t per_word = 4 / sizeof(T);
  __m512 sum[ROWS];
  for (int row = 0; row < ROWS; row++) sum[row] = _mm512_setzero_ps();
  int64_t k = 0;
  for (; k + 16 * per_word <= inputs; k += 16 * per_word) {
    __m512i words[16];
    for (int n = 0; n < 16; n++) {
      words[n] = _mm512_loadu_si512(weight + n * inputs + k);
      _mm_prefetch(reinterpret_cast<const char*>(weight + n * inputs + k) + kAhead, _MM_HINT_T0);
    }
    turn(words);
    for (int i = 0; i < 16; i++)
      for (int row = 0; row < ROWS; row++) sum[row] = multiply_add(sum[row], words[i], x + row * inputs + k + i * per_word);
  }
  for (int row = 0; row < ROWS; row++) _mm512_storeu_ps(y + row * kOutputs, sum[row]);
  for (; k < inputs; k++)
    for (int row = 0; row < ROWS; row++)
      for (int64_t n = 0; n < kOutputs; n++) y[row * kOutputs + n] += widen(x[row * inputs + k]) * widen(weight[n * inputs + k]);
}

#endif

template <int ROWS, typename T>
void block(const T* x, const T* weight, int64_t inputs, int64_t outputs, float* y) {
#ifdef RLT_BF16_DOT
  if (outputs == kOutputs) return full_outputs<ROWS>(x, weight, inputs, y);
#elif defined(__AVX512F__)
  if (outputs == kOutputs && sizeof(T) == sizeof(float)) return full_outputs<ROWS>(reinterpret_cast<const float*>(x), reinterpret_cast<const float*>(weight), inputs, y);
#endif
  few_outputs<ROWS>(x, weight, inputs, outputs, y);
}

template <int ROWS, typename T>
void rows_of(const T* x, const T* weight, const T* bias, T* y, int64_t inputs, int64_t outputs) {
  int64_t blocks = (outputs + kOutputs - 1) / kOutputs;
  parallel_ranges(blocks, std::max<int64_t>(1, 65536 / (kOutputs * inputs)), [=](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      int64_t first = b * kOutputs, count = std::min(kOutputs, outputs - first);
      float sums[ROWS * kOutputs];
      block<ROWS>(x, weight + first * inputs, inputs, count, sums);
      for (int row = 0; row < ROWS; row++)
        for (int64_t n = 0; n < count; n++)
          store(&y[row * outputs + first + n], sums[row * kOutputs + n] + (bias == nullptr ? 0.0f : widen(bias[first + n])));
    }
  });
}

}  // namespace

template <typename T>
void linear_rows(const T* x, const T* weight, const T* bias, T* y, int64_t rows, int64_t inputs, int64_t outputs) {
  for (; rows >= 8; rows -= 8, x += 8 * inputs, y += 8 * outputs) rows_of<8>(x, weight, bias, y, inputs, outputs);
  for (; rows >= 4; rows -= 4, x += 4 * inputs, y += 4 * outputs) rows_of<4>(x, weight, bias, y, inputs, outputs);
  if (rows == 3) rows_of<3>(x, weight, bias, y, inputs, outputs);
  if (rows == 2) rows_of<2>(x, weight, bias, y, inputs, outputs);
  if (rows == 1) rows_of<1>(x, weight, bias, y, inputs, outputs);
}

template void linear_rows<float>(const float*, const float*, const float*, float*, int64_t, int64_t, int64_t);
template void linear_rows<bf16>(const bf16*, const bf16*, const bf16*, bf16*, int64_t, int64_t, int64_t);

}  // namespace rlt
