// Matrix products of blocks that are in the cache, with the sums in registers.
#pragma once

#include <type_traits>

#include "lanes.h"
#include "tiles.h"

namespace rlt {

// The words in which matrices are multiplied: one float, or two bf16 whose products are added in one instruction.
struct Single {
  using Word = float;
  using Source = float;
  static constexpr int64_t kElements = 1;
  static constexpr int64_t kMultiple = 1;  // words of depth that are multiplied at once
  static Word word(float first, float) { return first; }
  using Words = floats;
  static Words read(const Source* from) { return load(from); }
  static floats multiply_add(floats sum, Word left, Words right) { return fused(broadcast(left), right, sum); }
  static constexpr int64_t kAhead = 0;
};

// As Single, with a right-hand side that is read as it lies in memory.
template <typename T>
struct Widened : Single {
  using Source = T;
  static Words read(const Source* from) { return load(from); }
};

#ifdef RLT_BF16_DOT
struct Pair {
  using Word = uint32_t;
  using Source = uint32_t;
  static constexpr int64_t kElements = 2;
#ifdef RLT_TILES
  static constexpr int64_t kMultiple = kTile;
#else
  static constexpr int64_t kMultiple = 1;
#endif
  static Word word(float first, float second) {
    bf16 low, high;
    store(&low, first);
    store(&high, second);
    return static_cast<uint32_t>(low.bits) | static_cast<uint32_t>(high.bits) << 16;
  }
  // The words of floats that lie side by side, and of two rows' floats. As `word`, but that numbers below the smallest normal one become 0.
  static words along(floats first, floats second) { return (words)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first); }
  static words across(floats first, floats second) {
    words low = (words)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)first));
    return low | (words)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh((__m512)second)) << 16;
  }
  using Words = __m512i;
  static Words read(const Source* from) { return _mm512_loadu_si512(from); }
  static floats multiply_add(floats sum, Word left, Words right) {
    return (floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(static_cast<int>(left)), (__m512bh)right);
  }
  static constexpr int64_t kAhead = 0;
};
template <typename T>
using WordsOf = std::conditional_t<std::is_same<T, bf16>::value, Pair, Single>;
#else
template <typename T>
using WordsOf = Single;
#endif

// Whether words are multiplied in the processor's tiles.
template <typename W>
constexpr bool kByTiles = W::kMultiple > 1;

// As W, with a left-hand side whose rows come from memory one after another, as elements of T: the next ones are fetched bit by bit while others
// are multiplied, since a processor fetches few lines at a time.
template <typename W, typename T>
struct FromMemory : W {
  static constexpr int64_t kAhead = W::kElements * sizeof(T);  // bytes of a word
};

// One row of a tile. Its sums have names, and so have the rows of a tile: an array of them would live in memory, not in registers.
template <typename W, int NV>
struct TileRow {
  floats s0{}, s1{}, s2{}, s3{};

  void read(const float* c) {
    s0 = load(c);
    if constexpr (NV > 1) s1 = load(c + kLanes);
    if constexpr (NV > 2) s2 = load(c + 2 * kLanes), s3 = load(c + 3 * kLanes);
  }

  void multiply_add(typename W::Word left, typename W::Words b0, typename W::Words b1, typename W::Words b2, typename W::Words b3) {
    s0 = W::multiply_add(s0, left, b0);
    if constexpr (NV > 1) s1 = W::multiply_add(s1, left, b1);
    if constexpr (NV > 2) s2 = W::multiply_add(s2, left, b2), s3 = W::multiply_add(s3, left, b3);
  }

  void write(float* c) const {
    *reinterpret_cast<floats_there*>(c) = s0;
    if constexpr (NV > 1) *reinterpret_cast<floats_there*>(c + kLanes) = s1;
    if constexpr (NV > 2) {
      *reinterpret_cast<floats_there*>(c + 2 * kLanes) = s2;
      *reinterpret_cast<floats_there*>(c + 3 * kLanes) = s3;
    }
  }
};

// Up to six rows of a tile.
template <typename W, int MR, int NV>
struct TileRows {
  TileRow<W, NV> r0, r1, r2, r3, r4, r5;

  void read(const float* c, int64_t row) {
    if constexpr (MR > 0) r0.read(c);
    if constexpr (MR > 1) r1.read(c + row);
    if constexpr (MR > 2) r2.read(c + 2 * row), r3.read(c + 3 * row);
    if constexpr (MR > 4) r4.read(c + 4 * row), r5.read(c + 5 * row);
  }

  void multiply_add(const typename W::Word* a, int64_t row, typename W::Words b0, typename W::Words b1, typename W::Words b2, typename W::Words b3) {
    if constexpr (MR > 0) r0.multiply_add(a[0], b0, b1, b2, b3);
    if constexpr (MR > 1) r1.multiply_add(a[row], b0, b1, b2, b3);
    if constexpr (MR > 2) {
      r2.multiply_add(a[2 * row], b0, b1, b2, b3);
      r3.multiply_add(a[3 * row], b0, b1, b2, b3);
    }
    if constexpr (MR > 4) {
      r4.multiply_add(a[4 * row], b0, b1, b2, b3);
      r5.multiply_add(a[5 * row], b0, b1, b2, b3);
    }
  }

  void write(float* c, int64_t row) const {
    if constexpr (MR > 0) r0.write(c);
    if constexpr (MR > 1) r1.write(c + row);
    if constexpr (MR > 2) r2.write(c + 2 * row), r3.write(c + 3 * row);
    if constexpr (MR > 4) r4.write(c + 4 * row), r5.write(c + 5 * row);
  }
};

