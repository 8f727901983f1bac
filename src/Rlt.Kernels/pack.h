// The sides of a product written out as words, in the order in which they are multiplied.
#pragma once

#include <algorithm>

#include "multiply.h"

namespace rlt {

inline void write(void* to, words values) { *reinterpret_cast<words_there*>(to) = values; }

// Words of a depth of so many elements, with zeros at its end.
template <typename W>
constexpr int64_t words_of(int64_t elements) { return round_up((elements + W::kElements - 1) / W::kElements, W::kMultiple); }

// Word k of `elements` that lie side by side; what is missing at their end is zero.
template <typename W, typename T>
typename W::Word word_at(const T* row, int64_t k, int64_t elements) {
  int64_t first = k * W::kElements, last = first + W::kElements - 1;
  return W::word(first < elements ? widen(row[first]) : 0.0f, last < elements ? widen(row[last]) : 0.0f);
}

// Turns kTurned elements, from `at` on, of kLanes rows: emit(k, words) gets word k of each row. bf16 are turned in pairs, whatever they become.
template <typename T>
constexpr int64_t kTurned = kLanes * 4 / sizeof(T);

template <typename W, typename T, typename Emit>
inline void turn_rows(const T* const* rows, int64_t at, Emit emit) {
  words turned[kLanes];
  turn([&](int n) { return *reinterpret_cast<const words_there*>(rows[n] + at); }, turned);
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

// The same of the `count` lanes that are left, zeros beyond them.
template <typename W, typename T>
inline words across(const T* first, const T* second, int64_t count) {
  if (count >= kLanes) return across<W>(first, second);
  T some[2][kLanes] = {};
  for (int64_t n = 0; n < count; n++) some[0][n] = first[n], some[1][n] = second == nullptr ? T{} : second[n];
  return across<W>(some[0], some[1]);
}

// Lanes that lie side by side. Rows are short runs of memory far from each other, which processors do not foresee: they are fetched ahead.
constexpr int64_t kRowsAhead = 8;

template <typename W, typename T>
void pack_across(const T* from, int64_t stride, int64_t lanes, int64_t depth, int64_t width, typename W::Word* to) {
  int64_t count = words_of<W>(depth), whole = (depth + W::kElements - 1) / W::kElements;
  typename W::Word* padding = to + whole * width;
  for (int64_t strip = 0; strip < lanes; strip += width, padding += strip_words(count, width))
    std::fill(padding, padding + (count - whole) * width, typename W::Word{});
  for (int64_t k = 0; k < whole; k++) {
    const T* first = from + k * W::kElements * stride;
    const T* second = k * W::kElements + 1 < depth ? first + stride : nullptr;
    typename W::Word* at = to + k * width;
    for (int64_t strip = 0; strip < lanes; strip += width, at += strip_words(count, width))
      for (int64_t i = 0; i < width; i += kLanes) {
        int64_t lane = strip + i;
        __builtin_prefetch(first + kRowsAhead * stride + lane);
        write(at + i, across<W>(first + lane, second == nullptr ? nullptr : second + lane, lanes - lane));
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

#ifdef RLT_TILES
// The left-hand side of tiles, [runs of kTile lanes][steps of kTile words][lanes][words]: lanes whose depth lies side by side.
inline void pack_tiles_along(const bf16* from, int64_t stride, int64_t lanes, int64_t depth, uint32_t* to) {
  int64_t steps = words_of<Pair>(depth) / kTile, whole = depth / (2 * kTile);
  for (int64_t lane = 0; lane < lanes; lane++) {
    const bf16* row = from + lane * stride;
    uint32_t* at = to + (lane / kTile * steps * kTile + lane % kTile) * kTile;
    for (int64_t step = 0; step < whole; step++) write(at + step * kTile * kTile, *reinterpret_cast<const words_there*>(row + step * 2 * kTile));
    if (whole < steps)
      for (int64_t k = 0; k < kTile; k++) at[whole * kTile * kTile + k] = word_at<Pair>(row, whole * kTile + k, depth);
  }
}

// The same of lanes that lie side by side.
inline void pack_tiles_across(const bf16* from, int64_t stride, int64_t lanes, int64_t depth, uint32_t* to) {
  int64_t steps = words_of<Pair>(depth) / kTile, run = steps * kTile * kTile;
  for (int64_t step = 0; step < steps; step++)
    for (int64_t lane = 0; lane < lanes; lane += kTile) {
      auto word_row = [&](int n) {
        int64_t k = (step * kTile + n) * 2;
        if (k >= depth) return words{};
        const bf16 *first = from + k * stride + lane, *second = k + 1 < depth ? first + stride : nullptr;
        __builtin_prefetch(first + 2 * kTile * stride);
        __builtin_prefetch(first + (2 * kTile + 1) * stride);
        return across<Pair>(first, second, lanes - lane);
      };
      turn(word_row, reinterpret_cast<words_there*>(to + lane / kTile * run + step * kTile * kTile));
    }
}
#endif

}  // namespace rlt
