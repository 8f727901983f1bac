// A linear map of a decoding step's rows: the weights are read once, as they lie in memory. That is all that a step of a few sequences
// costs; a general product would first write them out in an order of its own. For many rows a general product is faster.
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "multiply.h"

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

// The words of 16 outputs from k on, turned: word i of `words` has the word k + i of each output.
template <typename T>
inline void turned_words(const T* weight, int64_t inputs, int64_t k, __m512i* words) {
  for (int n = 0; n < 16; n++) {
    words[n] = _mm512_loadu_si512(weight + n * inputs + k);
    _mm_prefetch(reinterpret_cast<const char*>(weight + n * inputs + k) + kAhead, _MM_HINT_T0);
  }
  turn(words);
}

template <int ROWS, typename T>
void full_outputs(const T* x, const T* weight, int64_t inputs, float* y) {
  constexpr int64_t per_word = 4 / sizeof(T);
  __m512 sum[ROWS];
  for (int row = 0; row < ROWS; row++) sum[row] = _mm512_setzero_ps();
  int64_t k = 0;
  for (; k + 16 * per_word <= inputs; k += 16 * per_word) {
    __m512i words[16];
    turned_words(weight, inputs, k, words);
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

constexpr int64_t kPanel = 64;     // outputs of a panel
constexpr int64_t kTileRows = 12;  // rows multiplied with a panel at once

// The weights of `count` outputs as words [inputs / per word][kPanel]: word by word, the outputs side by side.
template <typename W, typename T>
void fill_panel(const T* weight, int64_t inputs, int64_t count, typename W::Word* panel) {
  int64_t words = inputs / W::kElements, done = 0;
#ifdef __AVX512F__
  if (sizeof(T) * W::kElements == 4 && count == kPanel) {
    for (; done + 16 <= words; done += 16)
      for (int64_t n = 0; n < kPanel; n += 16) {
        __m512i block[16];
        turned_words(weight + n * inputs, inputs, done * W::kElements, block);
        for (int i = 0; i < 16; i++) _mm512_storeu_si512(panel + (done + i) * kPanel + n, block[i]);
      }
  }
#endif
  for (int64_t i = done; i < words; i++)
    for (int64_t n = 0; n < kPanel; n++) {
      const T* at = weight + n * inputs + i * W::kElements;
      panel[i * kPanel + n] = n < count ? W::word(widen(at[0]), widen(at[W::kElements - 1])) : typename W::Word{};
    }
}

template <typename T>
inline void fetch(const T* from, int64_t elements) {
  for (int64_t i = 0; i < elements; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(from + i, 0, 2);
}

// Rows beyond a few: panel by panel, each panel against all rows while it is in the cache.
template <typename T>
void panels(const T* x, const T* weight, const T* bias, T* y, int64_t rows, int64_t inputs, int64_t outputs) {
  using W = WordsOf<T>;
  using Word = typename W::Word;
  int64_t words = inputs / W::kElements;
  std::vector<Word> copy;
  const Word* left = reinterpret_cast<const Word*>(x);
  if (sizeof(T) * W::kElements != 4) {
    copy.resize(rows * words);
    for (int64_t i = 0; i < rows * words; i++) copy[i] = W::word(widen(x[i * W::kElements]), widen(x[i * W::kElements + W::kElements - 1]));
    left = copy.data();
  }
  int64_t count = (outputs + kPanel - 1) / kPanel;
  parallel_ranges(count, 1, [=](int64_t begin, int64_t end) {
    static thread_local std::vector<Word> panel;
    panel.resize(words * kPanel);
    float sums[kTileRows * kPanel];
    for (int64_t item = begin; item < end; item++) {
      int64_t first = item * kPanel, width = std::min(kPanel, outputs - first);
      fill_panel<W>(weight + first * inputs, inputs, width, panel.data());
      const T* next = item + 1 < end ? weight + (first + kPanel) * inputs : nullptr;
      int64_t ahead = std::min(kPanel, outputs - first - kPanel) * inputs;
      for (int64_t row = 0; row < rows; row += kTileRows) {
        int64_t tile = std::min(kTileRows, rows - row);
        // The next panel comes from memory while this one is multiplied.
        if (next != nullptr) fetch(next + ahead * row / rows, ahead * (row + tile) / rows - ahead * row / rows);
        multiply<W>(sums, kPanel, left + row * words, words, 1, panel.data(), kPanel, tile, kPanel, words, false);
        for (int64_t i = 0; i < tile; i++) {
          const float* from = sums + i * kPanel;
          T* to = y + (row + i) * outputs + first;
          if (bias == nullptr) {
#pragma omp simd
            for (int64_t n = 0; n < width; n++) store(&to[n], from[n]);
          } else {
#pragma omp simd
            for (int64_t n = 0; n < width; n++) store(&to[n], from[n] + widen(bias[first + n]));
          }
        }
      }
    }
  });
}

}  // namespace

template <typename T>
void linear_rows(const T* x, const T* weight, const T* bias, T* y, int64_t rows, int64_t inputs, int64_t outputs) {
  if (rows > 8) return panels(x, weight, bias, y, rows, inputs, outputs);
  if (rows == 8) return rows_of<8>(x, weight, bias, y, inputs, outputs);
  if (rows >= 4) {
    rows_of<4>(x, weight, bias, y, inputs, outputs);
    rows -= 4, x += 4 * inputs, y += 4 * outputs;
  }
  if (rows == 3) rows_of<3>(x, weight, bias, y, inputs, outputs);
  if (rows == 2) rows_of<2>(x, weight, bias, y, inputs, outputs);
  if (rows == 1) rows_of<1>(x, weight, bias, y, inputs, outputs);
}

template void linear_rows<float>(const float*, const float*, const float*, float*, int64_t, int64_t, int64_t);
template void linear_rows<bf16>(const bf16*, const bf16*, const bf16*, bf16*, int64_t, int64_t, int64_t);

}  // namespace rlt