// C[rows, columns] (+)= A B over `depth` words, where word (m, k) of A is a[m * a_row + k * a_depth]: MR rows (1, 2, 4, 6 or 12) of
// NV vectors (1, 2 or 4) at a time in registers.
template <typename W, int MR, int NV>
inline void multiply_tile(
    float* c, int64_t c_row, const typename W::Word* a, int64_t a_row, int64_t a_depth, const typename W::Source* b, int64_t b_row, int64_t depth, bool add,
    const char* ahead = nullptr) {
  TileRows<W, (MR > 6 ? 6 : MR), NV> upper;
  TileRows<W, (MR > 6 ? MR - 6 : 0), NV> lower;
  if (add) {
    upper.read(c, c_row);
    lower.read(c + 6 * c_row, c_row);
  }
  for (int64_t k = 0; k < depth; k++, a += a_depth, b += b_row) {
    if constexpr (W::kAhead > 0) {
      __builtin_prefetch(ahead);
      ahead += MR * W::kAhead;
    }
    typename W::Words b0 = W::read(b), b1{}, b2{}, b3{};
    if constexpr (NV > 1) b1 = W::read(b + kLanes);
    if constexpr (NV > 2) b2 = W::read(b + 2 * kLanes), b3 = W::read(b + 3 * kLanes);
    upper.multiply_add(a, a_row, b0, b1, b2, b3);
    lower.multiply_add(a + 6 * a_row, a_row, b0, b1, b2, b3);
  }
  upper.write(c, c_row);
  lower.write(c + 6 * c_row, c_row);
}

template <typename W, int NV>
inline void multiply_columns(
    float* c, int64_t c_row, const typename W::Word* a, int64_t a_row, int64_t a_depth, const typename W::Source* b, int64_t b_row, int64_t rows, int64_t depth,
    bool add, const char* ahead) {
  int64_t m = 0;
  // The fewer vectors of a row, the more rows it takes until a sum's next product can be added.
  if constexpr (NV < kTileVectors)
    for (; m + 12 <= rows; m += 12)
      multiply_tile<W, 12, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add, ahead + m * depth * W::kAhead);
  for (; m + 6 <= rows; m += 6)
    multiply_tile<W, 6, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add, ahead + m * depth * W::kAhead);
  for (; m + 4 <= rows; m += 4)
    multiply_tile<W, 4, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add, ahead + m * depth * W::kAhead);
  for (; m + 2 <= rows; m += 2)
    multiply_tile<W, 2, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add, ahead + m * depth * W::kAhead);
  if (m < rows) multiply_tile<W, 1, NV>(c + m * c_row, c_row, a + m * a_row, a_row, a_depth, b, b_row, depth, add, ahead + m * depth * W::kAhead);
}

#ifdef RLT_TILES
// What of a product whole tiles can do; the words of depth that are left are the caller's. A left-hand side whose rows lie side by side is turned.
inline int64_t multiply_whole_tiles(
    float* c, int64_t c_row, const uint32_t* a, int64_t a_row, int64_t a_depth, const uint32_t* b, int64_t b_row, int64_t rows, int64_t columns,
    int64_t depth, bool add) {
  int64_t steps = depth / kTile;
  if (steps == 0 || (a_depth != 1 && a_row != 1)) return 0;
  Tiles tiles;
  if (a_depth == 1) {
    multiply_tiles(tiles, c, c_row, TileRowsSource::of_rows(a, a_row), b, b_row, rows, columns, steps, add);
  } else {
    words* turned = scratch<struct TurnedRows, words>(round_up(rows, kTile) * steps);
    for (int64_t m = 0; m < rows; m += kTile)
      for (int64_t k = 0; k < steps * kTile; k += kTile)
        turn([&](int n) { return *reinterpret_cast<const words_there*>(a + (k + n) * a_depth + m); }, turned + m * steps + k);
    multiply_tiles(tiles, c, c_row, TileRowsSource::of_tiles(turned, steps), b, b_row, rows, columns, steps, add);
  }
  return steps * kTile;
}
#endif

// `columns` is a multiple of kLanes. `ahead` is the memory that comes next, for a left-hand side from memory.
template <typename W>
inline void multiply(
    float* c, int64_t c_row, const typename W::Word* a, int64_t a_row, int64_t a_depth, const typename W::Source* b, int64_t b_row, int64_t rows,
        int64_t columns,
    int64_t depth, bool add, const char* ahead = nullptr) {
#ifdef RLT_TILES
  if constexpr (std::is_same<W, Pair>::value) {
    int64_t done = multiply_whole_tiles(c, c_row, a, a_row, a_depth, b, b_row, rows, columns, depth, add);
    if (done == depth) return;
    a += done * a_depth, b += done * b_row, depth -= done, add = add || done > 0;
  }
#endif
  int64_t n = 0;
  if constexpr (kTileVectors == 4)
    for (; n + 4 * kLanes <= columns; n += 4 * kLanes) multiply_columns<W, 4>(c + n, c_row, a, a_row, a_depth, b + n, b_row, rows, depth, add, ahead);
  for (; n + 2 * kLanes <= columns; n += 2 * kLanes) multiply_columns<W, 2>(c + n, c_row, a, a_row, a_depth, b + n, b_row, rows, depth, add, ahead);
  for (; n < columns; n += kLanes) multiply_columns<W, 1>(c + n, c_row, a, a_row, a_depth, b + n, b_row, rows, depth, add, ahead);
}

}  // namespace rlt
