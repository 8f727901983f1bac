// The sides of a product written out as words, in the order in which they are multiplied.
#pragma once

#include <algorithm>

#include "multiply.h"

namespace rlt {

inline void write(void* to, words values) { *reinterpret_cast<words*>(to) = values; }

template <typename W>
constexpr int64_t words_of(int64_t elements) { return (elements + W::kElements - 1) / W::kElements; }

// Word k of `elements` that lie side by side; what is missing at their end is zero.
template <typename W, typename T>
typename W::Word word_at(const T* row, int64_t k, int64_t elements) {
  int64_t first = k * W::kElements, last = first + W::kElements - 1;
  return W::word(widen(row[first]), last < elements ? widen(row[last]) : 0.0f);
}

// Turns kTurned elements, from `at` on, of kLanes rows: emit(k, words) gets word k of each row. bf16 are turned in pairs, whatever they become.
template <typename T>
constexpr int64_t kTurned = kLanes * 4 / sizeof(T);

template <typename W, typename T, typename Emit>
inline void turn_rows(const T* const* rows, int64_t at, Emit emit) {
  words turned[kLanes];
  turn([&](int n) { return *reinterpret_cast<const words*>(rows[n] + at); }, turned);
  for (int i = 0; i < kLanes; i++)
    if constexpr (sizeof(T) * W::kElements == sizeof(float)) {
      emit(i, turned[i]);
    } else {
      emit(2 * i, turned[i] << 16);
      emit(2 * i + 1, turned[i] & 0xFFFF0000u);
    }
}

// The words of strips of `width` lanes lie side by side: [strip][words][width]. A strip ends with a vector of padding, since whole vectors are
// written whatever the width.
constexpr int64_t strip_words(int64_t depth, int64_t width) { return depth * width + kLanes; }

// Words of kLanes lanes, from one row or two.
template <typename W, typename T>
inline words across(const T* first, const T* second) {
  if constexpr (W::kElements == 1) return reinterpret_cast<words>(load(first));
  words low = reinterpret_cast<words>(load(first)) >> 16;
  return second == nullptr ? low : low | reinterpret_cast<words>(load(second));
}

// Lanes that lie side by side. Rows are short runs of memory far from each other, which processors do not foresee: they are fetched ahead.
constexpr int64_t kRowsAhead = 8;

template <typename W, typename T>
void pack_across(const T* from, int64_t stride, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
  int64_t count = words_of<W>(depth);
  for (int64_t k = 0; k < count; k++) {
    const T* first = from + k * W::kElements * stride;
    const T* second = k * W::kElements + 1 < depth ? first + stride : nullptr;
    typename W::Word* at = to + k * width;
    for (int64_t strip = 0; strip < lanes; strip += width, at += strip_words(count, width))
      for (int64_t i = 0; i < width; i += kLanes) {
        int64_t lane = strip + i;
        __builtin_prefetch(first + kRowsAhead * stride + lane);
        if (lane + kLanes <= lanes) {
          write(at + i, across<W>(first + lane, second == nullptr ? nullptr : second + lane));
        } else {
          T some[2][kLanes] = {};
          for (int64_t n = lane; n < lanes; n++) some[0][n - lane] = first[n], some[1][n - lane] = second == nullptr ? T{} : second[n];
          write(at + i, across<W>(some[0], some[1]));
        }
      }
  }
}

// Lanes whose depth lies side by side.
template <typename W, typename T>
void pack_along(const T* from, int64_t stride, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
  int64_t count = words_of<W>(depth), whole = depth / kTurned<T> * kTurned<T>;
  for (int64_t strip = 0; strip < lanes; strip += width, to += strip_words(count, width))
    for (int64_t i = 0; i < width; i += kLanes) {
      const T* rows[kLanes];  // the last lane stands for those beyond it: nobody looks at what comes of them
      for (int64_t n = 0; n < kLanes; n++) rows[n] = from + std::min(strip + i + n, lanes - 1) * stride;
      for (int64_t at = 0; at < whole; at += kTurned<T>) {
        for (int64_t n = 0; n < kLanes; n++) __builtin_prefetch(rows[n] + width * stride + at);
        typename W::Word* block = to + at / W::kElements * width + i;
        turn_rows<W>(rows, at, [&](int k, words values) { write(block + k * width, values); });
      }
      for (int64_t k = whole / W::kElements; k < count; k++)
        for (int64_t n = 0; n < std::min<int64_t>(kLanes, width - i); n++) to[k * width + i + n] = word_at<W>(rows[n], k, depth);
    }
}

}  // namespace rlt
