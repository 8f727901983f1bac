// A linear map of a decoding step's rows: the weights are read once, as they lie in memory. That is all that a step of a few sequences
// costs; a general product would first write them out in an order of its own.
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "multiply.h"

namespace rlt {
namespace {

constexpr int64_t kOutputs = 16;  // outputs at once, one a lane

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

// Turns 16 rows of 16 words: word i of `words` has the word i of each row.
inline void turn(const char* from, int64_t row, __m512i* words) {
  __m512i four[4][4];  // [rows 4 g to 4 g + 3][word modulo 4], each four words in a lane of 128 bits
  for (int g = 0; g < 4; g++, from += 4 * row) {
    asm("" : "+r"(from));  // one pointer for four rows: 16 of them do not fit into the registers
    __m512i v0 = _mm512_loadu_si512(from), v1 = _mm512_loadu_si512(from + row);
    __m512i v2 = _mm512_loadu_si512(from + 2 * row), v3 = _mm512_loadu_si512(from + 3 * row);
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
    words[w] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    words[w + 4] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    words[w + 8] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    words[w + 12] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
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
    // 16 outputs at once are more than processors follow by themselves: the next 16 are fetched in the order of memory.
    for (int i = 0; i < 16; i++) _mm_prefetch(reinterpret_cast<const char*>(weight + kOutputs * (inputs + k)) + 64 * i, _MM_HINT_T0);
    __m512i words[16];
    turn(reinterpret_cast<const char*>(weight + k), inputs * sizeof(T), words);
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

constexpr int64_t kPanel = 48;  // outputs of a panel
constexpr int64_t kGroup = 64;  // rows that a panel is multiplied with at once

// to[j][i] = from[i][j] of 16 x 16 words.
template <typename Word>
void turn_block(const Word* from, int64_t from_row, Word* to, int64_t to_row) {
#ifdef __AVX512F__
  __m512i words[16];
  turn(reinterpret_cast<const char*>(from), from_row * sizeof(Word), words);
  for (int j = 0; j < 16; j++) _mm512_store_si512(to + j * to_row, words[j]);
#else
  for (int j = 0; j < 16; j++)
    for (int i = 0; i < 16; i++) to[j * to_row + i] = from[i * from_row + j];
#endif
}

// The rows of a group as words side by side: [words][width], where rows beyond the last are zeros.
template <typename W, typename T>
void pack_group(const T* x, int64_t rows, int64_t width, int64_t words, typename W::Word* to) {
  using Word = typename W::Word;
  for (int64_t row = 0; row < width; row += 16) {
    int64_t done = 0;
    if (sizeof(T) * W::kElements == sizeof(Word) && rows - row >= 16)
      for (; done + 16 <= words; done += 16)
        turn_block(reinterpret_cast<const Word*>(x) + row * words + done, words, to + done * width + row, width);
    for (int64_t i = done; i < words; i++)
      for (int64_t n = row; n < row + 16; n++) {
        const T* at = x + (n * words + i) * W::kElements;
        to[i * width + n] = n < rows ? W::word(widen(at[0]), widen(at[W::kElements - 1])) : Word{};
      }
  }
}

// Memory of a thread that starts at a cache line and stays until the next call.
template <typename Word>
Word* scratch(int64_t count) {
  struct alignas(64) Line {
    char bytes[64];
  };
  static thread_local std::vector<Line> lines;
  size_t wanted = count * sizeof(Word) / sizeof(Line) + 1;
  if (lines.size() < wanted) lines.resize(wanted);
  return reinterpret_cast<Word*>(lines.data());
}

// Rows beyond a few: a panel of weights, as they lie, against all rows, which stand side by side. The sums of an output run over its
// inputs in order, as in rows_of.
template <typename T>
void panels(const T* x, const T* weight, const T* bias, T* y, int64_t rows, int64_t inputs, int64_t outputs) {
  using W = FromMemory<WordsOf<T>>;
  using Word = typename W::Word;
  constexpr bool as_they_lie = sizeof(T) * W::kElements == sizeof(Word);
  int64_t words = inputs / W::kElements;
  Word* packed = scratch<Word>(round_up(rows, 16) * words);
  for (int64_t group = 0; group < rows; group += kGroup) {
    int64_t count = std::min(kGroup, rows - group);
    pack_group<W>(x + group * inputs, count, round_up(count, 16), words, packed + group * words);
  }
  parallel_ranges((outputs + 15) / 16, 1, [=](int64_t begin, int64_t end) {
    alignas(64) float sums[kPanel * kGroup], lines[kGroup * kPanel];
    std::vector<Word> wide(as_they_lie ? 0 : kPanel * words);
    for (int64_t first = 16 * begin; first < std::min(outputs, 16 * end); first += kPanel) {
      int64_t count = std::min(kPanel, std::min(outputs, 16 * end) - first);
      const Word* left = reinterpret_cast<const Word*>(weight + first * inputs);
      if (!as_they_lie) {
        for (int64_t i = 0; i < count * words; i++) wide[i] = W::word(widen(weight[first * inputs + i]), 0.0f);
        left = wide.data();
      }
      for (int64_t group = 0; group < rows; group += kGroup) {
        int64_t members = std::min(kGroup, rows - group), width = round_up(members, 16);
        multiply<W>(sums, width, left, words, 1, packed + group * words, width, count, width, words, false);
        for (int64_t output = 0; output < count; output += 16)
          for (int64_t row = 0; row < width; row += 16) turn_block(sums + output * width + row, width, lines + row * kPanel + output, kPanel);
        for (int64_t row = 0; row < members; row++) {
          const float* from = lines + row * kPanel;
          T* to = y + (group + row) * outputs + first;
          if (bias == nullptr) {
#pragma omp simd
            for (int64_t n = 0; n < count; n++) store(&to[n], from[n]);
          } else {
#pragma omp simd
            for (int64_t n = 0; n < count; n++) store(&to[n], from[n] + widen(bias[first + n]));
          }
        }
      }
    }
  });
}

}  // namespace

template <typename T>
void linear_rows(const T* x, const T* weight, const T* bias, T* y, int64_t rows, int64_t inputs, int64_t outputs) {
  switch (rows) {
    case 1: return rows_of<1>(x, weight, bias, y, inputs, outputs);
    case 2: return rows_of<2>(x, weight, bias, y, inputs, outputs);
    case 3: return rows_of<3>(x, weight, bias, y, inputs, outputs);
    case 4: return rows_of<4>(x, weight, bias, y, inputs, outputs);
    case 5: return rows_of<5>(x, weight, bias, y, inputs, outputs);
    case 6: return rows_of<6>(x, weight, bias, y, inputs, outputs);
    case 7: return rows_of<7>(x, weight, bias, y, inputs, outputs);
    case 8: return rows_of<8>(x, weight, bias, y, inputs, outputs);
    default: return panels(x, weight, bias, y, rows, inputs, outputs);
  }
}

template void linear_rows<float>(const float*, const float*, const float*, float*, int64_t, int64_t, int64_t);
template void linear_rows<bf16>(const bf16*, const bf16*, const bf16*, bf16*, int64_t, int64_t, int64_t);

}  // namespace rlt
